"""What happens to pods and controllers that stand already, seen in a real API server.

Nothing that runs is broken: a label of an old, bad pod may change, a harmless debug container may
come to it, an old Deployment may scale. Nothing new slips in: a bad debug container and a bad
template are refused.
"""

from __future__ import annotations

import copy
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.admit import Operation, Request
from capgen.policy.owners import owner
from capgen.policy.values import nested
from capgen.policy.workload import WORKLOADS
from capgen.profile.library import open_profile
from tests.engines.agreement import Reference
from tests.engines.applied import LABEL, Applied
from tests.engines.canaries import BAD, GOOD
from tests.engines.judged import LEVELS, MINOR
from tests.engines.proving import Difference, Lab, Row
from tests.engines.resources import path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from capgen.policy.profile import Profile
    from tests.engines.agreement import Word
    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Answer, Object

# What a step asks, what may come of it, and the answer.
Step = tuple[object, "tuple[str, ...]", "Answer"]

_ADMITTED: Final = ("admitted",)
# What bad old controllers have in their template, and keep where it is changed otherwise.
_REFUSED: Final = ("refused for hostPID",)
_SPOILT: Final[Object] = {"spec": {"hostPID": True}}
_FINE: Final = GOOD["spec"]["containers"][0] | {"name": "fine"}
# A debug container, changed in one way each; the rule that it breaks at each level, if it does.
_DEBUGGERS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("fine", {}),
    ("privileged", {"privileged": True}),
    ("adds", {"capabilities": {"drop": ["ALL"], "add": ["SYS_PTRACE"]}}),
    ("unmasked", {"procMount": "Unmasked"}),
    ("unconfined", {"seccompProfile": {"type": "Unconfined"}}),
    ("apparmor", {"appArmorProfile": {"type": "Unconfined"}}),
    ("selinux", {"seLinuxOptions": {"type": "spc_t"}}),
    ("root", {"runAsUser": 0}),
    ("may-be-root", {"runAsNonRoot": False}),
    ("escalates", {"allowPrivilegeEscalation": True}),
    ("keeps", {"capabilities": {}}),
)


class Judge(NamedTuple):
    """Who judges, by what.

    Attributes:
        target: the policies.
        engine: who judges by them.
        version: the engine's.
        holding: have a profile's policies hold, for a while, in the namespace of its name.
        rule: of an answer that an engine's policies refuse, the rule that it names.
    """

    target: str
    engine: str
    version: str
    holding: Callable[[Profile], AbstractContextManager[object]]
    rule: Callable[[Answer], str]


def updates(laboratory: Lab) -> Row:
    """Goes through the updates of pods and of controllers, for each level."""
    cluster = laboratory.cluster

    def rule(answer: Answer) -> str:
        return answer.denial.partition(":")[0] if answer.outcome == "policy" else ""

    holding = partial(Applied, cluster)
    return gone_through(cluster, Judge("vap", "kube-apiserver", cluster.version, holding, rule))


def gone_through(cluster: Cluster, judge: Judge) -> Row:
    """Go through the updates, as somebody judges them."""
    differences: list[Difference] = []
    cases = 0
    for level in LEVELS:
        profile = open_profile(f"pss/{level}", f"1.{MINOR}")
        profile = profile._replace(name=f"updates-{level}", controllers=True)
        namespace = profile.name
        reference = Reference(profile)
        with standing(cluster, namespace), judge.holding(profile):
            for request, expected, answer in steps(cluster, reference, namespace):
                cases += 1
                actual = _said(judge, answer)
                if actual not in expected:
                    right = " or ".join(expected)
                    differences.append(Difference(request, right, actual))
            cluster.namespace(namespace, {LABEL: "none"})
    notes = "updates"
    return Row(judge.target, judge.engine, judge.version, cases, tuple(differences), notes)


@contextmanager
def standing(cluster: Cluster, namespace: str) -> Iterator[None]:
    """Have good and bad pods and bad controllers in a namespace in which no policy holds yet."""
    cluster.namespace(namespace, {})
    old = list(_old(namespace))
    cluster.delete(old)
    for each in old:
        cluster.create(each)
    try:
        yield
    finally:
        cluster.delete(old)


def _old(namespace: str) -> Iterator[Object]:
    """Yield what stands already: a good and a bad pod, and a controller of each kind for both."""
    for name, pod in (("old-good", GOOD), ("old-bad", BAD)):
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace},
            "spec": copy.deepcopy(pod["spec"]),
        }
        for workload in WORKLOADS[1:]:
            yield owner(workload, pod, name, namespace)


def steps(cluster: Cluster, reference: Reference, namespace: str) -> Iterator[Step]:
    """Yield the updates, one after the other, each with its answer."""
    yield from _pods(cluster, namespace)
    yield from _debuggers(cluster, reference, namespace)
    yield from _controllers(cluster, reference, namespace)


def _pods(cluster: Cluster, namespace: str) -> Iterator[Step]:
    where = path("Pod", "old-bad", namespace)
    for patch in (
        {"metadata": {"labels": {"changed": "yes"}}},
        {"metadata": {"finalizers": ["example.com/held"]}},
        {"metadata": {"finalizers": None}},
        {"spec": {"containers": [{"name": "c", "image": "other"}]}},
    ):
        yield {"patch": where, "with": patch}, _ADMITTED, cluster.patch(where, patch)
    status = {"status": {"phase": "Running"}}
    answer = cluster.patch(f"{where}/status", status)
    yield {"patch": f"{where}/status"}, _ADMITTED, answer


def _debuggers(cluster: Cluster, reference: Reference, namespace: str) -> Iterator[Step]:
    for pod in ("old-good", "old-bad"):
        for name, change in _DEBUGGERS:
            container = copy.deepcopy(_FINE) | {"name": name}
            container["securityContext"] |= change
            stored = cluster.get("Pod", pod, namespace)
            changed = copy.deepcopy(stored)
            changed["spec"].setdefault("ephemeralContainers", []).append(container)
            word = reference.word(
                Request(
                    changed,
                    operation=Operation.UPDATE,
                    old_object=stored,
                    subresource="ephemeralcontainers",
                    namespace=namespace,
                )
            )
            answer = cluster.add_ephemeral(namespace, pod, container)
            if answer.outcome == "invalid":
                continue
            yield {"ephemeral": container, "to": pod}, _expected(word), answer


def _controllers(cluster: Cluster, reference: Reference, namespace: str) -> Iterator[Step]:
    for workload in WORKLOADS[1:]:
        for name, pod in (("new-good", GOOD), ("new-bad", BAD)):
            new = owner(workload, pod, name, namespace)
            word = reference.word(Request(new, workload, namespace=namespace))
            (answer,) = cluster.judge(namespace, [new])
            yield {"create": new}, _expected(word), answer
        where = path(workload.kind, "old-bad", namespace)
        label: Object = {"metadata": {"labels": {"changed": "yes"}}}
        yield {"patch": where, "with": label}, _ADMITTED, cluster.patch(where, label)
        if workload.kind == "Job":
            # A Job's template cannot change.
            continue
        patch = nested(workload.path, label)
        yield {"patch": where, "with": patch}, _REFUSED, cluster.patch(where, patch)
        where = path(workload.kind, "old-good", namespace)
        for change, right in ((label, _ADMITTED), (_SPOILT, _REFUSED)):
            patch = nested(workload.path, change)
            yield {"patch": where, "with": patch}, right, cluster.patch(where, patch)
    for kind in ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"):
        where = path(kind, "old-bad", namespace)
        scale = {"spec": {"replicas": 3}}
        yield {"patch": where, "with": scale}, _ADMITTED, cluster.patch(where, scale)
        answer = cluster.patch(f"{where}/scale", scale, "merge")
        yield {"patch": f"{where}/scale"}, _ADMITTED, answer


def _expected(word: Word) -> tuple[str, ...]:
    """Return what an answer may say: it names one of the rules that are broken."""
    return _ADMITTED if word.allowed else tuple(f"refused for {each}" for each in word.rules)


def _said(judge: Judge, answer: Answer) -> str:
    if answer.admitted:
        return "admitted"
    rule = judge.rule(answer)
    return f"refused for {rule}" if rule else f"{answer.outcome}: {answer.message}"
