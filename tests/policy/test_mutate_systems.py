"""`mutate: true` on each operating system: what the API would refuse there is not set."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.policy.test_mutate import mutated

# Upstream: k8s.io/api core/v1, PodSpec.os: what must be unset where it is windows.
NOT_ON_WINDOWS: Final = {
    "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace", "appArmorProfile",
    "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser",
    "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "capabilities",
    "readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation", "procMount",
}  # fmt: skip


WINDOWS: Final = """
kubernetes: "1.36"
mutate: true
rules:
  runAsNonRoot: true
  runAsUser: {ranges: ["1-"], default: 5}
  hostUsers: false
  procMount: {allow: [Default], default: Default}
  seccompProfile: {allow: [RuntimeDefault], unless: [windows]}
  windowsOptions: {runAsUserName: [App, Web], default: {runAsUserName: Web}}
containers:
  agent: {windowsOptions: {runAsUserName: App}, runAsUser: 7, seccompProfile: RuntimeDefault}
"""


def on(system: str) -> Any:  # noqa: ANN401 - the spec of a pod
    """Return what is made of a pod with two containers on an operating system."""
    pod = {"os": {"name": system}, "containers": [{"name": "agent"}, {"name": "web"}]}
    return mutated(WINDOWS, json.dumps(pod))


def test_windows() -> None:
    """A Windows pod gets what is for Windows, also by the container's name, and keeps its `os`."""
    found = on("windows")
    name = {"windowsOptions": {"runAsUserName": "Web"}}
    assert found["os"] == {"name": "windows"}
    assert found["securityContext"] == {"runAsNonRoot": True} | name
    assert found["containers"] == [
        {"name": "agent", "securityContext": {"windowsOptions": {"runAsUserName": "App"}}},
        {"name": "web"},
    ]


def test_linux() -> None:
    """A pod that says nothing of its system, or says Linux, gets what is for Linux."""
    found = on("linux")
    assert found["os"] == {"name": "linux"}
    assert found["hostUsers"] is False
    assert found["securityContext"]["runAsUser"] == 5
    assert found["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert found["containers"][0]["securityContext"]["runAsUser"] == 7
    other = mutated(WINDOWS, json.dumps({"os": "windows", "containers": []}))
    assert other["securityContext"]["runAsUser"] == 5


def keys(node: object) -> set[str]:
    """Return every key of a pod, however deep."""
    if isinstance(node, list):
        return {key for item in node for key in keys(item)}
    if not isinstance(node, dict):
        return set()
    return set(node) | {key for item in node.values() for key in keys(item)}


def test_the_api_takes_the_windows_pod() -> None:
    """No field is set that must be unset where `os.name` is windows."""
    assert keys(on("windows")) & NOT_ON_WINDOWS == set()


def test_the_api_takes_the_linux_pod() -> None:
    """`windowsOptions` must be unset where `os.name` is linux (core/v1, PodSpec.os)."""
    assert "windowsOptions" not in keys(on("linux"))
