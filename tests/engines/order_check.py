"""Holds what the order says against pods: the library, many random pods, and random profiles.

No engine knows the order. Its judge is the interpreter, which the engines of the other rows judge.
"""

from __future__ import annotations

import time
from collections import Counter
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Final

from capgen.policy.values import NEWEST_MINOR
from capgen.profile.library import names, open_profile
from tests.engines.proving import Difference, Row
from tests.policy.order import fuzz
from tests.policy.order.sampling import contradictions, matrix, versions_of
from tests.policy.order.test_library import LEVELS, left_open

if TYPE_CHECKING:
    from capgen.policy.profile import Profile
    from tests.engines.proving import Lab
    from tests.policy.order.sampling import Matrix

_PODS: Final = 2_000
_DRAWN: Final = 150
_REQUESTS: Final = 100
_ENGINE: Final = "interpreter"


def order_matrix(_: Lab) -> Row:
    """Compares each profile of the library at each version with each: nothing is left open."""
    profiles, answers = _library()
    found = left_open(profiles, answers)
    differing = [Difference(each, "proven or refuted", "unknown") for each in found]
    note = f"pairs of {len(profiles)} profiles at a version, 1.0 to 1.{NEWEST_MINOR}"
    return Row("order", _ENGINE, "", len(profiles) ** 2, tuple(differing), note)


def order_sampled(_: Lab) -> Row:
    """Judges random pods near the edges, others in each run: none is against what was proven."""
    profiles, answers = _library()
    seed = _seed()
    differing = [
        Difference(
            {"pod": each.request.object, "old": each.request.old_object},
            f"{_named(profiles[each.strict])} is as strict as {_named(profiles[each.loose])}",
            "the first admits it, the other does not",
        )
        for each in contradictions(profiles, answers, _PODS, seed)
    ]
    note = f"random pods, seed {seed}, all pairs"
    return Row("order", _ENGINE, "", _PODS, tuple(differing), note)


def order_fuzzed(_: Lab) -> Row:
    """Compares random profiles and unions; a proof is held against random requests."""
    first = _seed()
    answers: Counter[str] = Counter()
    differing = []
    for seed in range(first, first + _DRAWN):
        chance = Random(seed)
        try:
            case = fuzz.draw(chance)
            answers[type(fuzz.check(case, chance, _REQUESTS)).__name__.lower()] += 1
        except AssertionError as error:
            differing.append(Difference({"seed": seed}, "no contradiction", str(error)))
    told = ", ".join(f"{count} {answer}" for answer, count in sorted(answers.items()))
    note = f"random profiles, seeds from {first}: {told}; {_REQUESTS} requests for each proof"
    return Row("order", _ENGINE, "", _DRAWN, tuple(differing), note)


def _seed() -> int:
    return time.time_ns() % 10**9


@cache
def _library() -> tuple[list[Profile], Matrix]:
    """Return the library's profiles, and how each compares with each, which takes a while."""
    every = versions_of(*LEVELS)
    every += (open_profile(name) for name in names() if name not in LEVELS)
    return every, matrix(every)


def _named(profile: Profile) -> str:
    return f"{profile.name} at 1.{profile.minors[0]} to 1.{profile.minors[-1]}"
