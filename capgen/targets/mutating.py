"""MutatingAdmissionPolicy: the API server sets the profile's values itself, by CEL.

`admissionregistration.k8s.io/v1` needs Kubernetes 1.36. It sets values and refuses nothing: a
profile that does not say `mutate: true` sets none, and has no use for it. What an ephemeral
container or an update lacks stays as it is, as for the interpreter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.targets.base import Artefact, Cell, Output, Status, Target, object_metadata, object_name
from capgen.targets.cel.mutations import cells_of_values, mutations
from capgen.targets.folder import Guide, Step, folder
from capgen.targets.yaml_text import dump

if TYPE_CHECKING:
    from capgen.policy.profile import Profile

_API: Final = "admissionregistration.k8s.io/v1"
_FLOOR: Final = 36

_SETS_NOTHING: Final = "the profile does not say `mutate: true`: nothing is set"
_CHOOSES_NOTHING: Final = "no value is chosen for it: what a pod says, others judge"


def emit(profile: Profile) -> Output:
    """Write the profile's policies, each with its binding."""
    artefacts = []
    for shape, spec in mutations(profile):
        policy = {
            "apiVersion": _API,
            "kind": "MutatingAdmissionPolicy",
            "metadata": object_metadata(profile, shape.part),
            "spec": spec,
        }
        binding = {
            "apiVersion": _API,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": object_metadata(profile, shape.part),
            "spec": {"policyName": object_name(profile.name, shape.part)},
        }
        stem = shape.part or "pods"
        for role, made in (("policy", policy), ("binding", binding)):
            name = f"{made['kind']}/{object_name(profile.name, shape.part)}"
            artefacts.append(Artefact(f"{stem}-{role}.yaml", dump(made), name))
    nothing = Cell(Status.NOT_APPLICABLE, _CHOOSES_NOTHING if profile.mutate else _SETS_NOTHING)
    cells = {rule.id: nothing for rule in profile.rules} | cells_of_values(profile)
    return folder(profile, _GUIDE, artefacts, cells) if artefacts else Output((), cells)


_GUIDE: Final = Guide(
    "map",
    "MutatingAdmissionPolicy",
    "The API server sets the values itself, when a pod is created, where the pod leaves them"
    " unset; what it says stays. Nothing is refused here: that is done by the targets that judge,"
    " which see the pod as it is after this.",
    limits=(
        "Pods that run already, and debug containers that are added to them, are not changed.",
        "A value that a pod sets itself, right or wrong, is left alone.",
        "A pod with thousands of containers is refused: it costs more than a policy may.",
    ),
    preflight=(
        (
            "Every API server is of Kubernetes 1.36 or later: `kubectl get --raw"
            " /apis/admissionregistration.k8s.io/v1 | grep -c mutatingadmissionpolicies` prints 1."
        ),
        (
            "Its admission plugins `MutatingAdmissionPolicy` and `ValidatingAdmissionPolicy` are"
            " on, as they are by default: no `--disable-admission-plugins` names them."
        ),
        (
            "Only cluster administrators may write `mutatingadmissionpolicies` and their bindings;"
            " nor may others label namespaces, where the profile selects these by labels."
        ),
        (
            "No other mutating policy or webhook decides the same fields: whoever is asked first"
            " sets them, policies before webhooks, and those by their names."
        ),
    ),
    rollout=(
        Step(
            "See what would change. Where the profile is compiled for a target that judges too,"
            " bring that in first with the enforcement `warn` or `audit`.",
            ("kubectl diff -k .",),
        ),
        Step(
            "Apply it. Nothing that runs is touched; in a namespace that the profile matches see"
            " what becomes of a pod.",
            (
                "kubectl apply -k .",
                "kubectl create --dry-run=server -o yaml -n NAMESPACE -f POD.yaml",
            ),
        ),
        Step("Then have the targets that judge refuse what is left: `enforcement: deny`."),
    ),
    removal=(
        Step(
            "Take back the enforcement of the targets that judge, or they refuse every pod that"
            " lacks a value. Then delete what this folder holds. Pods keep what was set in them.",
            ("kubectl delete -k .",),
        ),
    ),
    does="set",
)

TARGET: Final = Target(
    "map",
    "MutatingAdmissionPolicies and their bindings, which set the values of a profile with"
    " `mutate: true`",
    _FLOOR,
    emit,
    mutates=True,
)
