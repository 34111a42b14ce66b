"""Rules on what a pod shares with its node: namespaces, ports, probed hosts, host processes."""

from __future__ import annotations

from typing import Final

from .cases import Case, Changes, Table, allows, refuses, unset

_HOST_PROCESS = "*.securityContext.windowsOptions.hostProcess"
_POD_PROCESS = "securityContext.windowsOptions.hostProcess"


def _namespace(field: str, line: str) -> tuple[Case, ...]:
    others = {name: False for name in ("hostNetwork", "hostPID", "hostIPC") if name != field}
    return (
        unset(line, {}),
        unset(line, {field: None}),
        unset(line, others),
        unset(line, {"securityContext.runAsNonRoot": True}),
        allows(line, {field: False}),
        allows(line, {field: False} | others),
        allows(line, {field: False, "os.name": "windows"}),
        refuses(line, {field: True}),
        refuses(line, {field: True} | others),
        refuses(line, {field: True, "os.name": "windows"}),
        refuses(line, {field: True, "hostUsers": True}),
        refuses(line, {field: True, "hostUsers": False}),
    )


HOST_NETWORK: Final = Table(
    "hostNetwork", "check_hostNamespaces.go", _namespace("hostNetwork", "61")
)
HOST_PID: Final = Table("hostPID", "check_hostNamespaces.go", _namespace("hostPID", "65"))
HOST_IPC: Final = Table("hostIPC", "check_hostNamespaces.go", _namespace("hostIPC", "69"))


def _ports(*host_ports: object) -> Changes:
    rows = [{"containerPort": 8080 + n, "hostPort": port} for n, port in enumerate(host_ports)]
    return {"*.ports": rows}


HOST_PORTS: Final = Table(
    "hostPorts",
    "check_hostPorts.go",
    (
        unset("65", {}),
        unset("65", {"*.ports": None}),
        unset("65", {"*.ports": []}),
        unset("66", {"*.ports": [{"containerPort": 80}]}),
        unset("66", _ports(None)),
        unset("66", _ports(0)),
        unset("66", _ports(0, 0)),
        allows("66", {"*.ports": [{"containerPort": 80, "hostIP": "127.0.0.1"}]}),
        allows("66", {"*.ports": [{"containerPort": 65535, "protocol": "UDP"}]}),
        refuses("66", _ports(1)),
        refuses("66", _ports(80)),
        refuses("66", _ports(65535)),
        refuses("66", _ports(0, 443)),
        refuses("66", _ports(443, 0)),
        refuses("66", _ports(-1)),
        refuses("60-74", {**_ports(80), "os.name": "windows"}),
    ),
)

_TCP_HOOK = {"tcpSocket": {"port": 80, "host": "10.0.0.1"}}
_HTTP = {"httpGet": {"port": 80, "host": "10.0.0.1"}}
_EXEC = {"exec": {"command": ["true"]}}


def _probes() -> tuple[Case, ...]:
    lines = {"livenessProbe": "81", "readinessProbe": "85", "startupProbe": "89"}
    cases = []
    for probe, line in lines.items():
        cases += [
            refuses(f"{line}, 129", {f"*.{probe}": _HTTP}, since=34),
            refuses(f"{line}, 132", {f"*.{probe}": _TCP_HOOK}, since=34),
            allows("69", {f"*.{probe}": _HTTP}, until=33),
            unset("129", {f"*.{probe}": {"httpGet": {"port": 80, "host": ""}}}),
            unset("132", {f"*.{probe}": {"tcpSocket": {"port": 80, "host": None}}}),
            unset("126", {f"*.{probe}": None}),
        ]
    for hook, line in (("postStart", "96"), ("preStop", "100")):
        cases += [
            refuses(f"{line}, 143", {f"*.lifecycle.{hook}": _HTTP}, since=34),
            refuses(f"{line}, 146", {f"*.lifecycle.{hook}": _TCP_HOOK}, since=34),
            allows("69", {f"*.lifecycle.{hook}": _TCP_HOOK}, until=33),
            unset("143", {f"*.lifecycle.{hook}": {"httpGet": {"port": 80}}}),
            unset("140", {f"*.lifecycle.{hook}": None}),
        ]
    return tuple(cases)


HOST_PROBES: Final = Table(
    "hostProbes",
    "check_hostProbesAndhostLifecycle.go",
    (
        *_probes(),
        unset("95", {"*.lifecycle": None}),
        # No host is a good one, not even this very pod's.
        refuses("129", {"*.livenessProbe.httpGet.host": "127.0.0.1"}, since=34),
        refuses("129", {"*.livenessProbe.httpGet.host": "localhost"}, since=34),
        refuses("132", {"*.startupProbe.tcpSocket.host": "::1"}, since=34),
        refuses("76-121", {"*.livenessProbe": _HTTP, "os.name": "windows"}, since=34),
        allows("129-134", {"*.livenessProbe": _EXEC}),
        allows("129-134", {"*.livenessProbe": {"grpc": {"port": 9090}}}),
        allows(
            "129-134",
            {
                "*.livenessProbe": {
                    "httpGet": {
                        "port": 80,
                        "httpHeaders": [{"name": "Host", "value": "example.com"}],
                    }
                }
            },
        ),
    ),
)

HOST_PROCESS: Final = Table(
    "hostProcess",
    "check_windowsHostProcess.go",
    (
        unset("62-65", {}),
        unset("63", {"*.securityContext.windowsOptions": None}),
        unset("64", {"*.securityContext.windowsOptions": {}}),
        unset("64", {_HOST_PROCESS: None}),
        unset("71-74", {_POD_PROCESS: None}),
        allows("65", {_HOST_PROCESS: False}),
        allows("74", {_POD_PROCESS: False}),
        allows("62-74", {"*.securityContext.windowsOptions": {"runAsUserName": "user"}}),
        refuses("65", {_HOST_PROCESS: True}),
        refuses("74", {_POD_PROCESS: True}),
        refuses("71-76", {_POD_PROCESS: True, _HOST_PROCESS: False}),
        # Overridden by every container, and still refused.
        refuses(
            "71-76",
            {_POD_PROCESS: True}
            | {
                f"{place}.{_HOST_PROCESS[2:]}": False
                for place in ("initContainers.0", "containers.0", "containers.1")
            },
        ),
        refuses("65", {_POD_PROCESS: False, _HOST_PROCESS: True}),
        refuses("59-93", {_HOST_PROCESS: True, "os.name": "windows"}),
        refuses("59-93", {_POD_PROCESS: True, "os.name": "windows"}),
    ),
)

TABLES: Final = (HOST_NETWORK, HOST_PID, HOST_IPC, HOST_PORTS, HOST_PROBES, HOST_PROCESS)
