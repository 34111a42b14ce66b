"""What must hold of any order, on random profiles; and what pods say of its answers."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from capgen.policy.admit import Admission, Request
from capgen.policy.order import Answer, Proven, Refuted, at_least_as_strict
from capgen.policy.order.search import Search
from capgen.policy.order.sides import side
from capgen.policy.profile import Profile, Union
from tests.policy.order import wild

if TYPE_CHECKING:
    from random import Random

CHANCES = st.randoms(use_true_random=True)
PODS = 60


def drawn(chance: Random) -> tuple[tuple[str, ...], Profile]:
    """Return a random profile for pods and controllers, and the rules it was drawn from."""
    cluster = chance.choice(wild.CLUSTERS)
    if chance.random() < 0.2:
        cluster = tuple(dict.fromkeys(cluster + chance.choice(wild.CLUSTERS)))
    found = wild.profile(chance, cluster, chance.choice(wild.SPANS))
    return cluster, found._replace(controllers=True)


def compared(strict: Profile, *loose: Profile) -> Answer:
    """Compare a profile with a union."""
    return at_least_as_strict(Union((strict,)), Union(loose))


def searched(strict: Profile, *loose: Profile) -> Answer:
    """Compare them without what tests show by themselves."""
    return Search(side(strict), [side(each) for each in loose]).answer()


@settings(max_examples=60, deadline=None)
@given(CHANCES)
def test_reflexive(chance: Random) -> None:
    """A profile is at least as strict as itself, and as a union that it is in."""
    _, one = drawn(chance)
    other = wild.near(chance, one)
    assert compared(one, one) == Proven()
    assert searched(one, one) == Proven()
    assert searched(one, other, one) == Proven()
    assert at_least_as_strict(Union((one, other)), Union((other, one))) == Proven()


@settings(max_examples=60, deadline=None)
@given(CHANCES)
def test_more_rules_are_stricter(chance: Random) -> None:
    """A profile is at least as strict as some of its rules."""
    _, one = drawn(chance)
    part = one._replace(rules=tuple(chance.sample(one.rules, chance.randint(0, len(one.rules)))))
    assert searched(one, part) == compared(one, part) == Proven()


@settings(max_examples=60, deadline=None)
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


@settings(max_examples=120, deadline=None)
@given(CHANCES)
def test_pods_say_the_same(chance: Random) -> None:
    """No request contradicts a proof; and what refutes is judged so, with and without the search.

    A container that is added counts where its pod would be admitted by the same profile.
    """
    cluster, one = drawn(chance)
    loose = [wild.near(chance, one) for _ in range(chance.choice((1, 1, 2, 3)))]
    if chance.random() < 0.5:
        loose[0] = wild.near(chance, loose[0])
    answer = compared(one, *loose)
    assert isinstance(answer, Proven) == isinstance(searched(one, *loose), Proven)
    strict, other = Admission(Union((one,))), Admission(Union(tuple(loose)))
    if isinstance(answer, Refuted):
        assert strict.admit(answer.request).allowed
        refusal = other.admit(answer.request)
        assert answer.violation in refusal.violations
        return
    assert answer == Proven()
    pool = wild.Pool(chance, cluster)
    for _ in range(PODS):
        asked = pool.request()
        standing = asked.old_object
        if (
            standing is not None
            and not strict.admit(Request(standing, automount=asked.automount)).allowed
        ):
            continue
        if strict.admit(asked).allowed:
            assert other.admit(asked).allowed, asked
