"""Texts that stand for all: every combination of predicates that some text satisfies."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capgen.policy.order.answers import UndecidedError
from capgen.policy.order.texts import telling
from capgen.policy.predicates import Globs, OneOf, Predicate, holds

PATTERNS = st.text("ab*/", max_size=4)
PREDICATES = st.lists(
    st.builds(Globs, st.lists(PATTERNS, max_size=2).map(tuple))
    | st.builds(OneOf, st.lists(st.text("ab*/", min_size=1, max_size=3), max_size=2).map(tuple)),
    min_size=1,
    max_size=3,
)
TEXTS = ["".join(each) for size in range(1, 5) for each in product("ab*/x", repeat=size)]


@settings(max_examples=40, deadline=None)
@given(PREDICATES)
def test_every_way_is_met(predicates: list[Predicate]) -> None:
    """What one of all short texts satisfies, one of the telling ones satisfies just so."""
    found = {tuple(holds(each, text) for each in predicates) for text in telling(predicates)}
    assert {tuple(holds(each, text) for each in predicates) for text in TEXTS} <= found


def test_no_way_is_met_twice_where_globs_are_decided() -> None:
    """A combination has one text."""
    predicates: list[Predicate] = [Globs(("a*", "*b")), OneOf(("ab", "c")), Globs(("*/*",))]
    ways = [tuple(holds(each, text) for each in predicates) for text in telling(predicates)]
    assert len(ways) == len(set(ways)) == 5


@pytest.mark.parametrize(
    ("predicates", "prefix", "expected"),
    [
        ([OneOf(("a", "b"))], "", ["a", "b", "other"]),
        ([OneOf(("other",))], "", ["other", "otherx"]),
        ([OneOf(("L:a", "RuntimeDefault"))], "L:", ["L:a", "L:other"]),
        ([OneOf(("L:",))], "L:", ["L:other"]),
        ([Globs(("L:a*",))], "L:", ["L:ax", "L:other"]),
        ([Globs(("*",))], "", ["x", "/"]),
        ([Globs(("a*b",)), Globs(("a*",))], "", ["axb", "ax", "other"]),
    ],
)
def test_texts(predicates: list[Predicate], prefix: str, expected: list[str]) -> None:
    """Texts are those that people write, where these do, and the shortest where they do not."""
    assert telling(predicates, prefix) == expected


def test_too_many() -> None:
    """Beyond a bound the question is left open."""
    letters = "abcdefghijklmnop"
    predicates: list[Predicate] = [Globs(tuple(f"*{letter}*" for letter in letters))]
    with pytest.raises(UndecidedError, match="too many texts"):
        telling(predicates)
