"""Faults in what the `psp` target emits: PodSecurityPolicy must judge some pod otherwise by each.

Otherwise is also a pod that is let in changed otherwise.
"""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Request
from capgen.policy.witness import base_pod
from tests.engines.faults import Equivalent, Fault, Tally, all_asked, is_asked
from tests.engines.lab import LabError
from tests.engines.psp.agree import said
from tests.engines.psp.bulk import PspBulk
from tests.engines.psp.profiles import SAYABLE, profiles
from tests.engines.psp.target import objects, requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from tests.engines.faults import Fate
    from tests.engines.proving import Lab, Row
    from tests.engines.rest import Object

_PROFILES: Final = ("pss-restricted", *SAYABLE)
_PODS: Final = 120
_AT_ONCE: Final = 50
_SEED: Final = 77
_ANY: Final = "RunAsAny"
_OURS: Final = "capgen/"
_BOUNDS: Final = {"min": 1, "max": -1}


EQUIVALENT: Final = (
    Equivalent(
        "*", "", "allowedProcMountTypes", "the server drops the field without its feature gate"
    ),
    Equivalent("*", "", "'min': 0, 'max': 65535}: min is", "no pod has the port 0"),
    Equivalent(
        "*", "", "net.ipv4.ip_unprivileged_port_start is left out", "1.24 knows it to be safe"
    ),
    Equivalent("pss-restricted", "", "allowedUnsafeSysctls is left out", "it has that one alone"),
    Equivalent(
        "psp-mutate", "", "allowedCapabilities: CHOWN", "what is added everywhere is allowed"
    ),
    Equivalent("psp-turned", "", "allowedRuntimeClassNames is left out", "it is empty"),
)
# What a policy is read as where a key is left out.
_DEFAULTS: Final[tuple[object, ...]] = (False, [], {"rule": _ANY})
_OPEN: Final = {"allowPrivilegeEscalation": True}


def psp_faults(_: Lab) -> Row:
    """Asks about each fault."""
    tally = Tally(EQUIVALENT, whole=all_asked())
    with PspBulk() as engine:
        for name in _PROFILES:
            profile = profiles()[name]
            right = objects(profile)
            asked = [*requests(profile, _PODS), *_named(profile, right[0])]
            # Most faults are then seen in the first few that are asked.
            random.Random(_SEED).shuffle(asked)
            engine.load(right)
            expected = [said(verdict) for verdict in engine.judge(asked)]
            for fault in (each for each in faults(right) if is_asked(each.what)):
                tally.add(name, name, fault, _fate(engine, fault, asked, expected))
        return tally.row("psp", "podsecuritypolicy", engine.version)


def _fate(
    engine: PspBulk, fault: Fault[list[Object]], asked: list[Request], expected: list[str]
) -> Fate:
    try:
        engine.load(fault.artefact)
    except LabError:
        # The API takes no such policy.
        return "refused"
    for start in range(0, len(asked), _AT_ONCE):
        verdicts = engine.judge(asked[start : start + _AT_ONCE])
        if [said(each) for each in verdicts] != expected[start : start + _AT_ONCE]:
            return "caught"
    return "missed"


def _named(profile: Profile, policy: Object) -> Iterator[Request]:
    """Yield a pod for each capability and each sysctl that a policy names."""
    spec = policy["spec"]
    for name in spec["allowedCapabilities"]:
        pod = copy.deepcopy(base_pod(profile))
        context = pod["spec"]["containers"][0].setdefault("securityContext", {})
        context.setdefault("capabilities", {})["add"] = [name]
        yield Request(pod)
    for name in (*spec.get("forbiddenSysctls", ()), *spec.get("allowedUnsafeSysctls", ())):
        pod = copy.deepcopy(base_pod(profile))
        pod["spec"].setdefault("securityContext", {})["sysctls"] = [{"name": name, "value": "1"}]
        yield Request(pod)


def faults(right: list[Object]) -> Iterator[Fault[list[Object]]]:
    """Yield the policy, its role and bindings with one fault at a time."""
    policy, role, *bindings = right
    for key in policy["spec"]:
        for what, value in _turned(policy["spec"][key]):
            wrong = copy.deepcopy(policy)
            wrong["spec"][key] = value
            yield Fault(f"{key}: {what}", "", [wrong, role, *bindings])
        value = policy["spec"][key]
        if value != _OPEN[key] if key in _OPEN else value not in _DEFAULTS:
            wrong = copy.deepcopy(policy)
            del wrong["spec"][key]
            yield Fault(f"{key} is left out", "", [wrong, role, *bindings])
    for key, text in policy["metadata"]["annotations"].items():
        if key.startswith(_OURS):
            continue
        wrong = copy.deepcopy(policy)
        del wrong["metadata"]["annotations"][key]
        yield Fault(f"{key} is left out", "", [wrong, role, *bindings])
        names = text.split(",")
        for name in names if len(names) > 1 else ():
            wrong = copy.deepcopy(policy)
            rest = ",".join(each for each in names if each != name)
            wrong["metadata"]["annotations"][key] = rest
            yield Fault(f"{key}: {name} is left out", "", [wrong, role, *bindings])
    yield Fault("the binding is lost", "", [policy, role])
    wrong = copy.deepcopy(role)
    wrong["rules"][0]["resourceNames"] = ["another"]
    yield Fault("the role names another policy", "", [policy, wrong, *bindings])


def _turned(value: object) -> Iterator[tuple[str, object]]:
    """Yield a value of a policy's spec with one fault at a time."""
    match value:
        case bool():
            yield "turned", not value
        case str():
            yield "another", f"{value}x"
        case [*items]:
            for place, item in enumerate(items):
                before, after = items[:place], items[place + 1 :]
                yield f"{item} is left out", before + after
                for what, other in _turned(item) if isinstance(item, dict) else ():
                    yield f"{item}: {what}", [*before, other, *after]
        case dict():
            yield from _struct(value)


def _struct(struct: Object) -> Iterator[tuple[str, object]]:
    if struct.get("rule", _ANY) != _ANY:
        yield _ANY, {"rule": _ANY}
    for key, inner in struct.items():
        if key == "rule":
            continue
        yield f"{key} is left out", {k: v for k, v in struct.items() if k != key}
        # A range of one has no bound to move.
        if key in _BOUNDS and struct["min"] != struct["max"]:
            yield f"{key} is moved", {**struct, key: inner + _BOUNDS[key]}
        for what, other in _turned(inner):
            yield f"{key}: {what}", {**struct, key: other}
