"""securityContext: the profile's strictest values, as patches of the manifests that lack them.

What is written is complete in itself: a pod with this securityContext, and with nothing else that
the rules judge, satisfies them. So a rule about fields of a securityContext is *exact*: its value
is set, or is best left unset. A rule about anything else (volumes, ports, probes, the host's
namespaces) is *not applicable*: it cannot stand in a securityContext. A patch sets values and takes
none away: what a manifest holds of its own accord (a hostPath volume, an added capability, a
container's own `runAsNonRoot: false`) is for an admission target to refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.choice import choose
from capgen.policy.expressions import tests
from capgen.policy.subjects import EACH, Field, Level, dotted, plain, settable, shown
from capgen.policy.values import show, show_all
from capgen.targets.base import Artefact, Cell, Output, Status, Target, without_exemptions

from .component import component
from .patches import json_patch, json_patch_existing, strategic_merge

if TYPE_CHECKING:
    from capgen.policy.choice import Choice, Os
    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule
    from capgen.policy.subjects import Subject

_SYSTEMS: Final[tuple[Os, ...]] = ("linux", "windows")
_PLACES: Final = {
    Level.POD: "in the pod",
    Level.CONTAINER: "in each container",
    Level.INHERITED: "in the pod, for the containers that do not say it themselves",
}
_ELSEWHERE: Final = "it is no field of a securityContext: an admission target refuses it"
_EXEMPT_TOO: Final = "exempt containers get it too, unless they say something else"
_LEFT_UNSET: Final = "left unset, as the rule allows; what a manifest sets itself stays"


def emit(profile: Profile) -> Output:
    """Write the patches for each operating system for which there is something to set."""
    choices = {system: choose(profile, system) for system in _SYSTEMS}
    artefacts = [
        Artefact(f"{system}/{path}", text)
        for system, choice in choices.items()
        # A pod that a rule refuses whatever is set is not made any better by a patch.
        if choice.values and not choice.refused
        for path, text in _files(profile, system, choice)
    ]
    cells = {rule.id: _cell(rule, choices, profile) for rule in profile.rules}
    return Output(tuple(artefacts), without_exemptions(cells, profile, _EXEMPT_TOO))


def _files(profile: Profile, system: Os, choice: Choice) -> list[tuple[str, str]]:
    return [
        ("strategic-merge.yaml", strategic_merge(profile, choice)),
        ("json-patch.yaml", json_patch(profile, choice)),
        ("json-patch-existing.yaml", json_patch_existing(profile, choice)),
        *component(profile, system, choice),
    ]


def _in_context(subject: Subject) -> bool:
    return isinstance(subject, Field) and subject.path[0] == "securityContext"


def _cell(rule: Rule, choices: dict[Os, Choice], profile: Profile) -> Cell:
    chosen = choices["linux"].of(rule.id) or tuple(
        each for each in choices["windows"].of(rule.id) if _in_context(each.field)
    )
    refused = "".join(
        f"; no {system.title()} pod can satisfy it"
        for system in _SYSTEMS
        if rule.id in choices[system].refused
    )
    if not chosen:
        if not any(_in_context(test.subject) for test in tests(rule.expression)):
            return Cell(Status.NOT_APPLICABLE, _ELSEWHERE)
        return Cell(Status.EXACT, _LEFT_UNSET + refused)
    said = [
        f"{_name(each.field)}: {show(each.value)} {_PLACES[each.field.level]}" for each in chosen
    ]
    fields = {each.field for each in chosen}
    left = [
        shown(test.subject)
        for test in tests(rule.expression)
        if settable(plain(test.subject)) not in fields
    ]
    stays = "".join(f"; {name} stays as it is written" for name in dict.fromkeys(left))
    own = "".join(
        f"; in `{name}` {show_all(values[rule.id])}, in strategic-merge.yaml"
        for name, values in profile.choices.items()
        if rule.id in values
    )
    return Cell(Status.EXACT, "sets " + ", ".join(said) + own + stays + refused)


def _name(field: Field) -> str:
    return dotted(tuple(step for step in field.path if step != EACH))


TARGET = Target(
    "security-context",
    "the strictest securityContext as patches and as a Kustomize component, for Linux and Windows",
    0,
    emit,
)
