"""Rules on kernel profiles, labels and parameters, beyond Pod Security's."""

from __future__ import annotations

from typing import Final

from tests.pods import DROP, annotation

from .cases import Changes, added, allows, refuses, templated, unset
from .sheets import Sheet, Sheets

_TYPES = "k8s.io/api core/v1/types.go"
_WINDOWS: Changes = {"os.name": "windows"}
_READING = "INTERFACE.md Reading"


def _local(name: object) -> Changes:
    return {"type": "Localhost", "localhostProfile": name}


_POD_SECCOMP = "securityContext.seccompProfile"
_SECCOMP = "*.securityContext.seccompProfile"
_ALL_SECCOMP = "**.securityContext.seccompProfile"
_FILE = "SeccompProfile.LocalhostProfile"
_TYPE = "SeccompProfile.Type"
_CHECK = "validateSeccompProfileField"
_DEFAULT: Changes = {"type": "RuntimeDefault"}
# A container's profile takes the place of its pod's.
_OVERRIDE = "pkg/kubelet/kuberuntime/helpers.go getSeccompProfile"

SECCOMP: Final = Sheets(
    "seccompProfile",
    _TYPES,
    (
        Sheet(
            '{allow: [RuntimeDefault, "Localhost:profiles/*", "Localhost:base.json"]}',
            (
                unset(_OVERRIDE, {_POD_SECCOMP: DROP}, allowed=False),
                unset(_OVERRIDE, {_POD_SECCOMP: None}, allowed=False),
                unset(
                    _OVERRIDE,
                    {_POD_SECCOMP: None, _ALL_SECCOMP: _DEFAULT, _SECCOMP: None},
                    allowed=False,
                ),
                unset(_OVERRIDE, {_SECCOMP: None}),
                allows(_TYPE, {_POD_SECCOMP: _DEFAULT}),
                allows(_FILE, {_POD_SECCOMP: _local("profiles/web.json")}),
                allows(_FILE, {_SECCOMP: _local("profiles/web.json")}),
                allows(_FILE, {_SECCOMP: _local("base.json")}),
                # A star is any text without a slash, none as well.
                allows(_FILE, {_SECCOMP: _local("profiles/")}),
                refuses(_FILE, {_SECCOMP: _local("profiles/team/web.json")}),
                refuses(_FILE, {_SECCOMP: _local("profiles")}),
                refuses(_FILE, {_SECCOMP: _local("profilesx/web.json")}),
                refuses(_FILE, {_SECCOMP: _local("old/profiles/web.json")}),
                refuses(_FILE, {_SECCOMP: _local("Profiles/web.json")}),
                # Only a star is special in a pattern.
                refuses(_FILE, {_SECCOMP: _local("baseXjson")}),
                refuses(_FILE, {_SECCOMP: _local("base.json\n")}),
                refuses(_FILE, {_SECCOMP: _local("profiles/web.json\n/x")}),
                refuses(_FILE, {_POD_SECCOMP: _local("other.json")}),
                refuses(_CHECK, {_SECCOMP: _local("profiles/../web.json")}),
                refuses(_CHECK, {_SECCOMP: _local("/profiles/web.json")}),
                refuses(_CHECK, {_SECCOMP: _local("../profiles/web.json")}),
                refuses(_CHECK, {_SECCOMP: _local("")}),
                # Localhost without a file names none.
                refuses(_CHECK, {_SECCOMP: {"type": "Localhost"}}),
                refuses(_CHECK, {_SECCOMP: _local(None)}),
                refuses(_CHECK, {_POD_SECCOMP: {"type": "Localhost"}}),
                refuses(_CHECK, {_SECCOMP: {"localhostProfile": "profiles/web.json"}}),
                refuses(_CHECK, {_SECCOMP: {"type": "localhost", "localhostProfile": "base.json"}}),
                refuses(_TYPE, {_SECCOMP: {"type": "Unconfined"}}),
                refuses(_TYPE, {_POD_SECCOMP: {"type": "Unconfined"}, _ALL_SECCOMP: _DEFAULT}),
                refuses(_TYPE, {_SECCOMP: {"type": ["RuntimeDefault"]}}),
                refuses("validateWindows", {_SECCOMP: _local("x")} | _WINDOWS),
                added(allows(_FILE, {_SECCOMP: _local("profiles/debug.json")})),
                added(refuses(_FILE, {_SECCOMP: _local("debug.json")})),
                added(refuses(_OVERRIDE, {_POD_SECCOMP: _local("x")})),
                added(allows(_OVERRIDE, {_POD_SECCOMP: _local("x"), _SECCOMP: _DEFAULT})),
                added(unset(_OVERRIDE, {_POD_SECCOMP: None}, allowed=False)),
                templated(refuses(_FILE, {_SECCOMP: _local("x")})),
                templated(allows(_FILE, {_SECCOMP: _local("profiles/x")})),
            ),
        ),
        # Any file: a pattern beside it says nothing more.
        Sheet(
            '{allow: [Localhost, "Localhost:profiles/*"], unset: allow}',
            (
                unset("INTERFACE.md Unset", {_POD_SECCOMP: None}),
                allows(_FILE, {_POD_SECCOMP: _local("any/file.json")}),
                allows(_FILE, {_POD_SECCOMP: None, _SECCOMP: _local("x")}),
                refuses(_TYPE, {}),
                refuses(_TYPE, {_POD_SECCOMP: None, _SECCOMP: {"type": "Unconfined"}}),
            ),
        ),
        # Unset is no filter at all, which is what Unconfined says.
        Sheet(
            "{allow: [RuntimeDefault, Unconfined]}",
            (
                unset(_OVERRIDE, {_POD_SECCOMP: DROP}),
                unset(_OVERRIDE, {_POD_SECCOMP: None, _SECCOMP: None}),
                allows(_TYPE, {_SECCOMP: {"type": "Unconfined"}}),
                refuses(_FILE, {_SECCOMP: _local("profiles/web.json")}),
                added(unset(_OVERRIDE, {_POD_SECCOMP: None})),
            ),
        ),
        Sheet(
            "RuntimeDefault",
            (
                unset(_OVERRIDE, {_POD_SECCOMP: DROP}, allowed=False),
                allows(_TYPE, {_SECCOMP: _DEFAULT}),
                refuses(_FILE, {_SECCOMP: _local("profiles/web.json")}),
            ),
        ),
        Sheet(
            "{allow: [RuntimeDefault], reading: effective}",
            (
                unset(_OVERRIDE, {_POD_SECCOMP: None}, allowed=False),
                unset(_OVERRIDE, {_POD_SECCOMP: None, _ALL_SECCOMP: _DEFAULT}),
                allows(_OVERRIDE, {_POD_SECCOMP: {"type": "Unconfined"}, _ALL_SECCOMP: _DEFAULT}),
                refuses(_OVERRIDE, {_POD_SECCOMP: {"type": "Unconfined"}}),
                refuses(_OVERRIDE, {_SECCOMP: {"type": "Unconfined"}}),
                # A struct without a type is no way to leave it unset.
                refuses(_CHECK, {_SECCOMP: {}}),
            ),
        ),
        Sheet(
            "{allow: [RuntimeDefault], reading: both}",
            (
                # All containers have a profile and the pod has none: PodSecurityPolicy refused it.
                unset("TRAPS 18", {_POD_SECCOMP: None, _ALL_SECCOMP: _DEFAULT}, allowed=False),
                allows(_READING, {_POD_SECCOMP: _DEFAULT}),
                allows(_READING, {_POD_SECCOMP: _DEFAULT, _ALL_SECCOMP: _DEFAULT}),
                refuses(_READING, {_POD_SECCOMP: {"type": "Unconfined"}, _ALL_SECCOMP: _DEFAULT}),
                refuses(_READING, {_SECCOMP: {"type": "Unconfined"}}),
                added(unset(_READING, {_POD_SECCOMP: None}, allowed=False)),
                added(allows(_READING, {_POD_SECCOMP: None, _SECCOMP: _DEFAULT})),
            ),
        ),
    ),
)

_POD_ARMOR = "securityContext.appArmorProfile"
_ARMOR = "*.securityContext.appArmorProfile"
_ALL_ARMOR = "**.securityContext.appArmorProfile"
_NAME = "AppArmorProfile.LocalhostProfile"
_ARMOR_CHECK = "ValidateAppArmorProfileField"
_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
_WEB = annotation(_PREFIX + "web")
_NEW = annotation(_PREFIX + "new")
_NOTE = "core/v1 annotation_key_constants.go DeprecatedAppArmorBetaContainerAnnotationKeyPrefix"

APPARMOR: Final = Sheets(
    "appArmorProfile",
    _TYPES,
    (
        Sheet(
            '{allow: [RuntimeDefault, "Localhost:k8s-*"]}',
            (
                unset("SecurityContext.AppArmorProfile", {}),
                unset("SecurityContext.AppArmorProfile", {_POD_ARMOR: None, _ARMOR: None}),
                unset(_NOTE, {_WEB: ""}),
                allows(_NAME, {_POD_ARMOR: _DEFAULT}),
                allows(_NAME, {_POD_ARMOR: _local("k8s-web")}),
                allows(_NAME, {_ARMOR: _local("k8s-web")}),
                allows(_NAME, {_ARMOR: _local("k8s-")}),
                allows(_NOTE, {_WEB: "localhost/k8s-web"}),
                allows(_NOTE, {_WEB: "runtime/default"}),
                refuses(_NAME, {_ARMOR: _local("k8s-a/b")}),
                refuses(_NAME, {_ARMOR: _local("K8s-web")}),
                refuses(_NAME, {_ARMOR: _local("k8s")}),
                refuses(_NAME, {_ARMOR: _local("my-k8s-web")}),
                refuses(_NAME, {_POD_ARMOR: _local("web")}),
                refuses(_NAME, {_POD_ARMOR: _local("web"), _ALL_ARMOR: _DEFAULT}),
                refuses(_ARMOR_CHECK, {_ARMOR: {"type": "Localhost"}}),
                refuses(_ARMOR_CHECK, {_ARMOR: _local(None)}),
                refuses(_ARMOR_CHECK, {_ARMOR: _local("")}),
                refuses(_ARMOR_CHECK, {_ARMOR: {}}),
                refuses(_ARMOR_CHECK, {_ARMOR: {"type": "Unconfined"}}),
                refuses(_NOTE, {_WEB: "localhost/web"}),
                refuses(_NOTE, {_WEB: "localhost/"}),
                refuses(_NOTE, {_WEB: "localhost/k8s-a/b"}),
                refuses(_NOTE, {_WEB: "unconfined"}),
                # The field's own word is none of an annotation's.
                refuses(_NOTE, {_WEB: "RuntimeDefault"}),
                refuses("validateWindows", {_ARMOR: _local("web")} | _WINDOWS),
                added(allows(_NAME, {_ARMOR: _local("k8s-debug")})),
                added(refuses(_NAME, {_ARMOR: _local("debug")})),
                added(refuses(_NAME, {_POD_ARMOR: _local("web")})),
                added(allows(_NOTE, {_WEB: "localhost/web"})),
                added(refuses(_NOTE, {_NEW: "localhost/web"})),
                added(allows(_NOTE, {_NEW: "localhost/k8s-web"})),
                added(unset("SecurityContext.AppArmorProfile", {})),
                templated(refuses(_NOTE, {_WEB: "localhost/web"})),
                templated(allows(_NOTE, {_WEB: "localhost/k8s-web"})),
            ),
        ),
        Sheet(
            "{allow: [Localhost]}",
            (
                # Unset, the runtime's profile holds, and that is none of these.
                unset("pkg/security/apparmor", {}, allowed=False),
                allows(_NAME, {_POD_ARMOR: _local("any/thing")}),
                refuses(_NAME, {_POD_ARMOR: _DEFAULT}),
            ),
        ),
        Sheet(
            '{allow: ["Localhost:k8s-web"], unset: refuse, reading: effective}',
            (
                unset("INTERFACE.md Unset", {}, allowed=False),
                allows(_READING, {_POD_ARMOR: _local("x"), _ALL_ARMOR: _local("k8s-web")}),
                refuses(_READING, {_POD_ARMOR: _local("k8s-web"), _ARMOR: _local("k8s-webx")}),
                refuses(_READING, {_POD_ARMOR: _local("k8sXweb")}),
                added(allows(_READING, {_POD_ARMOR: _local("k8s-web")})),
                added(unset(_READING, {}, allowed=False)),
            ),
        ),
        Sheet(
            "{allow: [RuntimeDefault], unset: refuse, reading: both}",
            (
                unset(_READING, {_ALL_ARMOR: _DEFAULT}, allowed=False),
                allows(_READING, {_POD_ARMOR: _DEFAULT}),
                refuses(_READING, {_POD_ARMOR: _DEFAULT, _ARMOR: {"type": "Unconfined"}}),
            ),
        ),
    ),
)

_POD_LABEL = "securityContext.seLinuxOptions"
_LABEL = "*.securityContext.seLinuxOptions"
_ALL_LABELS = "**.securityContext.seLinuxOptions"
_LEVEL = "SELinuxOptions.Level"
_WHOLE = "pkg/securitycontext/util.go DetermineEffectiveSecurityContext"

SELINUX: Final = Sheets(
    "seLinuxOptions",
    _TYPES,
    (
        Sheet(
            '{level: ["s0:c1,c2", "s0"]}',
            (
                # "If unspecified, the container runtime will allocate a random SELinux context."
                unset("PodSecurityContext.SELinuxOptions", {}),
                unset("PodSecurityContext.SELinuxOptions", {_POD_LABEL: None, _LABEL: None}),
                unset(_LEVEL, {_POD_LABEL: {}}),
                unset(_LEVEL, {_LABEL: {"level": ""}}),
                unset(_LEVEL, {_LABEL: {"level": None, "type": "spc_t"}}),
                allows(_LEVEL, {_POD_LABEL: {"level": "s0:c1,c2"}}),
                allows(_LEVEL, {_LABEL: {"level": "s0:c1,c2"}}),
                allows(_LEVEL, {_LABEL: {"level": "s0"}}),
                # The other parts of the label are nobody's business here.
                allows(_LEVEL, {_LABEL: {"level": "s0", "user": "u", "role": "r", "type": "t"}}),
                refuses(_LEVEL, {_POD_LABEL: {"level": "s0:c1"}}),
                refuses(_LEVEL, {_LABEL: {"level": "s0:c1"}}),
                refuses(_LEVEL, {_LABEL: {"level": "S0:C1,C2"}}),
                refuses(_LEVEL, {_LABEL: {"level": "s0:c1,c2 "}}),
                # The same categories in another order: compared to the letter.
                refuses(_LEVEL, {_LABEL: {"level": "s0:c2,c1"}}),
                refuses(_LEVEL, {_LABEL: {"level": 0}}),
                refuses(_LEVEL, {_LABEL: {"level": ["s0"]}}),
                refuses(_READING, {_POD_LABEL: {"level": "s1"}, _ALL_LABELS: {"level": "s0"}}),
                refuses("validateWindows: no seLinuxOptions", {_LABEL: {"level": "x"}} | _WINDOWS),
                added(unset(_LEVEL, {})),
                added(allows(_LEVEL, {_LABEL: {"level": "s0"}})),
                added(refuses(_LEVEL, {_LABEL: {"level": "s1"}})),
                added(refuses(_WHOLE, {_POD_LABEL: {"level": "s1"}})),
                templated(refuses(_LEVEL, {_POD_LABEL: {"level": "s1"}})),
            ),
        ),
        # A container's struct takes the place of its pod's as a whole.
        Sheet(
            "{type: [container_t], level: [s0], unset: refuse, reading: effective}",
            (
                unset(_WHOLE, {}, allowed=False),
                unset(_WHOLE, {_POD_LABEL: {"type": "container_t"}}, allowed=False),
                unset(
                    _WHOLE,
                    {
                        _POD_LABEL: {"type": "container_t", "level": "s0"},
                        _LABEL: {"type": "container_t"},
                    },
                    allowed=False,
                ),
                unset(
                    _WHOLE,
                    {_POD_LABEL: {"type": "container_t", "level": "s0"}, _LABEL: {}},
                    allowed=False,
                ),
                unset(_WHOLE, {_POD_LABEL: {"type": "container_t", "level": "s0"}, _LABEL: None}),
                allows(
                    _WHOLE,
                    {
                        _POD_LABEL: {"type": "x"},
                        _ALL_LABELS: {"type": "container_t", "level": "s0"},
                    },
                ),
                refuses(_WHOLE, {_POD_LABEL: {"type": "container_t", "level": "s1"}}),
                added(allows(_WHOLE, {_POD_LABEL: {"type": "container_t", "level": "s0"}})),
                added(
                    unset(
                        _WHOLE,
                        {
                            _POD_LABEL: {"type": "container_t", "level": "s0"},
                            _LABEL: {"level": "s0"},
                        },
                        allowed=False,
                    )
                ),
            ),
        ),
        Sheet(
            "{level: [s0], unset: refuse, reading: both}",
            (
                unset("TRAPS 18", {_ALL_LABELS: {"level": "s0"}}, allowed=False),
                allows(_READING, {_POD_LABEL: {"level": "s0"}}),
                refuses(_READING, {_POD_LABEL: {"level": "s0"}, _LABEL: {"level": "s1"}}),
                refuses(_READING, {_POD_LABEL: {"level": "s1"}, _ALL_LABELS: {"level": "s0"}}),
            ),
        ),
    ),
)

_CHANGE = "securityContext.seLinuxChangePolicy"
_POLICY = "PodSecurityContext.SELinuxChangePolicy"

SELINUX_CHANGE: Final = Sheets(
    "seLinuxChangePolicy",
    _TYPES,
    (
        Sheet(
            "MountOption",
            (
                # Unset, a feature gate and the volume's access mode decide: nobody knows.
                unset(_POLICY, {}),
                unset(_POLICY, {_CHANGE: None}),
                unset("validateWindows: no seLinuxChangePolicy", _WINDOWS),
                unset(_POLICY, {"securityContext.seLinuxOptions": None}),
                allows(_POLICY, {_CHANGE: "MountOption"}),
                refuses(_POLICY, {_CHANGE: "Recursive"}),
                refuses("validateSELinuxChangePolicy", {_CHANGE: "mountOption"}),
                refuses("validateSELinuxChangePolicy", {_CHANGE: "recursive"}),
                refuses("validateSELinuxChangePolicy", {_CHANGE: "Mount"}),
                refuses("validateSELinuxChangePolicy", {_CHANGE: ""}),
                refuses("*PodSELinuxChangePolicy", {_CHANGE: False}),
                refuses("*PodSELinuxChangePolicy", {_CHANGE: ["MountOption"]}),
                refuses("validateWindows", {_CHANGE: "Recursive"} | _WINDOWS),
                added(allows("INTERFACE.md UPDATE", {_CHANGE: "Recursive"})),
                templated(refuses("PodTemplateSpec.Spec", {_CHANGE: "Recursive"})),
            ),
        ),
        Sheet(
            "{allow: [Recursive], unset: refuse}",
            (
                unset("INTERFACE.md Unset", {}, allowed=False),
                unset("INTERFACE.md Unset", {_CHANGE: None}, allowed=False),
                allows(_POLICY, {_CHANGE: "Recursive"}),
                refuses(_POLICY, {_CHANGE: "MountOption"}),
                added(unset("INTERFACE.md UPDATE", {})),
            ),
        ),
    ),
)

_SYSCTLS = "securityContext.sysctls"
_SYSCTL = "Sysctl.Name"
_ALLOWED = "pkg/kubelet/sysctl/allowlist.go"


def _named(*names: object) -> Changes:
    return {_SYSCTLS: [{"name": name, "value": "1"} for name in names]}


SYSCTLS: Final = Sheets(
    "sysctls",
    _TYPES,
    (
        Sheet(
            '{allow: [safe, "net.core.*", kernel.msgmax, "net/ipv4/conf/*/forwarding"]}',
            (
                unset("PodSecurityContext.Sysctls", {}),
                unset("PodSecurityContext.Sysctls", {_SYSCTLS: None}),
                unset("PodSecurityContext.Sysctls", {_SYSCTLS: []}),
                allows(_ALLOWED, _named("kernel.shm_rmid_forced")),
                allows(_ALLOWED, _named("net.core.somaxconn")),
                # A dot is no slash.
                allows(_ALLOWED, _named("net.core.a.b")),
                allows(_ALLOWED, _named("net.core.")),
                allows(_ALLOWED, _named("kernel.msgmax", "net.core.somaxconn")),
                allows("IsValidSysctlName", _named("net/ipv4/conf/eth0.1/forwarding")),
                refuses("IsValidSysctlName", _named("net/ipv4/conf/a/b/forwarding")),
                refuses("IsValidSysctlName", _named("net/core/somaxconn")),
                refuses("IsValidSysctlName", _named("net.core.a/b")),
                refuses(_ALLOWED, _named("net.core")),
                refuses(_ALLOWED, _named("net.corex.somaxconn")),
                refuses(_ALLOWED, _named("netXcore.somaxconn")),
                refuses(_ALLOWED, _named("xnet.core.somaxconn")),
                refuses(_ALLOWED, _named("Net.core.somaxconn")),
                refuses(_ALLOWED, _named("kernel.msgmaxx")),
                refuses(_ALLOWED, _named("kernelXmsgmax")),
                # A pod's name is no pattern.
                refuses(_ALLOWED, _named("*")),
                allows(_ALLOWED, _named("net.core.*")),
                refuses(_SYSCTL, _named("")),
                refuses(_SYSCTL, _named(None)),
                refuses(_SYSCTL, {_SYSCTLS: [{"value": "1"}]}),
                refuses(_SYSCTL, _named(1)),
                refuses(_SYSCTL, _named(["net.core.somaxconn"])),
                refuses("validateWindows: no sysctls", _named("kernel.msgmnb") | _WINDOWS),
                added(allows("INTERFACE.md UPDATE", _named("kernel.msgmnb"))),
                templated(refuses("PodTemplateSpec.Spec", _named("kernel.msgmnb"))),
            ),
        ),
        Sheet(
            '{allow: ["*"]}',
            (
                unset("PodSecurityContext.Sysctls", {}),
                allows(_ALLOWED, _named("kernel.msgmax", "")),
                refuses("IsValidSysctlName", _named("kernel/msgmax")),
            ),
        ),
    ),
)

TABLES: Final = (SECCOMP, APPARMOR, SELINUX, SELINUX_CHANGE, SYSCTLS)
