"""ValidatingAdmissionPolicy: the API server judges pods itself, by CEL.

`admissionregistration.k8s.io/v1` needs Kubernetes 1.30.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.targets.base import Artefact, Output, Target, object_metadata, object_name
from capgen.targets.cel import cells, specs
from capgen.targets.yaml_text import dump

if TYPE_CHECKING:
    from capgen.policy.profile import Profile
    from capgen.targets.cel.shapes import Shape

_API: Final = "admissionregistration.k8s.io/v1"
_FLOOR: Final = 30
_ACTIONS: Final = {"deny": "Deny", "warn": "Warn", "audit": "Audit"}

_SETS_NOTHING: Final = "a ValidatingAdmissionPolicy sets nothing: `{}` must be set by other means"


def emit(profile: Profile) -> Output:
    """Write the profile's policies, each with its binding."""
    artefacts = []
    for shape, spec in specs(profile):
        policy = {
            "apiVersion": _API,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": object_metadata(profile, shape.part),
            "spec": spec,
        }
        stem = shape.part or "pods"
        for role, made in (("policy", policy), ("binding", _binding(profile, shape))):
            name = f"{made['kind']}/{object_name(profile.name, shape.part)}"
            artefacts.append(Artefact(f"{stem}-{role}.yaml", dump(made), name))
    return Output(tuple(artefacts), cells(profile, _SETS_NOTHING))


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
