"""ValidatingAdmissionPolicy: the API server judges pods itself, by CEL.

One policy a shape: a policy whose expressions reach the pod by two paths would draw the type
checker's warnings. `admissionregistration.k8s.io/v1` needs Kubernetes 1.30.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from capgen.lang import cel, cel_match
from capgen.lang.cel_values import literal
from capgen.policy.expressions import allowed_text, tests
from capgen.policy.subjects import Path, shown
from capgen.policy.workload import WORKLOADS

from .base import Artefact, Cell, Output, Status, Target, object_metadata, object_name
from .yaml_text import dump

if TYPE_CHECKING:
    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule

_API: Final = "admissionregistration.k8s.io/v1"
_FLOOR: Final = 30
_ACTIONS: Final = {"deny": "Deny", "warn": "Warn", "audit": "Audit"}

_LISTS: Final = (
    "dyn({0}.?initContainers.orValue([]))\n"
    "+ dyn({0}.containers)\n"
    "+ dyn({0}.?ephemeralContainers.orValue([]))"
)
# Of the ephemeral containers, those whose name the pod does not have yet.
_NEW: Final = (
    "object.spec.?ephemeralContainers.orValue([]).filter(c,\n"
    "  !oldObject.spec.?ephemeralContainers.orValue([]).exists(o, o.name == c.name))"
)
_CHANGED: Final = "request.operation == 'CREATE' || {0} != oldObject{1}"


@dataclass(frozen=True, slots=True)
class _Shape:
    """A policy: the objects that hold a pod at one path, on one occasion.

    Attributes:
        part: what is added to the profile's name.
        path: the way down from the object to the pod or its template.
        ephemeral: new ephemeral containers are judged, and nothing else.
    """

    part: str
    path: Path
    ephemeral: bool = False

    @property
    def pod(self) -> str:
        """The pod or template, in CEL."""
        return "object" + "".join(f".{step}" for step in self.path)


_PODS: Final = (_Shape("", ()), _Shape("ephemeralcontainers", (), ephemeral=True))
_CONTROLLERS: Final = (
    _Shape("controllers", ("spec", "template")),
    _Shape("cronjobs", ("spec", "jobTemplate", "spec", "template")),
    _Shape("podtemplates", ("template",)),
)


def emit(profile: Profile) -> Output:
    """Write the profile's policies, each with its binding."""
    artefacts = []
    pods = _PODS if profile.pods else ()
    for shape in (*pods, *(_CONTROLLERS if profile.controllers else ())):
        policy = _policy(profile, shape)
        if policy is not None:
            stem = shape.part or "pods"
            for role, made in (("policy", policy), ("binding", _binding(profile, shape))):
                name = f"{made['kind']}/{object_name(profile.name, shape.part)}"
                artefacts.append(Artefact(f"{stem}-{role}.yaml", dump(made), name))
    cells = {rule.id: Cell(Status.EXACT, "a validation in CEL") for rule in profile.rules}
    return Output(tuple(artefacts), cells)


def _policy(profile: Profile, shape: _Shape) -> dict[str, Any] | None:
    names = cel.Names(pod_level=not shape.ephemeral)
    lowered = [(rule, cel.offences(rule.expression, names)) for rule in profile.rules]
    judged = [(rule, text) for rule, text in lowered if text != cel.NOTHING]
    if not judged:
        return None
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": _constraints(profile, shape),
    }
    conditions = _conditions(profile, shape)
    if conditions:
        spec["matchConditions"] = conditions
    spec["variables"] = [
        *({"name": name, "expression": text} for name, text in _variables(shape)),
        *({"name": rule.id, "expression": text} for rule, text in judged),
    ]
    spec["validations"] = [_validation(rule) for rule, _ in judged]
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": object_metadata(profile, shape.part),
        "spec": spec,
    }


def _variables(shape: _Shape) -> tuple[tuple[str, str], ...]:
    spec = f"{shape.pod}.spec"
    metadata = f"{shape.pod}.?metadata"
    return (
        ("spec", spec),
        ("annotations", f"{metadata}.?annotations.orValue({{}})"),
        ("containers", _NEW if shape.ephemeral else _LISTS.format("variables.spec")),
    )


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


def _constraints(profile: Profile, shape: _Shape) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    selector = cel_match.selector(profile.match.namespace_selector)
    if selector:
        constraints["namespaceSelector"] = selector
    constraints["resourceRules"] = _rules(shape)
    return constraints


def _rules(shape: _Shape) -> list[dict[str, Any]]:
    """Return what the policy is asked about: created pods, new containers, changed templates."""
    if shape.ephemeral:
        return [_rule("", "v1", ["UPDATE"], ["pods/ephemeralcontainers"])]
    if not shape.path:
        return [_rule("", "v1", ["CREATE"], ["pods"])]
    kinds = [kind for kind in WORKLOADS if kind.path == shape.path]
    groups = dict.fromkeys((kind.group, kind.version) for kind in kinds)
    return [
        _rule(
            group,
            version,
            ["CREATE", "UPDATE"],
            [kind.resource for kind in kinds if kind.group == group],
        )
        for group, version in groups
    ]


def _rule(group: str, version: str, operations: list[str], resources: list[str]) -> dict[str, Any]:
    return {
        "apiGroups": [group],
        "apiVersions": [version],
        "operations": operations,
        "resources": resources,
    }


def _conditions(profile: Profile, shape: _Shape) -> list[dict[str, str]]:
    conditions = list(cel_match.conditions(profile.match, shape.pod))
    if shape.path:
        way = "".join(f".{step}" for step in shape.path)
        conditions.append(("template-changed", _CHANGED.format(shape.pod, way)))
    return [{"name": name, "expression": text} for name, text in conditions]


def _binding(profile: Profile, shape: _Shape) -> dict[str, Any]:
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
