"""Rules on kernel profiles: seccomp, AppArmor, SELinux, and kernel parameters."""

from __future__ import annotations

from typing import Final

from tests.pods import DROP, annotation

from .cases import BASELINE, RESTRICTED, Changes, Table, allows, refuses, unset

_LISTED = ("initContainers.0", "containers.0", "containers.1")
_WINDOWS: Changes = {"os.name": "windows"}

_POD_SECCOMP = "securityContext.seccompProfile"
_SECCOMP = "*.securityContext.seccompProfile"
_ALL_SECCOMP: Changes = {
    f"{place}.securityContext.seccompProfile": {"type": "RuntimeDefault"} for place in _LISTED
}
_BASE = "check_seccompProfile_baseline.go:"
_POD_NOTE = annotation("seccomp.security.alpha.kubernetes.io/pod")
_NOTE = "container.seccomp.security.alpha.kubernetes.io/"
# What another container's annotation says is judged if the pod has that container.
_INIT_NOTE = annotation(_NOTE + "setup")
_WEB_NOTE = annotation(_NOTE + "web")
_STRANGER_NOTE = annotation(_NOTE + "other")
_OLD = 18

SECCOMP: Final = Table(
    "seccompProfile",
    "check_seccompProfile_restricted.go",
    (
        # Until 1.18: annotations, and no field.
        unset(_BASE + "90-98", {_POD_SECCOMP: DROP}, until=_OLD),
        allows(_BASE + "64-65", {_POD_SECCOMP: {"type": "Unconfined"}}, until=_OLD),
        allows(_BASE + "81", {_POD_NOTE: "runtime/default"}, until=_OLD),
        allows(_BASE + "82", {_POD_NOTE: "docker/default"}, until=_OLD),
        allows(_BASE + "83", {_POD_NOTE: "localhost/web.json"}, until=_OLD),
        allows(_BASE + "83", {_POD_NOTE: "localhost/"}, until=_OLD),
        refuses(_BASE + "91", {_POD_NOTE: "unconfined"}, until=_OLD),
        refuses(_BASE + "91", {_POD_NOTE: ""}, until=_OLD),
        refuses(_BASE + "91", {_POD_NOTE: None}, until=_OLD),
        refuses(_BASE + "91", {_POD_NOTE: "Runtime/Default"}, until=_OLD),
        refuses(_BASE + "91", {_POD_NOTE: "RuntimeDefault"}, until=_OLD),
        refuses(_BASE + "91", {_POD_NOTE: "localhost"}, until=_OLD),
        allows(_BASE + "98-99", {_WEB_NOTE: "runtime/default"}, until=_OLD),
        refuses(_BASE + "98-99", {_WEB_NOTE: "unconfined"}, until=_OLD),
        refuses(_BASE + "98-99", {_INIT_NOTE: ""}, until=_OLD),
        refuses(_BASE + "96-99", {_POD_NOTE: "runtime/default", _WEB_NOTE: "x"}, until=_OLD),
        allows(_BASE + "96-98", {_STRANGER_NOTE: "unconfined"}, until=_OLD),
        # From 1.19: the field. The pod's own annotation gives way to its field.
        allows(_BASE + "68-69", {_POD_NOTE: "unconfined"}, since=19),
        allows(_BASE + "68-69", {_WEB_NOTE: "unconfined"}, since=27),
        allows(_BASE + "77", {_POD_SECCOMP: {"type": "RuntimeDefault"}}),
        allows(_BASE + "76", {_POD_SECCOMP: {"type": "Localhost", "localhostProfile": "a"}}),
        allows(_BASE + "76", {_SECCOMP: {"type": "Localhost", "localhostProfile": "a"}}),
        refuses(_BASE + "127", {_POD_SECCOMP: {"type": "Unconfined"}}, since=19),
        refuses(_BASE + "127", {_POD_SECCOMP: {"type": "Unconfined"}} | _ALL_SECCOMP, since=19),
        refuses(_BASE + "139", {_SECCOMP: {"type": "Unconfined"}}, since=19),
        refuses(_BASE + "139", {_SECCOMP: {"type": "runtimeDefault"}}, since=19),
        refuses(_BASE + "139", {_SECCOMP: {"type": "runtime/default"}}, since=19),
        # A profile that is there, without a type, is no way to leave it unset.
        refuses(_BASE + "127", {_POD_SECCOMP: {}}, since=19),
        refuses(_BASE + "139", {_SECCOMP: {}}, since=19),
        refuses(_BASE + "139", {_SECCOMP: {"type": None}}, since=19),
        refuses(_BASE + "139", {_SECCOMP: {"type": ""}}, since=19),
        unset(_BASE + "126, 137", {_POD_SECCOMP: DROP}, BASELINE, since=19),
        unset(_BASE + "126, 137", {_POD_SECCOMP: None, _SECCOMP: None}, BASELINE, since=19),
        unset("100", {_POD_SECCOMP: DROP}, RESTRICTED, allowed=False, since=19),
        unset("100", {_POD_SECCOMP: None}, RESTRICTED, allowed=False, since=19),
        unset("98-100", {_SECCOMP: None}, RESTRICTED, since=19),
        unset("91-94", {_POD_SECCOMP: DROP} | _ALL_SECCOMP, RESTRICTED, since=19),
        unset(
            "100",
            {_POD_SECCOMP: DROP} | _ALL_SECCOMP | {_SECCOMP: DROP},
            RESTRICTED,
            allowed=False,
            since=19,
        ),
        unset("54", {_POD_SECCOMP: DROP} | _WINDOWS, RESTRICTED, allowed=False, since=19, until=24),
        unset("151-153", {_POD_SECCOMP: DROP} | _WINDOWS, RESTRICTED, since=25),
        allows("151-153", {_SECCOMP: {"type": "Unconfined"}} | _WINDOWS, RESTRICTED, since=25),
        refuses(_BASE + "139", {_SECCOMP: {"type": "Unconfined"}} | _WINDOWS, BASELINE, since=19),
    ),
)

_POD_APPARMOR = "securityContext.appArmorProfile"
_APPARMOR = "*.securityContext.appArmorProfile"
_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_WEB_ARMOR = annotation(_ARMOR + "web")
_NO_ARMOR = annotation(_ARMOR + "nobody")

APPARMOR: Final = Table(
    "appArmorProfile",
    "check_appArmorProfile.go",
    (
        unset("87, 96", {}),
        unset("87", {_POD_APPARMOR: None}),
        unset("96", {_APPARMOR: None}),
        unset("68", {_WEB_ARMOR: ""}),
        unset("68", {_WEB_ARMOR: None}),
        allows("75", {_POD_APPARMOR: {"type": "RuntimeDefault"}}),
        allows("76", {_POD_APPARMOR: {"type": "Localhost", "localhostProfile": "a"}}),
        allows("75", {_APPARMOR: {"type": "RuntimeDefault"}}),
        allows("76", {_APPARMOR: {"type": "Localhost", "localhostProfile": "a"}}),
        allows("69", {_WEB_ARMOR: "runtime/default"}),
        allows("70", {_WEB_ARMOR: "localhost/web"}),
        allows("70", {_WEB_ARMOR: "localhost/"}),
        allows("117", {annotation("apparmor.example.com/web"): "unconfined"}),
        refuses("88", {_POD_APPARMOR: {"type": "Unconfined"}}),
        refuses("97", {_APPARMOR: {"type": "Unconfined"}}),
        refuses("97", {_APPARMOR: {"type": "Unconfined"}, _POD_APPARMOR: {"type": "Localhost"}}),
        refuses(
            "88",
            {_POD_APPARMOR: {"type": "Unconfined"}}
            | {f"{at}.securityContext.appArmorProfile": {"type": "Localhost"} for at in _LISTED},
        ),
        refuses("97", {_APPARMOR: {"type": "runtimedefault"}}),
        refuses("88", {_POD_APPARMOR: {}}),
        refuses("97", {_APPARMOR: {}}),
        refuses("97", {_APPARMOR: {"type": ""}}),
        refuses("117", {_WEB_ARMOR: "unconfined"}),
        refuses("117", {_WEB_ARMOR: "runtime/default,"}),
        refuses("117", {_WEB_ARMOR: "RuntimeDefault"}),
        refuses("117", {_WEB_ARMOR: "Localhost/web"}),
        # An annotation is judged whether or not there is a container of that name.
        refuses("117", {_NO_ARMOR: "unconfined"}),
        allows("117", {_NO_ARMOR: "localhost/x"}),
        refuses("83", {_APPARMOR: {"type": "Unconfined"}} | _WINDOWS),
    ),
)

_POD_SELINUX = "securityContext.seLinuxOptions"
_SELINUX = "*.securityContext.seLinuxOptions"

SELINUX: Final = Table(
    "seLinuxOptions",
    "check_seLinuxOptions.go",
    (
        unset("120, 128", {}),
        unset("120", {_POD_SELINUX: None}),
        unset("128", {_SELINUX: {}}),
        unset("78", {_SELINUX: {"type": ""}}),
        unset("109", {_SELINUX: {"user": ""}}),
        unset("113", {_POD_SELINUX: {"role": "", "user": None}}),
        allows("103-118", {_POD_SELINUX: {"level": "s0:c1,c2"}}),
        *(allows("78", {_POD_SELINUX: {"type": f"container{part}_t"}}) for part in ("", "_init")),
        *(allows("78", {_SELINUX: {"type": f"container{part}_t"}}) for part in ("", "_kvm")),
        allows("78", {_POD_SELINUX: {"type": "container_kvm_t"}}),
        allows("79", {_POD_SELINUX: {"type": "container_engine_t"}}, since=31),
        allows("79", {_SELINUX: {"type": "container_engine_t"}}, since=31),
        refuses("78", {_POD_SELINUX: {"type": "container_engine_t"}}, until=30),
        refuses("78", {_SELINUX: {"type": "container_engine_t"}}, until=30),
        refuses("105", {_POD_SELINUX: {"type": "spc_t"}}),
        refuses("105", {_SELINUX: {"type": "spc_t"}}),
        refuses("105", {_SELINUX: {"type": "Container_t"}}),
        refuses("105", {_SELINUX: {"type": "container_t "}}),
        refuses("109", {_POD_SELINUX: {"user": "system_u"}}),
        refuses("109", {_SELINUX: {"user": "system_u"}}),
        refuses("113", {_POD_SELINUX: {"role": "system_r"}}),
        refuses("113", {_SELINUX: {"role": "system_r"}}),
        refuses("105-117", {_SELINUX: {"type": "container_t", "user": "u", "role": "r"}}),
        refuses(
            "121",
            {_POD_SELINUX: {"type": "spc_t"}}
            | {f"{at}.securityContext.seLinuxOptions": {"type": "container_t"} for at in _LISTED},
        ),
        refuses("90", {_SELINUX: {"type": "spc_t"}} | _WINDOWS),
    ),
)


_SYSCTLS = "securityContext.sysctls"
_SAFE = {
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
    "net.ipv4.tcp_slow_start_after_idle": 37,
    "net.ipv4.tcp_notsent_lowat": 37,
}


def _named(*names: object) -> Changes:
    return {_SYSCTLS: [{"name": name, "value": "1"} for name in names]}


SYSCTLS: Final = Table(
    "sysctls",
    "check_sysctls.go",
    (
        unset("141", {"securityContext.sysctls": DROP}),
        unset("142", {_SYSCTLS: None}),
        unset("142", {_SYSCTLS: []}),
        unset("141", {"securityContext": None}, BASELINE),
        *(allows("92-115", _named(name), since=since) for name, since in _SAFE.items()),
        *(
            refuses("92-115", _named(name), until=since - 1)
            for name, since in _SAFE.items()
            if since
        ),
        refuses("143", _named("kernel.msgmax")),
        refuses("143", _named("kernel.shm_rmid_forced", "net.core.somaxconn")),
        refuses("143", _named("net.core.somaxconn", "kernel.shm_rmid_forced")),
        refuses("143", _named("Kernel.shm_rmid_forced")),
        # Upstream compares names to the letter: the spelling with slashes is another one.
        refuses("143", _named("kernel/shm_rmid_forced")),
        refuses("143", _named("")),
        refuses("143", _named(None)),
        refuses("143", {_SYSCTLS: [{"value": "1"}]}),
        refuses("138", _named("kernel.msgmax") | _WINDOWS),
    ),
)

TABLES: Final = (SECCOMP, APPARMOR, SELINUX, SYSCTLS)
