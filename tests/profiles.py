"""Profiles that say everything the language knows of rules, each key in more than one way."""

from __future__ import annotations

from typing import Final

EVERY_RULE: Final = {
    "all-plain": """
        kubernetes: "1.36"
        rules:
          privileged: false
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {drop: [ALL], allow: [NET_BIND_SERVICE, CHOWN]}
          runAsNonRoot: true
          runAsUser: {ranges: [10000-60000], default: 10001}
          runAsGroup: {ranges: [10000-60000], default: 10001}
          supplementalGroups: {ranges: [100, 2000-3000]}
          supplementalGroupsPolicy: Strict
          fsGroup: {ranges: [1-65535]}
          fsGroupChangePolicy: OnRootMismatch
          seLinuxOptions: {type: [container_t], user: [u], role: [r], level: ["s0:c1,c2"]}
          seLinuxChangePolicy: {allow: [MountOption]}
          seccompProfile: {allow: [RuntimeDefault, "Localhost:profiles/*"], unset: refuse}
          appArmorProfile: {allow: [RuntimeDefault, "Localhost:web-*"]}
          procMount: Default
          sysctls: {allow: [safe, "net.ipv6.*"]}
          hostNetwork: false
          hostPID: false
          hostIPC: false
          hostUsers: {allow: [true]}
          hostPorts: {ranges: [8000-8080]}
          hostProbes: {allow: []}
          hostProcess: false
          windowsOptions: {runAsUserName: [ContainerUser]}
          hostPath:
            allow: [{prefix: /var/log, readOnly: true}, /data/, {prefix: /var/log/app}]
          flexVolumes: {allow: [example.com/driver]}
          csiDrivers: {allow: [csi.example.com, other.example.com]}
          runtimeClassName: {allow: [gvisor]}
          shareProcessNamespace: false
          automountServiceAccountToken: false
    """,
    "all-turned": """
        kubernetes: "1.36"
        enforceOn: [pods, controllers]
        rules:
          readOnlyRootFilesystem: {allow: [false], unset: refuse}
          runAsGroup: {ranges: ["0-9", "1000-"], unset: refuse}
          supplementalGroups: {ranges: ["1-"], unset: refuse}
          supplementalGroupsPolicy: {allow: [Merge]}
          fsGroup: {ranges: ["0"], unset: refuse}
          fsGroupChangePolicy: {allow: [Always], unset: refuse}
          seLinuxOptions: {level: ["s0"], unset: refuse}
          seLinuxChangePolicy: {allow: [Recursive, MountOption], unset: refuse}
          seccompProfile: {allow: ["Localhost:*", "Localhost:profiles/web.json"]}
          appArmorProfile: {allow: [Localhost], unset: refuse}
          hostUsers: {allow: [false]}
          windowsOptions: {hostProcess: [false]}
          volumes: {allow: [hostPath, csi, emptyDir, flexVolume, projected]}
          hostPath: {allow: [{prefix: /, readOnly: true}, /tmp]}
          csiDrivers: {allow: []}
          runtimeClassName: {allow: [gvisor, kata], unset: refuse}
          shareProcessNamespace: {allow: [true]}
          automountServiceAccountToken: {allow: [false], unset: allow}
          capabilities: {drop: [NET_RAW, KILL], allow: [ALL], allCovers: true}
    """,
    "all-effective": """
        kubernetes: "1.36"
        reading: effective
        rules:
          runAsGroup: {ranges: ["1-9"]}
          runAsUser: {ranges: ["1-9"], unset: refuse}
          runAsNonRoot: {allow: [true], reading: declared}
          seLinuxOptions: {level: ["s0:c1"]}
          seccompProfile: {allow: ["Localhost:profiles/*"]}
          windowsOptions: {runAsUserName: [ContainerUser], unset: refuse}
          capabilities: {drop: [KILL], allow: [ALL]}
    """,
    "all-both": """
        kubernetes: "1.36"
        reading: both
        rules:
          runAsGroup: {ranges: ["1-9"], unset: refuse}
          runAsNonRoot: true
          seLinuxOptions: {type: [a_t], level: ["s0:c1"], unset: refuse}
          seccompProfile: {allow: [RuntimeDefault, "Localhost:profiles/*"]}
          appArmorProfile: {allow: [RuntimeDefault]}
    """,
    "all-token": """
        kubernetes: "1.36"
        rules:
          automountServiceAccountToken: {allow: [true]}
          hostPath: {allow: []}
    """,
}
