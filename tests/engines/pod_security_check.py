"""Holds the reference interpreter against Pod Security admission's own code: verdict and rules."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from capgen.policy.admit import Operation
from capgen.policy.values import NEWEST_MINOR
from capgen.policy.witness import witnesses
from tests.engines.agreement import Reference, Word, levels
from tests.engines.proving import Difference, Lab, Row, shrink
from tests.engines.psa import PodSecurity, Request, Verdict, fixtures
from tests.pods_random import random_pods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.pod import Mapping

ALL_MINORS = range(NEWEST_MINOR + 1)
RANDOM_PODS = 5_000
# Shrinking asks the engine again and again: a few differences tell as much as a thousand.
SHRUNK = 5

# A pod, the level and the minor version that it is judged at.
Case = tuple["Mapping", str, int]


def fixtures_agree(laboratory: Lab) -> Row:
    """Judges upstream's own fixtures, each at its version, and compares the rules too."""
    cases = ((dict(case.pod), case.level, int(case.version[3:])) for case in fixtures())
    return _compare(laboratory.pod_security, cases, "upstream's fixtures")


def witnesses_agree(laboratory: Lab) -> Row:
    """Judges every witness pod of each level at each minor version."""
    return _compare(laboratory.pod_security, _witnesses(), "witnesses, 1.0 to 1.37")


def random_agree(laboratory: Lab) -> Row:
    """Judges random pods near the edge, each at a random level and version; others in each run."""
    seed = time.time_ns() % 10**9
    return _compare(laboratory.pod_security, _random(seed), f"random pods, seed {seed}")


def _witnesses() -> Iterator[Case]:
    for (level, minor), reference in levels(ALL_MINORS).items():
        for witness in witnesses(reference.profile):
            request = witness.request
            if request.operation is Operation.CREATE and not request.workload.path:
                yield request.object, level, minor


def _random(seed: int) -> Iterator[Case]:
    choose = random.Random(seed)
    profiles = [
        reference.profile for key, reference in levels((24, 36)).items() if key[0] == "restricted"
    ]
    share = RANDOM_PODS // len(profiles)
    for number, profile in enumerate(profiles):
        for pod in random_pods(profile, seed + number, share):
            yield pod, choose.choice(("baseline", "restricted")), choose.choice(ALL_MINORS)


def _compare(judge: PodSecurity, cases: Iterator[Case], notes: str) -> Row:
    references = levels(ALL_MINORS)
    listed = list(cases)
    requests = (
        Request(references[level, minor].defaulted(pod), ((level, f"v1.{minor}"),))
        for pod, level, minor in listed
    )
    differences = []
    for (pod, level, minor), (verdict,) in zip(listed, judge.judge(requests), strict=True):
        ours = references[level, minor].pod_word(pod)
        theirs = Word(verdict.allowed, verdict.rules)
        if ours != theirs:
            differences.append((pod, level, minor, ours, theirs))
    shown = []
    for count, (pod, level, minor, ours, theirs) in enumerate(differences):
        small: object = pod
        if count < SHRUNK:
            small = _shrunk(judge, references[level, minor], pod, level, minor)
        shown.append(Difference({"pod": small, "at": [level, minor]}, str(ours), str(theirs)))
    return Row(
        "reference", "pod-security-admission", judge.version, len(listed), tuple(shown), notes
    )


def _shrunk(
    judge: PodSecurity, reference: Reference, pod: Mapping, level: str, minor: int
) -> object:
    def differs(smaller: object) -> bool:
        if not isinstance(smaller, dict) or not isinstance(smaller.get("spec"), dict):
            return False
        request = Request(reference.defaulted(smaller), ((level, f"v1.{minor}"),))
        verdict: Verdict = list(judge.judge([request])).pop()[0]
        return reference.pod_word(smaller) != Word(verdict.allowed, verdict.rules)

    return shrink(pod, differs)
