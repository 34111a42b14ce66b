"""Rules on a container's own rights: privileged, escalation, capabilities, /proc."""

from __future__ import annotations

from typing import Final

from tests.pods import DROP

from .cases import BASELINE, RESTRICTED, Changes, Table, allows, refuses, unset

_PRIVILEGED = "*.securityContext.privileged"
_ESCALATION = "*.securityContext.allowPrivilegeEscalation"
_CAPABILITIES = "*.securityContext.capabilities"
_ADD = "*.securityContext.capabilities.add"
_DROP = "*.securityContext.capabilities.drop"
_PROC = "*.securityContext.procMount"
_WINDOWS: Changes = {"os.name": "windows"}

PRIVILEGED: Final = Table(
    "privileged",
    "check_privileged.go",
    (
        unset("59", {}),
        unset("59", {_PRIVILEGED: None}),
        unset("59", {"*.securityContext": None}, BASELINE),
        unset("59", {"*.securityContext": {}}, BASELINE),
        unset("59", {_PRIVILEGED: DROP, "*.securityContext.readOnlyRootFilesystem": True}),
        allows("59", {_PRIVILEGED: False}),
        allows("59", {_PRIVILEGED: False} | _WINDOWS),
        refuses("59", {_PRIVILEGED: True}),
        # The Linux fields of a Windows pod are the API's to refuse, not this check's.
        refuses("56-66", {_PRIVILEGED: True} | _WINDOWS),
        refuses("56-66", {_PRIVILEGED: True, "hostUsers": False}),
        refuses("58-62", {_PRIVILEGED: True, "containers.0.securityContext.privileged": False}),
        refuses("58-62", {_PRIVILEGED: True, "containers.0.securityContext.privileged": True}),
    ),
)

ESCALATION: Final = Table(
    "allowPrivilegeEscalation",
    "check_allowPrivilegeEscalation.go",
    (
        unset("67", {_ESCALATION: DROP}, RESTRICTED, allowed=False, since=8),
        unset("67", {_ESCALATION: None}, RESTRICTED, allowed=False, since=8),
        # From 1.22 the capabilities are missed as well.
        unset("67", {"*.securityContext": None}, RESTRICTED, allowed=False, since=8, until=21),
        unset("67", {"*.securityContext": DROP}, RESTRICTED, allowed=False, since=8, until=21),
        unset("52", {_ESCALATION: DROP}, RESTRICTED, until=7),
        unset("47", {_ESCALATION: DROP}, BASELINE),
        allows("67", {_ESCALATION: False}),
        refuses("67", {_ESCALATION: True}, RESTRICTED, since=8),
        allows("52", {_ESCALATION: True}, RESTRICTED, until=7),
        allows("47", {_ESCALATION: True}, BASELINE),
        refuses("52-58", {_ESCALATION: DROP} | _WINDOWS, RESTRICTED, since=8, until=24),
        refuses("52-58", {_ESCALATION: True} | _WINDOWS, RESTRICTED, since=8, until=24),
        allows("89-91", {_ESCALATION: DROP} | _WINDOWS, RESTRICTED, since=25),
        allows("89-91", {_ESCALATION: True} | _WINDOWS, RESTRICTED, since=25),
        refuses("89", {_ESCALATION: True, "os.name": "linux"}, RESTRICTED, since=8),
        refuses("89", {_ESCALATION: True, "os.name": "Windows"}, RESTRICTED, since=8),
        refuses("89", {_ESCALATION: True, "os": None}, RESTRICTED, since=8),
        refuses("86-93", {_ESCALATION: True, "hostUsers": False}, RESTRICTED, since=8),
    ),
)

_BASELINE_ADDS = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
]
_FILE = "check_capabilities_baseline.go:"

CAPABILITIES: Final = Table(
    "capabilities",
    "check_capabilities_restricted.go",
    (
        # Baseline, and restricted until 1.21, judge what is added.
        unset(_FILE + "83", {"*.securityContext": None}, BASELINE),
        unset(_FILE + "83", {_CAPABILITIES: None}, BASELINE),
        unset(_FILE + "83", {_CAPABILITIES: {}}, BASELINE),
        unset(_FILE + "85", {_ADD: None}),
        unset(_FILE + "85", {_ADD: []}),
        unset("58-70", {_CAPABILITIES: DROP}, RESTRICTED, until=21),
        *(allows(_FILE + "62-76", {_ADD: [name]}, BASELINE) for name in _BASELINE_ADDS),
        *(allows(_FILE + "62-76", {_ADD: [name]}, RESTRICTED, until=21) for name in _BASELINE_ADDS),
        allows(_FILE + "85", {_ADD: ["CHOWN", "KILL", "CHOWN"]}, BASELINE),
        refuses(_FILE + "86", {_ADD: ["NET_RAW"]}),
        refuses(_FILE + "86", {_ADD: ["SYS_ADMIN"]}),
        refuses(_FILE + "86", {_ADD: ["ALL"]}),
        refuses(_FILE + "86", {_ADD: ["CHOWN", "NET_ADMIN"]}, BASELINE),
        refuses(_FILE + "86", {_ADD: ["CAP_CHOWN"]}),
        refuses(_FILE + "86", {_ADD: ["chown"]}),
        refuses(_FILE + "86", {_ADD: [""]}),
        # Go reads null in a list of strings as "".
        refuses(_FILE + "86", {_ADD: [None]}),
        refuses(_FILE + "86", {_ADD: ["SYS_ADMIN"]} | _WINDOWS, BASELINE),
        # Restricted from 1.22 asks for a drop, and leaves one capability to add.
        unset("87", {_CAPABILITIES: None}, RESTRICTED, allowed=False, since=22),
        unset("87", {_CAPABILITIES: DROP}, RESTRICTED, allowed=False, since=22),
        unset("99", {_CAPABILITIES: {}}, RESTRICTED, allowed=False, since=22),
        unset("99", {_DROP: None}, RESTRICTED, allowed=False, since=22),
        unset("99", {_DROP: []}, RESTRICTED, allowed=False, since=22),
        allows("94", {_DROP: ["ALL", "ALL"]}, RESTRICTED, since=22),
        allows("93-98", {_DROP: ["NET_RAW", "ALL"]}, RESTRICTED, since=22),
        refuses("94", {_DROP: ["all"]}, RESTRICTED, since=22),
        refuses("94", {_DROP: ["CAP_ALL"]}, RESTRICTED, since=22),
        refuses("94", {_DROP: ["NET_RAW", "SYS_ADMIN"]}, RESTRICTED, since=22),
        allows("105", {_ADD: ["NET_BIND_SERVICE"]}),
        refuses("105", {_ADD: ["CHOWN"]}, RESTRICTED, since=22),
        refuses("105", {_ADD: ["NET_BIND_SERVICE", "KILL"]}, RESTRICTED, since=22),
        refuses("105", {_ADD: ["CAP_NET_BIND_SERVICE"]}),
        refuses("105", {_ADD: ["net_bind_service"]}),
        refuses("66", {_DROP: []} | _WINDOWS, RESTRICTED, since=22, until=24),
        allows("141-143", {_DROP: []} | _WINDOWS, RESTRICTED, since=25),
        # It takes the place of baseline's check: a Windows pod may ask for anything.
        allows("73, 141-143", {_ADD: ["SYS_ADMIN"]} | _WINDOWS, RESTRICTED, since=25),
        refuses("141", {_DROP: [], "os.name": "linux"}, RESTRICTED, since=22),
    ),
)

_BASE = "check_procMount_baseline.go:"
_OWN_USERS: Changes = {"hostUsers": False}

PROC_MOUNT: Final = Table(
    "procMount",
    "check_procMount_restricted.go",
    (
        unset(_BASE + "71", {"*.securityContext": None}, BASELINE),
        unset(_BASE + "75", {}),
        unset(_BASE + "75", {_PROC: None}),
        allows(_BASE + "79", {_PROC: "Default"}),
        refuses(_BASE + "79", {_PROC: "Unmasked"}),
        refuses(_BASE + "79", {_PROC: "default"}),
        # A pointer to "" is no nil.
        refuses(_BASE + "79", {_PROC: ""}),
        refuses(_BASE + "58", {_PROC: "Unmasked"} | _OWN_USERS, BASELINE, until=34),
        allows(_BASE + "101", {_PROC: "Unmasked"} | _OWN_USERS, BASELINE, since=35),
        allows(_BASE + "101", {_PROC: "other"} | _OWN_USERS, BASELINE, since=35),
        refuses("50-52", {_PROC: "Unmasked"} | _OWN_USERS, RESTRICTED),
        refuses(_BASE + "101", {_PROC: "Unmasked", "hostUsers": True}),
        refuses(_BASE + "101", {_PROC: "Unmasked", "hostUsers": None}),
        refuses(_BASE + "66", {_PROC: "Unmasked"} | _WINDOWS),
    ),
)

TABLES: Final = (PRIVILEGED, ESCALATION, CAPABILITIES, PROC_MOUNT)
