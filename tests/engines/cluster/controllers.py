"""Controllers that make pods: who asks then is the controller's service account."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from capgen.policy.owners import owner
from capgen.policy.workload import WORKLOADS
from tests.engines import lab
from tests.engines.canaries import BAD
from tests.engines.cluster.users_cases import USERS
from tests.engines.processes import NotYet, Processes
from tests.engines.rest import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Object

_NAMESPACE: Final = "lab-may-use"
# Who makes the pods of each kind. A Deployment has them made by its ReplicaSet.
_MAKERS: Final = {
    "Deployment": "replicaset-controller",
    "Job": "job-controller",
    "ReplicaSet": "replicaset-controller",
    "ReplicationController": "replication-controller",
    "StatefulSet": "statefulset-controller",
}
_RUNNING: Final = (
    "deployment-controller",
    "job-controller",
    "replicaset-controller",
    "replicationcontroller-controller",
    "statefulset-controller",
)
_DENIED: Final = re.compile(
    r"ValidatingAdmissionPolicy 'may-use' .* denied request: (?P<words>.*)$"
)


def controllers(cluster: Cluster) -> Iterator[tuple[object, str, str]]:
    """Yield what becomes of bad pods that real controllers make, each with what is right.

    Whoever made the controller's object, it is the account of the pod that decides: the controller
    may use nothing.
    """
    owners = {
        f"{workload.kind.lower()}-{account}": (workload, account)
        for workload in WORKLOADS
        if workload.kind in _MAKERS
        for account in ("agent", "web")
    }
    for name, (workload, account) in owners.items():
        pod = {**BAD, "spec": {**BAD["spec"], "serviceAccountName": account}}
        # She could make the pods herself.
        list(
            cluster.judge(
                _NAMESPACE, [owner(workload, pod, name)], dry_run=False, user=USERS["anna"]
            )
        )
    try:
        with Processes() as processes:
            processes.start(
                "kube-controller-manager",
                lab.binary("kube-controller-manager"),
                f"--kubeconfig={cluster.kubeconfig()}",
                f"--controllers={','.join(_RUNNING)}",
                # Each acts as a service account of its own, as in a real cluster.
                "--use-service-account-credentials",
                "--leader-elect=false",
                "--secure-port=0",
            )
            for name, (workload, account) in owners.items():
                maker = f"system:serviceaccount:kube-system:{_MAKERS[workload.kind]}"
                right = "made" if account == "agent" else f"neither {maker} nor web may"
                probe = partial(_became, cluster, name)
                yield name, right, processes.until(probe, what=f"the pods of {name}")
    finally:
        for kind in (*_MAKERS, "Pod"):
            cluster.empty(kind, _NAMESPACE)


def _became(cluster: Cluster, name: str) -> str:
    """Return what became of an owner's pod: `made`, or the words of the policy.

    Raises:
        NotYet: nothing, so far.
    """
    if any(each["metadata"]["name"].startswith(name) for each in _listed(cluster, "pods")):
        return "made"
    for event in _listed(cluster, "events"):
        about: str = event["involvedObject"]["name"]
        if about.startswith(name) and (seen := _DENIED.search(event["message"])):
            return seen["words"]
    raise NotYet("neither a pod nor a denial")


def _listed(cluster: Cluster, resource: str) -> list[Object]:
    (answer,) = cluster.ask([Call("GET", f"/api/v1/namespaces/{_NAMESPACE}/{resource}")])
    found: list[Object] = answer.object["items"]
    return found
