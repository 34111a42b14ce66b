"""Predicates, and the words that say them."""

from __future__ import annotations

import pytest

from capgen.policy import expressions
from capgen.policy.annotations import Annotation
from capgen.policy.expressions import All, AnyOf, Test, allowed_text, judge
from capgen.policy.pod import view
from capgen.policy.predicates import (
    Globs,
    Includes,
    InRanges,
    OneOf,
    Predicate,
    Under,
    Within,
    holds,
    offends,
    range_text,
    regex,
    trimmed,
)
from capgen.policy.subjects import (
    Field,
    HandlerHosts,
    Level,
    ProfileAnnotations,
    Subject,
    VolumeTypes,
)
from capgen.policy.values import UNSET, Kind


@pytest.mark.parametrize(
    ("predicate", "value", "expected"),
    [
        (OneOf((False,)), False, ()),
        (OneOf((False,)), True, (None,)),
        (OneOf((False,)), 0, (None,)),
        (OneOf((0,)), False, (None,)),
        (OneOf((0,)), 0, ()),
        (OneOf(("a", "b")), "b", ()),
        (OneOf(("a", "b")), "ab", (None,)),
        (OneOf(()), "", (None,)),
        (OneOf(("a",)), ["a"], (None,)),
        (OneOf(("a",)), {"a": 1}, (None,)),
        (InRanges(((2, 4), (7, None))), 1, (None,)),
        (InRanges(((2, 4), (7, None))), 2, ()),
        (InRanges(((2, 4), (7, None))), 4, ()),
        (InRanges(((2, 4), (7, None))), 5, (None,)),
        (InRanges(((2, 4), (7, None))), 6, (None,)),
        (InRanges(((2, 4), (7, None))), 7, ()),
        (InRanges(((2, 4), (7, None))), 2**63, ()),
        (InRanges(((0, 1),)), True, (None,)),
        (InRanges(((0, 1),)), "1", (None,)),
        (InRanges(((0, 1),)), 1.0, (None,)),
        (InRanges(()), 1, (None,)),
        (Within(("A", "B")), ["A", "B", "A"], ()),
        (Within(("A", "B")), ["A", "C", "B", "D"], (1, 3)),
        (Within(("A", "B")), [], ()),
        (Within(("A", "B")), ("C",), (0,)),
        (Within(("A",)), "A", (None,)),
        (Within(("A",)), None, (None,)),
        (Within(("A",)), [None, ["A"], 0], (0, 1, 2)),
        (Includes(("A", "B")), ["B", "A", "C"], ()),
        (Includes(("A", "B")), ["A"], (None,)),
        (Includes(("A", "B")), ("A", "B"), ()),
        (Includes(()), [], ()),
        (Includes(("A",)), "A", (None,)),
        # The word that covers all does so where it is among the values, and only then.
        (Within(("ALL",), "ALL"), ["A", "ALL", "B"], ()),
        (Within(("A", "ALL"), "ALL"), ("B",), ()),
        (Within(("A",), "ALL"), ["A", "ALL", "B"], (1, 2)),
        (Within(("ALL",)), ["A", "ALL"], (0,)),
        # Go reads null in a list of texts as "", and that is covered too.
        (Within(("ALL",), "ALL"), [None, "A", 0, ["A"]], (2, 3)),
        (Within(("ALL",), "ALL"), "A", (None,)),
        (Within((), "ALL"), ["A"], (0,)),
        (Includes(("A", "B"), "ALL"), ["ALL"], ()),
        (Includes(("A", "B"), "ALL"), ["C", "ALL"], ()),
        (Includes(("A", "B"), "ALL"), ["A", "B"], ()),
        (Includes(("A", "B"), "ALL"), ["A"], (None,)),
        (Includes(("A", "B"), "ALL"), ["all"], (None,)),
        (Includes(("A", "B"), "ALL"), [], (None,)),
        (Includes(("A", "B")), ["ALL"], (None,)),
        (Includes(("A",), "ALL"), "ALL", (None,)),
        (Includes(("A",), "ALL"), {"ALL": 1}, (None,)),
        (Includes(("A",)), [None], (None,)),
        (Globs(("a*c",)), "abc", ()),
        (Globs(("a*c",)), "ac", ()),
        (Globs(("a*c",)), "a.\nc", ()),
        (Globs(("a*c",)), "ab/c", (None,)),
        (Globs(("a*c",)), "abcd", (None,)),
        (Globs(("a*c",)), "xabc", (None,)),
        (Globs(("a*c",)), "abc\n", (None,)),
        (Globs(("a*c",)), "Abc", (None,)),
        (Globs(("a.c", "x*")), "abc", (None,)),
        (Globs(("a.c", "x*")), "a.c", ()),
        (Globs(("a.c", "x*")), "x", ()),
        (Globs(("a/*/c*",)), "a/b/cd", ()),
        (Globs(("a/*/c*",)), "a/b/b/c", (None,)),
        (Globs(("a/*/c*",)), "a//c", ()),
        (Globs(("*",)), "", ()),
        (Globs(("*",)), "/", (None,)),
        (Globs(("(a|b)[c]+",)), "(a|b)[c]+", ()),
        (Globs(("(a|b)[c]+",)), "ac", (None,)),
        # One pattern's end is no other's.
        (Globs(("a", "b*")), "ab", (None,)),
        (Globs(("a*", "b")), "xb", (None,)),
        (Globs(()), "", (None,)),
        (Globs(("*",)), None, (None,)),
        (Globs(("*",)), 1, (None,)),
        (Globs(("*",)), ["a"], (None,)),
        (Under(("/a/b",)), "/a/b", ()),
        (Under(("/a/b",)), "/a/b/", ()),
        (Under(("/a/b",)), "/a/b/c", ()),
        (Under(("/a/b/",)), "/a/b", ()),
        (Under(("/a/b/",)), "/a/b/c", ()),
        (Under(("/a/b",)), "/a/bc", (None,)),
        (Under(("/a/b",)), "/a", (None,)),
        (Under(("/a/b",)), "/A/b", (None,)),
        (Under(("/a/b",)), "/x/a/b", (None,)),
        (Under(("/a/b",)), "a/b", (None,)),
        (Under(("/a/b",)), "/a//b", (None,)),
        (Under(("/x", "/a")), "/a/b", ()),
        (Under(("/a", "/x")), "/a/b", ()),
        (Under(("/a",)), "/a/..", (None,)),
        (Under(("/a",)), "/a/../b", (None,)),
        (Under(("/a",)), "/a/b/../c", (None,)),
        (Under(("/a",)), "/a/..b/c..", ()),
        (Under(("/",)), "/", ()),
        (Under(("/",)), "/etc", ()),
        (Under(("/",)), "etc", (None,)),
        (Under(("/",)), "", (None,)),
        (Under(("/",)), "/..", (None,)),
        (Under(()), "/", (None,)),
        (Under(("/a",)), None, (None,)),
        (Under(("/a",)), ["/a"], (None,)),
        (Under(("/a",)), 0, (None,)),
    ],
)
def test_offends(predicate: Predicate, value: object, expected: tuple[int | None, ...]) -> None:
    """A predicate tells which parts of a value offend: none, the whole, or items of a list."""
    assert offends(predicate)(value) == expected
    assert holds(predicate, value) is (expected == ())


FIELD = Field(Level.POD, ("x",), Kind.STRING)


@pytest.mark.parametrize(
    ("predicate", "unset", "expected"),
    [
        (OneOf((False,)), True, "false or unset"),
        (OneOf((False,)), False, "false"),
        (OneOf((True, False)), True, "true, false or unset"),
        (OneOf(()), True, "unset"),
        (OneOf(()), False, "nothing"),
        (OneOf(("a", "b", "c")), False, "a, b or c"),
        (OneOf(("a", "b")), False, "a or b"),
        (InRanges(((1, 1), (5, 9), (20, None))), False, "1, 5-9 or at least 20"),
        (InRanges(()), True, "unset"),
        (Within(("A",)), True, "A or unset"),
        (Includes(("A", "B")), False, "a list with A, B"),
        (Includes(("A", "B"), "ALL"), False, "a list with A, B or one with ALL"),
        (Includes(("A",), "ALL"), True, "a list with A, one with ALL or unset"),
        (Within(("A", "ALL"), "ALL"), False, "any list"),
        (Within(("A",), "ALL"), False, "A"),
        (Within(("A", "ALL")), False, "A or ALL"),
        (Globs(("a*", "b")), True, "a*, b or unset"),
        (Under(("/a", "/b/")), False, "/a or below or /b/ or below"),
        (Under(()), False, "nothing"),
    ],
)
def test_allowed_text(predicate: Predicate, unset: bool, expected: str) -> None:
    """What a test allows is said in words."""
    assert allowed_text(Test(FIELD, predicate, unset_allowed=unset)) == expected


@pytest.mark.parametrize(
    ("subject", "values", "expected"),
    [
        # Each item of the list has one: there is no leaving it unset.
        (VolumeTypes(), ("secret",), "secret"),
        (VolumeTypes(), (), "unset"),
        (HandlerHosts(), ("a",), "a or unset"),
        (ProfileAnnotations(Annotation.SECCOMP), ("Localhost",), "Localhost or unset"),
    ],
)
def test_allowed_text_of_subjects(subject: Subject, values: tuple[str, ...], expected: str) -> None:
    """Unset is said only of what a pod can leave unset."""
    assert allowed_text(Test(subject, OneOf(values), unset_allowed=True)) == expected


def test_range_text() -> None:
    """A range is written as profiles write it."""
    assert [range_text(1, 1), range_text(1, 2), range_text(3, None)] == ["1", "1-2", "3-"]


@pytest.mark.parametrize(
    ("glob", "expected"),
    [("a", "a"), ("*", "[^/]*"), ("a.*/b*", r"a\.[^/]*/b[^/]*"), ("", "")],
)
def test_regex(glob: str, expected: str) -> None:
    """A glob is written as a regular expression in which only its stars are special."""
    assert regex(glob) == expected


@pytest.mark.parametrize(("prefix", "expected"), [("/a", "/a"), ("/a/", "/a"), ("/", "")])
def test_trimmed(prefix: str, expected: str) -> None:
    """A path loses the slash at its end, and no more."""
    assert trimmed(prefix) == expected


def one(value: str) -> Test:
    """Make a test of the field `x`."""
    return Test(FIELD, OneOf((value,)), unset_allowed=False)


def test_expressions() -> None:
    """All adds up what offends its parts; any one part of an AnyOf lifts the last."""
    pod = view({"spec": {"x": "a"}})
    both = All((one("b"), one("c")))
    assert [offence.test for offence in judge(both)(pod)] == [one("b"), one("c")]
    assert judge(All((one("a"),)))(pod) == []
    lifted = AnyOf((one("z"), one("a"), one("b")))
    assert judge(lifted)(pod) == []
    assert judge(AnyOf((one("z"), one("a"))))(pod) == []
    refused = AnyOf((one("z"), both))
    assert len(judge(refused)(pod)) == 2
    assert expressions.tests(refused) == (one("b"), one("c"))
    assert expressions.tests(one("a")) == (one("a"),)


def test_offence_tells_where() -> None:
    """An offence has the way to the value, or to where it is missing, and to an item of a list."""
    (missing,) = judge(one("a"))(view({"spec": {}}))
    assert (missing.path, missing.value, missing.container) == (("spec", "x"), UNSET, None)
    (present,) = judge(one("a"))(view({"spec": {"x": 3}}))
    assert (present.path, present.value) == (("spec", "x"), 3)
    listed = Test(Field(Level.POD, ("x",), Kind.STRINGS), Within(("A",)), unset_allowed=True)
    (item,) = judge(listed)(view({"spec": {"x": ["A", "B"]}}))
    assert (item.path, item.value) == (("spec", "x", 1), "B")
    assert judge(listed)(view({"spec": {"x": None}})) == []
