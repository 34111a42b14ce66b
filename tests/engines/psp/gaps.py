"""Shows that what the `psp` target reports as a gap is one: a pod that gets in all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Request
from capgen.targets import psp
from capgen.targets.base import Status
from tests.engines.agreement import Reference
from tests.engines.proving import Difference, Row
from tests.engines.psp.bulk import PspBulk
from tests.engines.psp.target import objects
from tests.policy.made import profile as made

if TYPE_CHECKING:
    from tests.engines.proving import Lab

_MINOR: Final = "1.24"
_HOST: Final = {"hostPath": {"path": "/var/log/a\\..\\..\\..\\etc"}}
# A rule, and what a pod says that it refuses: in its spec, and in its container.
GAPS: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "hostPath: {allow: [/var/log]}": ({"volumes": [{"name": "v", **_HOST}]}, {}),
    'seLinuxOptions: {level: ["s0:c1,c2"], unset: refuse}': (
        {"securityContext": {"seLinuxOptions": {"level": "s0:c2,c1"}}},
        {},
    ),
    "runAsNonRoot: true": ({}, {"securityContext": {"runAsUser": 5}}),
    "runAsNonRoot: true, runAsUser: {ranges: [5-9], reading: effective}": (
        {},
        {"securityContext": {"runAsNonRoot": False}},
    ),
    "runAsUser: {ranges: [5-9]}": (
        {"securityContext": {"runAsUser": 0}},
        {"securityContext": {"runAsUser": 5}},
    ),
    "runAsGroup: {ranges: [5-9], reading: both}": (
        {"securityContext": {"runAsGroup": 0}},
        {"securityContext": {"runAsGroup": 5}},
    ),
    # The account's token is in a projected volume.
    "volumes: {allow: [secret]}": ({}, {}),
    "automountServiceAccountToken: false": ({}, {}),
    "privileged: {allow: [false], unset: refuse}": ({}, {}),
    "hostProcess: false": (
        {"hostNetwork": True, "securityContext": {"windowsOptions": {"hostProcess": True}}},
        {},
    ),
    "windowsOptions: {runAsUserName: [ContainerUser]}": (
        {"securityContext": {"windowsOptions": {"runAsUserName": "other"}}},
        {},
    ),
    "shareProcessNamespace: false": ({"shareProcessNamespace": True}, {}),
    "fsGroupChangePolicy: OnRootMismatch": ({}, {}),
    "hostProbes: {allow: []}": (
        {},
        {"livenessProbe": {"tcpSocket": {"host": "other", "port": 80}}},
    ),
    'seccompProfile: {allow: ["Localhost:profiles/*"]}': ({}, {}),
    'appArmorProfile: {allow: ["Localhost:web-*"], unset: refuse}': ({}, {}),
}


def psp_gaps(_: Lab) -> Row:
    """Asks about a pod for each gap; the interpreter must refuse it for that rule alone."""
    differing = []
    with PspBulk() as engine:
        for rules, (spec, container) in GAPS.items():
            profile = made(f"rules: {{{rules}}}", _MINOR)
            cells = psp.emit(profile).cells
            pod = {"spec": {"containers": [{"name": "c", "image": "i", **container}], **spec}}
            engine.load(objects(profile))
            (verdict,) = engine.judge([Request(pod)])
            if verdict.outcome != "admitted":
                differing.append(Difference([rules, pod], "admitted", " ".join(verdict.messages)))
                continue
            broken = Reference(profile).pod_word(verdict.object).rules
            if not any(cells[rule].status is Status.GAP for rule in broken):
                differing.append(Difference([rules, pod], "a gap", f"refused for {broken or None}"))
        version = engine.version
    return Row("psp", "podsecuritypolicy", version, len(GAPS), tuple(differing), "gaps, each seen")
