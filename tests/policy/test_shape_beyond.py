"""What is no pod is found where rules beyond Pod Security look: in mounts, drivers and groups."""

from __future__ import annotations

from typing import Any

import pytest

from capgen.policy.admit import Request
from tests.pods import good, tweak
from tests.policy.made import admit, profile, rules_of

SECURITY = "spec.containers.0.securityContext"
BEYOND = profile("""
    kubernetes: "1.36"
    rules:
      supplementalGroups: {ranges: ["1-"]}
      fsGroup: {ranges: ["1-"]}
      hostPath: {allow: [{prefix: /var/log, readOnly: true}]}
      flexVolumes: {allow: [a]}
      csiDrivers: {allow: [a]}
      windowsOptions: {runAsUserName: [web]}
""")
LOG = {"name": "v", "hostPath": {"path": "/var/log"}}
MOUNT = {"name": "v", "mountPath": "/l", "readOnly": True}
OPTIONS = f"{SECURITY}.windowsOptions"


@pytest.mark.parametrize(
    ("changes", "nearest"),
    [
        ({"spec.containers.0.volumeMounts": [{**MOUNT, "readonly": True}]}, "readOnly"),
        ({"spec.containers.0.volumeMounts": [{**MOUNT, "ReadOnly": False}]}, "readOnly"),
        ({"spec.initContainers.0.volumeMounts": [{**MOUNT, "subpath": "x"}]}, "subPath"),
        ({"spec.containers.0.volumeMount": [MOUNT]}, "volumeMounts"),
        ({"spec.volumes": [{"name": "v", "hostPath": {"path": "/var/log", "Path": 1}}]}, "path"),
        ({"spec.volumes": [{"name": "v", "hostpath": {"path": "/"}}]}, "hostPath"),
        ({"spec.volumes": [{"name": "v", "csi": {"driver": "a", "Driver": "b"}}]}, "driver"),
        ({"spec.volumes": [{"name": "v", "csi": {"driver": "a", "readonly": 1}}]}, "readOnly"),
        ({"spec.volumes": [{"name": "v", "CSI": {"driver": "a"}}]}, "csi"),
        ({"spec.volumes": [{"name": "v", "flexVolume": {"driver": "a", "drivr": 1}}]}, "driver"),
        ({"spec.volumes": [{"name": "v", "flexvolume": {"driver": "a"}}]}, "flexVolume"),
        ({"spec.securityContext.supplementalgroups": [0]}, "supplementalGroups"),
        ({"spec.securityContext.fsgroup": 0}, "fsGroup"),
        ({OPTIONS: {"runAsUsername": "root"}}, "runAsUserName"),
    ],
)
def test_unknown_field_beyond_pod_security(changes: dict[str, Any], nearest: str) -> None:
    """A misspelt key of a mount, a driver or a group is named, where rules judge it."""
    (found,) = admit(Request(tweak(good(), changes)), BEYOND).violations
    assert found.rule == "unknownField"
    assert f"did you mean `{nearest}`?" in found.message


def test_structs_of_other_rules_are_left_alone() -> None:
    """A mount is nobody's business where no rule on volumes, paths or tokens judges it."""
    odd = {
        "spec.containers.0.volumeMounts": [{"readonly": True}],
        "spec.volumes": [{"name": "v", "csi": {"Driver": 1}}],
    }
    made = profile("kubernetes: '1.36'\nrules: {hostPID: false}")
    assert admit(Request(tweak(good(), odd)), made).allowed


@pytest.mark.parametrize(
    ("way", "value", "rules"),
    [
        # A list of plain items is a list, and a value in the place of one no list of one.
        ("spec.securityContext.supplementalGroups", 5, ["malformed"]),
        ("spec.securityContext.supplementalGroups", 0, ["malformed"]),
        ("spec.securityContext.supplementalGroups", "1000", ["malformed"]),
        ("spec.securityContext.supplementalGroups", {}, ["malformed"]),
        ("spec.securityContext.supplementalGroups", {"0": 1000}, ["malformed"]),
        ("spec.securityContext.supplementalGroups", False, ["malformed"]),
        # What the items are is the rule's to judge.
        ("spec.securityContext.supplementalGroups", ["1000"], ["supplementalGroups"]),
        ("spec.containers.0.volumeMounts", {}, ["malformed"]),
        ("spec.containers.0.volumeMounts", "v", ["malformed"]),
        ("spec.containers.0.volumeMounts", ["v"], ["malformed"]),
        ("spec.containers.0.volumeMounts", [None], ["malformed"]),
        ("spec.containers.0.volumeMounts", [{**MOUNT, "subPath": 1}], ["malformed"]),
        # Read as false, so the path may be written to as well.
        (
            "spec.containers.0.volumeMounts",
            [{**MOUNT, "readOnly": "true"}],
            ["malformed", "hostPath"],
        ),
        ("spec.containers.0.volumeMounts", [{**MOUNT, "readOnly": 1}], ["malformed", "hostPath"]),
        ("spec.volumes", [LOG, {"name": "w", "csi": []}], ["malformed"]),
        ("spec.volumes", [LOG, {"name": "w", "csi": "a"}], ["malformed"]),
        ("spec.volumes", [LOG, {"name": "w", "flexVolume": "a"}], ["malformed"]),
        ("spec.volumes", [LOG, {"name": "w", "hostPath": "/etc"}], ["malformed"]),
        (
            "spec.volumes",
            [LOG, {"name": "w", "csi": {"driver": "a", "readOnly": 0}}],
            ["malformed"],
        ),
        (OPTIONS, "web", ["malformed"]),
        (OPTIONS, {"hostProcess": "false"}, ["malformed"]),
    ],
)
def test_malformed_beyond_pod_security(way: str, value: object, rules: list[str]) -> None:
    """What is not of the API's shape never passes for what a rule would admit."""
    pod = tweak(good(), {"spec.volumes": [LOG], way: value})
    assert rules_of(admit(Request(pod), BEYOND)) == rules


def test_token_is_not_hidden_by_malformed_mounts() -> None:
    """A rule on the token looks at mounts, so their shape is checked."""
    made = profile("kubernetes: '1.36'\nrules: {automountServiceAccountToken: {allow: [false]}}")
    off = {"spec.automountServiceAccountToken": False}
    assert admit(Request(tweak(good(), off)), made).allowed
    odd = tweak(good(), {**off, "spec.containers.0.volumeMounts": [{"mountpath": "/x"}]})
    assert rules_of(admit(Request(odd), made)) == ["unknownField"]
    worse = tweak(good(), {"spec.containers.1.volumeMounts": "none"})
    assert rules_of(admit(Request(worse), made)) == ["malformed", "automountServiceAccountToken"]
