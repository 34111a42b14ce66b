"""Pairs of profiles, and by hand which is at least as strict as which.

A side is the rules of a profile, as YAML, at 1.36 if it does not begin with a version of its own.
Where an answer is refuted, the row says what must stand in the request: some values, by their way
from the object, DROP for nothing.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from tests.pods import DROP

Holds = dict[str, Any]

# The answer that stands for itself.
PROVEN: Final[Holds] = {}

_C: Final = "spec.containers.0."
_SC: Final = _C + "securityContext."
_PSC: Final = "spec.securityContext."
_T: Final = "spec.template."


class Row(NamedTuple):
    """Two profiles and what is true of them.

    Attributes:
        left: the rules of one.
        right: the rules of the other.
        forth: whether left is at least as strict as right: PROVEN, or what refutes it.
        back: the same the other way round.
    """

    left: str
    right: str
    forth: Holds
    back: Holds


VALUES: Final = (
    Row("privileged: false", "", PROVEN, {_SC + "privileged": True}),
    Row("privileged: false", "privileged: {allow: [true, false]}", PROVEN,
        {_SC + "privileged": True}),
    Row("privileged: {allow: [true], unset: refuse}", "privileged: {allow: [false]}",
        {_SC + "privileged": True}, {_SC + "privileged": DROP}),
    Row("privileged: {allow: [false], unset: refuse}", "privileged: false", PROVEN,
        {_SC + "privileged": DROP}),
    Row("privileged: {allow: [], unset: allow}", "privileged: false", PROVEN,
        {_SC + "privileged": False}),
    # Of a closed vocabulary there is no further word.
    Row("procMount: {allow: [Default, Unmasked]}", "", PROVEN, PROVEN),
    Row("procMount: Default", "procMount: {allow: [Default, Unmasked]}", PROVEN,
        {_SC + "procMount": "Unmasked"}),
    Row("seLinuxChangePolicy: {allow: [Recursive, MountOption], unset: allow}", "", PROVEN, PROVEN),
    Row("supplementalGroupsPolicy: {allow: [Merge, Strict]}", "", PROVEN, PROVEN),
    # Every value of a bool, but not unset.
    Row("hostPID: {allow: [true, false], unset: refuse}", "", PROVEN, {"spec.hostPID": DROP}),
    Row("runtimeClassName: {allow: [gvisor]}", "runtimeClassName: {allow: [gvisor, kata]}", PROVEN,
        {"spec.runtimeClassName": "kata"}),
    Row("runtimeClassName: {allow: [gvisor]}", "runtimeClassName: {allow: [gvisor, '']}", PROVEN,
        {"spec.runtimeClassName": DROP}),
    Row("runtimeClassName: {allow: [gvisor]}", "runtimeClassName: {allow: [kata]}",
        {"spec.runtimeClassName": "gvisor"}, {"spec.runtimeClassName": "kata"}),
    Row("runtimeClassName: {allow: [''] }", "", PROVEN, {"spec.runtimeClassName": "other"}),
    Row("hostUsers: {allow: [false], unset: refuse}", "hostUsers: {allow: [false]}", PROVEN,
        PROVEN),
    Row("hostUsers: {allow: [true]}", "hostUsers: {allow: [false]}",
        {"spec.hostUsers": DROP}, {"spec.hostUsers": False}),
    # False is unset, and no value of its own.
    Row("hostPID: {allow: [true, false], unset: allow}", "hostPID: {allow: [], unset: allow}",
        {"spec.hostPID": True}, PROVEN),
    Row("hostNetwork: {allow: [true, false], unset: allow}",
        "hostNetwork: {allow: [false], unset: allow}", {"spec.hostNetwork": True}, PROVEN),
    Row("hostUsers: {allow: [true], unset: refuse}", "privileged: false",
        {"spec.hostUsers": True, _SC + "privileged": True}, {"spec.hostUsers": DROP}),
    Row("hostProbes: {allow: []}", "hostProbes: {allow: [localhost]}", PROVEN,
        {_C + "livenessProbe.tcpSocket.host": "localhost"}),
    Row("hostProbes: {allow: []}", "", PROVEN, {_C + "livenessProbe.tcpSocket.host": "other"}),
    Row("hostProcess: false", "windowsOptions: {hostProcess: [true, false]}", PROVEN,
        {_SC + "windowsOptions.hostProcess": True}),
    Row("hostProcess: false", "windowsOptions: {hostProcess: [false]}", PROVEN, PROVEN),
    Row("windowsOptions: {runAsUserName: [a]}", "windowsOptions: {runAsUserName: [a, b]}", PROVEN,
        {_SC + "windowsOptions.runAsUserName": "b"}),
)  # fmt: skip

NUMBERS: Final = (
    Row("runAsUser: {ranges: ['1000-1999']}", "runAsUser: {ranges: ['1000-2000']}", PROVEN,
        {_SC + "runAsUser": 2000}),
    Row("runAsUser: {ranges: ['1000-2000']}", "runAsUser: {ranges: ['1001-2001']}",
        {_SC + "runAsUser": 1000}, {_SC + "runAsUser": 2001}),
    Row("runAsUser: {ranges: ['1-5', '6-9']}", "runAsUser: {ranges: ['1-9']}", PROVEN, PROVEN),
    Row("runAsUser: {ranges: ['1-5', '7-9']}", "runAsUser: {ranges: ['1-9']}", PROVEN,
        {_SC + "runAsUser": 6}),
    Row("runAsUser: {ranges: ['1-']}", "runAsUser: {ranges: ['1-100']}",
        {_SC + "runAsUser": 101}, PROVEN),
    # The largest ID of the API, and the largest port.
    Row("runAsUser: {ranges: ['0-2147483647'], unset: allow}", "", PROVEN, PROVEN),
    Row("runAsUser: {ranges: ['0-2147483646'], unset: allow}", "", PROVEN,
        {_SC + "runAsUser": 2147483647}),
    Row("fsGroup: {ranges: [1, 3], unset: allow}", "fsGroup: {ranges: ['1-3'], unset: allow}",
        PROVEN, {_PSC + "fsGroup": 2}),
    Row("supplementalGroups: {ranges: ['1-2']}", "supplementalGroups: {ranges: ['1-3']}", PROVEN,
        {_PSC + "supplementalGroups": [3]}),
    Row("supplementalGroups: {ranges: ['1-3'], unset: refuse}",
        "supplementalGroups: {ranges: ['1-3'], unset: allow}", PROVEN,
        {_PSC + "supplementalGroups": DROP}),
    Row("hostPorts: {ranges: ['1-65535']}", "", PROVEN, PROVEN),
    Row("hostPorts: {ranges: ['8000-8080']}", "hostPorts: {ranges: ['8000-8081']}", PROVEN,
        {_C + "ports.0.hostPort": 8081}),
    # The host's network makes host ports of what containers listen on.
    Row("hostPorts: {ranges: ['1-79']}\nhostNetwork: false", "hostPorts: {ranges: ['1-80']}",
        PROVEN, {_C + "ports.0": {"containerPort": 80, "hostPort": 80}}),
    Row("hostNetwork: {allow: [true, false], unset: refuse}", "hostPorts: {ranges: ['0-79']}",
        {_C + "ports.0": {"containerPort": 80}, "spec.hostNetwork": True},
        {"spec.hostNetwork": DROP}),
    Row("hostNetwork: false", "hostPorts: {ranges: []}",
        {_C + "ports.0.hostPort": 1, "spec.hostNetwork": DROP}, {"spec.hostNetwork": True}),
)  # fmt: skip

LISTS: Final = (
    Row("capabilities: {allow: [CHOWN]}", "capabilities: {allow: [CHOWN, KILL]}", PROVEN,
        {_SC + "capabilities.add": ["KILL"]}),
    Row("capabilities: {allow: [CHOWN]}", "capabilities: {allow: [KILL]}",
        {_SC + "capabilities.add": ["CHOWN"]}, {_SC + "capabilities.add": ["KILL"]}),
    Row("capabilities: {allow: []}", "", PROVEN, {_SC + "capabilities.add": ["other"]}),
    # To the letter `ALL` is a name like others; where it covers, it is any list.
    Row("capabilities: {allow: [ALL]}", "capabilities: {allow: [ALL], allCovers: true}", PROVEN,
        {_SC + "capabilities.add": ["other"]}),
    Row("capabilities: {allow: [ALL], allCovers: true}", "", PROVEN, PROVEN),
    Row("capabilities: {drop: [ALL]}", "capabilities: {drop: [KILL]}",
        {_SC + "capabilities.drop": ["ALL"]}, {_SC + "capabilities.drop": ["KILL"]}),
    Row("capabilities: {drop: [ALL]}", "capabilities: {drop: [KILL], allCovers: true}", PROVEN,
        {_SC + "capabilities.drop": ["KILL"]}),
    Row("capabilities: {drop: [CHOWN, KILL], allCovers: true}",
        "capabilities: {drop: [CHOWN], allCovers: true}", PROVEN,
        {_SC + "capabilities.drop": ["CHOWN"]}),
    Row("capabilities: {drop: [CHOWN], allCovers: true}", "capabilities: {drop: [CHOWN]}",
        {_SC + "capabilities.drop": ["ALL"]}, PROVEN),
    Row("capabilities: {drop: [ALL], allow: []}", "capabilities: {drop: [ALL]}", PROVEN,
        {_SC + "capabilities": {"add": ["other"], "drop": ["ALL"]}}),
    Row("capabilities: {drop: [ALL]}", "capabilities: {drop: [ALL], unset: refuse}", PROVEN,
        PROVEN),
    # An empty list is unset.
    Row("capabilities: {drop: [ALL], unset: allow}", "", PROVEN,
        {_SC + "capabilities.drop": ["other"]}),
)  # fmt: skip

TEXTS: Final = (
    Row("sysctls: {allow: [safe]}", "sysctls: {allow: [safe, 'net.*']}", PROVEN,
        {_PSC + "sysctls.0.name": "net.x"}),
    Row("sysctls: {allow: ['net.ipv4.*']}", "sysctls: {allow: ['net.*']}", PROVEN,
        {_PSC + "sysctls.0.name": "net.x"}),
    Row("sysctls: {allow: ['net.*', 'net.ipv4.*']}", "sysctls: {allow: ['net.*']}", PROVEN,
        PROVEN),
    # What only both together allow.
    Row("sysctls: {allow: ['a*']}", "sysctls: {allow: [a, 'a*b', 'a*c']}",
        {_PSC + "sysctls.0.name": "ax"}, PROVEN),
    Row("sysctls: {allow: ['*a*']}", "sysctls: {allow: ['a*', '*a']}",
        {_PSC + "sysctls.0.name": "xax"}, PROVEN),
    Row("sysctls: {allow: ['*ab*']}", "sysctls: {allow: ['*a*b*']}", PROVEN,
        {_PSC + "sysctls.0.name": "xaxbx"}),
    # A star stops at a `/`.
    Row("sysctls: {allow: ['net/*']}", "sysctls: {allow: ['net/*', 'net/*/*']}", PROVEN,
        {_PSC + "sysctls.0.name": "net/x/x"}),
    Row("sysctls: {allow: ['*']}", "", PROVEN, {_PSC + "sysctls.0.name": "/"}),
    Row("seLinuxOptions: {type: [a]}", "seLinuxOptions: {type: [a, b]}", PROVEN,
        {_PSC + "seLinuxOptions.type": DROP, _SC + "seLinuxOptions.type": "b"}),
    # The struct is inherited as a whole: what must stand beside stands with it.
    Row("seLinuxOptions: {type: [a], user: [u], unset: refuse}",
        "seLinuxOptions: {type: [a], user: [u, v], unset: refuse}", PROVEN,
        {_SC + "seLinuxOptions": {"type": "a", "user": "v"}}),
    Row("seLinuxOptions: {type: [a], unset: refuse}\n", "seLinuxOptions: {user: [], unset: refuse}",
        {_SC + "seLinuxOptions": {"type": "a"}}, PROVEN),
    # An empty one hides the pod's.
    Row("seLinuxOptions: {user: [], reading: effective}", "seLinuxOptions: {user: []}",
        {_PSC + "seLinuxOptions.user": "other", _SC + "seLinuxOptions": {}}, PROVEN),
    Row("seLinuxOptions: {type: [a], unset: refuse, reading: declared}",
        "seLinuxOptions: {type: [a], unset: refuse, reading: both}",
        {_PSC + "seLinuxOptions": DROP, _SC + "seLinuxOptions.type": "a"}, PROVEN),
)  # fmt: skip

PROFILES: Final = (
    Row("seccompProfile: {allow: [RuntimeDefault]}",
        "seccompProfile: {allow: [RuntimeDefault, Localhost]}", PROVEN,
        {_SC + "seccompProfile.type": "Localhost"}),
    Row("seccompProfile: {allow: ['Localhost:profiles/*']}", "seccompProfile: {allow: [Localhost]}",
        PROVEN, {_SC + "seccompProfile.localhostProfile": "other"}),
    Row("seccompProfile: {allow: ['Localhost:profiles/web-*']}",
        "seccompProfile: {allow: ['Localhost:profiles/*']}", PROVEN,
        {_SC + "seccompProfile.localhostProfile": "profiles/x"}),
    Row("seccompProfile: {allow: ['Localhost:a']}", "seccompProfile: {allow: ['Localhost:b']}",
        {_SC + "seccompProfile.localhostProfile": "a"},
        {_SC + "seccompProfile.localhostProfile": "b"}),
    Row("seccompProfile: {allow: [RuntimeDefault], unset: allow}",
        "seccompProfile: {allow: [RuntimeDefault, Localhost, Unconfined], unset: allow}", PROVEN,
        {_SC + "seccompProfile.type": "Unconfined"}),
    Row("seccompProfile: {allow: [RuntimeDefault, Localhost, Unconfined], unset: allow}", "",
        PROVEN, PROVEN),
    Row("appArmorProfile: {allow: ['Localhost:web-*']}", "appArmorProfile: {allow: [Localhost]}",
        PROVEN, {_SC + "appArmorProfile.localhostProfile": "other"}),
)  # fmt: skip

_RUN: Final = "runAsNonRoot: {{allow: [true], unset: {}, reading: {}}}"
READINGS: Final = (
    # A bad value of the pod that no container has.
    Row(_RUN.format("refuse", "declared"), _RUN.format("refuse", "effective"), PROVEN,
        {_PSC + "runAsNonRoot": False, _SC + "runAsNonRoot": True}),
    Row(_RUN.format("refuse", "both"), _RUN.format("refuse", "declared"), PROVEN,
        {_PSC + "runAsNonRoot": DROP, _SC + "runAsNonRoot": True}),
    Row(_RUN.format("refuse", "both"), _RUN.format("refuse", "effective"), PROVEN,
        {_PSC + "runAsNonRoot": DROP, _SC + "runAsNonRoot": True}),
    # Where unset is fine, what the pod leaves out is too.
    Row(_RUN.format("allow", "both"), _RUN.format("allow", "declared"), PROVEN, PROVEN),
    Row(_RUN.format("allow", "effective"), _RUN.format("allow", "declared"),
        {_PSC + "runAsNonRoot": False, _SC + "runAsNonRoot": True}, PROVEN),
    # A field at one level has nothing to inherit.
    Row("privileged: {allow: [false], reading: effective}", "privileged: false", PROVEN, PROVEN),
    Row("seccompProfile: {allow: [RuntimeDefault], unset: refuse, reading: effective}",
        "seccompProfile: {allow: [RuntimeDefault], unset: refuse, reading: both}",
        {_PSC + "seccompProfile": DROP, _SC + "seccompProfile.type": "RuntimeDefault"}, PROVEN),
    # Of `windowsOptions` each field is inherited for itself.
    Row("windowsOptions: {runAsUserName: [a], unset: refuse, reading: effective}",
        "windowsOptions: {runAsUserName: [a], unset: refuse}",
        {_PSC + "windowsOptions.runAsUserName": "other",
         _SC + "windowsOptions.runAsUserName": "a"}, PROVEN),
)  # fmt: skip

CONDITIONS: Final = (
    Row("privileged: false", "privileged: {allow: [false], unless: [userNamespace]}", PROVEN,
        {"spec.hostUsers": False, _SC + "privileged": True}),
    # A pod on Windows has no such field, and unset is allowed.
    Row("privileged: {allow: [false], unless: [windows]}", "privileged: false", PROVEN, PROVEN),
    Row("allowPrivilegeEscalation: {allow: [false], unless: [windows]}",
        "allowPrivilegeEscalation: false", {"spec.os.name": "windows"}, PROVEN),
    Row("hostProcess: {allow: [false], unless: [windows]}", "hostProcess: false",
        {"spec.os.name": "windows", _SC + "windowsOptions.hostProcess": True}, PROVEN),
    Row("runAsNonRoot: {allow: [true], unless: [windows]}",
        "runAsNonRoot: {allow: [true], unless: [userNamespace]}",
        {"spec.os.name": "windows"}, {"spec.hostUsers": False, "spec.os.name": DROP}),
    # What lifts the rule is itself refused.
    Row("privileged: {allow: [false], unless: [userNamespace]}\nhostUsers: {allow: [true]}",
        "privileged: false", PROVEN, {"spec.hostUsers": False}),
    # Nothing but Windows is left of it.
    Row("hostPID: {allow: [], unset: refuse, unless: [windows]}", "privileged: false", PROVEN,
        {_SC + "privileged": DROP}),
    # It admits nothing, so it is as strict as can be.
    Row("hostPID: {allow: [], unset: refuse}", "privileged: {allow: [], unset: refuse}", PROVEN,
        PROVEN),
    Row("hostPID: {allow: [], unset: refuse}", "", PROVEN, {"spec.hostPID": DROP}),
    Row("hostUsers: {allow: [], unset: refuse}", "privileged: false", PROVEN,
        {_SC + "privileged": DROP}),
)  # fmt: skip

_LOG: Final = "hostPath: {allow: [/var/log]}"
VOLUMES: Final = (
    Row("volumes: {allow: [secret]}", "volumes: {allow: [secret, configMap]}",
        PROVEN, {"spec.volumes.0.configMap.name": "data"}),
    Row("volumes: {allow: [secret]}", "", PROVEN,
        {"spec.volumes.0.awsElasticBlockStore.volumeID": "data"}),
    # No type is a path of the node, so none is judged.
    Row("volumes: {allow: [secret]}", "hostPath: {allow: []}", PROVEN,
        {"spec.automountServiceAccountToken": False, "spec.volumes.0": {
            "name": "v0", "awsElasticBlockStore": {"volumeID": "data"}}}),
    Row("volumes: {allow: [hostPath]}", "hostPath: {allow: []}",
        {"spec.volumes.0.hostPath.path": "/other"},
        {"spec.volumes.0.awsElasticBlockStore.volumeID": "data"}),
    Row("volumes: {allow: [hostPath]}\nhostPath: {allow: []}", "volumes: {allow: []}", PROVEN,
        PROVEN),
    Row("volumes: {allow: [secret]}", "csiDrivers: {allow: []}", PROVEN,
        {"spec.volumes.0.awsElasticBlockStore.volumeID": "data"}),
    Row("volumes: {allow: [csi]}", "csiDrivers: {allow: [a]}",
        {"spec.volumes.0.csi.driver": "other"},
        {"spec.volumes.0.awsElasticBlockStore.volumeID": "data"}),
    Row("csiDrivers: {allow: [a]}", "csiDrivers: {allow: [a, b]}", PROVEN,
        {"spec.volumes.0.csi.driver": "b"}),
    Row("flexVolumes: {allow: []}", "flexVolumes: {allow: [a]}", PROVEN,
        {"spec.volumes.0.flexVolume.driver": "a"}),
    # By whole segments.
    Row(_LOG, "hostPath: {allow: [/var/logs]}", {"spec.volumes.0.hostPath.path": "/var/log"},
        {"spec.volumes.0.hostPath.path": "/var/logs"}),
    Row(_LOG, "hostPath: {allow: [/var]}", PROVEN, {"spec.volumes.0.hostPath.path": "/var"}),
    Row(_LOG, "hostPath: {allow: [/var/log/]}", PROVEN, PROVEN),
    Row("hostPath: {allow: [/]}", "", PROVEN, {"spec.volumes.0.hostPath.path": "other"}),
    Row("hostPath: {allow: [/var/log, /var]}", "hostPath: {allow: [/var]}", PROVEN, PROVEN),
    Row("hostPath: {allow: [{prefix: /var/log, readOnly: true}]}", _LOG, PROVEN,
        {"spec.volumes.0.hostPath.path": "/var/log", _C + "volumeMounts.0.readOnly": False}),
    Row("hostPath: {allow: [{prefix: /var, readOnly: true}]}", _LOG,
        {"spec.volumes.0.hostPath.path": "/var"},
        {"spec.volumes.0.hostPath.path": "/var/log", _C + "volumeMounts.0.readOnly": False}),
    Row("hostPath: {allow: [{prefix: /var, readOnly: true}, /var/log]}",
        "hostPath: {allow: [{prefix: /var, readOnly: true}]}",
        {"spec.volumes.0.hostPath.path": "/var/log", _C + "volumeMounts.0.readOnly": False},
        PROVEN),
    # The account's token is a volume too.
    Row("volumes: {allow: [secret]}", "volumes: {allow: [secret]}\n"
        "automountServiceAccountToken: {allow: [false]}",
        {_T + "spec.automountServiceAccountToken": DROP}, PROVEN),
    Row("automountServiceAccountToken: {allow: [false]}",
        "automountServiceAccountToken: {allow: [false], unset: allow}", PROVEN,
        {"spec.automountServiceAccountToken": DROP}),
    Row("automountServiceAccountToken: {allow: [true], unset: refuse}\nvolumes: {allow: [secret]}",
        "hostPID: {allow: [true]}",
        {"spec.automountServiceAccountToken": True, "spec.volumes.0.name": "kube-api-access-own"},
        {"spec.hostPID": True, "spec.automountServiceAccountToken": False}),
)  # fmt: skip

VERSIONS: Final = (
    # A field of its own since 1.19; until 1.26 the API server wrote annotations into it.
    Row("1.25: seccompProfile: {allow: [RuntimeDefault], unset: refuse}",
        "1.34: seccompProfile: {allow: [RuntimeDefault], unset: refuse}",
        {"metadata.annotations": {
            "container.seccomp.security.alpha.kubernetes.io/c0": "runtime/default"}},
        {"metadata.annotations": {
            "container.seccomp.security.alpha.kubernetes.io/c0": "unconfined"},
         _PSC + "seccompProfile.type": "RuntimeDefault"}),
    # An annotation that names no file is never written into the field.
    Row("1.18: seccompProfile: {allow: [RuntimeDefault]}",
        "1.19: seccompProfile: {allow: [RuntimeDefault], unset: allow}",
        {_SC + "seccompProfile.type": "Unconfined"},
        {"metadata.annotations": {
            "container.seccomp.security.alpha.kubernetes.io/c0": "localhost/"}}),
    Row("1.18-1.19: seccompProfile: {allow: [RuntimeDefault], unset: allow}",
        "1.18: seccompProfile: {allow: [RuntimeDefault]}", PROVEN,
        {_SC + "seccompProfile.type": "Unconfined"}),
    Row("1.18: seccompProfile: {allow: [RuntimeDefault]}",
        "1.18: seccompProfile: {allow: [RuntimeDefault, Unconfined]}", PROVEN,
        {"metadata.annotations": {
            "container.seccomp.security.alpha.kubernetes.io/c0": "unconfined"}}),
    # Later versions do not look at what an annotation says.
    Row("1.34: hostPID: false",
        "1.18: seccompProfile: {allow: [RuntimeDefault, Localhost, Unconfined]}",
        {"metadata.annotations": {"container.seccomp.security.alpha.kubernetes.io/c0": "other"}},
        {"spec.hostPID": True}),
    # The token's volume was a secret.
    Row("1.20: volumes: {allow: [secret]}", "1.21: volumes: {allow: [secret]}",
        {"spec.automountServiceAccountToken": DROP}, PROVEN),
    Row("1.20: volumes: {allow: [projected]}", "1.21: volumes: {allow: [projected]}", PROVEN,
        {"spec.automountServiceAccountToken": DROP}),
    Row("1.20-1.21: volumes: {allow: [secret]}", "1.20: volumes: {allow: [secret]}", PROVEN,
        {"spec.automountServiceAccountToken": DROP}),
    # Until 1.27 templates were given host ports.
    Row("1.27: hostPorts: {ranges: []}", "1.28: hostPorts: {ranges: []}", PROVEN,
        {_T + "spec.hostNetwork": True, _T + _C + "ports.0": {"containerPort": 1}}),
    Row("1.28: privileged: false", "1.15: privileged: false", PROVEN, PROVEN),
    Row("1.26: sysctls: {allow: [safe]}", "1.27: sysctls: {allow: [safe]}", PROVEN,
        {_PSC + "sysctls.0.name": "net.ipv4.ip_local_reserved_ports"}),
)  # fmt: skip

TABLE: Final = {
    "values": VALUES,
    "numbers": NUMBERS,
    "lists": LISTS,
    "texts": TEXTS,
    "profiles": PROFILES,
    "readings": READINGS,
    "conditions": CONDITIONS,
    "volumes": VOLUMES,
    "versions": VERSIONS,
}
