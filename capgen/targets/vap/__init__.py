"""ValidatingAdmissionPolicy: the API server judges pods itself, by CEL.

`admissionregistration.k8s.io/v1` needs Kubernetes 1.30.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.policy.profile import Enforcement
from capgen.targets.base import Artefact, Output, Target, object_metadata, object_name
from capgen.targets.cel import ACTIONS, cells, specs
from capgen.targets.folder import Guide, Step, folder
from capgen.targets.yaml_text import dump

if TYPE_CHECKING:
    from capgen.policy.profile import Profile
    from capgen.targets.cel.shapes import Shape

_API: Final = "admissionregistration.k8s.io/v1"
_FLOOR: Final = 30

_NOTED: Final = (
    "the audit log, where a violation is the annotation"
    " `validation.policy.admission.k8s.io/validation_failure`"
)
_NAMES: Final = "and apply again: the objects keep their names."
# What each enforcement means, and how to bring it in.
_MEANS: Final = {
    Enforcement.DENY: "refuses",
    Enforcement.WARN: "warns of",
    Enforcement.AUDIT: "notes in its audit log",
}
_BRING: Final = {
    Enforcement.DENY: f"Compile the profile with `enforcement: audit`, apply it, and read {_NOTED};"
    f" then with `enforcement: warn`, then as it is here, {_NAMES}",
    Enforcement.WARN: f"Apply it and watch for warnings. Then compile with `enforcement: deny`,"
    f" {_NAMES}",
    Enforcement.AUDIT: f"Apply it and read {_NOTED}. Then compile with `enforcement: warn`, then"
    f" `deny`, {_NAMES}",
}
_OLD: Final = "What runs already keeps running: pods and templates are judged when they change."
_STATIC: Final = "A kubelet starts the static pods of its own node whatever the API server says."
_WRITERS: Final = (
    "Only cluster administrators may write `validatingadmissionpolicies` and their bindings; nor"
    " may others label namespaces, where the profile selects these by labels."
)
_CHECK: Final = "kubectl get pods --all-namespaces -o yaml | capgen check -p PROFILE -"
_MISTAKES: Final = (
    "kubectl get validatingadmissionpolicies -o"
    " custom-columns=NAME:.metadata.name,MISTAKES:.status.typeChecking.expressionWarnings"
)

_SETS_NOTHING: Final = (
    "a ValidatingAdmissionPolicy sets nothing: `{}` must be set by other means, such as the target"
    " `map` among the profile's"
)


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
    said = cells(profile, _SETS_NOTHING)
    return folder(profile, _guide(profile), artefacts, said)


def _guide(profile: Profile) -> Guide:
    templates = ", a template of a controller that is created or changed"
    return Guide(
        target="vap",
        title="ValidatingAdmissionPolicy",
        about=f"The API server itself {_MEANS[profile.enforcement]} what breaks a rule: a pod that"
        " is created, a debug container that comes to one, a new image that ends an exemption"
        f"{templates if profile.controllers else ''}. Each occasion has a policy and its binding.",
        limits=(_OLD, _STATIC),
        preflight=(f"The API server is Kubernetes 1.{_FLOOR} or newer.", _WRITERS),
        rollout=(
            Step("Let the API server check it.", ("kubectl apply --dry-run=server -k .",)),
            Step("See which pods that run already would be refused now.", (_CHECK,)),
            Step(_BRING[profile.enforcement], ("kubectl apply -k .",)),
            Step("See that the API server finds no mistake in the expressions.", (_MISTAKES,)),
        ),
        removal=(Step("Delete the policies and bindings.", ("kubectl delete -k .",)),),
    )


def _binding(profile: Profile, shape: Shape) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": object_metadata(profile, shape.part),
        "spec": {
            "policyName": object_name(profile.name, shape.part),
            "validationActions": [ACTIONS[profile.enforcement.value]],
        },
    }


TARGET = Target(
    "vap",
    "ValidatingAdmissionPolicies and their bindings, which the API server enforces by itself",
    _FLOOR,
    emit,
)
