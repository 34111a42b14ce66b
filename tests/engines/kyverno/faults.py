"""Faults in what our policies wrap around the expressions, which Kyverno must judge otherwise.

The expressions are those of `vap`, in which faults are seeded there.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.admit import Operation, Request
from capgen.policy.owners import owner
from capgen.policy.workload import WORKLOADS
from capgen.targets.base import object_name
from capgen.targets.kyverno import legacy, policies
from tests.engines.applied import emitted
from tests.engines.proving import Difference
from tests.policy.made import profile as made

if TYPE_CHECKING:
    from capgen.policy.pod import Mapping
    from capgen.targets.base import Target
    from tests.engines.kyverno.live import Kyverno
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


class Fault(NamedTuple):
    """A fault.

    Attributes:
        what: was done.
        part: the policy that has it, by what its name has more than the profile's.
        way: the way to what is changed; of a list every item.
        value: what stands there now; None: nothing.
        shown: the request that shows it.
        on: what the profile judges.
    """

    what: str
    part: str
    way: tuple[str, ...]
    value: object
    shown: str
    on: str = "pods, controllers"


_RULES: Final = ("spec", "matchConstraints", "resourceRules")
_RESOURCES: Final = ("spec", "rules", "match", "any", "resources")
_LEFT_OUT: Final = "bad pod in a namespace that is left out"
_DEBUG: Final = "ephemeralcontainers"
FAULTS: Final[dict[str, tuple[Fault, ...]]] = {
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


def seeded(kyverno: Kyverno, target: Target) -> tuple[int, list[Difference]]:
    """Judge by each policy with a fault, and by those without any.

    Returns:
        How many cases there were, and in which of them Kyverno did not say what it had to.
    """
    whole = _objects(target, "pods, controllers")
    kyverno.load(whole)
    found = kyverno.judge(request for request, _ in _REQUESTS.values())
    differences = [
        Difference({"request": name, "policies": "whole"}, right, verdict.outcome)
        for (name, (_, right)), verdict in zip(_REQUESTS.items(), found, strict=True)
        if verdict.outcome != right
    ]
    for fault in FAULTS[target.name]:
        request, right = _REQUESTS[fault.shown]
        if fault.on == "pods":
            right = "admitted"
        wrong = {"denied": "admitted", "admitted": "denied"}[right]
        kyverno.load(_broken(_objects(target, fault.on), fault))
        (verdict,) = kyverno.judge([request])
        if verdict.outcome != wrong:
            about = {"fault": fault.what, "policy": fault.part, "request": fault.shown}
            differences.append(Difference(about, f"judged otherwise: {wrong}", verdict.outcome))
    kyverno.load([])
    return len(_REQUESTS) + len(FAULTS[target.name]), differences


def _objects(target: Target, on: str) -> list[Object]:
    profile = made(_SPEC.format(on=on))._replace(name="faults")
    return emitted(profile, target)


def _broken(objects: list[Object], fault: Fault) -> list[Object]:
    name = object_name("faults", fault.part)
    (faulty,) = (each for each in objects if each["metadata"]["name"] == name)
    changed = copy.deepcopy(faulty)
    _put(changed, fault.way, fault.value)
    assert changed != faulty, fault
    return [changed if each is faulty else each for each in objects]


def _put(value: Any, way: tuple[str, ...], new: object) -> None:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        for each in value:
            _put(each, way, new)
    elif way[1:]:
        _put(value[way[0]], way[1:], new)
    elif new is None:
        del value[way[0]]
    else:
        value[way[0]] = new
