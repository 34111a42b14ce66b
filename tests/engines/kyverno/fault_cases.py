"""Faults in what our policies that judge wrap around the expressions, and what shows each.

The expressions are those of `vap`, in which faults are seeded there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Operation, Request
from capgen.policy.owners import owner
from capgen.policy.workload import WORKLOADS
from capgen.targets.kyverno import legacy, policies
from tests.engines.kyverno.faults import Fault, Suite

if TYPE_CHECKING:
    from capgen.policy.pod import Mapping
    from tests.engines.engine import Verdict
    from tests.engines.rest import Object

_DEPLOYMENT: Final = next(each for each in WORKLOADS if each.kind == "Deployment")
_NAMESPACE: Final = "lab-faults"
_SELECTED: Final = {"team": "a"}
_SPEC: Final = """
kubernetes: "1.36"
enforceOn: [{on}]
match:
  namespaces: {{exclude: [lab-faults-excluded]}}
  namespaceSelector: {{matchLabels: {{team: a}}}}
rules:
  privileged: false
  hostPath: {{allow: [{{prefix: "/{{{{request.operation}}}}/$(x)"}}]}}
exempt:
  - {{images: [exempt], rules: [privileged], reason: a fault to be seen, until: "2099-12-31"}}
"""
_BAD: Final[Object] = {"securityContext": {"privileged": True}}


def _pod(image: str = "i", **more: object) -> Object:
    return {"spec": {"containers": [{"name": "c", "image": image, **more}]}}


def _changed(old: Mapping, new: Mapping, subresource: str = "") -> Request:
    return Request(
        new,
        operation=Operation.UPDATE,
        old_object=old,
        subresource=subresource,
        namespace=_NAMESPACE,
        namespace_labels=_SELECTED,
    )


def _template(old: Mapping, new: Mapping) -> Request:
    return _changed(owner(_DEPLOYMENT, old), owner(_DEPLOYMENT, new))._replace(workload=_DEPLOYMENT)


def _labelled(obj: Mapping) -> Object:
    metadata = obj.get("metadata") or {}
    return {**obj, "metadata": {**metadata, "labels": {"changed": "yes"}}}


def _created(namespace: str, labels: Mapping) -> Request:
    return Request(_pod(**_BAD), namespace=namespace, namespace_labels=labels)


def _mounted(path: str) -> Request:
    volumes = [{"name": "v", "hostPath": {"path": path}}]
    pod = {"spec": {**_pod()["spec"], "volumes": volumes}}
    return Request(pod, namespace=_NAMESPACE, namespace_labels=_SELECTED)


def _debugged() -> Request:
    added = [{"name": "debug", "image": "i", **_BAD}]
    new = {"spec": {**_pod()["spec"], "ephemeralContainers": added}}
    return _changed(_pod(), new, "ephemeralcontainers")


_OWNED: Final = owner(_DEPLOYMENT, _pod(**_BAD))
# Each with the verdict of the policies without a fault.
_REQUESTS: Final[dict[str, tuple[Request, str]]] = {
    "bad pod": (_created(_NAMESPACE, _SELECTED), "denied"),
    "path that looks like Kyverno's variables": (
        _mounted("/{{request.operation}}/$(x)"),
        "admitted",
    ),
    "path that such variables stand for": (_mounted("/CREATE/x"), "denied"),
    "bad pod of another team": (_created("lab-faults-other", {"team": "b"}), "admitted"),
    "bad pod in a namespace that is left out": (
        _created("lab-faults-excluded", _SELECTED),
        "admitted",
    ),
    "label of an old bad pod": (_changed(_pod(**_BAD), _labelled(_pod(**_BAD))), "admitted"),
    "privileged debug container": (_debugged(), "denied"),
    "image that ends an exemption": (
        _changed(_pod("exempt", **_BAD), _pod("other", **_BAD)),
        "denied",
    ),
    "bad Deployment": (
        Request(_OWNED, _DEPLOYMENT, namespace=_NAMESPACE, namespace_labels=_SELECTED),
        "denied",
    ),
    "bad template": (_template(_pod(), _pod(**_BAD)), "denied"),
    # Standing in the cluster, it gets a label.
    "label of an old bad Deployment": (
        _changed(_OWNED, _OWNED)._replace(workload=_DEPLOYMENT),
        "admitted",
    ),
}


_RULES: Final = ("spec", "matchConstraints", "resourceRules")
_RESOURCES: Final = ("spec", "rules", "match", "any", "resources")
_LEFT_OUT: Final = "bad pod in a namespace that is left out"
_DEBUG: Final = "ephemeralcontainers"
_FAULTS: Final[dict[str, tuple[Fault, ...]]] = {
    policies.TARGET.name: (
        Fault("it only reports", "", ("spec", "validationActions"), ["Audit"], "bad pod"),
        Fault("it only warns", "", ("spec", "validationActions"), ["Warn"], "bad pod"),
        Fault("autogen is on", "", ("spec", "autogen"), None, "bad Deployment", "pods"),
        Fault("it is not asked", "", (*_RULES, "operations"), ["UPDATE"], "bad pod"),
        Fault(
            "it is asked on every update", "",
            (*_RULES, "operations"), ["CREATE", "UPDATE"], "label of an old bad pod",
        ),
        Fault(
            "it is not asked about the subresource", _DEBUG,
            (*_RULES, "resources"), ["pods"], "privileged debug container",
        ),
        Fault(
            "it is not asked on updates", "controllers",
            (*_RULES, "operations"), ["CREATE"], "bad template",
        ),
        Fault(
            "it asks not what changed", "controllers",
            ("spec", "matchConditions"), None, "label of an old bad Deployment",
        ),
        Fault(
            "it is not asked on updates", "updates",
            (*_RULES, "operations"), ["CREATE"], "image that ends an exemption",
        ),
        Fault(
            "it selects no namespace", "",
            ("spec", "matchConstraints", "namespaceSelector"), None, "bad pod of another team",
        ),
        Fault("it leaves out no namespace", "", ("spec", "matchConditions"), None, _LEFT_OUT),
    ),
    # What it is asked about is one line of ours for every policy. Of a kind with its version
    # Kyverno makes no rules for controllers, annotated or not.
    legacy.TARGET.name: (
        Fault("it only reports", "", ("spec", "validationFailureAction"), "Audit", "bad pod"),
        Fault(
            "it is asked on every update", "",
            (*_RESOURCES, "operations"), ["CREATE", "UPDATE"], "label of an old bad pod",
        ),
        Fault(
            "it is asked about other pods", _DEBUG,
            (*_RESOURCES, "kinds"), ["v1/PodTemplate"], "privileged debug container",
        ),
        Fault(
            "it asks not what changed", "controllers",
            ("spec", "rules", "celPreconditions"), None, "label of an old bad Deployment",
        ),
        Fault(
            "it selects no namespace", "",
            (*_RESOURCES, "namespaceSelector"), None, "bad pod of another team",
        ),
    ),
}  # fmt: skip


def suite(target: str) -> Suite:
    """Return what a target's policies are asked."""
    return Suite(_SPEC, _REQUESTS, _FAULTS[target], _outcome)


def _outcome(verdict: Verdict) -> str:
    return verdict.outcome
