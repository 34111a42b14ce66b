"""Requests as objects that gator reads."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.admit import Request
    from capgen.policy.pod import Mapping
    from tests.engines.rest import Object

# Where a request is put that names no namespace: constraints on namespaces pass over such objects.
_HOME: Final = "lab-gator"
_GROUP: Final = "lab.capgen.dev"
_WRAP: Final = "LabWrap"
_UID: Final = "request-"

# What makes a pod of what `wrapped` returns.
UNWRAP: Final[Object] = {
    "apiVersion": "expansion.gatekeeper.sh/v1beta1",
    "kind": "ExpansionTemplate",
    "metadata": {"name": "lab-unwrap"},
    "spec": {
        "applyTo": [{"groups": [_GROUP], "versions": ["v1"], "kinds": [_WRAP]}],
        "templateSource": "spec.template",
        "generatedGVK": {"group": "", "version": "v1", "kind": "Pod"},
    },
}


def uid(number: int) -> str:
    """Return by what uid gator is to name the object of a request."""
    return f"{_UID}{number}"


def numbered(pod: Object) -> int:
    """Return the number of the request whose uid a pod has."""
    return int(pod["metadata"]["uid"].removeprefix(_UID))


def object_of(request: Request, number: int) -> Object:
    """Return the object of a request, complete, and with the uid of its number."""
    obj = _dressed(request, request.object)
    return obj | {"metadata": obj["metadata"] | {"uid": uid(number)}}


def namespaces(requests: Iterable[Request]) -> list[Object]:
    """Return the namespaces of requests, where their labels are known."""
    known: dict[str, Mapping] = {}
    for each in requests:
        if each.namespace_labels is not None:
            known[each.namespace or _HOME] = each.namespace_labels
    head = {"apiVersion": "v1", "kind": "Namespace"}
    return [
        head | {"metadata": {"name": name, "labels": dict(labels)}}
        for name, labels in known.items()
    ]


def wrapped(pod: Object) -> Object:
    """Return an object of some made-up kind with a pod as its template: gator mutates only such."""
    template = {"metadata": pod["metadata"], "spec": pod["spec"]}
    metadata = {"name": pod["metadata"]["uid"], "namespace": pod["metadata"]["namespace"]}
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": _WRAP,
        "metadata": metadata,
        "spec": {"template": copy.deepcopy(template)},
    }


def unwrapped(pod: Object, name: str) -> Object:
    """Return the pod that was made of a template, as if it had come by itself."""
    metadata = {k: v for k, v in pod["metadata"].items() if k != "ownerReferences"}
    return pod | {"metadata": metadata | {"name": name}}


def review(request: Request, obj: Object) -> Object:
    """Return the AdmissionReview of a request, whose object may have been mutated since."""
    workload = request.workload
    where = {"group": workload.group, "version": workload.version}
    asked = {
        "uid": obj["metadata"]["uid"],
        "kind": where | {"kind": workload.kind},
        "resource": where | {"resource": workload.resource},
        "name": obj["metadata"]["name"],
        "namespace": obj["metadata"]["namespace"],
        "operation": request.operation.value,
        "userInfo": {"username": "admin", "groups": ["system:masters", "system:authenticated"]},
        "object": obj,
    }
    if request.subresource:
        asked["subResource"] = request.subresource
    if request.old_object is not None:
        asked["oldObject"] = _dressed(request, request.old_object)
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}


def _dressed(request: Request, obj: Mapping) -> Object:
    """Return an object with its kind, a name and a namespace."""
    workload = request.workload
    version = f"{workload.group}/{workload.version}" if workload.group else workload.version
    metadata = {"name": "judged", **(obj.get("metadata") or {})}
    metadata["namespace"] = request.namespace or _HOME
    return {"apiVersion": version, "kind": workload.kind, **obj, "metadata": metadata}
