"""Faults in our mutators, of which Gatekeeper must make something else.

One mutator at a time is faulty, beside all others as they are. What must be seen is another pod,
another template, a pod that stands and cannot be changed, or a pod that the profile is not for.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Request
from capgen.policy.match import Match, Operator, Requirement
from capgen.policy.owners import owner
from capgen.policy.workload import WORKLOADS, pod_of
from tests.engines.applied import FREE, LABEL
from tests.engines.faults import all_asked, is_asked
from tests.engines.gatekeeper.target import emitted
from tests.engines.gatekeeper.value_fault_seeds import SPACE, faults
from tests.engines.gatekeeper.values import MUTATORS
from tests.engines.lab import LabError
from tests.engines.mutating.cases import cases, seen
from tests.engines.proving import Difference, Row
from tests.engines.resources import path
from tests.mutated_profiles import MUTATED
from tests.policy.made import profile as made

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.workload import Workload
    from tests.engines.apiserver import Cluster
    from tests.engines.gatekeeper.live import Gatekeeper
    from tests.engines.gatekeeper.value_fault_seeds import Fault
    from tests.engines.mutating.cases import Case
    from tests.engines.proving import Lab
    from tests.engines.rest import Object

_PROFILE: Final = "set-named"
# Requests that are asked before it is seen whether they show a fault.
_PORTION: Final = 9
_ELSEWHERE: Final = "value-faults-elsewhere"
_EXCLUDED: Final = "value-faults-excluded"
_MATCH: Final = Match(
    exclude=(_EXCLUDED,), namespace_selector=(Requirement(LABEL, Operator.IN, (SPACE,)),)
)
# One kind, and more than one path, of each API group.
_KINDS: Final = tuple(
    each for each in WORKLOADS if each.kind not in ("ReplicaSet", "StatefulSet", "DaemonSet")
)


def _pod(own: Object, **more: Object) -> Object:
    """Return a pod with the containers that the profile speaks of, and one that it does not."""
    containers = [
        {"name": name, "image": "i", **more.get(name, {})} for name in ("c", "agent", "one")
    ]
    containers[-1]["name"] = "1"
    first = [{"name": "init", "image": "i"}]
    return {"spec": {**own, "initContainers": first, "containers": containers}}


_DEFAULT: Final[Object] = {"securityContext": {"procMount": "Default", "runAsUser": 9}}
_UNMASKED: Final[Object] = {"securityContext": {"procMount": "Unmasked"}}
_OTHERWISE: Final[Object] = {
    "hostUsers": True,
    "securityContext": {
        "runAsNonRoot": False,
        "runAsUser": 9,
        "seccompProfile": {"type": "Unconfined"},
    },
}
_BARE: Final = _pod({})
# The profile speaks of none of its containers by name, or of those that are started first.
_OTHERS: Final = {"spec": {"containers": [{"name": "other", "image": "i"}]}}
_FIRST: Final = {
    "spec": {
        "initContainers": [{"name": name, "image": "i"} for name in ("c", "agent", "1")],
        "containers": [{"name": "other", "image": "i"}],
    }
}
_PODS: Final = {
    "bare": _BARE,
    "others": _OTHERS,
    "first": _FIRST,
    "says otherwise": _pod(_OTHERWISE, c=_DEFAULT, agent=_DEFAULT, one=_DEFAULT),
    "is unmasked": _pod({"hostUsers": False}, c=_UNMASKED),
}


# Faults that change nothing: what their account begins with, and why.
EQUIVALENT: Final[dict[str, str]] = {}


def gatekeeper_value_faults(laboratory: Lab) -> Row:
    """Asks about each fault until it is seen."""
    engine, cluster = laboratory.gatekeeper, laboratory.cluster
    profile = made(MUTATED[_PROFILE])._replace(name=SPACE, match=_MATCH)
    objects = [each for each in emitted(profile) if each["kind"] in MUTATORS]
    differing: list[Difference] = []
    excused: Counter[str] = Counter()
    count = untaken = 0
    found, _ = cases(cluster, profile, _asked())
    asking = _Asking(engine, cluster, objects, found)
    if what := asking.seen(objects):
        differing.append(Difference(SPACE, "the mutators as they are", what))
    for fault in (each for each in faults(objects) if is_asked(f"{each.name} {each.what}")):
        caught, taken = asking.caught(fault)
        row = next((each for each in EQUIVALENT if fault.what.startswith(each)), None)
        if not caught and row:
            excused[row] += 1
            continue
        count, untaken = count + 1, untaken + (not taken)
        if not caught:
            about = f"made otherwise for: {fault.what}"
            differing.append(Difference(fault.name, about, "made alike"))
    stale = [row for row in EQUIVALENT if all_asked() and not excused[row]]
    differing += [Difference(row, "changes nothing", "none is missed: stale") for row in stale]
    note = f"faults in mutators; {untaken} are not taken, {excused.total()} more change nothing"
    return Row("gatekeeper", "gatekeeper", engine.version, count, tuple(differing), note)


def _asked() -> Iterator[tuple[str, Request]]:
    """Yield requests to create each pod, and each kind of controller of it."""
    for name, pod in _PODS.items():
        for workload in WORKLOADS:
            yield f"{name}, {workload.kind}", Request(_made(workload, pod), workload)


def _made(workload: Workload, pod: Object, name: str = "judged", space: str = "") -> Object:
    """Return an object of a kind with a pod."""
    if workload.path:
        return dict(owner(workload, pod, name, space))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": space},
        **pod,
    }


class _Asking:
    """The requests that faults are looked for with, and Gatekeeper, which answers them."""

    def __init__(
        self,
        engine: Gatekeeper,
        cluster: Cluster,
        objects: Sequence[Object],
        asked: Sequence[Case],
    ) -> None:
        self._engine = engine
        self._cluster = cluster
        self._objects = objects
        # What has shown a fault is asked first the next time: it may well show another.
        self._asked = list(asked)
        self._rounds = 0
        self._bare = [_made(each, _BARE) for each in _KINDS]
        self._plain = [seen(each) for each in cluster.judge(FREE, self._bare)]
        for name in (SPACE, _ELSEWHERE, _EXCLUDED):
            cluster.namespace(name)
        for each in _KINDS:
            cluster.create(_made(each, _BARE, "old", SPACE))
        for name, label in ((SPACE, SPACE), (_ELSEWHERE, "none"), (_EXCLUDED, SPACE)):
            with engine.watched(name, {LABEL: label}, ()):
                """It goes on to be watched."""

    def caught(self, fault: Fault) -> tuple[bool, bool]:
        """Tell whether a fault is seen, and whether Gatekeeper takes the mutator at all."""
        others = [each for each in self._objects if each["metadata"]["name"] != fault.name]
        try:
            what = self.seen([*others, *([fault.mutator] if fault.mutator else [])])
        except LabError as error:
            if "admission webhook" in str(error) or "does not take" in str(error):
                return True, False
            raise
        return bool(what), True

    def seen(self, objects: Sequence[Object]) -> str:
        """Return a request of which something else becomes by some mutators; "" for none."""
        self._engine.load(objects)
        self._rounds += 1
        for start in range(0, len(self._asked), _PORTION):
            some = self._asked[start : start + _PORTION]
            answers = self._cluster.judge(SPACE, (case.request.object for case in some))
            for place, (case, answer) in enumerate(zip(some, answers, strict=True), start):
                if seen(answer) != case.expected:
                    self._asked.insert(0, self._asked.pop(place))
                    return case.name
        for name in (_ELSEWHERE, _EXCLUDED):
            if [seen(each) for each in self._cluster.judge(name, self._bare)] != self._plain:
                return f"what is created in {name}"
        label = {"metadata": {"labels": {"round": str(self._rounds)}}}
        for each in _KINDS:
            where = path(each.kind, "old", SPACE)
            before = pod_of(each, self._cluster.get(each.kind, "old", SPACE))
            answer = self._cluster.patch(where, label)
            # A pod that stands cannot be changed: the API refuses it then.
            if not answer.admitted or (each.path and pod_of(each, answer.object) != before):
                return f"a label of an old {each.kind}"
        return ""
