"""Where an offending value stands: the way down to it, the container, and the value itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from capgen.policy.admit import Request
from capgen.policy.values import UNSET
from tests.pods import annotation, container, good, tweak
from tests.policy.made import adding, admit, profile

if TYPE_CHECKING:
    from capgen.policy.subjects import Path

MADE = profile("""
    kubernetes: "1.36"
    rules:
      supplementalGroups: {ranges: [1-9]}
      sysctls: {allow: [kernel.msgmax]}
      appArmorProfile: RuntimeDefault
      capabilities: {allow: [CHOWN]}
      hostPorts: {ranges: ["30000-"]}
      hostProbes: {allow: []}
      volumes: {allow: [projected, hostPath, flexVolume, csi]}
      hostPath: {allow: [/data, {prefix: /var/log, readOnly: true}]}
      flexVolumes: {allow: [a]}
      csiDrivers: {allow: [a]}
""")
ETC = {"name": "v", "hostPath": {"path": "/etc"}}
LOG = {"name": "v", "hostPath": {"path": "/var/log"}}
EMPTY = {"name": "w", "emptyDir": {}}
NFS = {"name": "n", "nfs": {"path": "/"}}
MOUNTS = [{"name": "w", "mountPath": "/w"}, {"name": "v", "mountPath": "/v"}]
CSI = {"name": "v", "csi": {"driver": "a"}}
ARMOR = "container.apparmor.security.beta.kubernetes.io/"
SPEC = "spec.containers.1"
WAY: Path = ("spec", "containers", 1)


@pytest.mark.parametrize(
    ("changes", "where", "path", "value"),
    [
        (
            {"spec.securityContext.supplementalGroups": [5, 0]},
            None,
            ("spec", "securityContext", "supplementalGroups", 1),
            0,
        ),
        (
            {"spec.securityContext.supplementalGroups": [None]},
            None,
            ("spec", "securityContext", "supplementalGroups", 0),
            0,
        ),
        (
            {"spec.securityContext.sysctls": [{"name": "kernel.msgmax"}, {"name": "x"}]},
            None,
            ("spec", "securityContext", "sysctls", 1, "name"),
            "x",
        ),
        (
            {f"{SPEC}.securityContext.capabilities.add": ["CHOWN", "KILL"]},
            "sidecar",
            (*WAY, "securityContext", "capabilities", "add", 1),
            "KILL",
        ),
        (
            {f"{SPEC}.ports": [{"containerPort": 1}, {"containerPort": 2, "hostPort": 80}]},
            "sidecar",
            (*WAY, "ports", 1, "hostPort"),
            80,
        ),
        (
            {f"{SPEC}.lifecycle": {"preStop": {"httpGet": {"port": 1, "host": "x"}}}},
            "sidecar",
            (*WAY, "lifecycle", "preStop", "httpGet", "host"),
            "x",
        ),
        ({"spec.volumes": [LOG, NFS]}, None, ("spec", "volumes", 1, "nfs"), "nfs"),
        ({"spec.volumes": [LOG, ETC]}, None, ("spec", "volumes", 1, "hostPath", "path"), "/etc"),
        (
            {"spec.volumes": [{"name": "v", "hostPath": {}}]},
            None,
            ("spec", "volumes", 0, "hostPath", "path"),
            "",
        ),
        (
            {"spec.volumes": [LOG], f"{SPEC}.volumeMounts": MOUNTS},
            "sidecar",
            (*WAY, "volumeMounts", 1),
            "/var/log",
        ),
        (
            {"spec.volumes": [CSI, {"name": "w", "csi": {"driver": "b"}}]},
            None,
            ("spec", "volumes", 1, "csi", "driver"),
            "b",
        ),
        (
            {"spec.volumes": [CSI, {"name": "w", "flexVolume": {}}]},
            None,
            ("spec", "volumes", 1, "flexVolume", "driver"),
            "",
        ),
        (
            {annotation(ARMOR + "sidecar"): "localhost/x"},
            "sidecar",
            ("metadata", "annotations", ARMOR + "sidecar"),
            "Localhost",
        ),
        (
            {annotation(ARMOR + "nobody"): "localhost/x"},
            None,
            ("metadata", "annotations", ARMOR + "nobody"),
            "Localhost",
        ),
    ],
)
def test_offence_at_creation(
    changes: dict[Any, Any], where: str | None, path: Path, value: object
) -> None:
    """The one value that offends is named: its container, its way, and what stands there."""
    # Under a field that the API server takes from it, an annotation is judged twice.
    found = admit(Request(tweak(good(), changes)), MADE).violations
    assert (where, path, value) in [(one.container, one.path, one.value) for one in found]
    assert len({one.rule for one in found}) == 1
    assert len(found) == 1 or "annotations" in path


@pytest.mark.parametrize(
    ("volume", "path"), [(ETC, "/etc"), (LOG, "/var/log"), ({"name": "v", "hostPath": {}}, "")]
)
def test_offence_of_an_added_container(volume: dict[str, Any], path: str) -> None:
    """The mount of the new container is named, not the volume of the pod that stands."""
    old = tweak(good(ephemeral=True), {"spec.volumes": [EMPTY, volume]})
    found = admit(adding(old, container("new") | {"volumeMounts": MOUNTS}), MADE).violations
    way = ("spec", "ephemeralContainers", 1, "volumeMounts", 1)
    places = {(one.rule, one.container, one.path, one.value) for one in found}
    # What it mounts beside that is no volume that may be mounted either.
    assert places == {
        ("hostPath", "new", way, path),
        ("volumes", "new", (*way[:-1], 0), "emptyDir"),
    }


def test_volume_of_several_types_names_each() -> None:
    """Each key beside a volume's name is a type of it."""
    made = profile("kubernetes: '1.36'\nrules: {volumes: {allow: [secret, projected]}}")
    listed = [{"name": "v", "secret": {}, "nfs": {"path": "/"}, "csi": None, "hostPath": {}}]
    found = admit(Request(tweak(good(), {"spec.volumes": listed})), made).violations
    assert [(one.path, one.value) for one in found] == [
        (("spec", "volumes", 0, "nfs"), "nfs"),
        (("spec", "volumes", 0, "hostPath"), "hostPath"),
    ]


def test_missing_values_are_found_where_they_should_stand() -> None:
    """What is unset has the way to where it would be."""
    made = profile(
        "kubernetes: '1.36'\nrules: {supplementalGroups: {ranges: [1], unset: refuse},"
        " readOnlyRootFilesystem: true, windowsOptions: {hostProcess: [true]}}"
    )
    found = admit(Request(good()), made).violations
    assert {one.value for one in found} == {UNSET}
    ways = {one.path for one in found}
    assert ("spec", "securityContext", "supplementalGroups") in ways
    assert (*WAY, "securityContext", "readOnlyRootFilesystem") in ways
    assert (*WAY, "securityContext", "windowsOptions", "hostProcess") in ways
    assert len(ways) == 1 + 3 + 3


def test_seccomp_annotation_of_the_pod_gives_way_to_a_container_s() -> None:
    """Up to 1.18 a new container with an annotation of its own had nothing from its pod's."""
    notes = {
        annotation("seccomp.security.alpha.kubernetes.io/pod"): "unconfined",
        annotation("container.seccomp.security.alpha.kubernetes.io/new"): "runtime/default",
    }
    made = profile("kubernetes: '1.18'\nrules: {seccompProfile: RuntimeDefault}")
    assert not admit(Request(tweak(good(), notes)), made).allowed
    assert admit(adding(tweak(good(), notes), container("new")), made).allowed
