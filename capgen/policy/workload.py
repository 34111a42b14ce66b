"""Where the pod stands in each of Kubernetes' own kinds that make pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from .pod import Mapping
    from .subjects import Path


class Workload(NamedTuple):
    """A kind that holds a pod.

    Attributes:
        kind: its kind.
        group: its API group at present; "" is the core group.
        version: its API version at present.
        resource: its name in URLs and policies.
        path: the way down from the object to the pod or its template.
        groups: every group that it has stood in.
        copied: a controller makes it of its own template, and knows it again by that: if something
            else stood in it, the controller would make another one without end.
    """

    kind: str
    group: str
    version: str
    resource: str
    path: Path
    groups: tuple[str, ...]
    copied: bool = False


_TEMPLATE: Final[Path] = ("spec", "template")

WORKLOADS: Final[tuple[Workload, ...]] = (
    Workload("Pod", "", "v1", "pods", (), ("",)),
    Workload("PodTemplate", "", "v1", "podtemplates", ("template",), ("",)),
    Workload("ReplicationController", "", "v1", "replicationcontrollers", _TEMPLATE, ("",)),
    Workload("DaemonSet", "apps", "v1", "daemonsets", _TEMPLATE, ("apps", "extensions")),
    Workload("Deployment", "apps", "v1", "deployments", _TEMPLATE, ("apps", "extensions")),
    # Upstream: kubernetes 1.36, pkg/controller/deployment/sync.go, getNewReplicaSet.
    Workload(
        "ReplicaSet", "apps", "v1", "replicasets", _TEMPLATE, ("apps", "extensions"), copied=True
    ),
    Workload("StatefulSet", "apps", "v1", "statefulsets", _TEMPLATE, ("apps",)),
    Workload("Job", "batch", "v1", "jobs", _TEMPLATE, ("batch", "extensions")),
    Workload(
        "CronJob",
        "batch",
        "v1",
        "cronjobs",
        ("spec", "jobTemplate", "spec", "template"),
        ("batch",),
    ),
)

_BY_KIND: Final = {workload.kind: workload for workload in WORKLOADS}


def workload_of(api_version: str, kind: str) -> Workload | None:
    """Return the workload that an object is, or None where it holds no pod.

    The version within the group does not count: the pod has stood in one place in all of them.
    """
    found = _BY_KIND.get(kind)
    group = api_version.rpartition("/")[0]
    return found if found is not None and group in found.groups else None


def pod_of(workload: Workload, value: Mapping) -> object:
    """Return the pod, or pod template, of an object; None where the way to it breaks off."""
    node: object = value
    for step in workload.path:
        if not isinstance(node, dict):
            return None
        node = node.get(step)
    return node
