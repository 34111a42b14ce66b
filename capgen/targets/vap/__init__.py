"""ValidatingAdmissionPolicy: the API server judges pods itself, by CEL.

One policy a shape: a policy whose expressions reach the pod by two paths would draw the type
checker's warnings. `admissionregistration.k8s.io/v1` needs Kubernetes 1.30.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.lang import cel
from capgen.lang.cel_names import NOTHING
from capgen.lang.cel_values import literal
from capgen.policy.choice import wanted
from capgen.policy.expressions import allowed_text, tests
from capgen.policy.subjects import shown
from capgen.policy.values import show
from capgen.targets.base import Artefact, Cell, Output, Status, Target, object_metadata, object_name
from capgen.targets.yaml_text import dump

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

if TYPE_CHECKING:
    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule

_API: Final = "admissionregistration.k8s.io/v1"
_FLOOR: Final = 30
_ACTIONS: Final = {"deny": "Deny", "warn": "Warn", "audit": "Audit"}

_SETS_NOTHING: Final = "a ValidatingAdmissionPolicy sets nothing: `{}` must be set by other means"


def emit(profile: Profile) -> Output:
    """Write the profile's policies, each with its binding."""
    artefacts = []
    pods = PODS if profile.pods else ()
    for shape in (*pods, *(CONTROLLERS if profile.controllers else ())):
        policy = _policy(profile, shape)
        if policy is not None:
            stem = shape.part or "pods"
            for role, made in (("policy", policy), ("binding", _binding(profile, shape))):
                name = f"{made['kind']}/{object_name(profile.name, shape.part)}"
                artefacts.append(Artefact(f"{stem}-{role}.yaml", dump(made), name))
    return Output(tuple(artefacts), _cells(profile))


def _cells(profile: Profile) -> dict[str, Cell]:
    cells = {rule.id: Cell(Status.EXACT, "a validation in CEL") for rule in profile.rules}
    if profile.mutate:
        # What a pod gets is a part of what a rule means then: a pod that it would make good is
        # refused here, and one that needs no value to be admitted does not get it.
        for each in (*wanted(profile, "linux"), *wanted(profile, "windows")):
            # That a pod runs on Windows is no value that a profile sets.
            if each.rule in cells and each.field.path[0] != "os":
                cells[each.rule] = Cell(Status.GAP, _SETS_NOTHING.format(show(each.value)))
    return cells


def _policy(profile: Profile, shape: Shape) -> dict[str, Any] | None:
    groups = groups_of(profile, shape)
    lowered = [
        (rule, cel.offences(rule.expression, names_of(shape, groups, rule)))
        for rule in profile.rules
        if not shape.update or rule.id in groups
    ]
    judged = [(rule, text) for rule, text in lowered if text != NOTHING]
    if not judged:
        return None
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": constraints_of(profile, shape),
    }
    conditions = conditions_of(profile, shape)
    if conditions:
        spec["matchConditions"] = conditions
    spec["variables"] = [
        *({"name": name, "expression": text} for name, text in variables_of(shape)),
        *(
            {"name": name, "expression": text}
            for name, text in containers_of(shape, groups)
            if any(f"variables.{name}." in lowered for _, lowered in judged)
        ),
        *({"name": rule.id, "expression": text} for rule, text in judged),
    ]
    spec["validations"] = [_validation(rule) for rule, _ in judged]
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": object_metadata(profile, shape.part),
        "spec": spec,
    }


def _validation(rule: Rule) -> dict[str, str]:
    words = "; ".join(
        dict.fromkeys(
            f"{shown(test.subject)}: {allowed_text(test)}" for test in tests(rule.expression)
        )
    )
    return {
        "expression": f"variables.{rule.id}.size() == 0",
        "message": f"{rule.id}: allowed is {words}",
        "messageExpression": f"{literal(f'{rule.id}: ')} + variables.{rule.id}.join(', ')\n"
        f"+ {literal(f' (allowed: {words})')}",
    }


def _binding(profile: Profile, shape: Shape) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": object_metadata(profile, shape.part),
        "spec": {
            "policyName": object_name(profile.name, shape.part),
            "validationActions": [_ACTIONS[profile.enforcement.value]],
        },
    }


TARGET = Target(
    "vap",
    "ValidatingAdmissionPolicies and their bindings, which the API server enforces by itself",
    _FLOOR,
    emit,
)
