"""Faulty MutatingAdmissionPolicies in the cluster, many at a time, and requests that show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines.lab import LabError
from tests.engines.mutating.cases import seen
from tests.engines.mutating.patching import patching

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.engines.apiserver import Cluster
    from tests.engines.mutating.cases import Case
    from tests.engines.rest import Object

# Faulty policies that are asked at a time, and requests that go to each at a time.
_SLOTS: Final = 30
_CHUNK: Final = 12
_MARKER: Final = "fault-marker"
_API: Final = "admissionregistration.k8s.io/v1"


class Fault(NamedTuple):
    """A policy with a fault.

    Attributes:
        what: it, in words.
        policy: the policy.
        bound: it has its binding.
    """

    what: str
    policy: Object
    bound: bool = True


class Asking:
    """The cluster, and the namespaces in which faulty policies act."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._rounds = 0
        cluster.namespace(_MARKER)
        # Two sets in turn: what acted in one may still do while the other is prepared.
        self._sets = [[f"fault-map-{side}-{slot}" for slot in range(_SLOTS)] for side in "ab"]
        for space in (*self._sets[0], *self._sets[1]):
            cluster.namespace(space)
            old = {
                "metadata": {"name": "old"},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            }
            list(cluster.judge(space, [old], dry_run=False))

    def caught(
        self, found: Sequence[Fault], most: Sequence[int], asked: Sequence[Case]
    ) -> Iterator[bool]:
        """Yield of each fault whether the API server makes something else of some request.

        Args:
            found: the faults.
            most: how many requests each is shown.
            asked: the requests.
        """
        # What has shown a fault is asked first the next time: it may well show another.
        order = list(asked)
        for start in range(0, len(found), _SLOTS):
            here = slice(start, start + _SLOTS)
            yield from self._some(found[here], most[here], order)

    def _some(self, found: Sequence[Fault], most: Sequence[int], asked: list[Case]) -> list[bool]:
        self._rounds += 1
        spaces = self._sets[self._rounds % 2]
        applied: list[Object] = []
        try:
            taken = [
                self._apply(fault, space, applied)
                for fault, space in zip(found, spaces, strict=False)
            ]
            self._mark(applied)
            return [
                # What does not compile is seen when it is applied.
                not fine or self._differs(space, asked, many)
                for space, many, fine in zip(spaces, most, taken, strict=False)
            ]
        finally:
            self._cluster.delete(applied)

    def _apply(self, fault: Fault, space: str, applied: list[Object]) -> bool:
        policy = fault.policy | {"metadata": {"name": f"{space}-{self._rounds}"}}
        if not self._cluster.create(policy).admitted:
            return False
        applied.append(policy)
        if fault.bound:
            applied += self._bind(policy, space)
        return True

    def _bind(self, policy: Object, space: str) -> list[Object]:
        name = policy["metadata"]["name"]
        labels = {"kubernetes.io/metadata.name": space}
        binding: Object = {
            "apiVersion": _API,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {
                "policyName": name,
                "matchResources": {"namespaceSelector": {"matchLabels": labels}},
            },
        }
        self._cluster.apply([binding])
        return [binding]

    def _mark(self, applied: list[Object]) -> None:
        """Wait for a policy that is applied last: what was applied before it acts by then."""
        name = f"{_MARKER}-{self._rounds}"
        patch = f"[JSONPatch{{op: 'add', path: '/spec/hostname', value: '{name}'}}]"
        policy = patching(name, patch)
        self._cluster.apply([policy])
        applied += [policy, *self._bind(policy, _MARKER)]
        pod = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
        self._cluster.wait_answer(
            _MARKER,
            pod,
            lambda answer: answer.object["spec"].get("hostname") == name,
            what=f"{name} to act",
        )

    def _differs(self, space: str, asked: list[Case], most: int) -> bool:
        try:
            for start in range(0, min(most, len(asked)), _CHUNK):
                some = asked[start : start + _CHUNK]
                answers = self._cluster.judge(space, (case.request.object for case in some))
                for place, (case, answer) in enumerate(zip(some, answers, strict=True), start):
                    if seen(answer) != case.expected:
                        asked.insert(0, asked.pop(place))
                        return True
            where = f"/api/v1/namespaces/{space}/pods/old"
            before = self._cluster.get("Pod", "old", space)["spec"]
            answer = self._cluster.patch(where, {"metadata": {"labels": {"a": str(self._rounds)}}})
            return not answer.admitted or answer.object["spec"] != before
        except LabError as error:
            # An expression that errs, or a patch that cannot be applied.
            if "denied request: " in str(error) or "Internal error" in str(error):
                return True
            raise
