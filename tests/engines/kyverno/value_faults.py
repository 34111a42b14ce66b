"""Faults in what our policies that set values wrap around the patch, and what shows each.

The patch is that of `map`, in which faults are seeded there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Operation, Request
from capgen.policy.owners import owner
from capgen.policy.workload import WORKLOADS, pod_of
from tests.engines.kyverno.faults import Fault, Suite

if TYPE_CHECKING:
    from capgen.policy.pod import Mapping
    from tests.engines.engine import Verdict
    from tests.engines.rest import Object

_DEPLOYMENT: Final = next(each for each in WORKLOADS if each.kind == "Deployment")
_SPEC: Final = """
kubernetes: "1.36"
mutate: true
enforceOn: [{on}]
match:
  namespaces: {{exclude: [lab-values-excluded]}}
  namespaceSelector: {{matchLabels: {{team: a}}}}
rules: {{readOnlyRootFilesystem: true}}
"""
_BARE: Final[Object] = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
_WRITES: Final[Object] = {
    "spec": {
        "containers": [
            {"name": "c", "image": "i", "securityContext": {"readOnlyRootFilesystem": False}}
        ]
    }
}


def _asked(obj: Mapping, namespace: str = "lab-values", team: str = "a") -> Request:
    return Request(obj, namespace=namespace, namespace_labels={"team": team})


# Each with what becomes of it by the policies without a fault.
_REQUESTS: Final[dict[str, tuple[Request, str]]] = {
    "bare pod": (_asked(_BARE), "set"),
    "pod that says otherwise": (_asked(_WRITES), "denied"),
    "bare pod of another team": (_asked(_BARE, "lab-values-other", "b"), "left"),
    "bare pod in a namespace that is left out": (_asked(_BARE, "lab-values-excluded"), "left"),
    "label of an old bare pod": (
        _asked(_BARE | {"metadata": {"labels": {"changed": "yes"}}})._replace(
            operation=Operation.UPDATE, old_object=_BARE
        ),
        "left",
    ),
    "bare Deployment": (
        _asked(owner(_DEPLOYMENT, _BARE))._replace(workload=_DEPLOYMENT),
        "set",
    ),
}

_PODS: Final = "mutating-pods"
_RULES: Final = ("spec", "matchConstraints", "resourceRules")
# A patch must be a list of operations.
_NOTHING: Final = "[JSONPatch{op: 'test', path: '/kind', value: 'Pod'}]"
_FAULTS: Final = (
    Fault(
        "it does nothing", _PODS,
        ("spec", "mutations", "jsonPatch", "expression"), _NOTHING, "bare pod", comes="denied",
    ),
    Fault(
        "it is not asked", _PODS, (*_RULES, "operations"), ["UPDATE"], "bare pod", comes="denied",
    ),
    Fault(
        "it is asked on every update", _PODS,
        (*_RULES, "operations"), ["CREATE", "UPDATE"], "label of an old bare pod", comes="invalid",
    ),
    Fault(
        "it selects no namespace", _PODS,
        ("spec", "matchConstraints", "namespaceSelector"), None, "bare pod of another team",
        comes="set",
    ),
    Fault(
        "it leaves out no namespace", _PODS,
        ("spec", "matchConditions"), None, "bare pod in a namespace that is left out", comes="set",
    ),
    Fault(
        "autogen is on", _PODS,
        ("spec", "autogen"), None, "bare Deployment", "pods", comes="errored",
    ),
    Fault(
        "it is not asked about some kinds", "mutating-controllers",
        (*_RULES, "resources"), ["replicasets"], "bare Deployment", comes="denied",
    ),
)  # fmt: skip


def suite() -> Suite:
    """Return what the policies are asked."""
    return Suite(_SPEC, _REQUESTS, _FAULTS, _said)


def _said(verdict: Verdict) -> str:
    """Tell of what is admitted whether its first container has the value."""
    if verdict.outcome != "admitted":
        return verdict.outcome
    workload = _DEPLOYMENT if verdict.object["kind"] == _DEPLOYMENT.kind else WORKLOADS[0]
    pod: Any = pod_of(workload, verdict.object)
    (container,) = pod["spec"]["containers"]
    said = container.get("securityContext", {}).get("readOnlyRootFilesystem")
    return {True: "set", None: "left"}.get(said, f"with {said}")
