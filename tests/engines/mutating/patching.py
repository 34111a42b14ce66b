"""A MutatingAdmissionPolicy that patches new pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.engines.rest import Object

_API: Final = "admissionregistration.k8s.io/v1"


def patching(name: str, patch: str, **more: object) -> Object:
    """Return the policy, which has more in its spec besides the patch, an expression."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
    return {
        "apiVersion": _API,
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {"resourceRules": [rule | {"operations": ["CREATE"]}]},
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
            **more,
        },
    }
