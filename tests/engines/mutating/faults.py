"""Faults in our MutatingAdmissionPolicies, of which a real API server must make something else.

Each faulty policy acts in a namespace of its own, so that many are asked at once.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.match import Match
from capgen.targets import mutating
from tests.engines.faults import all_asked, is_asked
from tests.engines.lab import LabError
from tests.engines.mutating.cases import cases, seen
from tests.engines.mutating.pods import created
from tests.engines.mutating.setter import objects
from tests.engines.proving import Difference, Row
from tests.mutated_profiles import MUTATED
from tests.policy.made import profile as made

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.engines.apiserver import Cluster
    from tests.engines.mutating.cases import Case
    from tests.engines.proving import Lab
    from tests.engines.rest import Object

_PROFILES: Final = ("set-linux", "set-exempt", "set-host")
# Faulty policies that are asked at a time, and requests that go to each at a time.
_SLOTS: Final = 30
_CHUNK: Final = 12
# Requests that a fault is shown of which it is known that none shows it.
_KNOWN: Final = 2 * _CHUNK
_MARKER: Final = "fault-marker"
_API: Final = "admissionregistration.k8s.io/v1"
# The parts of a condition: on the system, the rules' exemptions, the name, and what is missing.
_ATOM: Final = re.compile(
    r"!variables\.windows|(?<!!)variables\.windows(?= )|variables\.held\d+\[i\]"
    r"|!\(c\.name in \[[^\]]*\]\)|(?<!\()c\.name in \[[^\]]*\]|!\('\w+' in [\w.?]+\(\[\]\)\)"
    r"|![\w.?]+\.hasValue\(\)|[\w.?]+\.orValue\(false\) == false|[\w.?]+\.orValue\(''\) == ''"
    r"|[\w.?]+\.orValue\(\[\]\)\.size\(\) == 0|m\.mountPath == '[^']*'"
    r"|[vm]\.name\.startsWith\('[^']*'\)"
)
_VALUE: Final = re.compile(r"value: (.+)\}\)$")


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


_NO_OTHER: Final = "false is unset, and so no value but the one that is set can stand"
# Faults that change nothing: in which profile, what their account begins with, and why.
EQUIVALENT: Final = {
    ("set-linux", "seLinuxChangePolicy: without"): "the API server of 1.36 takes no other value",
    ("set-linux", "lists: without `!(c.name in ['agent'])`"): "`agent` gets the list all the same",
    ("set-linux", "tokenVolumes: without `m.mountPath"): "every mount of it is asked for as well",
    ("set-exempt", "hostUsers: without"): "beside Unmasked the API takes no other value",
    ("set-host", "hostIPC: without `variables.spec.?hostIPC"): _NO_OTHER,
    ("set-host", "hostNetwork: without"): _NO_OTHER,
    ("set-host", "hostUsers: without `!variables.spec"): "beside hostNetwork it must be true",
    ("set-host", "hostPID: without `variables.spec.?hostPID"): _NO_OTHER,
}


def map_faults(laboratory: Lab) -> Row:
    """Asks about each fault until it is seen."""
    cluster = laboratory.cluster
    asking = _Asking(cluster)
    differing: list[Difference] = []
    excused: Counter[tuple[str, str]] = Counter()
    count = 0
    for name in _PROFILES:
        profile = made(MUTATED[name])._replace(name=name, controllers=False, match=Match())
        found, _ = cases(cluster, profile, created(profile))
        policy, _ = objects(mutating.emit(profile))
        seeded = [fault for fault in faults(policy) if is_asked(fault.what)]
        rows = [_excusing(name, fault) for fault in seeded]
        most = [len(found) if row is None else _KNOWN for row in rows]
        fates = asking.caught(seeded, most, found)
        for fault, row, caught in zip(seeded, rows, fates, strict=True):
            if row is not None and not caught:
                excused[row] += 1
                continue
            count += 1
            if not caught:
                about = f"made otherwise for: {fault.what}"
                differing.append(Difference(name, about, "made alike"))
    stale = [list(row) for row in EQUIVALENT if all_asked() and not excused[row]]
    differing += [Difference(row, "changes nothing", "none is missed: stale") for row in stale]
    note = f"faults; {excused.total()} more change nothing"
    return Row("map", "kube-apiserver", cluster.version, count, tuple(differing), note)


def _excusing(name: str, fault: Fault) -> tuple[str, str] | None:
    """Return the row of the faults that change nothing that a fault of a profile is one of."""
    rows = (row for row in EQUIVALENT if row[0] == name and fault.what.startswith(row[1]))
    return next(rows, None)


def faults(policy: Object) -> Iterator[Fault]:
    """Yield the faults of a policy."""
    yield Fault("the binding is lost", policy, bound=False)
    changed = copy.deepcopy(policy)
    changed["spec"]["matchConstraints"]["resourceRules"][0]["operations"].append("UPDATE")
    yield Fault("it mutates updates too", changed)
    (mutation,) = policy["spec"]["mutations"]
    lines = mutation["jsonPatch"]["expression"].split("\n")
    for place, line in enumerate(lines):
        left = "\n".join([*lines[:place], *lines[place + 1 :]]).removeprefix("+ ")
        yield Fault(f"left out: {line}", _patched(policy, left))
        if (value := _VALUE.search(line)) and value[1] not in ("{}", "[]"):
            other = line.replace(value[0], f"value: {_other(value[1])}}})")
            text = "\n".join([*lines[:place], other, *lines[place + 1 :]])
            yield Fault(f"another value: {other}", _patched(policy, text))
    yield from _turned(policy)
    for place, each in enumerate(policy["spec"]["variables"]):
        if each["name"] in ("containers", "pointers"):
            for part in each["expression"].split("\n+ "):
                text = each["expression"].replace(part, "dyn([])")
                yield Fault(f"{each['name']}: without {part}", _with(policy, place, text))


def _turned(policy: Object) -> Iterator[Fault]:
    for place, each in enumerate(policy["spec"]["variables"]):
        for found in _ATOM.finditer(each["expression"]):
            text = each["expression"]
            text = text[: found.start()] + "true" + text[found.end() :]
            yield Fault(f"{each['name']}: without `{found[0]}`", _with(policy, place, text))


def _other(value: str) -> str:
    """Return another value of the same type."""
    if value in ("true", "false"):
        return "false" if value == "true" else "true"
    return re.sub(r"\d+(?=\]?$)|'[^']*'(?=\}?$)", _turn, value)


def _turn(found: re.Match[str]) -> str:
    return str(int(found[0]) - 1) if found[0].isdigit() else "'Other'"


def _patched(policy: Object, text: str) -> Object:
    changed = copy.deepcopy(policy)
    changed["spec"]["mutations"][0]["jsonPatch"]["expression"] = text
    return changed


def _with(policy: Object, place: int, text: str) -> Object:
    changed = copy.deepcopy(policy)
    changed["spec"]["variables"][place]["expression"] = text
    return changed


class _Asking:
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
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
        patch = f"[JSONPatch{{op: 'add', path: '/spec/hostname', value: '{name}'}}]"
        policy: Object = {
            "apiVersion": _API,
            "kind": "MutatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "reinvocationPolicy": "Never",
                "matchConstraints": {"resourceRules": [rule | {"operations": ["CREATE"]}]},
                "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
            },
        }
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
