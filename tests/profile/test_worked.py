"""The library's worked profiles: what each is said to allow and to refuse, told anew by hand."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from capgen.capabilities import names as capability_names
from capgen.compiler.plan import plan
from capgen.errors import ProfileError
from capgen.policy.admit import Request
from capgen.policy.choice import choose
from capgen.policy.edges import volume_sources
from capgen.policy.match import Match
from capgen.policy.order import Proven, at_least_as_strict
from capgen.policy.profile import Profile, Union
from capgen.policy.workload import pod_of, workload_of
from capgen.profile.library import find, folder, library, names, open_profile
from capgen.profile.load import load
from capgen.profile.resolve import resolve
from capgen.reader import Document, read_path
from tests.pods import DROP, Pod, tweak
from tests.policy.made import adding, admit

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "profiles" / "README.md").read_text("utf-8")
WORKED = tuple(name for name in names() if name.startswith("worked/"))
# The first table's rows: the profile, what it is for, its parents, what it loosens, examples.
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in README.splitlines()
    if line.startswith("| [`")
]

# What docker gives by default, as /proc/1/status shows it in a container of `docker run`.
DOCKER = 0x00000000A80425FB


def strict_as(name: str, other: str, kubernetes: str | None = None) -> bool:
    """Tell whether it is proven that a profile admits only what another does."""
    strict, loose = open_profile(name, kubernetes), open_profile(other, kubernetes)
    return isinstance(at_least_as_strict(Union((strict,)), Union((loose,))), Proven)


def example(name: str) -> Pod:
    """Return the pod of a profile's example, as it would be created."""
    shown = ROOT / "examples" / name.removeprefix("worked/").replace("/", "-")
    for path in sorted(shown.glob("*.yaml")):
        for document in read_path(str(path)):
            assert isinstance(document, Document)
            value: Any = document.value
            workload = workload_of(value["apiVersion"], value["kind"])
            if workload is not None:
                pod = deepcopy(pod_of(workload, value))
                assert isinstance(pod, dict)
                return {"apiVersion": "v1", "kind": "Pod", **pod}
    raise AssertionError(name)


def refused(profile: Profile, pod: Pod) -> set[str]:
    """Return the rules by which a profile refuses a pod."""
    # Where it matches: in `kube-system` one of the profiles does.
    namespace = next(iter(profile.match.include), "shop").replace("*", "shop")
    return {each.rule for each in admit(Request(pod, namespace=namespace), profile).violations}


# Of each profile, whether baseline and whether restricted admits all that it admits.
LEVELS = {
    "worked/batch-job": (True, True),
    "worked/cni-agent": (False, False),
    "worked/database": (True, True),
    "worked/image-builder": (True, False),
    "worked/ingress-controller": (False, False),
    "worked/log-shipper": (False, False),
    "worked/node-exporter": (False, False),
    "worked/web-server": (True, True),
    "worked/windows-service": (True, True),
}


def test_levels_are_of_all() -> None:
    """Every worked profile is in the table, and there are at least eight."""
    assert LEVELS.keys() == set(WORKED)
    assert len(WORKED) >= 8


@pytest.mark.parametrize("name", WORKED)
def test_level(name: str) -> None:
    """A profile is as strict as it is said to be, for all its versions."""
    minors = open_profile(name).minors
    span = f"1.{minors[0]}-1.{minors[-1]}"
    found = tuple(strict_as(name, level, span) for level in ("pss/baseline", "pss/restricted"))
    assert found == LEVELS[name]


@pytest.mark.parametrize("name", WORKED)
def test_no_reason_is_idle(name: str) -> None:
    """Each reason in `loosens` is needed: without it the profile is refused, for that rule."""
    source = load(str(folder() / f"{name}.yaml"))
    for rule in source.data["loosens"]:
        left = {key: why for key, why in source.data["loosens"].items() if key != rule}
        with pytest.raises(ProfileError, match=f"`{rule}`"):
            resolve(source._replace(data=source.data | {"loosens": left}), find)


@pytest.mark.parametrize("name", WORKED)
def test_applied_it_leaves_the_cluster_alone(name: str) -> None:
    """A worked profile judges namespaces that are named, or that opt in by a label."""
    match = open_profile(name).match
    assert match.include or match.namespace_selector
    if match.namespace_selector:
        (wanted,) = match.namespace_selector
        assert (wanted.key, wanted.values) == ("capgen/profile", (name.replace("/", "-"),))


def test_docker_default_judges_every_namespace() -> None:
    """It is a level, as those of Pod Security are."""
    assert open_profile("docker/default").match == Match()


# What is changed in a profile's example, and by which rules it is refused then; none: it is not.
SPEC = "spec.securityContext"
MAIN = "spec.containers.0.securityContext"
LOCAL = {"type": "Localhost", "localhostProfile": "own.json"}
PORTS, PING, COOKIES = (
    {"name": f"net.ipv4.{name}", "value": "0"}
    for name in ("ip_unprivileged_port_start", "ping_group_range", "tcp_syncookies")
)
SPOTS: list[tuple[str, dict[str, object], set[str]]] = [
    ("docker/default", {f"{MAIN}.capabilities.add": ["SYS_CHROOT"]}, set()),
    ("docker/default", {f"{MAIN}.capabilities.add": ["SYS_PTRACE"]}, {"capabilities"}),
    ("docker/default", {f"{MAIN}.runAsUser": 0}, set()),
    ("docker/default", {f"{MAIN}.allowPrivilegeEscalation": True}, set()),
    ("docker/default", {f"{SPEC}.seccompProfile": DROP}, {"seccompProfile"}),
    ("docker/default", {f"{MAIN}.procMount": "Unmasked"}, {"procMount"}),
    ("docker/default", {"spec.hostIPC": True}, {"hostIPC"}),
    ("docker/default", {"spec.shareProcessNamespace": True}, {"shareProcessNamespace"}),
    ("docker/default", {f"{SPEC}.seLinuxOptions": {"type": "container_t"}}, set()),
    ("docker/default", {f"{SPEC}.seLinuxOptions": {"type": "spc_t"}}, {"seLinuxOptions"}),
    ("docker/default", {f"{SPEC}.sysctls": [PORTS, PING]}, set()),
    ("docker/default", {f"{SPEC}.sysctls": [COOKIES]}, {"sysctls"}),
    ("worked/batch-job", {f"{SPEC}.runAsUser": 9999}, {"runAsUser"}),
    ("worked/batch-job", {f"{SPEC}.runAsUser": 65535}, set()),
    ("worked/batch-job", {f"{SPEC}.runAsUser": DROP}, {"runAsUser"}),
    ("worked/batch-job", {f"{SPEC}.supplementalGroups": [10001]}, {"supplementalGroups"}),
    ("worked/batch-job", {f"{MAIN}.readOnlyRootFilesystem": DROP}, {"readOnlyRootFilesystem"}),
    ("worked/batch-job", {f"{MAIN}.capabilities.add": ["NET_BIND_SERVICE"]}, {"capabilities"}),
    ("worked/batch-job", {f"{SPEC}.sysctls": [COOKIES]}, {"sysctls"}),
    ("worked/batch-job", {f"{SPEC}.fsGroup": 10001}, set()),
    ("worked/batch-job", {f"{SPEC}.fsGroup": 0}, {"fsGroup"}),
    ("worked/batch-job", {f"{SPEC}.seccompProfile": LOCAL}, {"seccompProfile"}),
    ("worked/cni-agent", {"spec.hostPID": True}, {"hostPID"}),
    ("worked/cni-agent", {"spec.hostIPC": True}, {"hostIPC"}),
    ("worked/cni-agent", {"spec.volumes.0.hostPath.path": "/lib/modules-extra"}, {"hostPath"}),
    ("worked/cni-agent", {"spec.volumes.0.hostPath.path": "/lib/modules/6.1"}, set()),
    # Two spellings of one folder of the node, of which one is allowed.
    ("worked/cni-agent", {"spec.volumes.1.hostPath.path": "/run/calico"}, {"hostPath"}),
    ("worked/cni-agent", {"spec.containers.0.ports": [{"containerPort": 9091}]}, {"hostPorts"}),
    # Without its label it is not judged.
    ("worked/cni-agent", {"metadata.labels.k8s-app": "other", "spec.hostPID": True}, set()),
    ("worked/database", {f"{SPEC}.fsGroup": 0}, {"fsGroup"}),
    ("worked/database", {f"{SPEC}.fsGroup": DROP}, {"fsGroup"}),
    ("worked/database", {f"{SPEC}.fsGroupChangePolicy": DROP}, {"fsGroupChangePolicy"}),
    ("worked/database", {f"{SPEC}.supplementalGroupsPolicy": "Merge"}, {
        "supplementalGroupsPolicy"
    }),
    ("worked/database", {f"{SPEC}.runAsUser": 70}, {"runAsUser"}),
    ("worked/database", {f"{SPEC}.runAsUser": DROP}, {"runAsUser"}),
    ("worked/database", {f"{SPEC}.runAsGroup": DROP}, {"runAsGroup"}),
    ("worked/database", {f"{SPEC}.fsGroup": 26000}, set()),
    ("worked/database", {f"{SPEC}.sysctls": [COOKIES]}, {"sysctls"}),
    ("worked/database", {f"{MAIN}.capabilities.add": ["NET_BIND_SERVICE"]}, {"capabilities"}),
    ("worked/image-builder", {"spec.hostUsers": DROP}, {"hostUsers", "runAsNonRoot"}),
    ("worked/image-builder", {"spec.hostUsers": True}, {"hostUsers", "runAsNonRoot"}),
    ("worked/image-builder", {f"{SPEC}.runAsUser": 0}, set()),
    ("worked/image-builder", {f"{MAIN}.privileged": True}, {"privileged"}),
    ("worked/image-builder", {f"{MAIN}.capabilities.drop": DROP}, {"capabilities"}),
    ("worked/image-builder", {f"{SPEC}.seccompProfile": DROP}, {"seccompProfile"}),
    ("worked/ingress-controller", {"spec.containers.0.ports.2.hostPort": 8080}, {"hostPorts"}),
    ("worked/ingress-controller", {"spec.automountServiceAccountToken": DROP}, set()),
    ("worked/ingress-controller", {"spec.hostNetwork": True}, {"hostNetwork", "hostPorts"}),
    ("worked/ingress-controller", {f"{MAIN}.allowPrivilegeEscalation": True}, {
        "allowPrivilegeEscalation"
    }),
    ("worked/log-shipper", {f"{SPEC}.runAsUser": 10001}, set()),
    ("worked/log-shipper", {f"{SPEC}.seccompProfile": LOCAL}, {"seccompProfile"}),
    ("worked/log-shipper", {f"{SPEC}.sysctls": [COOKIES]}, {"sysctls"}),
    ("worked/log-shipper", {f"{MAIN}.capabilities.add": ["NET_BIND_SERVICE"]}, {"capabilities"}),
    ("worked/log-shipper", {f"{MAIN}.capabilities.add": ["DAC_READ_SEARCH"]}, {"capabilities"}),
    ("worked/log-shipper", {"spec.containers.0.volumeMounts.1.readOnly": DROP}, {"hostPath"}),
    ("worked/log-shipper", {"spec.containers.0.volumeMounts.4.readOnly": True}, set()),
    ("worked/log-shipper", {"spec.volumes.1.hostPath.path": "/var/log/pods"}, set()),
    ("worked/log-shipper", {"spec.volumes.1.hostPath.path": "/var/logs"}, {"hostPath"}),
    ("worked/log-shipper", {"spec.volumes.1.hostPath.path": "/var"}, {"hostPath"}),
    ("worked/log-shipper", {"spec.hostNetwork": True}, {"hostNetwork", "hostPorts"}),
    ("worked/node-exporter", {"spec.hostIPC": True}, {"hostIPC"}),
    ("worked/node-exporter", {f"{SPEC}.seccompProfile": LOCAL}, {"seccompProfile"}),
    ("worked/node-exporter", {f"{MAIN}.capabilities.add": ["NET_BIND_SERVICE"]}, {"capabilities"}),
    ("worked/node-exporter", {f"{SPEC}.runAsUser": DROP}, {"runAsUser"}),
    ("worked/node-exporter", {f"{SPEC}.runAsGroup": DROP}, {"runAsGroup"}),
    ("worked/node-exporter", {"spec.volumes.2.hostPath.path": "/etc"}, set()),
    ("worked/node-exporter", {"spec.containers.0.volumeMounts.2.readOnly": False}, {"hostPath"}),
    ("worked/node-exporter", {f"{SPEC}.runAsUser": 65533}, {"runAsUser"}),
    ("worked/node-exporter", {"spec.containers.0.ports.0.containerPort": 9101}, {"hostPorts"}),
    ("worked/web-server", {f"{MAIN}.capabilities.add": ["NET_BIND_SERVICE"]}, {"capabilities"}),
    ("worked/web-server", {f"{SPEC}.sysctls.0.name": "net.ipv4.ping_group_range"}, {"sysctls"}),
    ("worked/web-server", {f"{SPEC}.runAsGroup": DROP}, {"runAsGroup"}),
    ("worked/web-server", {f"{SPEC}.runAsUser": DROP}, {"runAsUser"}),
    ("worked/web-server", {f"{SPEC}.runAsUser": 9999}, {"runAsUser"}),
    ("worked/web-server", {"spec.automountServiceAccountToken": True}, {
        "automountServiceAccountToken",
        "volumes",
    }),
    ("worked/web-server", {f"{SPEC}.seccompProfile": LOCAL}, {"seccompProfile"}),
    ("worked/windows-service", {f"{SPEC}.windowsOptions.runAsUserName": DROP}, {"windowsOptions"}),
    ("worked/windows-service", {f"{SPEC}.windowsOptions.runAsUserName": "app"}, {"windowsOptions"}),
    ("worked/windows-service", {f"{MAIN}.windowsOptions.hostProcess": True}, {
        "hostProcess",
    }),
    ("worked/windows-service", {"spec.os": DROP}, {
        "allowPrivilegeEscalation",
        "capabilities",
        "seccompProfile",
    }),
]  # fmt: skip


@pytest.mark.parametrize("name", [*WORKED, "docker/default"])
def test_the_example_as_it_is(name: str) -> None:
    """Unchanged, the pods that the changes start from are admitted."""
    assert refused(open_profile(name), example(name)) == set()


@pytest.mark.parametrize(("name", "changes", "rules"), SPOTS)
def test_spot(name: str, changes: dict[str, object], rules: set[str]) -> None:
    """With one thing changed, a pod is refused by the rules that it offends."""
    assert refused(open_profile(name), tweak(example(name), changes)) == rules


def test_every_profile_has_spots() -> None:
    """Each is looked at, on both sides: something is refused, and something else is not."""
    for name in (*WORKED, "docker/default"):
        mine = [rules for spot, _, rules in SPOTS if spot == name]
        assert len(mine) >= 4, name


# The types of volumes that a pod may have; of a hostPath it may depend on the path.
VOLUMES = {
    "worked/batch-job": {"configMap", "emptyDir", "secret"},
    "worked/cni-agent": {"configMap", "hostPath", "projected"},
    "worked/database": {"configMap", "emptyDir", "persistentVolumeClaim", "secret"},
    "worked/image-builder": {"configMap", "emptyDir", "persistentVolumeClaim", "secret"},
    "worked/ingress-controller": {"configMap", "downwardAPI", "emptyDir", "projected", "secret"},
    "worked/log-shipper": {"configMap", "emptyDir", "hostPath", "projected", "secret"},
    "worked/node-exporter": {"hostPath"},
    "worked/web-server": {"configMap", "downwardAPI", "emptyDir", "secret"},
    "worked/windows-service": {"configMap", "emptyDir", "persistentVolumeClaim", "secret"},
}
# The paths of the node: which may be read, and which may be written too; nothing else.
PATHS: dict[str, tuple[set[str], set[str]]] = {
    "worked/cni-agent": (
        {"/lib/modules", "/proc", "/var/log/calico"},
        {
            "/etc/cni/net.d",
            "/opt/cni/bin",
            "/run/xtables.lock",
            "/sys/fs",
            "/var/lib/calico",
            "/var/lib/cni/networks",
            "/var/run/calico",
            "/var/run/nodeagent",
        },
    ),
    "worked/log-shipper": (
        {"/etc/machine-id", "/run/log/journal", "/var/lib/docker/containers", "/var/log"},
        {"/var/lib/fluent-bit"},
    ),
    "worked/node-exporter": ({"/", "/etc/kubernetes", "/proc", "/sys"}, set()),
}


@pytest.mark.parametrize("name", WORKED)
def test_volumes(name: str) -> None:
    """Of all types of volumes those are admitted that the table lists."""
    profile = open_profile(name)
    found = set()
    for kind, source in volume_sources().items():
        # A pod that brings no other volume, and no token.
        volumes = [{"name": "data", kind: source}]
        pod = tweak(example(name), {"spec.volumes": volumes, "spec.containers.0.volumeMounts": []})
        if "volumes" not in refused(profile, pod):
            found.add(kind)
    assert found == VOLUMES[name]


@pytest.mark.parametrize("name", PATHS)
def test_paths(name: str) -> None:
    """A path of the node is mounted as the table says, with what is below it and nothing beside."""
    profile = open_profile(name)
    read, written = PATHS[name]

    def admitted(path: str, *, read_only: bool) -> bool:
        mounts = [{"name": "data", "mountPath": "/data", "readOnly": read_only}]
        volumes = [{"name": "data", "hostPath": {"path": path}}]
        changes: dict[str, object] = {
            "spec.initContainers": DROP,
            "spec.containers.0.volumeMounts": mounts,
            "spec.volumes": volumes,
        }
        return "hostPath" not in refused(profile, tweak(example(name), changes))

    for path in read | written:
        below = f"{path.rstrip('/')}/below"
        assert admitted(path, read_only=True), path
        assert admitted(below, read_only=True), below
        assert admitted(path, read_only=False) is (path in written), path
        assert admitted(below, read_only=False) is (path in written), below
        if "/" not in read:
            assert not admitted(f"{path}-other", read_only=True), path
    prefixes = library(name).data["rules"]["hostPath"]["allow"]
    listed = {each if isinstance(each, str) else each["prefix"] for each in prefixes}
    assert listed <= read | written


# What `kubectl debug --profile=restricted` sets: k8s.io/kubectl v0.36.3, pkg/cmd/debug/profiles.go.
RESTRICTED_DEBUG = {
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "allowPrivilegeEscalation": False,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.mark.parametrize("name", sorted({*WORKED} - {"worked/windows-service"}))
def test_debugging(name: str) -> None:
    """The README's debug container may be added to the example; one that says nothing may not."""
    profile = open_profile(name)
    (custom,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    settings = json.loads(custom)["securityContext"]

    def rules(context: dict[str, object]) -> set[str]:
        container = {"name": "debugger", "image": "i", "securityContext": context}
        request = adding(example(name), container)
        request = request._replace(namespace=next(iter(profile.match.include), "shop"))
        return {each.rule for each in admit(request, profile).violations}

    assert rules(RESTRICTED_DEBUG | settings) == set()
    read_only = any(rule.id == "readOnlyRootFilesystem" for rule in profile.rules)
    assert rules(RESTRICTED_DEBUG) == ({"readOnlyRootFilesystem"} if read_only else set())
    assert bool(rules({})) == (name != "worked/cni-agent")


# The values that are chosen for Linux: path to value; `drop` and the like once for all.
HARDENED = {
    "runAsNonRoot": True,
    "seccompProfile.type": "RuntimeDefault",
    "privileged": False,
    "allowPrivilegeEscalation": False,
    "capabilities.drop": ("ALL",),
}
READ_ONLY = HARDENED | {"readOnlyRootFilesystem": True}
NO_TOKEN = {"automountServiceAccountToken": False}
CHOSEN: dict[str, dict[str, object]] = {
    "docker/default": {"privileged": False, "seccompProfile.type": "RuntimeDefault"},
    "worked/batch-job": READ_ONLY | NO_TOKEN | {"runAsUser": 10001, "runAsGroup": 10001},
    "worked/cni-agent": {"seccompProfile.type": "RuntimeDefault"},
    "worked/database": READ_ONLY
    | NO_TOKEN
    | {
        "runAsUser": 999,
        "runAsGroup": 999,
        "fsGroup": 999,
        "fsGroupChangePolicy": "OnRootMismatch",
        "supplementalGroupsPolicy": "Strict",
    },
    "worked/image-builder": NO_TOKEN
    | {key: value for key, value in HARDENED.items() if key != "allowPrivilegeEscalation"}
    | {"runAsUser": 1000, "hostUsers": False, "capabilities.add": ("SETUID", "SETGID")},
    "worked/ingress-controller": READ_ONLY | {"runAsUser": 65532, "runAsGroup": 65532},
    "worked/log-shipper": {key: READ_ONLY[key] for key in READ_ONLY if key != "runAsNonRoot"},
    "worked/node-exporter": READ_ONLY | NO_TOKEN | {"runAsUser": 65534, "runAsGroup": 65534},
    "worked/web-server": READ_ONLY | NO_TOKEN | {"runAsUser": 10001, "runAsGroup": 10001},
}


def chosen(name: str, system: Any) -> dict[str, object]:  # noqa: ANN401 - a Literal's words
    """Return what is chosen for an operating system, by the path below a securityContext."""
    return {
        ".".join(step for step in each.field.path if step != "securityContext"): each.value
        for each in choose(open_profile(name), system).values
    }


@pytest.mark.parametrize("name", CHOSEN)
def test_chosen(name: str) -> None:
    """The strictest values that the rules allow together are those that the workload needs."""
    assert chosen(name, "linux") == CHOSEN[name]


def test_chosen_on_windows() -> None:
    """A Windows service gets its user, and no field that the API refuses there."""
    assert chosen("worked/windows-service", "windows") == {
        "os.name": "windows",
        "runAsNonRoot": True,
        "windowsOptions.runAsUserName": "ContainerUser",
        "automountServiceAccountToken": False,
    }


def test_the_metrics_exporter_has_its_own_user() -> None:
    """The database's second container is somebody else."""
    own = choose(open_profile("worked/database"), "linux").own["metrics"]
    assert {each.rule: each.value for each in own} == {"runAsUser": 65534, "runAsGroup": 65534}


def test_dockers_capabilities() -> None:
    """The capabilities that may be added are docker's default set, all of it and no more."""
    bits = [name for place, name in enumerate(capability_names()) if DOCKER >> place & 1]
    assert len(bits) == 14
    assert sorted(library("docker/default").data["rules"]["capabilities"]["allow"]) == sorted(bits)


def test_docker_needs_no_flag_for_its_default() -> None:
    """As a docker line the profile is `docker run`; only who may join the IPC is the daemon's."""
    (compiled,) = plan("docker/default", ["docker"], None)
    texts = {artefact.path: artefact.text for artefact in compiled.artefacts}
    assert texts["flags.txt"] == "--ipc private\n"


def test_docker_is_baseline_but_for_net_raw() -> None:
    """NET_RAW is all that docker's default gives and baseline refuses."""
    assert not strict_as("docker/default", "pss/baseline")
    whole = open_profile("docker/default")
    source = library("docker/default")
    rules = deepcopy(source.data["rules"])
    rules["capabilities"]["allow"].remove("NET_RAW")
    less = resolve(source._replace(data=source.data | {"rules": rules}), find)
    assert less != whole
    level = open_profile("pss/baseline")
    assert isinstance(at_least_as_strict(Union((less,)), Union((level,))), Proven)


def test_no_gap_is_left() -> None:
    """What a target cannot say is accepted in writing, and nothing else is."""
    for name in names():
        if "docker" in library(name).data["targets"]:
            (compiled,) = plan(name, ["docker"], None)
            assert compiled.gaps == (), name


def test_readme_lists_the_library() -> None:
    """The table has a row for each profile, and the second one for all but Pod Security's."""
    assert sorted(row[0].split("`")[1] for row in ROWS) == sorted(names())
    limits = README.partition("## What none of them holds")[2]
    listed = re.findall(r"^\| `([^`]+)` \|", limits, re.MULTILINE)
    assert sorted(listed) == sorted({*WORKED, "docker/default"})


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_readme_row(row: list[str]) -> None:
    """A row says the file, the parents and the loosened rules as they are; its example exists."""
    linked, meant, parents, loosened, shown = row
    name = linked.split("`")[1]
    data = library(name).data
    assert linked == f"[`{name}`]({name}.yaml)"
    assert meant
    assert re.findall("`([^`]+)`", parents) == data["extends"]
    assert re.findall("`([^`]+)`", loosened) == list(data["loosens"])
    links = re.findall(r"\]\(([^)]+)\)", shown)
    assert all((ROOT / "profiles" / link).is_dir() for link in links)
    assert links or name == "pss/privileged"


def _commands() -> list[tuple[str, str | None]]:
    """Return the commands of capgen that the README shows, with their output where it is shown."""
    found: list[tuple[str, str | None]] = []
    for kind, block in re.findall(r"```(sh|console)\n(.*?)```", README, re.DOTALL):
        if kind == "sh":
            found += [(line, None) for line in block.splitlines() if line.startswith("capgen ")]
            continue
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.parametrize(("command", "output"), _commands())
def test_readme_command(command: str, output: str | None) -> None:
    """A command of the README works, and prints what is shown."""
    program, *arguments = shlex.split(command, comments=True)
    assert program == "capgen"
    done = subprocess.run(
        [sys.executable, "-m", "capgen", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ("bad" in command)
    assert output is None or done.stdout == output


def test_readme_profile(tmp_path: Path) -> None:
    """The profile that the README makes is one, and is as strict as its parent."""
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "reports.yaml"
    path.write_text(text)
    profile = resolve(load(str(path)), find)
    parent = open_profile("worked/batch-job")
    assert isinstance(at_least_as_strict(Union((profile,)), Union((parent,))), Proven)
    assert profile.match.include == ("reports",)
