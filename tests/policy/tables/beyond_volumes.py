"""Rules on volumes, beyond Pod Security's: paths of the node by prefix, and drivers by name."""

from __future__ import annotations

from typing import Final

from .cases import Case, Changes, added, allows, refuses, templated, unset
from .sheets import Sheet, Sheets

_TYPES = "k8s.io/api core/v1/types.go"
_WINDOWS: Changes = {"os.name": "windows"}
_UPDATE = "INTERFACE.md UPDATE"
_PATH = "HostPathVolumeSource.Path"
_STEPS = "validatePathNoBacksteps"
_REQUIRED = "validateHostPathVolumeSource"
# Whole segments, as PodSecurityPolicy compared them.
_SEGMENTS = "kubernetes v1.24 pkg/security/podsecuritypolicy/util/util.go hasPathPrefix"
_READ = "VolumeMount.ReadOnly"
_MOUNTS = "*.volumeMounts"
_ALL_MOUNTS = "**.volumeMounts"


def _volumes(*sources: Changes) -> Changes:
    return {"volumes": [{"name": f"v{n}"} | source for n, source in enumerate(sources)]}


def _paths(*paths: object) -> Changes:
    return _volumes(*({"hostPath": {"path": path}} for path in paths))


def _mount(volume: str = "v0", **more: object) -> Changes:
    return {"name": volume, "mountPath": f"/mnt/{volume}/{len(more)}", **more}


_READ_ONLY = _mount(readOnly=True)
_WRITABLE = _mount()
_EMPTY: Changes = {"emptyDir": {}}

_PREFIXES: tuple[Case, ...] = (
    unset("PodSpec.Volumes", {}),
    unset("PodSpec.Volumes", {"volumes": None}),
    unset("PodSpec.Volumes", {"volumes": []}),
    unset("VolumeSource.HostPath", _volumes({"hostPath": None})),
    unset("VolumeSource.HostPath", _volumes(_EMPTY, {"secret": {"secretName": "s"}})),
    allows(_SEGMENTS, _paths("/var/log/app")),
    allows(_SEGMENTS, _paths("/var/log/app/")),
    allows(_SEGMENTS, _paths("/var/log/app/web")),
    allows(_SEGMENTS, _paths("/var/log/app/web/1")),
    allows(_SEGMENTS, _paths("/var/log/app//web")),
    # A slash at a prefix's end says nothing more.
    allows(_SEGMENTS, _paths("/data", "/data/", "/data/x")),
    allows(_STEPS, _paths("/var/log/app/..web", "/var/log/app/web..")),
    allows("HostPathVolumeSource.Type", _volumes({"hostPath": {"path": "/data", "type": "File"}})),
    refuses(_SEGMENTS, _paths("/var/log/apps")),
    refuses(_SEGMENTS, _paths("/var/log/ap")),
    refuses(_SEGMENTS, _paths("/var/log")),
    refuses(_SEGMENTS, _paths("/var/log/app.d")),
    refuses(_SEGMENTS, _paths("/database")),
    refuses(_SEGMENTS, _paths("/")),
    refuses(_SEGMENTS, _paths("//")),
    refuses(_SEGMENTS, _paths("/var/log/App")),
    refuses(_SEGMENTS, _paths("/var//log/app")),
    refuses(_SEGMENTS, _paths("//var/log/app")),
    refuses(_SEGMENTS, _paths("var/log/app")),
    refuses(_SEGMENTS, _paths("/host/var/log/app")),
    refuses(_SEGMENTS, _paths("C:\\var\\log\\app") | _WINDOWS),
    refuses(_SEGMENTS, _paths(" /var/log/app")),
    refuses(_STEPS, _paths("/var/log/app/..")),
    refuses(_STEPS, _paths("/var/log/app/../../../etc")),
    # It would lead back below the prefix, and the API refuses it all the same.
    refuses(_STEPS, _paths("/var/log/app/x/../y")),
    refuses(_STEPS, _paths("/var/log/../log/app")),
    refuses(_REQUIRED, _paths("")),
    refuses(_REQUIRED, _paths(None)),
    refuses(_REQUIRED, _volumes({"hostPath": {}})),
    refuses(_PATH + ": string", _paths(["/var/log/app"])),
    refuses(_PATH + ": string", _paths(0)),
    refuses(_PATH, _paths("/var/log/app", "/etc")),
    refuses(_PATH, _paths("/etc", "/var/log/app")),
    refuses(_PATH, _volumes(_EMPTY, {"hostPath": {"path": "/etc"}})),
    # A volume speaks for its pod, mounted or not, and for writing or not.
    refuses(_PATH, _paths("/etc") | {_MOUNTS: [_READ_ONLY]}),
    allows(_PATH, _paths("/data") | {_MOUNTS: [_WRITABLE]}),
    added(allows(_UPDATE, _paths("/etc"))),
    added(allows(_UPDATE, _paths("/etc") | {_ALL_MOUNTS: [_WRITABLE]})),
    added(refuses(_UPDATE, _paths("/etc") | {_MOUNTS: [_READ_ONLY]})),
    added(refuses(_UPDATE, _paths("/etc") | {_MOUNTS: [_WRITABLE]})),
    added(refuses(_UPDATE, _paths("/etc") | {_MOUNTS: [_mount(subPath="passwd")]})),
    added(allows(_UPDATE, _paths("/etc", "/data/x") | {_MOUNTS: [_mount("v1")]})),
    added(refuses(_UPDATE, _paths("/etc", "/data/x") | {_MOUNTS: [_mount("v1"), _mount("v0")]})),
    added(refuses(_UPDATE, _paths("/data", "/etc") | {_MOUNTS: [_mount("v0"), _mount("v1")]})),
    added(
        allows(_UPDATE, _volumes({"hostPath": {"path": "/"}}, _EMPTY) | {_MOUNTS: [_mount("v1")]})
    ),
    added(allows("IsMatchedVolume", _paths("/etc") | {_MOUNTS: [_mount("V0")]})),
    added(refuses(_REQUIRED, _volumes({"hostPath": {}}) | {_MOUNTS: [_mount()]})),
    added(unset(_UPDATE, {_MOUNTS: None})),
    templated(refuses("PodTemplateSpec.Spec", _paths("/etc"))),
    templated(allows("PodTemplateSpec.Spec", _paths("/data"))),
)

_READ_ONLY_PATHS: tuple[Case, ...] = (
    unset("PodSpec.Volumes", {}),
    # Every mount of it is read-only where there is none.
    unset(_READ, _paths("/var/log/app")),
    unset("Container.VolumeMounts", _paths("/var/log/app") | {_MOUNTS: None}),
    unset("Container.VolumeMounts", _paths("/var/log/app") | {_MOUNTS: []}),
    allows(_READ, _paths("/var/log/app") | {_MOUNTS: [_READ_ONLY]}),
    allows(_READ, _paths("/var/log") | {_ALL_MOUNTS: [_READ_ONLY]}),
    allows(_READ, _paths("/var/log", "/data/x") | {_MOUNTS: [_READ_ONLY, _mount("v1")]}),
    allows(_READ, _volumes({"hostPath": {"path": "/var/log"}}, _EMPTY) | {_MOUNTS: [_mount("v1")]}),
    allows("IsMatchedVolume", _paths("/var/log") | {_MOUNTS: [_mount("V0"), _mount("v")]}),
    # Says the API: "read-write otherwise (false or unspecified)".
    refuses(_READ, _paths("/var/log/app") | {_MOUNTS: [_WRITABLE]}),
    refuses(_READ, _paths("/var/log/app") | {_MOUNTS: [_mount(readOnly=False)]}),
    refuses(_READ, _paths("/var/log/app") | {_MOUNTS: [_mount(readOnly=None)]}),
    refuses(_READ, _paths("/var/log/app") | {_MOUNTS: [_mount(subPath="web")]}),
    refuses(
        "VolumeMount.RecursiveReadOnly",
        _paths("/var/log") | {_MOUNTS: [_mount(recursiveReadOnly="Enabled")]},
    ),
    refuses(_READ, _paths("/var/log") | {_MOUNTS: [_READ_ONLY, _WRITABLE]}),
    refuses(_READ, _paths("/var/log") | {_MOUNTS: [_WRITABLE, _READ_ONLY]}),
    # One container reads, another writes.
    refuses(_READ, _paths("/var/log") | {_ALL_MOUNTS: [_READ_ONLY], _MOUNTS: [_WRITABLE]}),
    refuses(_READ, _paths("/data", "/var/log") | {_MOUNTS: [_mount("v0"), _mount("v1")]}),
    refuses(_PATH, _paths("/etc") | {_MOUNTS: [_READ_ONLY]}),
    refuses(_SEGMENTS, _paths("/var/logs") | {_MOUNTS: [_READ_ONLY]}),
    refuses(_STEPS, _paths("/data/../etc") | {_MOUNTS: [_READ_ONLY]}),
    refuses(_READ, _paths("/var/log") | {_MOUNTS: [_WRITABLE]} | _WINDOWS),
    added(allows(_UPDATE, _paths("/var/log") | {_MOUNTS: [_READ_ONLY]})),
    added(refuses(_UPDATE, _paths("/var/log") | {_MOUNTS: [_WRITABLE]})),
    added(refuses(_UPDATE, _paths("/var/log") | {_MOUNTS: [_READ_ONLY, _WRITABLE]})),
    added(allows(_UPDATE, _paths("/var/log") | {_ALL_MOUNTS: [_WRITABLE]})),
    added(allows(_UPDATE, _paths("/var/log") | {_ALL_MOUNTS: [_WRITABLE], _MOUNTS: [_READ_ONLY]})),
    added(allows(_UPDATE, _paths("/data") | {_MOUNTS: [_WRITABLE]})),
    added(refuses(_UPDATE, _paths("/etc") | {_MOUNTS: [_READ_ONLY]})),
    templated(refuses("PodTemplateSpec.Spec", _paths("/var/log") | {_MOUNTS: [_WRITABLE]})),
    templated(allows("PodTemplateSpec.Spec", _paths("/var/log") | {_MOUNTS: [_READ_ONLY]})),
)

_OVERLAP = "TRAPS 10"

HOST_PATH: Final = Sheets(
    "hostPath",
    _TYPES,
    (
        Sheet("{allow: [/var/log/app, /data/]}", _PREFIXES, apart=("volumes",)),
        Sheet(
            "{allow: [{prefix: /var/log, readOnly: true}, /data]}",
            _READ_ONLY_PATHS,
            apart=("volumes",),
        ),
        # Where prefixes overlap, one that lets it be written wins, in either order.
        *(
            Sheet(
                settings,
                (
                    unset(_OVERLAP, _paths("/var/log/app", "/var/log/x")),
                    allows(_OVERLAP, _paths("/var/log/app") | {_MOUNTS: [_WRITABLE]}),
                    allows(_OVERLAP, _paths("/var/log/app/x") | {_MOUNTS: [_WRITABLE]}),
                    allows(_OVERLAP, _paths("/var/log/x") | {_MOUNTS: [_READ_ONLY]}),
                    refuses(_OVERLAP, _paths("/var/log/x") | {_MOUNTS: [_WRITABLE]}),
                    refuses(_OVERLAP, _paths("/var/log") | {_MOUNTS: [_WRITABLE]}),
                    refuses(_OVERLAP, _paths("/var/log/apps") | {_MOUNTS: [_WRITABLE]}),
                ),
                apart=("volumes",),
            )
            for settings in (
                "{allow: [{prefix: /var/log, readOnly: true}, /var/log/app]}",
                "{allow: [{prefix: /var/log/app}, {prefix: /var/log/, readOnly: true}]}",
            )
        ),
        Sheet(
            "{allow: [{prefix: /, readOnly: true}]}",
            (
                unset("PodSpec.Volumes", {}),
                allows(_SEGMENTS, _paths("/", "/etc") | {_MOUNTS: [_READ_ONLY]}),
                refuses(_READ, _paths("/") | {_MOUNTS: [_WRITABLE]}),
                refuses(_SEGMENTS, _paths("etc")),
                refuses(_REQUIRED, _paths("") | {_MOUNTS: [_READ_ONLY]}),
                refuses(_STEPS, _paths("/..")),
                refuses(_STEPS, _paths("..")),
            ),
            apart=("volumes",),
        ),
        Sheet(
            "{allow: [/]}",
            (
                unset("PodSpec.Volumes", {}),
                allows(_SEGMENTS, _paths("/", "/etc") | {_MOUNTS: [_WRITABLE]}),
                refuses(_REQUIRED, _paths("")),
                refuses(_REQUIRED, _paths(None)),
                refuses(_SEGMENTS, _paths("etc")),
            ),
            apart=("volumes",),
        ),
        Sheet(
            "/data",
            (
                unset("PodSpec.Volumes", {}),
                allows(_PATH, _paths("/data/x")),
                refuses(_PATH, _paths("/dat")),
            ),
            apart=("volumes",),
        ),
        Sheet(
            "{allow: []}",
            (
                unset("PodSpec.Volumes", {}),
                allows(_PATH, _volumes(_EMPTY)),
                refuses(_PATH, _paths("/")),
                added(refuses(_UPDATE, _paths("/data") | {_MOUNTS: [_READ_ONLY]})),
                added(allows(_UPDATE, _paths("/data"))),
            ),
            apart=("volumes",),
        ),
    ),
)


def _drivers(kind: str, field: str, check: str) -> tuple[Case, ...]:
    """Return the rows of a kind of volume of which the driver is judged."""
    other = "csi" if kind == "flexVolume" else "flexVolume"

    def driven(*drivers: object) -> Changes:
        return _volumes(*({kind: {"driver": driver}} for driver in drivers))

    return (
        unset("PodSpec.Volumes", {}),
        unset("PodSpec.Volumes", {"volumes": None}),
        unset("PodSpec.Volumes", {"volumes": []}),
        unset("VolumeSource", _volumes({kind: None})),
        unset("VolumeSource", _volumes(_EMPTY, {"hostPath": {"path": "/"}})),
        # The driver of another type of volume is another rule's business.
        unset("VolumeSource", _volumes({other: {"driver": "x.example.com"}})),
        # That of a claim is the cluster's.
        unset("VolumeSource", _volumes({"persistentVolumeClaim": {"claimName": "x"}})),
        unset("VolumeSource", _volumes({"ephemeral": {"volumeClaimTemplate": {"spec": {}}}})),
        allows(field, driven("a.example.com")),
        allows(field, driven("b.example.com", "a.example.com")),
        allows(field, driven("a.example.com") | _WINDOWS),
        refuses(field, driven("x.example.com")),
        refuses(field, driven("A.example.com")),
        refuses(field, driven("a.example.com.")),
        refuses(field, driven("example.com")),
        refuses(field, driven("aXexample.com")),
        refuses(field, driven("a.example.com", "x.example.com")),
        refuses(field, driven("x.example.com", "a.example.com")),
        refuses(field, _volumes(_EMPTY, {kind: {"driver": "x.example.com"}})),
        refuses(field, driven("x.example.com") | _WINDOWS),
        # A volume without a driver is no way to leave it unset.
        refuses(check, driven("")),
        refuses(check, driven(None)),
        refuses(check, _volumes({kind: {}})),
        refuses(check, _volumes({kind: {"readOnly": True}})),
        refuses(field + ": string", driven(["a.example.com"])),
        refuses(field + ": string", driven(0)),
        added(allows(_UPDATE, driven("x.example.com"))),
        templated(refuses("PodTemplateSpec.Spec", driven("x.example.com"))),
        templated(allows("PodTemplateSpec.Spec", driven("a.example.com"))),
    )


_ALLOWED = "{allow: [a.example.com, b.example.com]}"

FLEX_VOLUMES: Final = Sheets(
    "flexVolumes",
    _TYPES,
    (
        Sheet(
            _ALLOWED,
            _drivers("flexVolume", "FlexVolumeSource.Driver", "validateFlexVolumeSource"),
            apart=("volumes", "csiDrivers", "hostPath"),
        ),
    ),
)

CSI_DRIVERS: Final = Sheets(
    "csiDrivers",
    _TYPES,
    (
        Sheet(
            _ALLOWED,
            _drivers("csi", "CSIVolumeSource.Driver", "ValidateCSIDriverName"),
            apart=("volumes", "flexVolumes", "hostPath"),
        ),
    ),
)

TABLES: Final = (HOST_PATH, FLEX_VOLUMES, CSI_DRIVERS)
