"""What becomes of pods that stand, and of namespaces, where Pod Security labels are put on."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

from capgen.policy.owners import owner
from capgen.policy.workload import WORKLOADS
from tests.engines.canaries import BAD, GOOD
from tests.engines.proving import Difference
from tests.engines.resources import path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Answer, Object

_DEPLOYMENT: Final = next(each for each in WORKLOADS if each.kind == "Deployment")
PSA: Final = "pod-security.kubernetes.io"
_DENIED: Final = "pod-security: host namespaces (hostPID=true)"
_PRIVILEGED: Final = (
    'pod-security: privileged (container "p" must not set securityContext.privileged=true)'
)
_LABEL: Final[Object] = {"metadata": {"labels": {"changed": "yes"}}}
_IMAGE: Final[Object] = {"spec": {"containers": [{"name": "c", "image": "other"}]}}
_HELD: Final[Object] = {"metadata": {"finalizers": ["example.com/held"]}}
_SCALE: Final[Object] = {"spec": {"replicas": 3}}
_FREED: Final[Object] = {"metadata": {"finalizers": None}}


def steps(cluster: Cluster, version: str) -> Iterator[Difference]:
    """Yield what is done in a namespace that gets a label when pods stand in it already.

    Each has what is expected and what came of it, whether they differ or not.
    """
    namespace = f"lab-old-{version.replace('.', '-')}"
    cluster.namespace(namespace)
    for name, pod in (("good", GOOD), ("bad", BAD)):
        metadata = {"name": name, "namespace": namespace}
        cluster.create(
            {"apiVersion": "v1", "kind": "Pod", **copy.deepcopy(pod), "metadata": metadata}
        )
        cluster.create(owner(_DEPLOYMENT, pod, name, namespace))
    where = path("Namespace", namespace)
    enforced = {f"{PSA}/enforce": "baseline", f"{PSA}/enforce-version": version}
    answer = cluster.patch(where, {"metadata": {"labels": enforced}}, "merge")
    told = (
        f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level'
        f' "baseline:{version}"; bad: host namespaces'
    )
    yield Difference({"label": where, "with": enforced}, f"admitted, warned: {told}", _said(answer))
    cluster.wait_enforced(namespace, BAD, GOOD, says=f'"baseline:{version}"')
    for name, image in (("good", "admitted"), ("bad", _DENIED)):
        stored = path("Pod", name, namespace)
        for patch, right in (
            (_LABEL, "admitted"),
            (_HELD, "admitted"),
            (_FREED, "admitted"),
            # With an image all of the pod is judged again, and with a debug container.
            (_IMAGE, image),
        ):
            yield Difference(
                {"patch": stored, "with": patch}, right, _said(cluster.patch(stored, patch))
            )
        answer = cluster.patch(f"{stored}/status", {"status": {"phase": "Running"}})
        yield Difference({"patch": f"{stored}/status"}, "admitted", _said(answer))
        harmless = {"name": "harmless", "image": "i"}
        answer = cluster.add_ephemeral(namespace, name, harmless, user="plain")
        yield Difference({"ephemeral": harmless, "to": name}, image, _said(answer))
    privileged = {"name": "p", "image": "i", "securityContext": {"privileged": True}}
    answer = cluster.add_ephemeral(namespace, "good", privileged)
    yield Difference({"ephemeral": privileged}, _PRIVILEGED, _said(answer))
    yield from _controllers(cluster, namespace, version)
    for labels, right in (
        ({f"{PSA}/enforce": "strict"}, "invalid"),
        ({f"{PSA}/warn": "Baseline"}, "invalid"),
        ({f"{PSA}/enforce": "baseline", f"{PSA}/enforce-version": "1.36"}, "invalid"),
    ):
        answer = cluster.patch(where, {"metadata": {"labels": labels}}, "merge")
        yield Difference({"label": where, "with": labels}, right, _said(answer))


def _controllers(cluster: Cluster, namespace: str, version: str) -> Iterator[Difference]:
    """Yield what is done to Deployments that stand: their templates are only warned of."""
    told = f'would violate PodSecurity "baseline:{version}": host namespaces (hostPID=true)'
    for name, patch in (
        ("bad", _LABEL),
        ("bad", _SCALE),
        ("bad", {"spec": {"template": _LABEL}}),
        ("good", {"spec": {"template": {"spec": {"hostPID": True}}}}),
    ):
        stored = path("Deployment", name, namespace)
        answer = cluster.patch(stored, patch)
        about = {"patch": stored, "with": patch}
        yield Difference(about, f"admitted, warned: {told}", _said(answer))
    scaled = f"{path('Deployment', 'bad', namespace)}/scale"
    answer = cluster.patch(scaled, _SCALE, "merge")
    yield Difference({"patch": scaled}, "admitted", _said(answer))


def _said(answer: Answer) -> str:
    if answer.outcome == "pod-security":
        return f"pod-security: {answer.message.partition(': ')[2].partition(': ')[2]}"
    if answer.warnings:
        return f"{answer.outcome}, warned: {'; '.join(answer.warnings)}"
    return answer.outcome
