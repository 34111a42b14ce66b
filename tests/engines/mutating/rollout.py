"""Deployments beside what sets values, and the real controllers that make ReplicaSets of them.

A Deployment that stood before is not changed, and what is made of it comes after. If the
ReplicaSet were, the Deployment would not know it again, and make another one without end.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tests.engines import lab
from tests.engines.processes import NotYet, Processes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.apiserver import Cluster

_CONTROLLERS: Final = ("deployment-controller", "replicaset-controller")


def rolled_out(
    cluster: Cluster, namespace: str, names: tuple[str, ...]
) -> Iterator[tuple[object, object, object]]:
    """Yield of each Deployment in a namespace what its controller is to make of it, and makes."""
    try:
        with Processes() as processes:
            processes.start(
                "kube-controller-manager",
                lab.binary("kube-controller-manager"),
                f"--kubeconfig={cluster.kubeconfig()}",
                f"--controllers={','.join(_CONTROLLERS)}",
                "--leader-elect=false",
                "--secure-port=0",
            )
            for name in names:
                probe = partial(_became, cluster, namespace, name)
                found = processes.until(probe, what=f"a ReplicaSet of {name}")
                yield {"roll out": name}, "a ReplicaSet", found
    finally:
        cluster.empty("ReplicaSet", namespace)


def _became(cluster: Cluster, namespace: str, name: str) -> str:
    """Return what became of a Deployment.

    Raises:
        NotYet: nothing, so far.
    """
    status = cluster.get("Deployment", name, namespace).get("status") or {}
    if status.get("collisionCount"):
        return "ReplicaSets without end"
    if not status.get("updatedReplicas"):
        raise NotYet(f"{name}: {status}")
    return "a ReplicaSet"
