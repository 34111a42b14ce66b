"""Faults in our MutatingAdmissionPolicies, of which a real API server must make something else.

Each faulty policy acts in a namespace of its own, so that many are asked at once.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from capgen.policy.match import Match
from capgen.targets import mutating
from tests.engines.faults import all_asked, is_asked
from tests.engines.mutating.cases import cases
from tests.engines.mutating.fault_asking import Asking, Fault
from tests.engines.mutating.pods import created
from tests.engines.mutating.setter import objects
from tests.engines.proving import Difference, Row
from tests.mutated_profiles import MUTATED
from tests.policy.made import profile as made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.proving import Lab
    from tests.engines.rest import Object

_PROFILES: Final = ("set-linux", "set-exempt", "set-host")
# Requests that a fault is shown of which it is known that none shows it.
_KNOWN: Final = 24
# The parts of a condition: on the system, the rules' exemptions, the name, and what is missing.
_ATOM: Final = re.compile(
    r"!variables\.windows|(?<!!)variables\.windows(?= )|variables\.held\d+\[i\]"
    r"|!\(c\.name in \[[^\]]*\]\)|(?<!\()c\.name in \[[^\]]*\]|!\('\w+' in [\w.?]+\(\[\]\)\)"
    r"|![\w.?]+\.hasValue\(\)|[\w.?]+\.orValue\(false\) == false|[\w.?]+\.orValue\(''\) == ''"
    r"|[\w.?]+\.orValue\(\[\]\)\.size\(\) == 0|m\.mountPath == '[^']*'"
    r"|[vm]\.name\.startsWith\('[^']*'\)"
)
_VALUE: Final = re.compile(r"value: (.+)\}\)$")


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
    asking = Asking(cluster)
    differing: list[Difference] = []
    excused: Counter[tuple[str, str]] = Counter()
    count = 0
    for name in _PROFILES:
        profile = made(MUTATED[name])._replace(name=name, controllers=False, match=Match())
        found, _ = cases(cluster, profile, created(profile))
        policy, _ = objects(mutating.emit(profile))
        seeded = [fault for fault in faults(policy) if is_asked(fault.what)]
        rows = [_excusing(name, fault) for fault in seeded]
        most = [len(found) if row is None or all_asked() else _KNOWN for row in rows]
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
