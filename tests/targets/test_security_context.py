"""The patches of securityContexts, against the fields that Kubernetes documents."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from capgen.policy.catalogue import ENTRIES
from capgen.policy.expressions import judge
from capgen.policy.pod import view
from capgen.policy.profile import Profile
from capgen.policy.rules import build
from capgen.profile.library import open_profile
from capgen.targets.base import Status
from capgen.targets.security_context import TARGET
from tests.loading import loaded

if TYPE_CHECKING:
    from capgen.targets.base import Output

Pod = dict[str, Any]
SPAN = range(36, 37)
LEVELS = ("pss/baseline", "pss/restricted")
VERSIONS = ("1.0", "1.8", "1.18", "1.19", "1.22", "1.25", "1.34", "1.35", "1.37")


def files(output: Output) -> dict[str, str]:
    """Return the texts by path."""
    return {each.path: each.text for each in output.artefacts}


def restricted() -> dict[str, str]:
    """Return the files for the restricted level."""
    return files(TARGET.emit(open_profile("pss/restricted", "1.36")))


def made(**rules: dict[str, Any]) -> Output:
    """Return what is made of a profile with these rules' settings."""
    built = tuple(build(ENTRIES[name], settings, SPAN) for name, settings in rules.items())
    return TARGET.emit(Profile("test", "", SPAN, built))


def patched(pod: Pod, operations: list[dict[str, Any]]) -> Pod | None:
    """Apply a JSON patch of `test` and `add` as RFC 6902 says; None where it fails.

    A `test` of null holds where nothing stands, as in the library of Kubernetes and kustomize.
    """
    pod = deepcopy(pod)
    for operation in operations:
        *parents, last = operation["path"].removeprefix("/").split("/")
        node: Any = pod
        for step in parents:
            node = node[int(step)] if isinstance(node, list) else node.get(step)
            if node is None:
                return None
        if operation["op"] == "test":
            if node.get(last) != operation["value"]:
                return None
        else:
            node[last] = operation["value"]
    return pod


# What the restricted level requires, at the places where Kubernetes documents the fields:
# https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER = {
    "privileged": False,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}
BARE: Pod = {"spec": {"containers": [{"name": "c", "image": "i"}]}}


def test_strategic_merge() -> None:
    """The patch sets two values in the pod, and two in a container that awaits its name."""
    text = restricted()["linux/strategic-merge.yaml"]
    profile = {"type": "RuntimeDefault", "localhostProfile": None}
    assert loaded(text) == {
        "spec": {
            "securityContext": POD | {"seccompProfile": profile},
            "containers": [{"name": "CONTAINER", "securityContext": CONTAINER}],
        }
    }
    assert "pss-restricted" in text.splitlines()[1]


def test_strategic_merge_windows() -> None:
    """On Windows the pod says which system it is for, and sets no Linux field."""
    text = restricted()["windows/strategic-merge.yaml"]
    expected = {"os": {"name": "windows"}, "securityContext": {"runAsNonRoot": True}}
    assert loaded(text) == {"spec": expected}


def test_json_patch_of_a_bare_pod() -> None:
    """Without securityContexts the first JSON patch adds them whole."""
    operations = loaded(restricted()["linux/json-patch.yaml"])
    pod = patched(BARE, operations)
    container = BARE["spec"]["containers"][0] | {"securityContext": CONTAINER}
    assert pod == {"spec": {"securityContext": POD, "containers": [container]}}


@pytest.mark.parametrize("place", ["pod", "container"])
def test_json_patch_never_replaces(place: str) -> None:
    """Where a securityContext stands the first JSON patch fails, and nothing in it is lost."""
    operations = loaded(restricted()["linux/json-patch.yaml"])
    pod = deepcopy(BARE)
    where = pod["spec"] if place == "pod" else pod["spec"]["containers"][0]
    where["securityContext"] = {"runAsUser": 7}
    assert patched(pod, operations) is None


def test_json_patch_of_what_stands() -> None:
    """The second JSON patch leaves other keys as they are, and overwrites what is refused."""
    operations = loaded(restricted()["linux/json-patch-existing.yaml"])
    assert patched(BARE, operations) is None
    pod = deepcopy(BARE)
    localhost = {"type": "Localhost", "localhostProfile": "p"}
    pod["spec"]["securityContext"] = {"fsGroup": 5, "seccompProfile": localhost}
    pod["spec"]["containers"][0]["securityContext"] = {
        "allowPrivilegeEscalation": True,
        "readOnlyRootFilesystem": True,
    }
    hardened = patched(pod, operations)
    assert hardened is not None
    assert hardened["spec"]["securityContext"] == {"fsGroup": 5, **POD}
    added = {"readOnlyRootFilesystem": True, **CONTAINER}
    assert hardened["spec"]["containers"][0]["securityContext"] == added
    # A container's own list of drops may be longer: it is not replaced.
    pod["spec"]["containers"][0]["securityContext"]["capabilities"] = {"drop": ["ALL", "KILL"]}
    assert patched(pod, operations) is None


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("system", ["linux", "windows"])
def test_patched_pod_is_admitted(name: str, version: str, system: str) -> None:
    """Whatever is written for a system makes a bare pod one that every rule admits."""
    profile = open_profile(name, version)
    text = files(TARGET.emit(profile)).get(f"{system}/json-patch.yaml")
    # Until 1.24 no pod with `os.name: windows` could satisfy what restricted asks for.
    refused = system == "windows" and name == "pss/restricted" and version in VERSIONS[1:5]
    nothing = name == "pss/baseline" and system == "windows"
    assert (text is None) == (refused or nothing)
    if text is not None:
        pod = patched(BARE, loaded(text))
        assert pod is not None
        found = [rule.id for rule in profile.rules if judge(rule.expression)(view(pod))]
        assert found == []


def test_nothing_to_set() -> None:
    """A profile without rules has no files."""
    assert files(TARGET.emit(open_profile("pss/privileged", "1.36"))) == {}


def test_component_files() -> None:
    """The component names its own files, and only those."""
    made_files = restricted()
    for system in ("linux", "windows"):
        component = loaded(made_files[f"{system}/kustomization.yaml"])
        assert component["kind"] == "Component"
        named = {*component.get("resources", []), *component["transformers"]}
        start = f"{system}/component/"
        assert {f"{system}/{path}" for path in named} == {
            path for path in made_files if path.startswith(start)
        }
    values = loaded(made_files["linux/component/values.yaml"])
    assert values["container"] == {"securityContext": CONTAINER}
    # Without it kustomize would print the object among what is deployed.
    assert values["metadata"]["annotations"]["config.kubernetes.io/local-config"] == "true"


def test_required_struct_clears_what_belonged_to_another_value() -> None:
    """AppArmor's struct is set whole, too; a user ID is a plain value."""
    output = made(
        appArmorProfile={"allow": ["RuntimeDefault"], "default": "RuntimeDefault"},
        runAsUser={"ranges": ["1-"], "default": 10001},
        privileged={"allow": [True]},
        hostNetwork={"allow": [True]},
    )
    assert loaded(files(output)["linux/strategic-merge.yaml"]) == {
        "spec": {
            "securityContext": {
                "appArmorProfile": {"type": "RuntimeDefault", "localhostProfile": None},
                "runAsUser": 10001,
            },
            "hostNetwork": True,
            "containers": [{"name": "CONTAINER", "securityContext": {"privileged": True}}],
        }
    }


def test_cells() -> None:
    """A rule about a securityContext is said; what cannot stand in one is not applicable."""
    cells = TARGET.emit(open_profile("pss/restricted", "1.36")).cells
    exact = {rule for rule, cell in cells.items() if cell.status is Status.EXACT}
    assert exact == {
        *("privileged", "allowPrivilegeEscalation", "capabilities", "runAsNonRoot", "runAsUser"),
        *("seLinuxOptions", "seccompProfile", "appArmorProfile", "procMount", "sysctls"),
        "hostProcess",
    }
    others = {cell.status for rule, cell in cells.items() if rule not in exact}
    assert others == {Status.NOT_APPLICABLE}
    assert set(cells) == {rule.id for rule in open_profile("pss/restricted", "1.36").rules}
    assert cells["capabilities"].note == (
        "sets securityContext.capabilities.drop: [ALL] in each container;"
        " securityContext.capabilities.add stays as it is written"
    )


def test_cells_of_windows() -> None:
    """Where no Windows pod can satisfy a rule the cell says so."""
    cells = TARGET.emit(open_profile("pss/restricted", "1.24")).cells
    hopeless = {rule for rule, cell in cells.items() if "no Windows pod" in cell.note}
    assert hopeless == {"allowPrivilegeEscalation", "capabilities", "seccompProfile"}
