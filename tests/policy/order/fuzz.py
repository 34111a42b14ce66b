"""Random comparisons, each held against random requests.

`python -m tests.policy.order.fuzz SECONDS [SEED]` draws new ones for as long as it is told.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from random import Random
from typing import NamedTuple

from capgen.policy.admit import Admission, Request
from capgen.policy.order import Answer, Proven, Refuted, at_least_as_strict
from capgen.policy.profile import Profile, Union
from tests.policy.order import wild

_PODS = 300


class Case(NamedTuple):
    """Two unions, and the rules that they were drawn from."""

    cluster: tuple[str, ...]
    strict: Union
    loose: Union


def drawn(chance: Random) -> tuple[tuple[str, ...], Profile]:
    """Return a random profile for pods and controllers, and the rules it was drawn from."""
    cluster = chance.choice(wild.CLUSTERS)
    if chance.random() < 0.2:
        cluster = tuple(dict.fromkeys(cluster + chance.choice(wild.CLUSTERS)))
    found = wild.profile(chance, cluster, chance.choice(wild.SPANS))
    return cluster, found._replace(controllers=True)


def draw(chance: Random) -> Case:
    """Return two random unions, which are seldom strangers."""
    cluster, one = drawn(chance)
    loose = [wild.near(chance, one)]
    for _ in range(chance.choice((0, 0, 1, 2))):
        loose.append(wild.near(chance, chance.choice((one, loose[0]))))
    strict = [one]
    if chance.random() < 0.2:
        strict.append(wild.near(chance, one))
    elif chance.random() < 0.3:
        # What is asked by the first, but for one thing, and more.
        more = wild.profile(chance, cluster, one.minors).rules
        taken = {rule.id for rule in loose[0].rules}
        rules = (*loose[0].rules, *(rule for rule in more if rule.id not in taken))
        strict = [wild.near(chance, loose[0]._replace(rules=rules))]
    return Case(cluster, Union(tuple(strict)), Union(tuple(loose)))


def check(case: Case, chance: Random, pods: int) -> Answer:
    """Check what the order answers: a request that refutes, and requests that may contradict.

    A container that is added counts where its pod would be admitted by the same profile.
    """
    answer = at_least_as_strict(case.strict, case.loose)
    loose = Admission(case.loose)
    if isinstance(answer, Refuted):
        assert Admission(case.strict).admit(answer.request).allowed
        assert answer.violation in loose.admit(answer.request).violations
        return answer
    assert answer == Proven()
    members = [Admission(Union((profile,))) for profile in case.strict.any_of]
    pool = wild.Pool(chance, case.cluster)
    for _ in range(pods):
        asked = pool.request()
        standing = asked.old_object or asked.object
        before = Request(standing, asked.workload, automount=asked.automount)
        if any(each.admit(before).allowed and each.admit(asked).allowed for each in members):
            assert loose.admit(asked).allowed, asked
    return answer


def main() -> None:
    """Draw until the time is over."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = first = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 10**9
    answers: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        chance = Random(seed)
        try:
            answers[type(check(draw(chance), chance, _PODS)).__name__] += 1
        except AssertionError:
            print(f"seed {seed}")
            raise
        seed += 1
    print(f"seeds {first} to {seed - 1}: {dict(answers)}, {_PODS} requests for each proof")


if __name__ == "__main__":
    main()
