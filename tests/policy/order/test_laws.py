"""What must hold of any order, on random profiles; and what pods say of its answers."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from capgen.policy.order import Answer, Proven, at_least_as_strict
from capgen.policy.order.search import Search
from capgen.policy.order.sides import side
from capgen.policy.profile import Profile, Union
from tests.policy.order import fuzz as cases
from tests.policy.order import wild
from tests.policy.order.fuzz import drawn

if TYPE_CHECKING:
    from random import Random

CHANCES = st.randoms(use_true_random=True)
PODS = 40


def compared(strict: Profile, *loose: Profile) -> Answer:
    """Compare a profile with a union."""
    return at_least_as_strict(Union((strict,)), Union(loose))


def searched(strict: Profile, *loose: Profile) -> Answer:
    """Compare them without what tests show by themselves."""
    return Search(side(strict), [side(each) for each in loose]).answer()


@settings(max_examples=40, deadline=None)
@given(CHANCES)
def test_reflexive(chance: Random) -> None:
    """A profile is at least as strict as itself, and as a union that it is in."""
    _, one = drawn(chance)
    other = wild.near(chance, one)
    assert compared(one, one) == Proven()
    assert searched(one, one) == Proven()
    assert searched(one, other, one) == Proven()
    assert at_least_as_strict(Union((one, other)), Union((other, one))) == Proven()


@settings(max_examples=40, deadline=None)
@given(CHANCES)
def test_more_rules_are_stricter(chance: Random) -> None:
    """A profile is at least as strict as some of its rules."""
    _, one = drawn(chance)
    part = one._replace(rules=tuple(chance.sample(one.rules, chance.randint(0, len(one.rules)))))
    assert searched(one, part) == compared(one, part) == Proven()


@settings(max_examples=40, deadline=None)
@given(CHANCES)
def test_transitive(chance: Random) -> None:
    """What is within what is within a third is within it: none of it is left open."""
    _, one = drawn(chance)
    row = [one]
    for _ in range(3):
        row.append(wild.near(chance, chance.choice(row)))
    within = {
        (i, j): isinstance(compared(strict, loose), Proven)
        for i, strict in enumerate(row)
        for j, loose in enumerate(row)
    }
    for i, j, k in product(range(len(row)), repeat=3):
        assert not (within[i, j] and within[j, k]) or within[i, k]


@settings(max_examples=100, deadline=None)
@given(CHANCES)
def test_pods_say_the_same(chance: Random) -> None:
    """No request contradicts a proof, what refutes is confirmed, and a shortcut changes nothing."""
    case = cases.draw(chance)
    answer = cases.check(case, chance, PODS)
    loose = case.loose.any_of
    if len(case.strict.any_of) == 1:
        assert isinstance(searched(case.strict.any_of[0], *loose), type(answer))
