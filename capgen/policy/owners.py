"""Controllers of each kind around a pod template: what the API wants of them besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .pod import copied

if TYPE_CHECKING:
    from .pod import Mapping
    from .workload import Workload

_LABELS: Final = {"app": "shop"}


def owner(workload: Workload, pod: Mapping, name: str = "judged", namespace: str = "") -> Mapping:
    """Return an object of a controller kind that the API takes, with a pod as its template.

    The template gets a label, which the selector asks for, and of a Job the restart policy.
    """
    metadata = dict(pod.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), **_LABELS}
    metadata.pop("name", None)
    template: Mapping = {"metadata": metadata, "spec": copied(pod["spec"])}
    version = f"{workload.group}/{workload.version}" if workload.group else workload.version
    top: Mapping = {"apiVersion": version, "kind": workload.kind, "metadata": {"name": name}}
    if namespace:
        top["metadata"]["namespace"] = namespace
    spec: dict[str, Any] = {"template": template}
    match workload.kind:
        case "PodTemplate":
            return top | {"template": template}
        case "CronJob":
            template["spec"]["restartPolicy"] = "Never"
            spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": spec}}
        case "Job":
            template["spec"]["restartPolicy"] = "Never"
        case "ReplicationController":
            spec["selector"] = _LABELS
        case "StatefulSet":
            spec |= {"selector": {"matchLabels": _LABELS}, "serviceName": "shop"}
        case _:
            spec["selector"] = {"matchLabels": _LABELS}
    return top | {"spec": spec}
