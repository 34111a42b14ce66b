"""Profiles that say what PodSecurityPolicy can say: its every field, in more than one way."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from capgen.policy.match import Match
from capgen.profile.library import names, open_profile
from tests.policy.made import profile as made
from tests.profiles import EVERY_RULE

if TYPE_CHECKING:
    from capgen.policy.profile import Profile

MINOR: Final = "1.24"
# Of what these leave exact, each verdict is that of the interpreter.
SAYABLE: Final = {
    "psp-effective": """
        reading: effective
        rules:
          privileged: false
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {drop: [NET_RAW, KILL], allow: [NET_BIND_SERVICE, CHOWN]}
          runAsUser: {ranges: [10000-60000, 5], default: 10001, unset: refuse}
          runAsGroup: {ranges: ["1-9", "100-"]}
          supplementalGroups: {ranges: [100, 2000-3000]}
          fsGroup: {ranges: []}
          seLinuxOptions:
            type: [a_t]
            user: [u]
            role: [r]
            level: ["s0:c1"]
            unset: refuse
            reading: both
          seccompProfile:
            allow: [RuntimeDefault, "Localhost:profiles/web.json"]
            unset: refuse
            reading: both
          appArmorProfile: {allow: [RuntimeDefault, "Localhost:web-1"]}
          procMount: Default
          sysctls: {allow: [net.ipv4.tcp_syncookies, kernel.sem, "net.ipv6.*"]}
          hostNetwork: false
          hostPID: false
          hostIPC: false
          hostPorts: {ranges: [80, 8000-8080]}
          volumes:
            allow: [configMap, emptyDir, projected, secret, hostPath, csi, flexVolume, cephfs]
          hostPath: {allow: [{prefix: /var/log, readOnly: true}, /data/, {prefix: /var/log/app}]}
          flexVolumes: {allow: [example.com/driver]}
          csiDrivers: {allow: [csi.example.com, other.example.com]}
          runtimeClassName: {allow: [gvisor, kata], unset: refuse}
    """,
    "psp-mutate": """
        reading: effective
        mutate: true
        rules:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {drop: [KILL], allow: [NET_BIND_SERVICE, CHOWN], add: [CHOWN]}
          runAsUser: {ranges: [10000-60000], default: 10001}
          runAsGroup: {ranges: ["1-"], default: 7}
          supplementalGroups: {ranges: [100, 2000-3000], default: 2500}
          fsGroup: {ranges: ["1-65535"], default: 2000}
          seLinuxOptions:
            type: [b_t]
            level: ["s0"]
            user: [u]
            role: [r]
            default: {type: b_t, level: s0, user: u, role: r}
            unset: refuse
            reading: both
          seccompProfile:
            allow: [RuntimeDefault, Unconfined]
            default: RuntimeDefault
            reading: both
          appArmorProfile:
            allow: [Unconfined, RuntimeDefault]
            default: RuntimeDefault
          runtimeClassName: {allow: [gvisor], default: gvisor}
    """,
    "psp-turned": """
        reading: effective
        rules:
          privileged: {allow: [true, false]}
          runAsNonRoot: true
          runAsUser: {ranges: ["1-"]}
          seccompProfile: {allow: [], unset: allow, reading: both}
          hostNetwork: {allow: [true, false]}
          hostPath: {allow: []}
          csiDrivers: {allow: []}
          flexVolumes: {allow: []}
          sysctls: {allow: [kernel.shm_rmid_forced]}
          runtimeClassName: {allow: [], unset: allow}
          capabilities: {drop: [NET_RAW], allow: [ALL], allCovers: true}
          seLinuxOptions: {type: [], user: [], role: [], level: []}
          hostPorts: {ranges: []}
          volumes: {allow: [secret, emptyDir]}
    """,
    "psp-wide": """
        rules:
          capabilities: {allow: [ALL], allCovers: true}
          allowPrivilegeEscalation: {allow: [true, false], unset: allow}
          seccompProfile: {allow: [RuntimeDefault, Unconfined, Localhost], unset: allow}
          appArmorProfile: {allow: [RuntimeDefault, Localhost], unset: refuse}
          runAsUser: {ranges: ["1-"], reading: effective}
          supplementalGroups: {ranges: ["5-9"], unset: refuse}
          sysctls: {allow: ["*"]}
          hostPath: {allow: [/]}
    """,
}


@cache
def profiles() -> dict[str, Profile]:
    """Return every profile that is judged, for 1.24, as it judges each pod; by name."""
    found = {name.replace("/", "-"): open_profile(name, MINOR) for name in names()}
    for name, source in (EVERY_RULE | SAYABLE).items():
        found[name] = made(source, MINOR)
    return {
        name: profile._replace(name=name, match=Match(), exempt=(), pods=True, controllers=False)
        for name, profile in found.items()
    }
