"""Holds what the order has proven against many random pods near the edges of rules.

`python -m tests.policy.order.sampling COUNT` samples the library at all versions.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from capgen.policy.admit import Request
from capgen.policy.annotations import SCHEMES, Annotation
from capgen.policy.decision import POD
from capgen.policy.defaults import defaulted, spans
from capgen.policy.expressions import judge
from capgen.policy.order import Proven, at_least_as_strict
from capgen.policy.pod import ephemeral_names, newcomers, view
from capgen.policy.profile import Union
from capgen.policy.values import NEWEST_MINOR
from capgen.policy.workload import pod_of
from capgen.profile.library import names, open_profile
from tests.pods_random import random_pods
from tests.policy.order.taken import as_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.expressions import Expression, Judge
    from capgen.policy.order import Answer
    from capgen.policy.pod import Pod as Seen
    from capgen.policy.profile import Profile

Pod = dict[str, Any]
# How some profiles, by their places, compare: a row for each.
Matrix: TypeAlias = "list[list[Answer]]"


class Contradiction(NamedTuple):
    """A request that a profile admits and one that it was proven to imply refuses.

    Attributes:
        strict: the place of the first among the profiles.
        loose: the place of the other.
        request: the request.
    """

    strict: int
    loose: int
    request: Request


class Panel:
    """Some profiles, whose equal rules judge a request once."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        """Prepare each rule."""
        self._effects: dict[str, tuple[int, range]] = {}
        self._judges: list[Judge] = []
        # Of each profile its rules, as bits, and the places of its versions' effects.
        self._rows: list[tuple[int, list[int]]] = []
        places: dict[Expression, int] = {}
        for profile in profiles:
            rules = 0
            for rule in profile.rules:
                if rule.expression not in places:
                    places[rule.expression] = len(places)
                    self._judges.append(judge(rule.expression))
                rules |= 1 << places[rule.expression]
            effects = [
                self._effects.setdefault(effect(span), (len(self._effects), span))[0]
                for span in spans(profile.minors)
            ]
            self._rows.append((rules, effects))

    def admitting(self, request: Request) -> int:
        """Return the profiles that admit a request, as bits."""
        pod = pod_of(request.workload, request.object)
        assert isinstance(pod, dict)
        template = request.workload is not POD
        as_sent = template or request.subresource != ""
        known = ephemeral_names(request.old_object or {})
        # Most pods are defaulted alike at all versions: they are judged once.
        made: list[Pod] = []
        broken: list[int] = []
        of_effect: list[int] = []
        for _, span in self._effects.values():
            each = defaulted(pod, span, template=as_sent, automount=request.automount)
            if each not in made:
                made.append(each)
                seen = newcomers(each, known) if request.subresource else None
                broken.append(self._broken(seen or view(each, template=template)))
            of_effect.append(broken[made.index(each)])
        admitting = 0
        for place, (rules, effects) in enumerate(self._rows):
            if not any(of_effect[at] & rules for at in effects):
                admitting |= 1 << place
        return admitting

    def _broken(self, seen: Seen) -> int:
        """Return the rules that refuse a pod, as bits."""
        return sum(1 << place for place, run in enumerate(self._judges) if run(seen))


def compared(strict: Profile, loose: Profile) -> Answer:
    """Compare two profiles."""
    return at_least_as_strict(Union((strict,)), Union((loose,)))


def matrix(profiles: Sequence[Profile]) -> Matrix:
    """Compare each profile with each, in their order."""
    return [[compared(strict, loose) for loose in profiles] for strict in profiles]


def contradictions(
    profiles: Sequence[Profile], answers: Matrix, count: int, seed: int = 0
) -> Iterator[Contradiction]:
    """Judge random pods near the edges of some profiles, and yield what was proven wrongly.

    Args:
        profiles: whose edges.
        answers: what `matrix` says of them.
        count: how many pods.
        seed: the same pods for the same seed.
    """
    implied = [
        sum(1 << place for place, answer in enumerate(row) if isinstance(answer, Proven))
        for row in answers
    ]
    panel = Panel(profiles)
    sources = [profile for profile in profiles if profile.rules]
    for number, profile in enumerate(sources):
        share = count // len(sources) + (number < count % len(sources))
        for place, pod in enumerate(random_pods(profile, seed + number, share)):
            asked = as_request(pod, automount=place % 3 > 0, template=place % 5 == 0)
            if asked is None:
                continue
            admitting = strict_ones = panel.admitting(asked)
            if asked.old_object is not None and admitting:
                # The order speaks of containers that are added to a pod that would be admitted.
                strict_ones &= panel.admitting(Request(asked.old_object, automount=asked.automount))
            for strict, masks in enumerate(implied):
                if strict_ones >> strict & 1 and masks & ~admitting:
                    wrong = masks & ~admitting
                    yield Contradiction(strict, wrong.bit_length() - 1, asked)


def versions_of(*profiles: str) -> list[Profile]:
    """Return profiles of the library at every version, of those that say the same just one."""
    found: dict[object, Profile] = {}
    for name in profiles:
        for minor in range(NEWEST_MINOR + 1):
            profile = open_profile(name, f"1.{minor}")
            rules = tuple(rule.expression for rule in profile.rules)
            found.setdefault((rules, *map(effect, spans(profile.minors))), profile)
    return list(found.values())


def effect(span: range) -> str:
    """Return what defaulting does in a span of versions: the same text where it does the same."""
    return repr([defaulted(_PROBE, span, template=template) for template in (False, True)])


# A pod with all that is ever defaulted.
_PROBE: Final = {
    "metadata": {
        "annotations": {SCHEMES[scheme].prefix + "c": "runtime/default" for scheme in Annotation}
    },
    "spec": {
        "hostNetwork": True,
        "containers": [{"name": "c", "ports": [{"containerPort": 80}]}],
    },
}


def main() -> None:
    """Sample the library."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    library = [name for name in names() if not name.startswith("pss/")]
    profiles = [*versions_of("pss/privileged", "pss/baseline", "pss/restricted")]
    profiles += [open_profile(name) for name in library]
    began = time.monotonic()
    found = list(contradictions(profiles, matrix(profiles), count))
    rate = count / (time.monotonic() - began)
    print(f"{len(profiles)} profiles, {count} pods, {rate:.0f} pods/s, {len(found)} contradictions")
    for each in found[:3]:
        strict, loose = profiles[each.strict], profiles[each.loose]
        print(f"{strict.name} {strict.minors} <= {loose.name} {loose.minors}: {each.request}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
