"""The catalogue: every rule that a profile may set, as data.

A rule is some *parts*. A part says which key of the rule's settings feeds it, which subject it
judges, and with which predicate. What a rule means is here and nowhere else: the interpreter, the
languages, the targets and the documentation read it.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from .annotations import Annotation
from .expressions import Test
from .predicates import OneOf
from .subjects import (
    Field,
    HandlerHosts,
    HostPaths,
    Level,
    ProfileAnnotations,
    Subject,
    TokenMount,
    VolumeTypes,
)
from .values import NEWEST_MINOR, Kind, Scalar


class Ask(Enum):
    """Which predicate a part makes of the values that its setting lists."""

    ONE_OF = "each value is one of these"
    IN_RANGES = "each value lies in one of these ranges"
    WITHIN = "each item of the list is one of these"
    INCLUDES = "the list holds each of these"
    GLOBS = "each value is one of these; a `*` is any text without a `/`"
    UNDER = "each path is one of these, or below one"
    UNDER_WRITABLE = "each path that is mounted for writing is one of these, or below one"


class Part(NamedTuple):
    """One part of a rule.

    Attributes:
        key: the key of the rule's settings that feeds it.
        subject: what it judges.
        ask: the predicate that it makes of the setting.
        symbols: the family in `data/sets.json` whose names the setting may use.
        known: the vocabulary that the setting's values come from (`profile/vocabulary.py`); None
            where any value of the type will do.
        since: the first minor version that it holds at.
        until: the last.
        prefer: the values that are chosen where a concrete one is set, strictest first.
        explicit: the value is set also where unset means the same: a manifest may hold another, and
            the API refuses some values beside it.
        cover: the word that stands for every item of the list where `allCovers` says so.
    """

    key: str
    subject: Subject
    ask: Ask = Ask.ONE_OF
    symbols: str | None = None
    known: str | None = None
    since: int = 0
    until: int = NEWEST_MINOR
    prefer: tuple[Scalar, ...] = ()
    explicit: bool = False
    cover: str | None = None


class Entry(NamedTuple):
    """A rule of the catalogue.

    Attributes:
        id: its name in a profile: Kubernetes' own, lower camel case.
        means: one sentence: what it judges and why it matters.
        source: the upstream definition.
        parts: what it is made of.
    """

    id: str
    means: str
    source: str
    parts: tuple[Part, ...]


def _security(
    leaf: str, kind: Kind, level: Level, unset: Scalar | None = None, *, linux: bool = True
) -> Field:
    return Field(level, ("securityContext", leaf), kind, unset, linux=linux)


def _spec(leaf: str, *, unset: bool = False) -> Field:
    return Field(Level.POD, (leaf,), Kind.BOOL, unset)


def _host(leaf: str, *, linux: bool = True) -> Field:
    # No pointers: the API leaves false out, so a policy sees it unset.
    return Field(Level.POD, (leaf,), Kind.BOOL, unset=False, blank=False, linux=linux)


def _capabilities(leaf: str) -> Field:
    path = ("securityContext", "capabilities", leaf)
    return Field(Level.CONTAINER, path, Kind.STRINGS, unset=())


def _profile(struct: str, unset: str) -> Field:
    path = ("securityContext", struct, "type")
    return Field(
        Level.INHERITED,
        path,
        Kind.STRING,
        unset,
        required=True,
        whole=True,
        detail="localhostProfile",
    )


def _windows(leaf: str, kind: Kind, unset: Scalar | None = None) -> Field:
    path = ("securityContext", "windowsOptions", leaf)
    return Field(Level.INHERITED, path, kind, unset, linux=False)


def _driver(kind: str) -> Field:
    path = ("volumes", "*", kind, "driver")
    return Field(Level.POD, path, Kind.STRING, required=True, linux=False)


def _selinux(leaf: str) -> Field:
    path = ("securityContext", "seLinuxOptions", leaf)
    return Field(Level.INHERITED, path, Kind.STRING, blank="", whole=True)


_PSA = "k8s.io/pod-security-admission v0.37.2, policy/"
_API = "k8s.io/api v0.37.2, core/v1/types.go, "

CATALOGUE: Final[tuple[Entry, ...]] = (
    Entry(
        "privileged",
        "A privileged container has every capability and every device of its node.",
        _PSA + "check_privileged.go",
        (
            Part(
                "allow",
                _security("privileged", Kind.BOOL, Level.CONTAINER, unset=False),
                prefer=(False,),
                explicit=True,
            ),
        ),
    ),
    Entry(
        "allowPrivilegeEscalation",
        "Unset, a process may gain more privileges than its parent, by set-user-ID files for one;"
        " false sets no_new_privs.",
        _PSA + "check_allowPrivilegeEscalation.go",
        (
            Part(
                "allow",
                _security("allowPrivilegeEscalation", Kind.BOOL, Level.CONTAINER, unset=True),
                prefer=(False,),
            ),
        ),
    ),
    Entry(
        "readOnlyRootFilesystem",
        "Unset, a process may write anywhere in its container's root filesystem.",
        _API + "SecurityContext",
        (
            Part(
                "allow",
                _security("readOnlyRootFilesystem", Kind.BOOL, Level.CONTAINER, unset=False),
                prefer=(True,),
            ),
        ),
    ),
    Entry(
        "capabilities",
        "The capabilities that a container adds to the runtime's default set, and drops from it;"
        " compared to the letter, as Kubernetes does.",
        _PSA + "check_capabilities_baseline.go, check_capabilities_restricted.go",
        (
            Part("allow", _capabilities("add"), Ask.WITHIN, known="capabilities", cover="ALL"),
            Part("drop", _capabilities("drop"), Ask.INCLUDES, known="capabilities", cover="ALL"),
        ),
    ),
    Entry(
        "runAsNonRoot",
        "True makes the kubelet refuse to start a container as user 0.",
        _PSA + "check_runAsNonRoot.go",
        (
            Part(
                "allow",
                _security("runAsNonRoot", Kind.BOOL, Level.INHERITED, unset=False, linux=False),
                prefer=(True,),
            ),
        ),
    ),
    Entry(
        "runAsUser",
        "The user ID that a container's process runs as; unset, the image decides.",
        _PSA + "check_runAsUser.go",
        (Part("ranges", _security("runAsUser", Kind.INT, Level.INHERITED), Ask.IN_RANGES),),
    ),
    Entry(
        "runAsGroup",
        "The group ID that a container's process runs with; unset, the image decides.",
        _API + "SecurityContext",
        (Part("ranges", _security("runAsGroup", Kind.INT, Level.INHERITED), Ask.IN_RANGES),),
    ),
    Entry(
        "supplementalGroups",
        "Groups that a pod's processes are given besides their own.",
        _API + "PodSecurityContext",
        (
            Part(
                "ranges",
                Field(Level.POD, ("securityContext", "supplementalGroups", "*"), Kind.INT),
                Ask.IN_RANGES,
            ),
        ),
    ),
    Entry(
        "supplementalGroupsPolicy",
        "Merge, the default, adds the groups that the image gives the user; Strict does not.",
        _API + "PodSecurityContext",
        (
            Part(
                "allow",
                _security("supplementalGroupsPolicy", Kind.STRING, Level.POD, unset="Merge"),
                known="groupsPolicies",
                prefer=("Strict",),
            ),
        ),
    ),
    Entry(
        "fsGroup",
        "The group that owns a pod's volumes, and that its processes are given.",
        _API + "PodSecurityContext",
        (Part("ranges", _security("fsGroup", Kind.INT, Level.POD), Ask.IN_RANGES),),
    ),
    Entry(
        "fsGroupChangePolicy",
        "Whether a volume's owner is changed always, which is the default, or only where its root"
        " has another.",
        _API + "PodSecurityContext",
        (
            Part(
                "allow",
                _security("fsGroupChangePolicy", Kind.STRING, Level.POD, unset="Always"),
                known="changePolicies",
                prefer=("OnRootMismatch",),
            ),
        ),
    ),
    Entry(
        "seLinuxOptions",
        "The SELinux context of a container; the type decides what it is confined to.",
        _PSA + "check_seLinuxOptions.go",
        (
            Part("type", _selinux("type"), symbols="seLinuxTypes"),
            Part("user", _selinux("user")),
            Part("role", _selinux("role")),
            Part("level", _selinux("level")),
        ),
    ),
    Entry(
        "seLinuxChangePolicy",
        "How a volume gets its SELinux label: by Recursive relabelling, or as a MountOption.",
        _API + "PodSecurityContext",
        (
            Part(
                "allow",
                _security("seLinuxChangePolicy", Kind.STRING, Level.POD),
                known="seLinuxChangePolicies",
                # MountOption is behind a gate that is off up to 1.36: the API refuses it there.
                prefer=("Recursive",),
            ),
        ),
    ),
    Entry(
        "seccompProfile",
        "The system calls that a container may make. Unset, a container has no filter at all.",
        _PSA + "check_seccompProfile_baseline.go, check_seccompProfile_restricted.go",
        (
            # Until 1.18 there were only annotations.
            Part(
                "allow",
                ProfileAnnotations(Annotation.SECCOMP),
                Ask.GLOBS,
                known="profiles",
                until=18,
            ),
            Part(
                "allow",
                _profile("seccompProfile", unset="Unconfined"),
                Ask.GLOBS,
                known="profiles",
                since=19,
                prefer=("RuntimeDefault",),
            ),
        ),
    ),
    Entry(
        "appArmorProfile",
        "The AppArmor profile of a container. Unset, a node with AppArmor applies its runtime's.",
        _PSA + "check_appArmorProfile.go",
        (
            Part(
                "allow",
                _profile("appArmorProfile", unset="RuntimeDefault"),
                Ask.GLOBS,
                known="profiles",
            ),
            Part("allow", ProfileAnnotations(Annotation.APPARMOR), Ask.GLOBS, known="profiles"),
        ),
    ),
    Entry(
        "procMount",
        "Unmasked shows a container the parts of /proc that the runtime hides.",
        _PSA + "check_procMount_baseline.go, check_procMount_restricted.go",
        (
            Part(
                "allow",
                _security("procMount", Kind.STRING, Level.CONTAINER, unset="Default"),
                known="procMounts",
            ),
        ),
    ),
    Entry(
        "sysctls",
        "The kernel parameters that a pod sets; `safe` are those that Kubernetes knows to be"
        " namespaced and isolated.",
        _PSA + "check_sysctls.go",
        (
            Part(
                "allow",
                Field(
                    Level.POD,
                    ("securityContext", "sysctls", "*", "name"),
                    Kind.STRING,
                    required=True,
                ),
                Ask.GLOBS,
                symbols="sysctls",
            ),
        ),
    ),
    Entry(
        "hostNetwork",
        "True shares the node's network with the pod.",
        _PSA + "check_hostNamespaces.go",
        (Part("allow", _host("hostNetwork", linux=False)),),
    ),
    Entry(
        "hostPID",
        "True shows the pod every process of the node.",
        _PSA + "check_hostNamespaces.go",
        (Part("allow", _host("hostPID")),),
    ),
    Entry(
        "hostIPC",
        "True shares the node's inter-process communication with the pod.",
        _PSA + "check_hostNamespaces.go",
        (Part("allow", _host("hostIPC")),),
    ),
    Entry(
        "hostUsers",
        "False gives the pod a user namespace of its own, so its root is nobody on the node.",
        _API + "PodSpec",
        (Part("allow", _spec("hostUsers", unset=True), prefer=(False,)),),
    ),
    Entry(
        "hostPorts",
        "A port of the node that a container binds; 0 is unset.",
        _PSA + "check_hostPorts.go",
        (
            Part(
                "ranges",
                Field(Level.CONTAINER, ("ports", "*", "hostPort"), Kind.INT, blank=0, linux=False),
                Ask.IN_RANGES,
            ),
        ),
    ),
    Entry(
        "hostProbes",
        "A host in a probe or lifecycle handler makes the kubelet connect there instead of to the"
        " pod.",
        _PSA + "check_hostProbesAndhostLifecycle.go",
        (Part("allow", HandlerHosts()),),
    ),
    Entry(
        "hostProcess",
        "A HostProcess container of a Windows pod runs on the node itself.",
        _PSA + "check_windowsHostProcess.go",
        (
            Part(
                "allow",
                _windows("hostProcess", Kind.BOOL, unset=False),
            ),
        ),
    ),
    Entry(
        "windowsOptions",
        "What only Windows containers have: the user by name, and whether they run on the node"
        " itself.",
        _API + "WindowsSecurityContextOptions",
        (
            Part("runAsUserName", _windows("runAsUserName", Kind.STRING)),
            Part("hostProcess", _windows("hostProcess", Kind.BOOL, unset=False)),
        ),
    ),
    Entry(
        "volumes",
        "The types of volumes that a pod may have.",
        _PSA + "check_restrictedVolumes.go",
        (Part("allow", VolumeTypes(), known="volumes"),),
    ),
    Entry(
        "hostPath",
        "The paths of the node that a pod mounts.",
        _PSA + "check_hostPathVolumes.go",
        (
            Part("allow", HostPaths(), Ask.UNDER),
            Part("allow", HostPaths(written=True), Ask.UNDER_WRITABLE),
        ),
    ),
    Entry(
        "flexVolumes",
        "The drivers of flexVolumes, which run as root on the node.",
        _API + "FlexVolumeSource",
        (Part("allow", _driver("flexVolume")),),
    ),
    Entry(
        "csiDrivers",
        "The drivers of volumes that a pod declares inline; those of a claim are the cluster's.",
        _API + "CSIVolumeSource",
        (Part("allow", _driver("csi")),),
    ),
    Entry(
        "runtimeClassName",
        "The runtime that a pod asks for: a sandbox such as gVisor, or the node's own.",
        _API + "PodSpec",
        (
            Part(
                "allow",
                Field(
                    Level.POD,
                    ("runtimeClassName",),
                    Kind.STRING,
                    unset="",
                    blank="",
                    linux=False,
                ),
            ),
        ),
    ),
    Entry(
        "shareProcessNamespace",
        "True shows every container of a pod the processes of the others, and their files.",
        _API + "PodSpec",
        (Part("allow", _spec("shareProcessNamespace")),),
    ),
    Entry(
        "automountServiceAccountToken",
        "A service account's token in a pod lets whoever gets into it speak to the API server."
        " The effective value: the pod's own, or else its account's. A token that a pod projects"
        " itself is a volume, for `volumes` to refuse.",
        _API + "PodSpec; plugin/pkg/admission/serviceaccount",
        (Part("allow", TokenMount(), prefer=(False,)),),
    ),
)

ENTRIES: Final[dict[str, Entry]] = {entry.id: entry for entry in CATALOGUE}


class Condition(NamedTuple):
    """What may lift a rule from a whole pod.

    Attributes:
        id: its name in a rule's `unless`.
        test: holds where the rule is lifted.
        means: one sentence.
        since: the first minor version that knows the field: an older API server drops it, and what
            it says comes to nothing.
    """

    id: str
    test: Test
    means: str
    since: int


CONDITIONS: Final[dict[str, Condition]] = {
    condition.id: condition
    for condition in (
        Condition(
            "windows",
            Test(
                Field(Level.POD, ("os", "name"), Kind.STRING, linux=False),
                OneOf(("windows",)),
                unset_allowed=False,
            ),
            "the pod says that it runs on Windows, where the API refuses the Linux fields",
            # IdentifyPodOS, on by default.
            since=24,
        ),
        Condition(
            "userNamespace",
            Test(
                Field(Level.POD, ("hostUsers",), Kind.BOOL),
                OneOf((False,)),
                unset_allowed=False,
            ),
            "the pod has a user namespace of its own, so its root is nobody on the node",
            # UserNamespacesStatelessPodsSupport, where it is turned on.
            since=25,
        ),
    )
}
