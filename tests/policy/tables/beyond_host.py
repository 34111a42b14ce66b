"""Rules on what a pod shares with its node, its own containers and the API, beyond Pod Security."""

from __future__ import annotations

from typing import Final

from .cases import Changes, added, allows, refuses, templated, tokenless, unset
from .sheets import Sheet, Sheets

_TYPES = "k8s.io/api core/v1/types.go"
_WINDOWS: Changes = {"os.name": "windows"}
_UPDATE = "INTERFACE.md UPDATE"

_USERS = "PodSpec.HostUsers"

HOST_USERS: Final = Sheets(
    "hostUsers",
    _TYPES,
    (
        Sheet(
            "false",
            (
                # "If set to true or not present, the pod will be run in the host user namespace."
                unset(_USERS, {}, allowed=False),
                unset(_USERS, {"hostUsers": None}, allowed=False),
                unset("validateWindows: no hostUsers", _WINDOWS, allowed=False),
                allows(_USERS, {"hostUsers": False}),
                allows(_USERS, {"hostUsers": False} | _WINDOWS),
                refuses(_USERS, {"hostUsers": True}),
                refuses(_USERS + ": *bool", {"hostUsers": "false"}),
                refuses(_USERS + ": *bool", {"hostUsers": 0}),
                refuses(_USERS + ": *bool", {"hostUsers": ""}),
                refuses(_USERS + ": *bool", {"hostUsers": [False]}),
                added(unset(_UPDATE, {})),
                added(allows(_UPDATE, {"hostUsers": True})),
                templated(unset("PodTemplateSpec.Spec", {}, allowed=False)),
                templated(allows("PodTemplateSpec.Spec", {"hostUsers": False})),
            ),
        ),
        Sheet(
            "{allow: [false], unless: [windows]}",
            (
                unset("validateWindows: no hostUsers", _WINDOWS),
                unset("validateWindows: no hostUsers", {"os.name": "linux"}, allowed=False),
                allows(_USERS, {"hostUsers": False}),
                refuses(_USERS, {"hostUsers": True}),
            ),
        ),
        Sheet(
            "true",
            (
                unset(_USERS, {}),
                unset(_USERS, {"hostUsers": None}),
                allows(_USERS, {"hostUsers": True}),
                refuses(_USERS, {"hostUsers": False}),
            ),
        ),
    ),
)

_PORT = "ContainerPort.HostPort"
_DEFAULTED = "kubernetes pkg/apis/core/v1/defaults.go defaultHostNetworkPorts"


def _ports(*host_ports: object) -> Changes:
    rows = [{"containerPort": 8080 + n, "hostPort": port} for n, port in enumerate(host_ports)]
    return {"*.ports": rows}


def _bound(port: int) -> Changes:
    return {"hostNetwork": True, "containers.1.ports": [{"containerPort": port}]}


HOST_PORTS: Final = Sheets(
    "hostPorts",
    _TYPES,
    (
        Sheet(
            '{ranges: ["30000-32767", 8080]}',
            (
                unset(_PORT, {}),
                unset(_PORT, {"*.ports": None}),
                unset(_PORT, {"*.ports": []}),
                unset(_PORT, {"*.ports": [{"containerPort": 80}]}),
                unset(_PORT, _ports(None)),
                # No pointer: 0 is unset, and not below the range.
                unset(_PORT, _ports(0)),
                allows(_PORT, _ports(30000)),
                allows(_PORT, _ports(32767)),
                allows(_PORT, _ports(8080, 31000, 0)),
                refuses(_PORT, _ports(29999)),
                refuses(_PORT, _ports(32768)),
                refuses(_PORT, _ports(8079)),
                refuses(_PORT, _ports(8081)),
                refuses(_PORT, _ports(1)),
                refuses(_PORT, _ports(-1)),
                refuses(_PORT, _ports(30000, 80)),
                refuses(_PORT, _ports(80, 30000)),
                refuses(_PORT + ": int32", _ports("30000")),
                refuses(_PORT + ": int32", _ports(30000.0)),
                refuses(_PORT + ": int32", _ports(True)),
                refuses(_PORT + ": int32", _ports([8080])),
                refuses(_PORT, _ports(80) | _WINDOWS),
                refuses(_PORT, {"*.ports": [{"containerPort": 8080, "hostPort": 80}]}),
                added(allows(_PORT, _ports(8080))),
                added(refuses(_PORT, _ports(80))),
                added(allows(_UPDATE, {"**.ports": [{"containerPort": 1, "hostPort": 80}]})),
                templated(refuses(_PORT, _ports(80))),
            ),
        ),
        # On the node's network each port is the node's: of a pod, not of a template (TRAPS 51).
        Sheet(
            '{ranges: ["8080-8090"]}',
            (
                unset(_DEFAULTED, {"hostNetwork": True}),
                allows(_DEFAULTED, _bound(8080)),
                allows(_DEFAULTED, _bound(8090)),
                refuses(_DEFAULTED, _bound(8079)),
                refuses(_DEFAULTED, _bound(8091)),
                refuses(
                    _DEFAULTED,
                    {"hostNetwork": True, "containers.1.ports": [{"containerPort": 80}] * 2},
                ),
                templated(unset(_DEFAULTED, _bound(80))),
            ),
            apart=("hostNetwork",),
        ),
    ),
)

_RUNTIME = "PodSpec.RuntimeClassName"

RUNTIME_CLASS: Final = Sheets(
    "runtimeClassName",
    _TYPES,
    (
        Sheet(
            "{allow: [gvisor, kata], unset: refuse}",
            (
                unset("INTERFACE.md Unset", {}, allowed=False),
                unset("INTERFACE.md Unset", {"runtimeClassName": None}, allowed=False),
                allows(_RUNTIME, {"runtimeClassName": "gvisor"}),
                allows(_RUNTIME, {"runtimeClassName": "kata"}),
                allows(_RUNTIME, {"runtimeClassName": "kata"} | _WINDOWS),
                # "If unset or empty, the legacy RuntimeClass will be used."
                unset(_RUNTIME, {"runtimeClassName": ""}, allowed=False),
                refuses(_RUNTIME, {"runtimeClassName": "runc"}),
                refuses(_RUNTIME, {"runtimeClassName": "gVisor"}),
                refuses(_RUNTIME, {"runtimeClassName": "gvisor2"}),
                refuses(_RUNTIME, {"runtimeClassName": "gviso"}),
                refuses(_RUNTIME, {"runtimeClassName": "gvisor "}),
                refuses(_RUNTIME + ": *string", {"runtimeClassName": ["gvisor"]}),
                refuses(_RUNTIME + ": *string", {"runtimeClassName": 1}),
                refuses(_RUNTIME, {"runtimeClassName": "legacy"} | _WINDOWS),
                added(allows(_UPDATE, {"runtimeClassName": "runc"})),
                added(unset(_UPDATE, {})),
                templated(refuses("PodTemplateSpec.Spec", {"runtimeClassName": "runc"})),
                templated(unset("PodTemplateSpec.Spec", {}, allowed=False)),
            ),
        ),
        Sheet(
            "{allow: [gvisor], unset: allow}",
            (
                unset("INTERFACE.md Unset", {}),
                unset("INTERFACE.md Unset", {"runtimeClassName": None}),
                allows(_RUNTIME, {"runtimeClassName": "gvisor"}),
                refuses(_RUNTIME, {"runtimeClassName": "runc"}),
            ),
        ),
    ),
)

_SHARE = "PodSpec.ShareProcessNamespace"

SHARE_PROCESSES: Final = Sheets(
    "shareProcessNamespace",
    _TYPES,
    (
        Sheet(
            "false",
            (
                # "Default to false", says the API.
                unset(_SHARE, {}),
                unset(_SHARE, {"shareProcessNamespace": None}),
                unset("validateWindows: no shareProcessNamespace", _WINDOWS),
                allows(_SHARE, {"shareProcessNamespace": False}),
                refuses(_SHARE, {"shareProcessNamespace": True}),
                refuses(_SHARE + ": *bool", {"shareProcessNamespace": "true"}),
                refuses(_SHARE + ": *bool", {"shareProcessNamespace": "false"}),
                refuses(_SHARE + ": *bool", {"shareProcessNamespace": 0}),
                refuses(_SHARE + ": *bool", {"shareProcessNamespace": ""}),
                refuses(_SHARE + ": *bool", {"shareProcessNamespace": {}}),
                refuses("validateWindows", {"shareProcessNamespace": True} | _WINDOWS),
                # A debug container of a pod that shares: the pod stands already.
                added(allows(_UPDATE, {"shareProcessNamespace": True})),
                templated(refuses("PodTemplateSpec.Spec", {"shareProcessNamespace": True})),
                templated(unset("PodTemplateSpec.Spec", {})),
            ),
        ),
        Sheet(
            "true",
            (
                unset(_SHARE, {}, allowed=False),
                unset(_SHARE, {"shareProcessNamespace": None}, allowed=False),
                allows(_SHARE, {"shareProcessNamespace": True}),
                refuses(_SHARE, {"shareProcessNamespace": False}),
            ),
        ),
    ),
)

_AUTO = "automountServiceAccountToken"
_PLUGIN = "plugin/pkg/admission/serviceaccount/admission.go shouldAutomount"
_MOUNTS = "plugin/pkg/admission/serviceaccount/admission.go mountServiceAccountToken"
_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_OWN = [{"name": "own", "mountPath": _PATH}]

AUTOMOUNT: Final = Sheets(
    "automountServiceAccountToken",
    "kubernetes",
    (
        Sheet(
            "false",
            (
                # "Default to true for backwards compatibility."
                unset(_PLUGIN, {}, allowed=False),
                unset(_PLUGIN, {_AUTO: None}, allowed=False),
                unset(_PLUGIN, _WINDOWS, allowed=False),
                # "Then service account's."
                tokenless(unset(_PLUGIN, {})),
                tokenless(unset(_PLUGIN, {_AUTO: None})),
                tokenless(unset(_PLUGIN, {"serviceAccountName": "builder"})),
                # "Pod's preference wins."
                allows(_PLUGIN, {_AUTO: False}),
                tokenless(allows(_PLUGIN, {_AUTO: False})),
                refuses(_PLUGIN, {_AUTO: True}),
                tokenless(refuses(_PLUGIN, {_AUTO: True})),
                refuses("PodSpec.AutomountServiceAccountToken: *bool", {_AUTO: "false"}),
                refuses("PodSpec.AutomountServiceAccountToken: *bool", {_AUTO: 0}),
                tokenless(refuses("PodSpec.AutomountServiceAccountToken: *bool", {_AUTO: 1})),
                # Some container still gets it.
                unset(
                    _MOUNTS,
                    {"initContainers.0.volumeMounts": _OWN, "containers.1.volumeMounts": _OWN},
                    allowed=False,
                ),
                unset(
                    _MOUNTS,
                    {"**.volumeMounts": [{"name": "own", "mountPath": _PATH + "/"}]},
                    allowed=False,
                ),
                # A token somewhere else is nobody's business here.
                tokenless(
                    unset(_MOUNTS, {"**.volumeMounts": [{"name": "own", "mountPath": "/token"}]})
                ),
                # A template has no account's mount: unset mounts it.
                templated(unset(_PLUGIN, {}, allowed=False)),
                templated(unset(_PLUGIN, {_AUTO: None}, allowed=False)),
                templated(allows(_PLUGIN, {_AUTO: False})),
                templated(refuses(_PLUGIN, {_AUTO: True})),
                added(unset(_UPDATE, {})),
                added(allows(_UPDATE, {_AUTO: True})),
            ),
        ),
        Sheet(
            "true",
            (
                unset(_PLUGIN, {}),
                unset(_PLUGIN, {_AUTO: None}),
                tokenless(unset(_PLUGIN, {}, allowed=False)),
                allows(_PLUGIN, {_AUTO: True}),
                tokenless(allows(_PLUGIN, {_AUTO: True})),
                refuses(_PLUGIN, {_AUTO: False}),
                templated(unset(_PLUGIN, {})),
                templated(refuses(_PLUGIN, {_AUTO: False})),
            ),
        ),
        Sheet(
            "{allow: [false], unset: allow}",
            (
                unset("INTERFACE.md Unset", {}),
                templated(unset("INTERFACE.md Unset", {})),
                allows(_PLUGIN, {_AUTO: False}),
                refuses(_PLUGIN, {_AUTO: True}),
            ),
        ),
    ),
)

TABLES: Final = (HOST_USERS, HOST_PORTS, RUNTIME_CLASS, SHARE_PROCESSES, AUTOMOUNT)
