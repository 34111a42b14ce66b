"""Sets of profiles in a real API server: one profile must admit the whole pod, within the scope.

Each set's policies deny, one set after the other; what is asked of all is the same, on objects that
stand before any of them. A denial must name the set's policy, and for each profile the rules by
which it refuses the pod.
"""

from __future__ import annotations

import random
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from capgen.policy.admit import Admission, Operation
from capgen.policy.match import Match
from capgen.policy.owners import owner
from capgen.policy.pod import mapping
from capgen.policy.workload import WORKLOADS, pod_of
from capgen.targets.base import object_name
from capgen.targets.vap import emit_set
from tests.engines.proving import Difference, Lab, Row
from tests.engines.vap.asking import Standing
from tests.engines.vap.judging import mistyped
from tests.engines.vap.set_users import Asked, asked_by, grant
from tests.loading import loaded
from tests.set_asked import ACCOUNTS, NAMESPACES, SETS, asked, refused_by, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from capgen.policy.admit import Request
    from capgen.policy.profile import Union
    from tests.engines.apiserver import Cluster
    from tests.engines.controlplane import User
    from tests.engines.rest import Answer, Object

# Where the canaries are: every set is for it.
_HOME: Final = NAMESPACES[0][0]
# Of the requests that a set speaks of it is asked about one in so many.
_ONE_OF: Final = 6
# Whose expressions the type checker reads too: it has everything that a set can say.
_TYPED: Final = ("by-name", "used-exempt")


def set_policies(laboratory: Lab) -> Row:
    """Asks each set about its requests."""
    cluster = laboratory.cluster
    every = list(asked_by(asked()))
    cases, invalid = 0, 0
    differences: list[Difference] = []
    with Asking(cluster, every) as asking:
        for name, union in SETS.items():
            admission = Admission(union)
            own = [each for each in every if concerns(union, each)]
            # By lot: what is asked comes in turns, of which a stride would leave some out.
            some = random.Random(name).sample(own, len(own) // _ONE_OF)
            with holding(cluster, union, own):
                for each, answer in zip(some, asking.answers(some), strict=True):
                    if answer.outcome == "invalid":
                        invalid += 1
                        continue
                    cases += 1
                    decision = admission.admit(each.request)
                    right = _right(union, each.request, allowed=decision.allowed)
                    said = _said(union, each.request, answer)
                    if said != right:
                        differences.append(Difference([name, each.about], right, said))
                if name in _TYPED:
                    names = dict.fromkeys(each["metadata"]["name"] for each in emitted_set(union))
                    differences += mistyped(cluster, name, [*names])
    note = f"sets; {invalid} more are refused by the API itself"
    return Row("vap", "kube-apiserver", cluster.version, cases, tuple(differences), note)


class Asking:
    """Requests in the namespaces that they are for, and what stands there; a context manager."""

    def __init__(self, cluster: Cluster, every: list[Asked]) -> None:
        """Make the namespaces, and the accounts of the pods."""
        self._cluster = cluster
        self._every = every
        self._standing: dict[str, Standing] = {}
        self._stack = ExitStack()
        for name, _ in NAMESPACES:
            cluster.namespace(name)
            meta = [{"name": each, "namespace": name} for each in ACCOUNTS if each]
            head: Object = {"apiVersion": "v1", "kind": "ServiceAccount"}
            cluster.apply(head | {"metadata": each} for each in meta)
            own = [each.request for each in every if each.request.namespace == name]
            self._standing[name] = Standing(cluster, name, own)

    def __enter__(self) -> Self:
        """Create what stands, label the namespaces, and give rights."""
        with ExitStack() as stack:
            for each in self._standing.values():
                stack.enter_context(each)
            for name, labels in NAMESPACES:
                self._cluster.namespace(name, labels)
            stack.callback(self._cluster.delete, grant(self._cluster, self._every))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def answers(self, every: Sequence[Asked]) -> list[Answer]:
        """Return the answer to each of some of the requests, in order."""
        whose: dict[tuple[str, User], list[Request]] = {}
        for each in every:
            whose.setdefault((str(each.request.namespace), each.user), []).append(each.request)
        found = {
            (where, user): self._standing[where].answers(requests, user=user)
            for (where, user), requests in whose.items()
        }
        return [next(found[str(each.request.namespace), each.user]) for each in every]


def concerns(union: Union, asked: Asked) -> bool:
    """Tell whether a request is about something that the set speaks of: who asks, and where."""
    matches = any(each.match != Match() for each in union.any_of)
    placed = bool(union.scope.namespaces or union.scope.accounts or matches)
    used = asked.request.may_use is not None
    return bool(union.uses) if used else placed or not asked.placed


@contextmanager
def holding(cluster: Cluster, union: Union, every: Sequence[Asked]) -> Iterator[None]:
    """Have the policies of a set hold, from when its canaries are seen until they are seen gone."""
    objects = emitted_set(union)
    # The policies that the canaries ask are applied last: once they deny, all others do.
    last = {object_name(union.name), object_name(union.name, "controllers")}
    objects.sort(key=lambda each: each["metadata"]["name"] in last)
    canaries = list(_canaries(union, every))
    assert canaries
    cluster.apply(objects)
    try:
        for bad, good in canaries:
            denied = partial(_denies, object_name(union.name))
            _wait(cluster, bad, denied, f"the bad canary of {union.name} to be refused")
            _wait(cluster, good, _admits, f"the good canary of {union.name} to be admitted")
        yield
    finally:
        cluster.delete(objects)
        for bad, _ in canaries:
            _wait(cluster, bad, _admits, f"the policies of {union.name} to be gone")


def _canaries(union: Union, every: Sequence[Asked]) -> Iterator[tuple[Asked, Asked]]:
    """Yield of new templates and of new pods one that the set refuses, and one that it admits."""
    admission = Admission(union)
    for kind in (WORKLOADS[4], WORKLOADS[0]):
        found: dict[bool, Asked] = {}
        for each in every:
            request = each.request
            created = request.operation is Operation.CREATE and request.namespace == _HOME
            if created and request.workload is kind:
                found.setdefault(admission.admit(request).allowed, each)
        if len(found) > 1:
            yield found[False], found[True]


def _wait(cluster: Cluster, asked: Asked, accept: Callable[[Answer], bool], what: str) -> None:
    request = asked.request
    pod = mapping(pod_of(request.workload, request.object))
    made = owner(request.workload, pod) if request.workload.path else request.object
    cluster.wait_answer(_HOME, made, accept, what=what, user=asked.user)


def _denies(name: str, answer: Answer) -> bool:
    return answer.policy.startswith(name)


def _admits(answer: Answer) -> bool:
    return answer.admitted


def emitted_set(union: Union) -> list[Object]:
    """Return the objects that are made of a set, read back from their files."""
    return [loaded(each.text) for each in emit_set(union).objects]


def _right(union: Union, request: Request, *, allowed: bool) -> str:
    if allowed:
        return "admitted"
    # Of an update of a pod the profiles judge the pod as it is now, all of it.
    whole = request.old_object is not None and not request.subresource
    return "refused" if whole else f"refused: {_in_words(refused_by(union, request))}"


def _said(union: Union, request: Request, answer: Answer) -> str:
    if answer.admitted:
        return "admitted"
    if answer.outcome != "policy" or not answer.policy.startswith(object_name(union.name)):
        return f"{answer.outcome}: {answer.message}"
    said = told(answer.denial)
    if not said:
        return f"refused without a reason: {answer.denial}"
    whole = request.old_object is not None and not request.subresource
    return "refused" if whole else f"refused: {_in_words(said)}"


def _in_words(rules: dict[str, set[str]]) -> str:
    return "; ".join(f"{name}: {', '.join(sorted(each))}" for name, each in sorted(rules.items()))
