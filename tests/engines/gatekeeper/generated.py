"""When the policies that Gatekeeper has generated act in the API server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Answer, Object

_NAME: Final = "lab-gatekeeper-generated"
_POINT: Final = "vap.k8s.io"
_API: Final = "admissionregistration.k8s.io/v1"
# It is in no other's way.
_CANARY: Final[Object] = {"kind": "ConfigMap", "metadata": {"labels": {_NAME: "bad"}}}


def are_generated(artefacts: Sequence[Object]) -> bool:
    """Tell whether some constraint asks to be enforced by a generated policy."""
    return any(
        point["name"] == _POINT
        for each in artefacts
        for scoped in each["spec"].get("scopedEnforcementActions") or ()
        for point in scoped.get("enforcementPoints") or ()
    )


def wait_for_policies(cluster: Cluster, namespace: str) -> None:
    """Wait until the API server enforces the policies that it has been given so far.

    It learns of policies in the order in which they come: when one that is given to it now denies,
    all others do.

    Raises:
        LabError: it does not deny in time.
    """
    objects = _policy()
    try:
        cluster.apply(objects)
        cluster.wait_answer(namespace, _CANARY, _refused, what="a later policy to deny")
    finally:
        cluster.delete(objects)


def _refused(answer: Answer) -> bool:
    return answer.outcome == "policy" and answer.policy == _NAME


def _policy() -> list[Object]:
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["configmaps"],
    }
    match = {
        "resourceRules": [rule],
        "objectSelector": {"matchLabels": _CANARY["metadata"]["labels"]},
    }
    metadata = {"name": _NAME}
    return [
        {
            "apiVersion": _API,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": metadata,
            "spec": {"matchConstraints": match, "validations": [{"expression": "false"}]},
        },
        {
            "apiVersion": _API,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": metadata,
            "spec": {"policyName": _NAME, "validationActions": ["Deny"]},
        },
    ]
