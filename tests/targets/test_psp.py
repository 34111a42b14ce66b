"""PodSecurityPolicy: what is written for each rule, how it is reported, and who may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.compiler.plan import plan
from capgen.errors import CapgenError
from capgen.policy.catalogue import CATALOGUE
from capgen.targets.base import Cell, Status
from capgen.targets.psp import TARGET, speak
from capgen.targets.psp.elsewhere import NOWHERE
from capgen.targets.psp.fields import TABLE
from tests.loading import loaded
from tests.policy.made import profile

if TYPE_CHECKING:
    from pathlib import Path

HEAD: Final = 'kubernetes: "1.22"\n'
SECCOMP: Final = "seccomp.security.alpha.kubernetes.io"
APPARMOR: Final = "apparmor.security.beta.kubernetes.io"


def policy(rules: str, more: str = "") -> dict[str, Any]:
    """Return the PodSecurityPolicy of a profile with such rules."""
    return speak(profile(f"{HEAD}{more}\nrules: {{{rules}}}")).policy


def said(rules: str, more: str = "") -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return what is refused besides, and what is not refused, when a pod is created."""
    words = speak(profile(f"{HEAD}{more}\nrules: {{{rules}}}")).words
    return {rule: (word.more, word.lacks) for rule, word in words.items()}


def cells(rules: str, more: str = "", kubernetes: str | None = None) -> dict[str, Cell]:
    """Return how the target says such rules."""
    return TARGET.emit(profile(f"{HEAD}{more}\nrules: {{{rules}}}", kubernetes)).cells


def files(more: str = "") -> dict[str, Any]:
    """Return what is written, by path: objects as data, the README as text."""
    found = TARGET.emit(profile(f"{HEAD}{more}\nrules: {{privileged: false}}")).artefacts
    return {
        each.path: loaded(each.text) if each.path.endswith(".yaml") else each.text for each in found
    }


def test_every_rule_has_its_place() -> None:
    """Each part of each rule is in one row of the table, or its rule is nowhere in a policy."""
    parts = [part for row in TABLE for part in row.parts]
    assert len(parts) == len(set(parts))
    expected = {(entry.id, part.key) for entry in CATALOGUE for part in entry.parts}
    assert {part for part in expected if part[0] not in NOWHERE} == set(parts)
    assert set(NOWHERE) <= {entry.id for entry in CATALOGUE}


def test_no_rule_forbids_nothing() -> None:
    """A policy forbids what it does not mention: without a rule each field is open."""
    made = speak(profile('kubernetes: "1.24"')).policy
    any_ = {"rule": "RunAsAny"}
    assert made["spec"] == {
        "privileged": True,
        "allowPrivilegeEscalation": True,
        "allowedCapabilities": ["*"],
        "readOnlyRootFilesystem": False,
        "hostNetwork": True,
        "hostPID": True,
        "hostIPC": True,
        "hostPorts": [{"min": 0, "max": 65535}],
        "runAsUser": any_,
        "runAsGroup": any_,
        "supplementalGroups": any_,
        "fsGroup": any_,
        "seLinux": any_,
        "allowedProcMountTypes": ["Default", "Unmasked"],
        "allowedUnsafeSysctls": ["*"],
        "volumes": ["*"],
    }
    assert made["metadata"]["annotations"][f"{SECCOMP}/allowedProfileNames"] == "*"
    assert not any(key.startswith(APPARMOR) for key in made["metadata"]["annotations"])


SAFE: Final = ["kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range"]
LATE: Final = "net.ipv4.ip_unprivileged_port_start"
# A rule, and what of the policy's spec says it. Sources: kubernetes.io's page on
# PodSecurityPolicy (v1.24) and the plugin's code.
WRITTEN: Final[dict[str, dict[str, Any]]] = {
    "privileged: false": {"privileged": False},
    "privileged: {allow: [true, false]}": {"privileged": True},
    "allowPrivilegeEscalation: false": {"allowPrivilegeEscalation": False},
    "readOnlyRootFilesystem: true": {"readOnlyRootFilesystem": True},
    "readOnlyRootFilesystem: {allow: [true, false]}": {"readOnlyRootFilesystem": False},
    "hostPID: false": {"hostPID": False},
    "hostPorts: {ranges: []}": {"hostPorts": []},
    "hostPorts: {ranges: [80, 8000-, 70000-]}": {
        "hostPorts": [{"min": 80, "max": 80}, {"min": 8000, "max": 65535}]
    },
    "capabilities: {allow: []}": {"allowedCapabilities": []},
    "capabilities: {drop: [ALL], allow: [KILL]}": {
        "allowedCapabilities": ["KILL"],
        "requiredDropCapabilities": ["ALL"],
    },
    "capabilities: {drop: [KILL], allow: [KILL, CHOWN]}": {"allowedCapabilities": ["CHOWN"]},
    "runAsNonRoot: true": {"runAsUser": {"rule": "MustRunAsNonRoot"}},
    "runAsNonRoot: {allow: [true, false]}": {"runAsUser": {"rule": "RunAsAny"}},
    'runAsNonRoot: true, runAsUser: {ranges: ["1-"]}': {"runAsUser": {"rule": "MustRunAsNonRoot"}},
    'runAsUser: {ranges: ["1-"]}': {
        "runAsUser": {"rule": "MustRunAs", "ranges": [{"min": 1, "max": 2147483647}]}
    },
    "runAsUser: {ranges: [5-9, 100], default: 7}": {
        "runAsUser": {
            "rule": "MustRunAs",
            # The first minimum is what an unset one becomes.
            "ranges": [{"min": 7, "max": 7}, {"min": 5, "max": 9}, {"min": 100, "max": 100}],
        }
    },
    "runAsGroup: {ranges: [5-9]}": {
        "runAsGroup": {"rule": "MayRunAs", "ranges": [{"min": 5, "max": 9}]}
    },
    "fsGroup: {ranges: [5-9], unset: refuse}": {
        "fsGroup": {"rule": "MustRunAs", "ranges": [{"min": 5, "max": 9}]}
    },
    # The API takes no such group in a pod, and no empty list of ranges in a policy.
    "supplementalGroups: {ranges: []}": {
        "supplementalGroups": {
            "rule": "MayRunAs",
            "ranges": [{"min": 2147483648, "max": 2147483648}],
        }
    },
    "seLinuxOptions: {type: [], user: []}": {
        "seLinux": {"rule": "MustRunAs", "seLinuxOptions": {}}
    },
    "seLinuxOptions: {type: [a_t, b_t], level: [s0], unset: refuse}": {
        "seLinux": {"rule": "MustRunAs", "seLinuxOptions": {"type": "a_t", "level": "s0"}}
    },
    "procMount: Default": {"allowedProcMountTypes": ["Default"]},
    "sysctls: {allow: [kernel.sem, net.ipv4.tcp_syncookies]}": {
        "forbiddenSysctls": [*SAFE, "net.ipv4.ping_group_range", LATE],
        "allowedUnsafeSysctls": ["kernel.sem"],
    },
    'sysctls: {allow: ["*"]}': {"allowedUnsafeSysctls": ["*"]},
    "volumes: {allow: [cephfs, secret, projected]}": {"volumes": ["cephFS", "projected", "secret"]},
    "volumes: {allow: []}": {"volumes": []},
    "volumes: {allow: [hostPath]}, hostPath: {allow: [/a, {prefix: /b, readOnly: true}]}": {
        "volumes": ["hostPath"],
        "allowedHostPaths": [{"pathPrefix": "/a"}, {"pathPrefix": "/b", "readOnly": True}],
    },
    "csiDrivers: {allow: [a.b]}": {"volumes": ["*"], "allowedCSIDrivers": [{"name": "a.b"}]},
    "volumes: {allow: [csi]}, csiDrivers: {allow: []}": {"volumes": []},
    "flexVolumes: {allow: [e/d]}": {"allowedFlexVolumes": [{"driver": "e/d"}]},
    "runtimeClassName: {allow: [gvisor], unset: allow}": {
        "runtimeClass": {"allowedRuntimeClassNames": ["gvisor"]}
    },
    "runtimeClassName: {allow: [gvisor]}": {
        "runtimeClass": {
            "allowedRuntimeClassNames": ["gvisor"],
            "defaultRuntimeClassName": "gvisor",
        }
    },
}


@pytest.mark.parametrize("rules", WRITTEN)
def test_written(rules: str) -> None:
    """A rule is written in the policy's own fields."""
    spec = policy(rules)["spec"]
    assert {key: spec.get(key) for key in WRITTEN[rules]} == WRITTEN[rules]


def test_nothing_of_a_type_is_no_such_type() -> None:
    """An empty list of paths or drivers allows any in a policy: the type is left out instead."""
    spec = policy("hostPath: {allow: []}, flexVolumes: {allow: []}")["spec"]
    assert {"hostPath", "flexVolume"}.isdisjoint(spec["volumes"])
    assert {"secret", "csi", "emptyDir"} <= set(spec["volumes"])
    assert "allowedHostPaths" not in spec


def test_a_star_is_no_wildcard() -> None:
    """What a profile takes to the letter a policy must not take for everything."""
    spec = policy('runtimeClassName: {allow: ["*"], unset: allow}')["spec"]
    assert spec["runtimeClass"] == {"allowedRuntimeClassNames": []}


ANNOTATED: Final = {
    "seccompProfile: {allow: [RuntimeDefault], unset: refuse}": {
        f"{SECCOMP}/allowedProfileNames": "runtime/default"
    },
    'seccompProfile: {allow: [Unconfined, "Localhost:a/b.json"]}': {
        f"{SECCOMP}/allowedProfileNames": "unconfined,localhost/a/b.json",
        f"{SECCOMP}/defaultProfileName": "unconfined",
    },
    "seccompProfile: {allow: [], unset: allow}": {},
    "seccompProfile: {allow: [RuntimeDefault, Localhost, Unconfined]}": {
        f"{SECCOMP}/allowedProfileNames": "*"
    },
    'appArmorProfile: {allow: [RuntimeDefault, "Localhost:web"]}': {
        f"{SECCOMP}/allowedProfileNames": "*",
        f"{APPARMOR}/allowedProfileNames": "runtime/default,localhost/web",
        f"{APPARMOR}/defaultProfileName": "runtime/default",
    },
    "appArmorProfile: {allow: [RuntimeDefault, Localhost], unset: refuse}": {
        f"{SECCOMP}/allowedProfileNames": "*",
        f"{APPARMOR}/allowedProfileNames": "runtime/default",
    },
}


@pytest.mark.parametrize("rules", ANNOTATED)
def test_annotated(rules: str) -> None:
    """Kernel profiles are named in annotations, where a comma separates two."""
    annotations = policy(rules)["metadata"]["annotations"]
    ours = {key: value for key, value in annotations.items() if not key.startswith("capgen/")}
    assert ours == ANNOTATED[rules]


EXACT: Final = ((), ())
ACCOUNT: Final = (
    "where secrets are allowed a projected volume is too, if it holds no more than an account's"
    " token does"
)
# A rule with how it is said when a pod is created: what is refused besides, what is not refused.
SAID: Final = {
    "hostNetwork: false": EXACT,
    "runAsUser: {ranges: [5-9], reading: effective}": EXACT,
    "runAsUser: {ranges: [5-9]}": (
        (),
        ("what the pod itself says is not judged where every container says otherwise",),
    ),
    "privileged: {allow: [true]}": ((), ("a pod is not refused where it is unset",
                                         "a pod is not refused where it is false")),
    "privileged: {allow: [false], unset: refuse}": (
        (),
        ("a pod is not refused where it is unset",),
    ),
    "seccompProfile: {allow: [RuntimeDefault], unset: refuse, reading: both}": EXACT,
    "seccompProfile: {allow: [RuntimeDefault], unset: refuse}": (
        ("refuses a pod that leaves it unset though every container says it",),
        (),
    ),
    "capabilities: {drop: [KILL], allow: [KILL, CHOWN]}": (
        ("refuses to add KILL, which is dropped",),
        (),
    ),
    "procMount: {allow: [Default, Unmasked]}": (
        ("refuses Unmasked unless the feature gate ProcMountType is on",),
        (),
    ),
    "volumes: {allow: [projected, secret]}": EXACT,
    "volumes: {allow: [secret]}": (
        (),
        (
            ACCOUNT,
        ),
    ),
    'sysctls: {allow: ["net.ipv6.*"]}': EXACT,
    'sysctls: {allow: ["net.*.x"]}': (("refuses what is net.*.x",), ()),
}  # fmt: skip


@pytest.mark.parametrize("rules", SAID)
def test_said(rules: str) -> None:
    """How a policy's verdict on a new pod differs from the rule's is said, both ways."""
    (found,) = said(rules).values()
    assert found == SAID[rules]


@pytest.mark.parametrize(
    ("rule", "kubernetes", "status"),
    [
        ("privileged: false", "1.22", Status.STRICTER),
        # kubectl debug adds containers that no policy sees.
        ("privileged: false", "1.23", Status.GAP),
        ("privileged: false", "1.22-1.24", Status.GAP),
        # Such a container has no ports, and the host's namespaces are the pod's.
        ("hostPorts: {ranges: []}", "1.24", Status.STRICTER),
        ("hostPID: false", "1.24", Status.STRICTER),
        ("hostProbes: {allow: []}", "1.22", Status.GAP),
        ("hostProcess: false", "1.21", Status.NOT_APPLICABLE),
        ("hostProcess: false", "1.22", Status.GAP),
        ("hostUsers: {allow: [true]}", "1.24", Status.NOT_APPLICABLE),
        # Where nobody can say it, nobody has it.
        ("hostUsers: {allow: [false]}", "1.24", Status.GAP),
    ],
)
def test_status(rule: str, kubernetes: str, status: Status) -> None:
    """What a cluster of the version cannot have is no gap; what no policy sees is one."""
    (cell,) = cells(rule, kubernetes=kubernetes).values()
    assert cell.status is status


@pytest.mark.parametrize(
    ("more", "clause"),
    [
        ("", "judged again on updates"),
        ("enforcement: warn", "refuses, where the profile asks to warn"),
        ("match: {namespaces: {exclude: [a]}}", "`match` leaves alone"),
        ('match: {namespaces: {include: ["a*"]}}', "`match` leaves alone"),
        ("match: {podSelector: {matchLabels: {a: b}}}", "`match` leaves alone"),
        (
            "exempt: [{containers: [a], rules: [hostPorts], reason: r, until: 9999-12-31}]",
            "no container is exempt",
        ),
    ],
)
def test_what_is_so_of_every_rule(more: str, clause: str) -> None:
    """What the profile leaves alone, and a policy does not, is reported."""
    cell = cells("hostPorts: {ranges: []}", more)["hostPorts"]
    assert cell.status is Status.STRICTER
    assert clause in cell.note


def test_names_are_no_less_than_all_namespaces() -> None:
    """Where the profile's namespaces are all known by name, nobody else is held to it."""
    cell = cells("hostPID: false", "match: {namespaces: {include: [a]}}")["hostPID"]
    assert "`match`" not in cell.note


def test_controllers_only() -> None:
    """A policy judges pods, and no controller."""
    assert cells("hostPID: false", "enforceOn: [controllers]")["hostPID"].status is Status.GAP


@pytest.mark.parametrize(
    ("rules", "gaps"),
    [
        ("runAsUser: {ranges: [5-9], default: 7, reading: effective}", set()),
        ("fsGroup: {ranges: [5-9], default: 7}", set()),
        ("supplementalGroups: {ranges: [5-9], default: 7}", set()),
        ("capabilities: {allow: [KILL], add: [KILL]}", set()),
        ("seccompProfile: {allow: [RuntimeDefault]}", set()),
        ("privileged: false", set()),
        ("runAsNonRoot: true, runAsUser: {ranges: [5-9], default: 7, reading: effective}",
         {"runAsNonRoot"}),
    ],
)  # fmt: skip
def test_mutate(rules: str, gaps: set[str]) -> None:
    """With `mutate` the policy sets what the profile chooses, or the rule is a gap."""
    found = cells(rules, "mutate: true")
    assert {rule for rule, cell in found.items() if cell.status is Status.GAP} == gaps


def test_mutate_sets_what_is_chosen() -> None:
    """What may stay unset is set, by the strategy that sets it, to the profile's own value."""
    spec = policy("fsGroup: {ranges: [5-9], default: 7}", "mutate: true")["spec"]
    assert spec["fsGroup"]["rule"] == "MustRunAs"
    assert spec["fsGroup"]["ranges"][0] == {"min": 7, "max": 7}
    added = policy("capabilities: {allow: [KILL], add: [KILL]}", "mutate: true")["spec"]
    assert added["defaultAddCapabilities"] == ["KILL"]


def test_objects() -> None:
    """Everybody may use the policy, by one role; kustomize applies all of it."""
    made = files()
    assert list(made) == [
        *("policy.yaml", "role.yaml", "binding.yaml"),
        *("kustomization.yaml", "README.md"),
    ]
    assert made["kustomization.yaml"]["resources"] == list(made)[:3]
    (rule,) = made["role.yaml"]["rules"]
    assert rule["resourceNames"] == [made["policy.yaml"]["metadata"]["name"]] == ["capgen-made"]
    assert rule["verbs"] == ["use"]
    binding = made["binding.yaml"]
    assert binding["kind"] == "ClusterRoleBinding"
    assert binding["roleRef"]["name"] == made["role.yaml"]["metadata"]["name"]
    assert [each["name"] for each in binding["subjects"]] == ["system:authenticated"]


def test_namespaces_by_name() -> None:
    """Where the namespaces are known by name the policy may be used there, and nowhere else."""
    made = files("match: {namespaces: {include: [a, b, c], exclude: [c]}}")
    bindings = {path: each for path, each in made.items() if path.startswith("binding")}
    assert list(bindings) == ["binding-a.yaml", "binding-b.yaml"]
    assert [each["kind"] for each in bindings.values()] == ["RoleBinding"] * 2
    assert [each["metadata"]["namespace"] for each in bindings.values()] == ["a", "b"]


def test_readme() -> None:
    """The page says what must be so before the policy holds: AppArmor where a profile is named."""
    page = files()["README.md"]
    assert "has `PodSecurityPolicy`." in page
    assert "AppArmor" not in page
    listed = TARGET.emit(
        profile(HEAD + "rules: {appArmorProfile: {allow: [RuntimeDefault]}}")
    ).artefacts
    assert "Every node has AppArmor" in listed[-1].text


def test_versions(tmp_path: Path) -> None:
    """A profile for a version without PodSecurityPolicy is refused, and so is one too old."""
    path = tmp_path / "web.yaml"
    path.write_text(
        "apiVersion: capgen/v1\nkind: Profile\nmetadata: {name: web}\n"
        'spec: {kubernetes: "1.24", rules: {hostPID: false}}\n'
    )
    (fine,) = plan(str(path), ["psp"], None)
    assert fine.gaps == ()
    with pytest.raises(CapgenError, match=r"`psp` is for Kubernetes up to 1.24; .* for 1.25 too"):
        plan(str(path), ["psp"], "1.20-1.25")
    with pytest.raises(CapgenError, match=r"`psp` needs Kubernetes 1.19; .* for 1.18 too"):
        plan(str(path), ["psp"], "1.18")
