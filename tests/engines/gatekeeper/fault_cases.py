"""What the templates of profiles are asked, so that a fault in one of them is seen."""

from __future__ import annotations

import copy
import random
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.admit import Operation, Request
from capgen.policy.values import nested
from capgen.policy.witness import base_pod, witnesses
from capgen.policy.workload import WORKLOADS
from tests import exempted_everywhere
from tests.engines import recording
from tests.engines.agreement import Reference
from tests.engines.gatekeeper.target import emitted
from tests.engines.judged import judged, recorded
from tests.pods import DROP, good, tweak
from tests.policy.made import profile as made
from tests.served import handed_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.profile import Profile
    from tests.engines.rest import Object

_SEED: Final = 77
# The requests that a fault is shown at first: created objects, and changes of what stands.
_CREATED: Final = 40
_CHANGED: Final = 12
# One kind for each path to a template.
_KINDS: Final = tuple({each.path: each for each in WORKLOADS if each.path}.values())
_PRIVILEGED: Final = "spec.containers.0.securityContext.privileged"
_ESCALATES: Final = "spec.containers.0.securityContext.allowPrivilegeEscalation"


class Case(NamedTuple):
    """A template of a profile, and what it is asked.

    Attributes:
        place: the namespace of what it is asked.
        about: its rule.
        template: the template.
        constraint: its constraint, which looks at that namespace.
        own: what it can be asked.
        reference: what its profile says.
    """

    place: str
    about: str
    template: Object
    constraint: Object
    own: list[Request]
    reference: Reference

    def some(self, *, created: bool) -> list[Request]:
        """Return some requests that create something, or do not, as they are judged.

        Half of them are refused by the rule.
        """
        own = [each for each in self.own if (each.operation is Operation.CREATE) is created]
        random.Random(_SEED).shuffle(own)
        most = (_CREATED if created else _CHANGED) // 2
        sides: dict[bool, list[Request]] = {True: [], False: []}
        for each in own:
            if all(len(side) == most for side in sides.values()):
                break
            handed = handed_over(each, self.reference.profile.minors)
            side = sides[self.about in self.reference.word(handed).rules]
            if len(side) < most:
                side.append(handed)
        return [each for side in sides.values() for each in side]


def cases(language: str) -> Iterator[Case]:
    """Yield the templates of profiles, each with the values of its profile."""
    for profile, asked in _profiles():
        reference = Reference(profile)
        objects = emitted(profile, (language,))
        half = len(objects) // 2
        for rule, template, constraint in zip(
            profile.rules, objects[:half], objects[half:], strict=True
        ):
            place = f"{profile.name}-{rule.id}".lower()
            looking = copy.deepcopy(constraint)
            looking["spec"]["match"]["namespaces"] = [place]
            own = [
                request._replace(namespace=place) for about, request in asked if about == rule.id
            ]
            if not own:
                # A rule that no exemption lifts is as it is without it.
                continue
            own += list(_updates(profile, own))
            yield Case(place, rule.id, template, looking, own, reference)


def _updates(profile: Profile, own: Sequence[Request]) -> Iterator[Request]:
    """Yield updates of labels alone, and of controllers to a bad template."""
    for each in own:
        if each.old_object is not None and not each.subresource:
            yield each._replace(object=each.old_object)
    bad = [each for each in own if not each.workload.path and each.old_object is None]
    reference = Reference(profile)
    wrong = next((each for each in bad if not reference.word(each).allowed), None)
    if wrong is None:
        return
    for kind in _KINDS:
        was, now = (nested(kind.path, pod) for pod in (base_pod(profile), wrong.object))
        update = Request(now, kind, Operation.UPDATE, was, namespace=wrong.namespace)
        yield from (update, update._replace(old_object=now))


_Asks = tuple["Profile", "list[tuple[str, Request]]"]
_EVERY: Final = ("all-plain", "all-turned", "all-effective", "all-both", "all-token")
_EXEMPT: Final = ("all-plain", "all-turned")
_DROPS: Final = """
    kubernetes: "1.36"
    rules: {capabilities: {drop: [NET_RAW, KILL], allow: [CHOWN]}}
"""
_CHOSEN: Final = """
    kubernetes: "1.36"
    rules: {privileged: false}
    match:
      podSelector:
        matchExpressions:
          - {key: a, operator: In, values: [x, w]}
          - {key: b, operator: NotIn, values: [z]}
          - {key: c, operator: Exists}
          - {key: d, operator: DoesNotExist}
"""


@cache
def _profiles() -> tuple[_Asks, ...]:
    """Return profiles, and for each what it is asked, with the rule that it is asked for."""
    return (*_of_every_rule(), *_exempting(), _dropping(), _selected())


def _of_every_rule() -> Iterator[_Asks]:
    for name in _EVERY:
        each = judged()[name]
        profile = each.profile()
        verdicts = recording.load(each.recording)
        yield (
            profile,
            [
                (asked.rule, asked.request)
                for asked in recorded(profile)
                if verdicts[asked.key] != recording.INVALID
            ],
        )


def _exempting() -> Iterator[_Asks]:
    for name in _EXEMPT:
        profile = judged()[name].profile()
        rules = {witness.name: witness.rule for witness in witnesses(profile)}
        for kind, (lifted, asked) in exempted_everywhere.WAYS.items():
            rows = [(rules[about.partition(",")[0]], request) for about, request in asked(profile)]
            # Of those who are not exempt, too.
            rows += [(witness.rule, witness.request) for witness in witnesses(profile)]
            yield lifted(profile)._replace(name=f"{name}-{kind}"), rows


def _dropping() -> _Asks:
    drops = made(_DROPS)._replace(name="drops", controllers=True)
    return drops, [(each.rule, each.request) for each in recorded(drops)]


def _selected() -> _Asks:
    """Return a profile that selects pods by their labels, and a bad pod with each set of labels."""
    profile = made(_CHOSEN)._replace(name="selected", controllers=True)
    values = {"a": (None, "x", "w", "z"), "b": (None, "z", ""), "c": (None, ""), "d": (None, "")}
    asked = []
    for chosen in product(*values.values()):
        labels = {
            key: value for key, value in zip(values, chosen, strict=True) if value is not None
        }
        pod = tweak(good(), {"metadata.labels": labels, _PRIVILEGED: True, _ESCALATES: DROP})
        asked.append(("privileged", Request(pod)))
    return profile, asked
