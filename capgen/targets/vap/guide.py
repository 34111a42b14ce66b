"""What the README of a folder of ValidatingAdmissionPolicies says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from capgen.policy.profile import Enforcement, Union
from capgen.targets.folder import Guide, Step
from capgen.targets.members import members_of

from .parameters import FOLDER, GROUP

if TYPE_CHECKING:
    from capgen.policy.profile import Profile

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


def guide(policy: Profile | Union, floor: int) -> Guide:
    """Return what the page says of a profile's policies, or of a set's.

    Args:
        policy: the profile or the set.
        floor: the oldest minor version of Kubernetes that takes the policies.
    """
    enforcement = policy.enforcement or Enforcement.DENY
    controllers = any(each.controllers for each in members_of(policy))
    templates = ", a template of a controller that is created or changed"
    return Guide(
        target="vap",
        title="ValidatingAdmissionPolicy",
        about=f"The API server itself {_MEANS[enforcement]} {_broken(policy)}: a pod that"
        " is created, a debug container that comes to one, a new image that ends an exemption"
        f"{templates if controllers else ''}. Each occasion has a policy and its binding.",
        limits=(_OLD, _STATIC),
        preflight=(f"The API server is Kubernetes 1.{floor} or newer.", _WRITERS),
        rollout=(
            Step("Let the API server check it.", ("kubectl apply --dry-run=server -k .",)),
            Step("See which pods that run already would be refused now.", (_CHECK,)),
            Step(_BRING[enforcement], ("kubectl apply -k .",)),
            Step("See that the API server finds no mistake in the expressions.", (_MISTAKES,)),
        ),
        removal=(Step("Delete the policies and bindings.", ("kubectl delete -k .",)),),
    )


_OWNERS: Final = (
    f"Only cluster administrators may write what is in the API group `{GROUP}`: who changes the"
    " values changes the policies."
)
_WAIT: Final = "kubectl wait --for=condition=established crd -l app.kubernetes.io/managed-by=capgen"


def with_parameters(found: Guide, kind: str) -> Guide:
    """Return a page with what is to be said of values in an object of their own.

    Args:
        found: what it says else.
        kind: of the object.
    """
    values = (
        f"What the rules list stands in `parameters.yaml`, an object of the kind `{kind}` that each"
        f" binding names; its definition is in the folder `{FOLDER}` beside the profile's."
    )
    return replace(
        found,
        about=f"{found.about} {values}",
        preflight=(*found.preflight, _OWNERS),
        rollout=(
            Step(
                "Apply the definitions that profiles share, and wait until the API server knows"
                " them: as long as it does not, the policies refuse everything.",
                (f"kubectl apply -k ../../{FOLDER}", _WAIT),
            ),
            *found.rollout,
        ),
        removal=(
            *found.removal,
            Step(
                f"Where no other profile needs them, delete the definitions: `{FOLDER}/README.md`"
                " says how."
            ),
        ),
    )


def _broken(policy: Profile | Union) -> str:
    if not isinstance(policy, Union):
        return "what breaks a rule"
    scope = {"namespace": policy.scope.namespaces, "service account": policy.scope.accounts}
    listed = " and ".join(
        f"{what}{'s' if len(names) > 1 else ''} {', '.join(f'`{name}`' for name in names)}"
        for what, names in scope.items()
        if names
    )
    return f"what all profiles refuse{f', of the {listed}' if listed else ''}"
