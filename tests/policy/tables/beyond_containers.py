"""Rules on a container's own rights, beyond Pod Security's."""

from __future__ import annotations

from typing import Final

from tests.pods import DROP

from .cases import Changes, added, allows, refuses, templated, unset
from .sheets import Sheet, Sheets

_TYPES = "k8s.io/api core/v1/types.go"
_WINDOWS: Changes = {"os.name": "windows"}

_READ_ONLY = "*.securityContext.readOnlyRootFilesystem"
_ALL_READ_ONLY: Changes = {"**.securityContext.readOnlyRootFilesystem": True}
_ROOT = "SecurityContext.ReadOnlyRootFilesystem"

READ_ONLY_ROOT: Final = Sheets(
    "readOnlyRootFilesystem",
    _TYPES,
    (
        Sheet(
            "true",
            (
                # "Default is false."
                unset(_ROOT, {}, allowed=False),
                unset(_ROOT, _ALL_READ_ONLY | {_READ_ONLY: DROP}, allowed=False),
                unset(_ROOT, _ALL_READ_ONLY | {_READ_ONLY: None}, allowed=False),
                allows(_ROOT, _ALL_READ_ONLY),
                allows(_ROOT, _ALL_READ_ONLY | {_READ_ONLY: True}),
                refuses(_ROOT, _ALL_READ_ONLY | {_READ_ONLY: False}),
                refuses("*bool", _ALL_READ_ONLY | {_READ_ONLY: "true"}),
                refuses("*bool", _ALL_READ_ONLY | {_READ_ONLY: 1}),
                refuses("*bool", _ALL_READ_ONLY | {_READ_ONLY: ""}),
                refuses("*bool", _ALL_READ_ONLY | {_READ_ONLY: [True]}),
                # A Windows pod may not have the field, and is refused all the same.
                unset("validateWindows: no readOnlyRootFilesystem", _WINDOWS, allowed=False),
                allows("validateWindows", _ALL_READ_ONLY | _WINDOWS),
                added(unset(_ROOT, _ALL_READ_ONLY, allowed=False)),
                added(unset(_ROOT, {_READ_ONLY: None}, allowed=False)),
                added(refuses(_ROOT, _ALL_READ_ONLY | {_READ_ONLY: False})),
                # The old containers may write; they are not judged again.
                added(allows("INTERFACE.md UPDATE", {_READ_ONLY: True})),
                templated(unset("PodTemplateSpec.Spec", {}, allowed=False)),
                templated(allows("PodTemplateSpec.Spec", _ALL_READ_ONLY)),
            ),
        ),
        Sheet(
            "{allow: [true], unless: [windows]}",
            (
                unset("validateWindows: no readOnlyRootFilesystem", _WINDOWS),
                unset("validateWindows", {"os.name": "linux"}, allowed=False),
                unset("validOS: windows", {"os.name": "Windows"}, allowed=False),
                unset("PodSpec.OS", {"os": None}, allowed=False),
                allows(_ROOT, _ALL_READ_ONLY),
                refuses(_ROOT, _ALL_READ_ONLY | {_READ_ONLY: False}),
                added(unset("validateWindows", _WINDOWS)),
            ),
        ),
        Sheet(
            "{allow: [true], unset: allow}",
            (
                unset("INTERFACE.md Unset", {}),
                allows(_ROOT, {_READ_ONLY: True}),
                refuses(_ROOT, {_READ_ONLY: False}),
                added(unset("INTERFACE.md Unset", {})),
            ),
        ),
        Sheet(
            "{allow: [false], unset: refuse}",
            (
                unset("INTERFACE.md Unset", {}, allowed=False),
                allows(_ROOT, {"**.securityContext.readOnlyRootFilesystem": False}),
                refuses(_ROOT, _ALL_READ_ONLY),
            ),
        ),
    ),
)

_CAPABILITIES = "*.securityContext.capabilities"
_ADD = "*.securityContext.capabilities.add"
_DROP = "*.securityContext.capabilities.drop"
_DROPS: Changes = {"**.securityContext.capabilities.drop": ["NET_RAW"]}
_ADDS: Changes = {"**.securityContext.capabilities.add": ["CHOWN"]}
_EXACT = "TRAPS 37: exact strings"
_COVERS = "INTERFACE.md, allCovers"

CAPABILITIES: Final = Sheets(
    "capabilities",
    _TYPES,
    (
        # To the letter, as Kubernetes and PodSecurityPolicy compare (TRAPS 6).
        Sheet(
            "{drop: [NET_RAW]}",
            (
                unset("Capabilities.Drop", _DROPS | {_CAPABILITIES: DROP}, allowed=False),
                unset("Capabilities.Drop", _DROPS | {_DROP: None}, allowed=False),
                unset("Capabilities.Drop", _DROPS | {_DROP: []}, allowed=False),
                allows("Capabilities.Drop", _DROPS),
                allows("Capabilities.Drop", _DROPS | {_DROP: ["KILL", "NET_RAW", "ALL"]}),
                refuses("TRAPS 6", _DROPS | {_DROP: ["ALL"]}),
                refuses(_EXACT, _DROPS | {_DROP: ["net_raw"]}),
                refuses(_EXACT, _DROPS | {_DROP: ["CAP_NET_RAW"]}),
                refuses("[]Capability", _DROPS | {_DROP: "NET_RAW"}),
                added(refuses("TRAPS 6", {_DROP: ["ALL"]})),
                added(allows("Capabilities.Drop", {_DROP: ["NET_RAW"]})),
            ),
        ),
        Sheet(
            "{drop: [NET_RAW, MKNOD], allCovers: true}",
            (
                # The good pod drops ALL.
                allows(_COVERS, {}),
                allows(_COVERS, {_DROP: ["ALL"]}),
                allows(_COVERS, {_DROP: ["KILL", "ALL"]}),
                allows(_COVERS, {_DROP: ["MKNOD", "NET_RAW"]}),
                unset(_COVERS, {_CAPABILITIES: None}, allowed=False),
                unset(_COVERS, {_DROP: []}, allowed=False),
                refuses(_COVERS, {_DROP: ["NET_RAW"]}),
                refuses(_COVERS, {_DROP: ["MKNOD"]}),
                refuses(_COVERS, {_DROP: ["all"]}),
                refuses(_COVERS, {_DROP: ["CAP_ALL"]}),
                refuses(_COVERS, {_DROP: "ALL"}),
                added(allows(_COVERS, {_DROP: ["ALL"]})),
                added(refuses(_COVERS, {_DROP: ["KILL"]})),
            ),
        ),
        # A drop of ALL is not covered by all the others.
        Sheet(
            "{drop: [ALL], allCovers: true}",
            (
                allows(_COVERS, {}),
                unset(_COVERS, {_DROP: None}, allowed=False),
                refuses(_COVERS, {_DROP: ["NET_RAW", "KILL"]}),
            ),
        ),
        Sheet(
            "{allow: [ALL]}",
            (
                unset("Capabilities.Add", {}),
                unset("Capabilities.Add", {_ADD: None}),
                unset("Capabilities.Add", {_ADD: []}),
                allows(_EXACT, {_ADD: ["ALL"]}),
                refuses(_EXACT, {_ADD: ["NET_RAW"]}),
                refuses(_EXACT, {_ADD: ["ALL", "NET_RAW"]}),
            ),
        ),
        Sheet(
            "{allow: [ALL], allCovers: true}",
            (
                unset(_COVERS, {_ADD: []}),
                allows(_COVERS, {_ADD: ["ALL"]}),
                allows(_COVERS, {_ADD: ["NET_RAW", "SYS_ADMIN"]}),
                refuses("[]Capability", {_ADD: "ALL"}),
                refuses("[]Capability", {_ADD: [["ALL"]]}),
                added(allows(_COVERS, {_ADD: ["SYS_ADMIN"]})),
            ),
        ),
        # Without ALL among them nothing covers.
        Sheet(
            "{allow: [CHOWN], allCovers: true}",
            (
                unset(_COVERS, {}),
                allows(_COVERS, {_ADD: ["CHOWN"]}),
                refuses(_COVERS, {_ADD: ["KILL"]}),
                refuses(_COVERS, {_ADD: ["ALL"]}),
            ),
        ),
        Sheet(
            "{allow: [CHOWN], drop: [ALL], unset: refuse}",
            (
                unset("INTERFACE.md Unset", {}, allowed=False),
                unset("INTERFACE.md Unset", _ADDS | {_ADD: None}, allowed=False),
                unset("INTERFACE.md Unset", _ADDS | {_DROP: None}, allowed=False),
                allows("Capabilities.Add", _ADDS),
                refuses("Capabilities.Add", _ADDS | {_ADD: ["KILL"]}),
                added(unset("INTERFACE.md Unset", {}, allowed=False)),
                added(allows("Capabilities.Add", {_ADD: ["CHOWN"]})),
            ),
        ),
    ),
)

_POD_OPTIONS = "securityContext.windowsOptions"
_OPTIONS = "*.securityContext.windowsOptions"
_ALL_OPTIONS = "**.securityContext.windowsOptions"
_USER = "WindowsSecurityContextOptions.RunAsUserName"
_PROCESS = "WindowsSecurityContextOptions.HostProcess"
_HOST_PROCESS = "pkg/securitycontext/util.go HasWindowsHostProcessRequest"
_MERGED = "pkg/securitycontext/util.go DetermineEffectiveSecurityContext"


def _user(name: object) -> Changes:
    return {"runAsUserName": name}


WINDOWS_OPTIONS: Final = Sheets(
    "windowsOptions",
    _TYPES,
    (
        Sheet(
            "{runAsUserName: [ContainerUser, 'DOMAIN\\web'], hostProcess: [false]}",
            (
                # Unset, the image names the user, and there is no credential and no host process.
                unset(_USER, {}),
                unset("PodSecurityContext.WindowsOptions", {_POD_OPTIONS: None}),
                unset("PodSecurityContext.WindowsOptions", {_POD_OPTIONS: {}} | _WINDOWS),
                unset("SecurityContext.WindowsOptions", {_OPTIONS: {}} | _WINDOWS),
                unset(_USER, {_OPTIONS: _user(None)}),
                unset(_PROCESS, {_OPTIONS: {"hostProcess": None}}),
                allows(_USER, {_POD_OPTIONS: _user("ContainerUser")} | _WINDOWS),
                allows(_USER, {_OPTIONS: _user("DOMAIN\\web")} | _WINDOWS),
                allows(_PROCESS, {_OPTIONS: {"hostProcess": False}}),
                allows(_PROCESS, {_POD_OPTIONS: {"hostProcess": False}}),
                refuses(_USER, {_POD_OPTIONS: _user("ContainerAdministrator")} | _WINDOWS),
                refuses(_USER, {_OPTIONS: _user("ContainerAdministrator")} | _WINDOWS),
                # Windows itself ignores case; compared is what is written.
                refuses(_USER, {_OPTIONS: _user("containeruser")}),
                refuses(_USER, {_OPTIONS: _user("DOMAIN/web")}),
                refuses(_USER, {_OPTIONS: _user("web")}),
                refuses("validateWindowsSecurityContextOptions", {_OPTIONS: _user("")}),
                refuses(_USER + ": *string", {_OPTIONS: _user(["ContainerUser"])}),
                refuses(_USER + ": *string", {_OPTIONS: _user(0)}),
                refuses(_PROCESS, {_OPTIONS: {"hostProcess": True}}),
                refuses(_PROCESS, {_POD_OPTIONS: {"hostProcess": True}}),
                refuses(_PROCESS + ": *bool", {_OPTIONS: {"hostProcess": "false"}}),
                refuses(_PROCESS + ": *bool", {_OPTIONS: {"hostProcess": 0}}),
                refuses(
                    "INTERFACE.md Reading",
                    {_POD_OPTIONS: _user("x"), _ALL_OPTIONS: _user("ContainerUser")},
                ),
                refuses(_MERGED, {_POD_OPTIONS: _user("ContainerUser"), _OPTIONS: _user("x")}),
                added(refuses(_MERGED, {_POD_OPTIONS: _user("x")})),
                added(allows(_MERGED, {_POD_OPTIONS: _user("x"), _OPTIONS: _user("DOMAIN\\web")})),
                added(refuses(_HOST_PROCESS, {_OPTIONS: {"hostProcess": True}})),
                added(unset(_USER, {})),
                templated(refuses(_USER, {_OPTIONS: _user("x")})),
            ),
            apart=("hostProcess",),
        ),
        # Option by option: a container's struct does not take the place of its pod's.
        Sheet(
            "{runAsUserName: [ContainerUser], unset: refuse, reading: effective}",
            (
                unset(_MERGED, {}, allowed=False),
                unset(_MERGED, {_ALL_OPTIONS: _user("ContainerUser"), _OPTIONS: {}}, allowed=False),
                unset(_MERGED, {_POD_OPTIONS: _user("ContainerUser"), _OPTIONS: {}}),
                unset(
                    _MERGED,
                    {_POD_OPTIONS: _user("ContainerUser"), _OPTIONS: {"hostProcess": False}},
                ),
                allows(_MERGED, {_POD_OPTIONS: _user("ContainerUser")}),
                allows(_MERGED, {_POD_OPTIONS: _user("x"), _ALL_OPTIONS: _user("ContainerUser")}),
                refuses(_MERGED, {_POD_OPTIONS: _user("x")}),
                refuses(_MERGED, {_POD_OPTIONS: _user("ContainerUser"), _OPTIONS: _user("x")}),
            ),
        ),
        Sheet(
            "{hostProcess: [true]}",
            (
                unset(_PROCESS, {}, allowed=False),
                unset(_PROCESS, {_POD_OPTIONS: {"hostProcess": None}}, allowed=False),
                allows(_HOST_PROCESS, {_POD_OPTIONS: {"hostProcess": True}} | _WINDOWS),
                allows(_HOST_PROCESS, {_ALL_OPTIONS: {"hostProcess": True}} | _WINDOWS),
                refuses(
                    _HOST_PROCESS,
                    {_POD_OPTIONS: {"hostProcess": True}, _OPTIONS: {"hostProcess": False}},
                ),
                added(unset(_PROCESS, {}, allowed=False)),
                added(allows(_HOST_PROCESS, {_OPTIONS: {"hostProcess": True}})),
            ),
            apart=("hostProcess",),
        ),
        Sheet(
            "ContainerUser",
            (
                unset(_USER, {}),
                allows(_USER, {_POD_OPTIONS: _user("ContainerUser")}),
                allows(_PROCESS, {_POD_OPTIONS: {"hostProcess": True}}),
                refuses(_USER, {_POD_OPTIONS: _user("x")}),
            ),
            apart=("hostProcess",),
        ),
    ),
)

TABLES: Final = (READ_ONLY_ROOT, CAPABILITIES, WINDOWS_OPTIONS)
