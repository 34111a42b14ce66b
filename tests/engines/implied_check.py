"""Holds the order against Pod Security admission: what a profile implies, and what it chooses.

A profile that is proven to be at least as strict as a level must admit nothing that the level
refuses: neither the values that it chooses, nor a witness, nor a random pod. The order speaks of
pods that the API takes: of those that a level refuses all the same the API server is asked, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Operation
from capgen.policy.defaults import defaulted
from capgen.policy.match import Match
from capgen.policy.order import Proven, at_least_as_strict
from capgen.policy.profile import Union
from capgen.policy.witness import witnesses
from capgen.profile.library import names, open_profile
from tests.engines.agreement import Reference
from tests.engines.applied import FREE
from tests.engines.chosen_pods import chosen_pods
from tests.engines.judged import judged
from tests.engines.proving import Difference, Row
from tests.engines.psa import Request
from tests.pods_random import random_pods

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.pod import Mapping
    from capgen.policy.profile import Profile
    from tests.engines.apiserver import Cluster
    from tests.engines.proving import Lab

# From the strictest on: what a profile implies is the first that it is proven to imply.
LEVELS: Final = ("restricted", "baseline")
_PODS: Final = 80
_SEED: Final = 4_242


def implied_levels(laboratory: Lab) -> Row:
    """Judges what each profile admits at the strongest level that it implies."""
    judge = laboratory.pod_security
    asked: list[tuple[str, Mapping, str, int]] = []
    implying = 0
    for profile in _profiles():
        for minor in sorted({profile.minors[0], profile.minors[-1]}):
            level = _implied(profile, minor)
            if level:
                implying += 1
                asked += [(name, pod, level, minor) for name, pod in _admitted(profile, minor)]
    requests = (Request(pod, ((level, f"v1.{minor}"),)) for _, pod, level, minor in asked)
    refused = [
        (case, ", ".join(verdict.reasons))
        for case, (verdict,) in zip(asked, judge.judge(requests), strict=True)
        if not verdict.allowed
    ]
    differing = [
        Difference({"is": name, "pod": pod, "at": [level, minor]}, "admitted", reasons)
        for ((name, pod, level, minor), reasons), taken in zip(
            refused, _taken(laboratory.cluster, [case[1] for case, _ in refused]), strict=True
        )
        if taken
    ]
    count = len(asked) - len(refused) + len(differing)
    note = f"what {implying} profiles at a version admit, at the level that they imply"
    engine = "pod-security-admission"
    return Row("order, choice", engine, judge.version, count, tuple(differing), note)


def _taken(cluster: Cluster, pods: Sequence[Mapping]) -> list[bool]:
    """Tell of each pod whether the API takes it where no policy holds."""
    cluster.namespace(FREE)
    return [answer.outcome != "invalid" for answer in cluster.judge(FREE, pods)]


def _profiles() -> Iterator[Profile]:
    """Yield profiles as they judge every pod: what they do not select, they do not judge."""
    every = [each.profile() for each in judged().values()]
    # Nothing says what an idle profile chooses.
    every += [profile for profile in map(open_profile, names()) if profile.rules]
    for profile in every:
        yield profile._replace(pods=True, match=Match(), exempt=())


def _implied(profile: Profile, minor: int) -> str:
    """Return the strongest level that a profile is proven to imply; "" where it is none."""
    for level in LEVELS:
        loose = open_profile(f"pss/{level}", f"1.{minor}")
        strict = profile._replace(minors=loose.minors)
        if isinstance(at_least_as_strict(Union((strict,)), Union((loose,))), Proven):
            return level
    return ""


def _admitted(profile: Profile, minor: int) -> Iterator[tuple[str, Mapping]]:
    """Yield pods that a profile admits, as the API server of a minor version would make them."""
    reference = Reference(profile)
    for name, pod in _pods(profile):
        if reference.pod_word(pod).allowed:
            yield name, defaulted(pod, range(minor, minor + 1), template=False)


def _pods(profile: Profile) -> Iterator[tuple[str, Mapping]]:
    for name, request, refused in chosen_pods(profile):
        if not request.workload.path and not refused:
            yield f"{profile.name}, {name}", request.object
    for witness in witnesses(profile):
        request = witness.request
        if request.operation is Operation.CREATE and not request.workload.path:
            yield f"{profile.name}, {witness.name}", request.object
    for number, pod in enumerate(random_pods(profile, _SEED, _PODS)):
        yield f"{profile.name}, random {number}", pod
