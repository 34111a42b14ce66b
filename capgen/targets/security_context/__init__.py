"""securityContext: the profile's strictest values, as patches of the manifests that lack them.

A patch sets values and takes none away, so a cell says: *exact*, the rule's values are set, and a
pod that says nothing else of them satisfies the rule; or *not applicable*, there is nothing to set,
because unset is allowed. What a manifest holds of its own accord (a hostPath volume, an added
capability, a container's own `runAsNonRoot: false`) is for an admission target to refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.choice import choose
from capgen.policy.expressions import tests
from capgen.policy.subjects import Level, dotted, shown
from capgen.policy.values import show
from capgen.targets.base import Artefact, Cell, Output, Status, Target

from .component import component
from .patches import json_patch, json_patch_existing, strategic_merge

if TYPE_CHECKING:
    from capgen.policy.choice import Choice, Os
    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule

_SYSTEMS: Final[tuple[Os, ...]] = ("linux", "windows")
_PLACES: Final = {
    Level.POD: "in the pod",
    Level.CONTAINER: "in each container",
    Level.INHERITED: "in the pod, for the containers that do not say it themselves",
}
_NOTHING_TO_SET: Final = (
    "unset is allowed, so nothing is set; a patch sets values and takes none away: what a manifest"
    " holds itself is for an admission target to refuse"
)


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
    cells = {rule.id: _cell(rule, choices) for rule in profile.rules}
    return Output(tuple(artefacts), cells)


def _files(profile: Profile, system: Os, choice: Choice) -> list[tuple[str, str]]:
    return [
        ("strategic-merge.yaml", strategic_merge(profile, choice)),
        ("json-patch.yaml", json_patch(profile, choice)),
        ("json-patch-existing.yaml", json_patch_existing(profile, choice)),
        *component(profile, system, choice),
    ]


def _cell(rule: Rule, choices: dict[Os, Choice]) -> Cell:
    chosen = choices["linux"].of(rule.id)
    refused = "; no Windows pod can satisfy it" if rule.id in choices["windows"].refused else ""
    if not chosen:
        return Cell(Status.NOT_APPLICABLE, _NOTHING_TO_SET + refused)
    said = [
        f"{dotted(each.field.path)}: {show(each.value)} {_PLACES[each.field.level]}"
        for each in chosen
    ]
    fields = {each.field for each in chosen}
    left = [shown(test.subject) for test in tests(rule.expression) if test.subject not in fields]
    stays = "".join(f"; {name} stays as it is written" for name in dict.fromkeys(left))
    return Cell(Status.EXACT, "sets " + ", ".join(said) + stays + refused)


TARGET = Target(
    "security-context",
    "the strictest securityContext as patches and as a Kustomize component, for Linux and Windows",
    0,
    emit,
)
