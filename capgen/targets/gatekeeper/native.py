"""A rule in CEL, as Gatekeeper's engine K8sNativeValidation judges by it.

One template judges pods and what holds a pod template. That there is an old object says that
something is changed: Gatekeeper's own command line tells no operation, and a controller's pods that
Gatekeeper expands come with the operation and without what stood there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from capgen.lang import cel, cel_match
from capgen.lang.cel_constants import literal
from capgen.lang.cel_exempt import excused
from capgen.lang.cel_names import NOTHING, Names
from capgen.lang.cel_parameters import Parameters
from capgen.targets.cel.shapes import LISTS, NEW, lost
from capgen.targets.cel.words import told

from .common import ways

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.lang.parameters import Given
    from capgen.policy.exempt import Exemption
    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule
    from capgen.policy.subjects import Path

# What is judged of a pod that stands, and of a controller whose template changes.
_JUDGED: Final = (
    "object != null && (oldObject == null\n"
    "  || object.kind == 'Pod' || variables.pod != variables.old)"
)
_STANDING: Final = "object.kind == 'Pod' && oldObject != null"
_TEMPLATE: Final = "object.kind != 'Pod'"


def source(
    profile: Profile, rule: Rule, exempt: tuple[Exemption, ...], given: Given
) -> dict[str, Any]:
    """Return the source of a template by which a rule of a profile is judged.

    Args:
        profile: the profile.
        rule: one of its rules.
        exempt: what lifts the rule.
        given: takes the values.
    """
    variables = list(_variables(profile, rule, exempt, Parameters(given)))
    return {
        "failurePolicy": "Fail",
        "variables": [{"name": name, "expression": text} for name, text in _needed(variables)],
        "validations": [_validation(rule, given)],
    }


def _variables(
    profile: Profile, rule: Rule, exempt: tuple[Exemption, ...], constants: Parameters
) -> Iterator[tuple[str, str]]:
    """Yield what the validation may name, in an order in which each names only earlier ones."""
    yield "pod", _pod("object")
    yield "old", _pod("oldObject")
    chosen = ""
    if profile.match.pod_selector:
        chosen = f"\n&& {cel_match.selected(profile.match, 'variables.pod', constants)}"
    yield "judged", f"{_JUDGED}{chosen}"
    yield "standing", _STANDING
    yield "spec", "variables.pod.spec"
    yield "annotations", "variables.pod.?metadata.?annotations.orValue({})"
    yield "containers", f"variables.standing ?\n{NEW} :\n{LISTS.format('variables.spec')}"
    names = Names(template=_TEMPLATE, constants=constants)
    if exempt:
        this = excused(exempt, "c", constants)
        names = replace(names, containers="variables.held", exempt="variables.exempt")
        yield "exempt", f"variables.containers.filter(c,\n  {this})"
        held = f"variables.containers.filter(c,\n  !({this}))"
        if any(each.images for each in exempt):
            gone = lost(this, excused(exempt, "o", constants))
            held += f"\n+ (variables.standing ?\n{gone} :\n[])"
        yield "held", held
    yield from _offences(rule, names)


def _pod(root: str) -> str:
    """Lower the way from an object of any kind that holds a pod down to it."""
    own, common = ways()
    lines = [f"{root}.kind == {literal(kind)} ? {_way(root, path)} :" for kind, path in own]
    return "\n".join([*lines, _way(root, common)])


def _way(root: str, path: Path) -> str:
    return root + "".join(f".{step}" for step in path)


def _offences(rule: Rule, names: Names) -> Iterator[tuple[str, str]]:
    """Lower the rule: what offends it in a new pod, and of one that stands in what is new.

    The last is what offends; where the two differ each has a variable, so that each fits a screen.
    """
    whole = cel.offences(rule.expression, names)
    added = cel.offences(rule.expression, replace(names, pod_level=False))
    if added == whole:
        yield "offences", f"!variables.judged ? [] :\n({whole})"
    elif added == NOTHING:
        yield "offences", f"!variables.judged || variables.standing ? [] :\n({whole})"
    else:
        yield "added", added
        yield "created", whole
        offences = "variables.standing ? variables.added : variables.created"
        yield "offences", f"!variables.judged ? [] :\n{offences}"


def _needed(variables: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the variables that something names: the last one, and what it rests on."""
    kept: list[tuple[str, str]] = []
    for name, text in reversed(variables):
        named = re.compile(rf"\bvariables\.{name}\b")
        if not kept or any(named.search(later) for _, later in kept):
            kept.insert(0, (name, text))
    return kept


def _validation(rule: Rule, given: Given) -> dict[str, str]:
    fallback, said = told(rule, Parameters(given))
    return {
        "expression": "variables.offences.size() == 0",
        "message": f"{rule.id}: allowed is {fallback}",
        "messageExpression": f"{literal(f'{rule.id}: ')} + variables.offences.join(', ')\n+ {said}",
    }
