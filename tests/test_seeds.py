"""The examples that the product grew from: pods of well-known tutorials, judged."""

from __future__ import annotations

import pytest

from capgen.check.judge import Judge, Judged
from capgen.errors import InputError
from capgen.policy.profile import Union
from capgen.profile.library import open_profile
from capgen.reader import read_bytes

# What restricted asks for and none of the pods says.
HARDENED = {"allowPrivilegeEscalation", "capabilities", "runAsNonRoot", "seccompProfile"}

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: demo}
spec:
%s
"""

# Linux capabilities of a container, one by one.
NET_ADMIN = """\
  containers:
    - name: shell
      image: ubuntu:14.04
      command: [/bin/sleep, "300"]
      securityContext:
        capabilities:
          add:
            - NET_ADMIN
"""
WITHOUT_NET_RAW = """\
  containers:
    - name: ping
      image: centos
      securityContext: {capabilities: {drop: [NET_RAW]}}
"""
WITH_NET_RAW = """\
  containers:
    - name: ping
      image: centos
      securityContext: {capabilities: {add: [NET_RAW]}}
"""
SMALLER = """\
  containers:
    - name: shell
      image: ubuntu:14.04
      securityContext: {capabilities: {drop: [CHOWN, NET_RAW, SETPCAP]}}
"""
TWO_ADDED = """\
  containers:
    - name: node
      image: node-hello:1.0
      securityContext: {capabilities: {add: [NET_ADMIN, SYS_TIME]}}
"""
# The root of a node in a pod.
HOST_ROOT = """\
  containers:
    - name: test
      image: nginx:alpine
      tty: true
      volumeMounts: [{mountPath: /rootfs, name: root}]
  volumes:
    - name: root
      hostPath:
        path: /
        type: Directory
"""
PRIVILEGED = """\
  containers:
    - name: test
      image: nginx:alpine
      securityContext: {privileged: true, capabilities: {drop: [CHOWN]}}
"""
# Users, groups, and how volumes get theirs.
USERS = """\
  securityContext: {runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000]}
  volumes: [{name: data, emptyDir: {}}]
  containers:
    - name: demo
      image: busybox:1.28
      volumeMounts: [{name: data, mountPath: /data/demo}]
      securityContext: {allowPrivilegeEscalation: false}
"""
STRICT_GROUPS = USERS.replace("[4000]", "[4000], supplementalGroupsPolicy: Strict")
ON_MISMATCH = USERS.replace("fsGroup: 2000", "fsGroup: 2000, fsGroupChangePolicy: OnRootMismatch")
OVERRIDDEN = """\
  securityContext: {runAsUser: 1000}
  containers:
    - name: node
      image: node-hello:1.0
      securityContext: {runAsUser: 2000, allowPrivilegeEscalation: false}
"""
BARE = "  containers: [{name: node, image: node-hello:1.0}]\n"
# Profiles of the kernel.
SECCOMP = "  securityContext: {seccompProfile: {type: RuntimeDefault}}\n" + BARE
LOCAL_SECCOMP = SECCOMP.replace(
    "type: RuntimeDefault", "type: Localhost, localhostProfile: my-profiles/profile-allow.json"
)
APPARMOR = """\
  containers:
    - name: one
      securityContext: {appArmorProfile: {type: RuntimeDefault}}
    - name: two
      securityContext:
        appArmorProfile: {type: Localhost, localhostProfile: k8s-apparmor-example-deny-write}
"""
SELINUX = '  securityContext: {seLinuxOptions: {level: "s0:c123,c456"}}\n' + BARE
UNMASKED = "  containers: [{name: one, securityContext: {procMount: Unmasked}}]\n"

# Of each pod, what baseline refuses, and what restricted does.
VERDICTS: dict[str, tuple[str, set[str], set[str]]] = {
    "adds NET_ADMIN": (NET_ADMIN, {"capabilities"}, HARDENED),
    "drops NET_RAW": (WITHOUT_NET_RAW, set(), HARDENED),
    "adds NET_RAW": (WITH_NET_RAW, {"capabilities"}, HARDENED),
    "drops three": (SMALLER, set(), HARDENED),
    "adds two": (TWO_ADDED, {"capabilities"}, HARDENED),
    "mounts the root of the node": (HOST_ROOT, {"hostPath"}, HARDENED | {"volumes"}),
    "privileged": (PRIVILEGED, {"privileged"}, HARDENED | {"privileged"}),
    "users and groups": (USERS, set(), HARDENED - {"allowPrivilegeEscalation"}),
    "strict groups": (STRICT_GROUPS, set(), HARDENED - {"allowPrivilegeEscalation"}),
    "change on mismatch": (ON_MISMATCH, set(), HARDENED - {"allowPrivilegeEscalation"}),
    "user overridden": (OVERRIDDEN, set(), HARDENED - {"allowPrivilegeEscalation"}),
    "nothing said": (BARE, set(), HARDENED),
    "seccomp": (SECCOMP, set(), HARDENED - {"seccompProfile"}),
    "seccomp of the node": (LOCAL_SECCOMP, set(), HARDENED - {"seccompProfile"}),
    "AppArmor": (APPARMOR, set(), HARDENED),
    "SELinux level": (SELINUX, set(), HARDENED),
    "unmasked /proc": (UNMASKED, {"procMount"}, HARDENED | {"procMount"}),
}


def judged(spec: str, level: str) -> Judged:
    """Judge a pod by a level of Pod Security."""
    (document,) = read_bytes((POD % spec).encode(), "pod.yaml")
    (found,) = Judge([Union((open_profile(f"pss/{level}"),))]).run([document])
    assert isinstance(found, Judged)
    return found


@pytest.mark.parametrize("case", VERDICTS)
def test_verdict(case: str) -> None:
    """Each pod is refused by just these rules of each level."""
    spec, baseline, restricted = VERDICTS[case]
    for level, expected in (
        ("privileged", set()),
        ("baseline", baseline),
        ("restricted", restricted),
    ):
        found = judged(spec, level)
        assert {violation.rule for violation in found.violations} == expected, level
        assert found.status == ("refused" if expected else "admitted")


def test_what_exactly_is_refused() -> None:
    """The capability, the path and the flag are named, each where it stands."""
    for spec, path, value, line in (
        (NET_ADMIN, "add.0", "NET_ADMIN", 12),
        (TWO_ADDED, "add.1", "SYS_TIME", 8),
        (HOST_ROOT, "hostPath.path", "/", 13),
        (PRIVILEGED, "securityContext.privileged", True, 8),
        (UNMASKED, "procMount", "Unmasked", 5),
    ):
        found = judged(spec, "baseline")
        violation = found.violations[-1]
        assert ".".join(map(str, violation.path)).endswith(path)
        assert violation.value == value
        assert found.object.document.locate(violation.path).line == line


def test_dropping_some_is_not_dropping_all() -> None:
    """Restricted wants ALL among what is dropped, whatever else is."""
    for drop, expected in (("CHOWN, NET_RAW, SETPCAP", True), ("ALL", False), ("all", True)):
        spec = (
            f"  containers: [{{name: a, securityContext: {{capabilities: {{drop: [{drop}]}}}}}}]\n"
        )
        refused = {violation.rule for violation in judged(spec, "restricted").violations}
        assert ("capabilities" in refused) is expected, drop


def test_a_note_in_the_manifest_is_part_of_its_value() -> None:
    """An arrow behind a capability makes it another text, which no level knows."""
    found = judged(NET_ADMIN.replace("NET_ADMIN", "CHOWN  <<---- here"), "baseline")
    assert [violation.value for violation in found.violations] == ["CHOWN  <<---- here"]


def test_a_manifest_on_one_line_is_no_manifest() -> None:
    """What lost its line ends cannot be read, and is told so."""
    text = b"apiVersion: v1 kind: Pod metadata: name: mypod spec: containers: - name: myshell\n"
    (failure,) = Judge([Union((open_profile("pss/baseline"),))]).run(read_bytes(text, "pod.yaml"))
    assert isinstance(failure, InputError)
    assert str(failure) == "pod.yaml:1:20: mapping values are not allowed in this context"


def test_a_misspelt_profile_field() -> None:
    """`appAormorProfile` sets nothing: the finding names the field that was meant."""
    found = judged(APPARMOR.replace("appArmorProfile", "appAormorProfile", 1), "baseline")
    assert [violation.message for violation in found.violations] == [
        "`appAormorProfile` is no field that Kubernetes knows here; did you mean `appArmorProfile`?"
    ]


def test_nodes_and_security_policies_hold_no_pod() -> None:
    """A Node that reports its features, and a PodSecurityPolicy, are passed over."""
    text = (
        b"apiVersion: v1\nkind: Node\nmetadata: {name: n}\n"
        b"status: {features: {supplementalGroupsPolicy: true}}\n---\n"
        b"apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: example}\n"
        b"spec: {privileged: false, requiredDropCapabilities: [SYS_CHROOT, NET_RAW]}\n"
    )
    found = list(Judge([Union((open_profile("pss/restricted"),))]).run(read_bytes(text, "f.yaml")))
    assert [each.status for each in found if isinstance(each, Judged)] == ["skipped", "skipped"]
