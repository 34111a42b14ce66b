"""Rules on volumes: their types, and paths of the node."""

from __future__ import annotations

from typing import Final

from .cases import BASELINE, RESTRICTED, Changes, Table, allows, refuses, unset

_ALLOWED = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
]
_REFUSED = {
    "hostPath": "109",
    "gcePersistentDisk": "111",
    "awsElasticBlockStore": "113",
    "gitRepo": "115",
    "nfs": "117",
    "iscsi": "119",
    "glusterfs": "121",
    "rbd": "123",
    "flexVolume": "125",
    "cinder": "127",
    "cephfs": "129",
    "flocker": "131",
    "fc": "133",
    "azureFile": "135",
    "vsphereVolume": "137",
    "quobyte": "139",
    "azureDisk": "141",
    "photonPersistentDisk": "143",
    "portworxVolume": "145",
    "scaleIO": "147",
    "storageos": "149",
}


def _volumes(*sources: Changes) -> Changes:
    return {"volumes": [{"name": f"v{n}"} | source for n, source in enumerate(sources)]}


_SECRET: Changes = {"secret": {"secretName": "token"}}

VOLUMES: Final = Table(
    "volumes",
    "check_restrictedVolumes.go",
    (
        unset("92", {}),
        unset("92", {"volumes": None}),
        unset("92", {"volumes": []}),
        # The API server makes a volume without a source an emptyDir.
        unset("kubernetes v1.36.3, pkg/apis/core/v1/defaults.go:66-71", _volumes({})),
        unset("kubernetes v1.36.3, pkg/apis/core/v1/defaults.go:66-71", _volumes({"nfs": None})),
        *(allows("94-103", _volumes({kind: {}}), RESTRICTED) for kind in _ALLOWED),
        allows("92-103", _volumes(*({kind: {}} for kind in _ALLOWED)), RESTRICTED),
        allows("94", _volumes({"configMap": {}, "hostPath": None}), RESTRICTED),
        *(refuses(line, _volumes({kind: {}}), RESTRICTED) for kind, line in _REFUSED.items()),
        *(allows("76", _volumes({kind: {}}), BASELINE) for kind in _REFUSED if kind != "hostPath"),
        refuses("92-106", _volumes(_SECRET, {"nfs": {"server": "a", "path": "/"}}), RESTRICTED),
        refuses("92-106", _volumes({"nfs": {"server": "a", "path": "/"}}, _SECRET), RESTRICTED),
        refuses("88", {**_volumes({"fc": {}}), "os.name": "windows"}, RESTRICTED),
        refuses("88", {**_volumes({"fc": {}}), "hostUsers": False}, RESTRICTED),
    ),
)


def _host_path(path: object, **more: object) -> Changes:
    return _volumes({"hostPath": {"path": path, **more}})


HOST_PATH: Final = Table(
    "hostPath",
    "check_hostPathVolumes.go",
    (
        unset("61", {}),
        unset("61", {"volumes": None}),
        unset("61", {"volumes": []}),
        unset("62", _volumes({"hostPath": None})),
        unset("62", _volumes(_SECRET)),
        allows("62", _volumes({"emptyDir": {}}, {"persistentVolumeClaim": {"claimName": "c"}})),
        refuses("62", _host_path("/"), BASELINE),
        refuses("62", _host_path("/var/log"), BASELINE),
        refuses("62", _host_path("/dev/null", type="CharDevice"), BASELINE),
        # Any path is one, also none.
        refuses("62", _host_path(""), BASELINE),
        refuses("62", _host_path(None), BASELINE),
        refuses("62", _volumes({"hostPath": {}}), BASELINE),
        refuses("61-64", _volumes(_SECRET, {"hostPath": {"path": "/etc"}}), BASELINE),
        refuses("61-64", _volumes({"hostPath": {"path": "/etc"}}, _SECRET), BASELINE),
        refuses("58", {**_host_path("/"), "os.name": "windows"}, BASELINE),
        refuses(
            "62",
            {
                **_host_path("/var/log"),
                "containers.0.volumeMounts": [{"name": "v0", "mountPath": "/l", "readOnly": True}],
            },
            BASELINE,
        ),
    ),
)

TABLES: Final = (VOLUMES, HOST_PATH)
