"""Policies that judge pods by CEL: what the engines that take them have in common.

One policy a shape: a policy whose expressions reach the pod by two paths would draw the API
server's warnings about types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.lang import cel
from capgen.lang.cel_constants import literal
from capgen.lang.cel_names import NOTHING
from capgen.policy.placed import to_set
from capgen.policy.values import show
from capgen.targets.base import Cell, Status

from .shapes import (
    CONTROLLERS,
    PODS,
    Shape,
    conditions_of,
    constraints_of,
    containers_of,
    groups_of,
    names_of,
    variables_of,
)
from .values import LITERALS, Values
from .words import told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule


# What the API server, and Kyverno after it, call what is done with what a policy refuses.
ACTIONS: Final = {"deny": "Deny", "warn": "Warn", "audit": "Audit"}


def specs(profile: Profile, values: Values = LITERALS) -> Iterator[tuple[Shape, dict[str, Any]]]:
    """Yield for each shape in which a profile judges what a policy says there.

    That is `failurePolicy`, `matchConstraints`, `matchConditions`, `variables` and `validations`,
    with the meaning that `admissionregistration.k8s.io/v1` gives them.

    Args:
        profile: what they say.
        values: how they say what its rules list.
    """
    pods = PODS if profile.pods else ()
    for shape in (*pods, *(CONTROLLERS if profile.controllers else ())):
        if spec := _spec(profile, shape, values):
            yield shape, spec


_MEANS: Final = "a validation in CEL"


def judged_cells(profile: Profile, means: str = _MEANS) -> dict[str, Cell]:
    """Return how policies judge each rule, by some means."""
    return {rule.id: Cell(Status.EXACT, means) for rule in profile.rules}


def cells(profile: Profile, sets_nothing: str, means: str = _MEANS) -> dict[str, Cell]:
    """Return how policies that only judge say each rule.

    Args:
        profile: that they say.
        sets_nothing: why a value, in the place of `{}`, is not set.
        means: what judges.
    """
    found = judged_cells(profile, means)
    if profile.mutate:
        # What a pod gets is a part of what a rule means then: a pod that it would make good is
        # refused here, and one that needs no value to be admitted does not get it.
        for each in to_set(profile):
            if each.rule in found:
                judged = found[each.rule].judged or found[each.rule]
                why = sets_nothing.format(show(each.value))
                found[each.rule] = Cell(Status.GAP, why, judged)
    return found


def _spec(profile: Profile, shape: Shape, values: Values) -> dict[str, Any]:
    groups = groups_of(profile, shape)
    lowered = [
        (rule, cel.offences(rule.expression, names_of(shape, groups, rule.id, values.of(rule))))
        for rule in profile.rules
        if not shape.update or rule.id in groups
    ]
    judged = [(rule, text) for rule, text in lowered if text != NOTHING]
    if not judged:
        return {}
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": constraints_of(profile.match, shape),
    }
    conditions = conditions_of(profile.match, shape)
    if conditions:
        spec["matchConditions"] = conditions
    spec["variables"] = [
        *({"name": name, "expression": text} for name, text in variables_of(shape)),
        *(
            {"name": name, "expression": text}
            for name, text in containers_of(shape, groups, values.of_exemptions())
            if any(f"variables.{name}." in lowered for _, lowered in judged)
        ),
        *({"name": rule.id, "expression": text} for rule, text in judged),
    ]
    spec["validations"] = [_validation(rule, values) for rule, _ in judged]
    return spec


def _validation(rule: Rule, values: Values) -> dict[str, str]:
    fallback, said = told(rule, values.parameters(rule))
    return {
        "expression": f"variables.{rule.id}.size() == 0",
        "message": f"{rule.id}: allowed is {fallback}",
        "messageExpression": f"{literal(f'{rule.id}: ')} + variables.{rule.id}.join(', ')\n"
        f"+ {said}",
    }
