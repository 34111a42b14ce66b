"""Profiles that choose a value for every field that can be set, in every way that it can be."""

from __future__ import annotations

from typing import Final

MUTATED: Final = {
    # On Linux and in containers: as much as the API takes together.
    "set-linux": """
        kubernetes: "1.36"
        mutate: true
        enforceOn: [pods, controllers]
        rules:
          privileged: false
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop: [ALL, NET_RAW]
            allow: [CHOWN, KILL, NET_BIND_SERVICE]
            add: [CHOWN, NET_BIND_SERVICE]
          runAsNonRoot: true
          runAsUser: {ranges: ["1-"], default: 5}
          runAsGroup: {ranges: ["1-"], default: 6, unset: refuse}
          supplementalGroups: {ranges: ["1-"], default: 7, unset: refuse}
          supplementalGroupsPolicy: Strict
          fsGroup: {ranges: ["1-"], default: 2147483647, unset: refuse}
          fsGroupChangePolicy: OnRootMismatch
          seLinuxOptions:
            type: [container_t, container_init_t]
            user: [u]
            level: ["s0:c1,c2"]
            default: {type: container_t, level: "s0:c1,c2"}
          seLinuxChangePolicy: {allow: [Recursive], unset: refuse}
          seccompProfile: {allow: [RuntimeDefault, "Localhost:p/*"], default: "Localhost:p/a"}
          appArmorProfile: {allow: [RuntimeDefault], default: RuntimeDefault, unset: refuse}
          procMount: {allow: [Default], default: Default}
          hostUsers: false
          shareProcessNamespace: {allow: [true], default: true}
          automountServiceAccountToken: false
          volumes: {allow: [emptyDir]}
        containers:
          agent:
            runAsUser: 8
            runAsGroup: 9
            capabilities: {add: [KILL]}
            seccompProfile: RuntimeDefault
          "1": {runAsUser: 8, seLinuxOptions: {type: container_init_t}}
    """,
    # What the others leave out: the host's namespaces, whose false the API does not tell from
    # unset, and what only Windows has.
    "set-host": """
        kubernetes: "1.36-1.37"
        mutate: true
        rules:
          hostNetwork: {allow: [true, false], default: true}
          hostPID: {allow: [true], default: true}
          hostIPC: {allow: [true], default: true, unset: refuse}
          hostUsers: {allow: [true], default: true}
          hostPorts: {ranges: [80]}
          automountServiceAccountToken: {allow: [true], default: true}
          runtimeClassName: {allow: [gvisor], default: gvisor}
          runAsUser: {ranges: [1000], unset: refuse}
          seccompProfile: {allow: [RuntimeDefault], unless: [windows]}
          windowsOptions: {runAsUserName: [App, Web], default: {runAsUserName: Web}}
        containers:
          agent: {windowsOptions: {runAsUserName: App}}
          web: {runAsUser: 1000}
        match:
          podSelector: {matchExpressions: [{key: legacy, operator: DoesNotExist}]}
    """,
    # Containers that some rules do not hold for, by image and by name.
    "set-exempt": """
        kubernetes: "1.36"
        mutate: true
        enforceOn: [pods, controllers]
        rules:
          privileged: false
          allowPrivilegeEscalation: false
          capabilities: {drop: [ALL]}
          runAsNonRoot: true
          readOnlyRootFilesystem: true
          hostUsers: false
          procMount: {allow: [Default, Unmasked], default: Unmasked}
        exempt:
          - images: ["registry.example.com/mesh/*:1.*"]
            rules: [privileged, allowPrivilegeEscalation, capabilities]
            reason: injected
            until: 9999-12-31
          - containers: [agent, setup]
            rules: [readOnlyRootFilesystem, capabilities, runAsNonRoot]
            reason: it's seen
            until: 9999-12-31
          - images: ["registry.example.com/whole:*"]
            containers: [agent]
            rules: [privileged, allowPrivilegeEscalation, capabilities, readOnlyRootFilesystem]
            reason: nothing holds for it
            until: 9999-12-31
        containers:
          agent: {capabilities: {add: []}}
    """,
    # Only what is set in pods by controllers.
    "set-templates": """
        kubernetes: "1.36"
        mutate: true
        enforceOn: [controllers]
        rules: {automountServiceAccountToken: false, capabilities: {drop: [KILL]}}
    """,
    # Values of one container beside those of all, in each way in which they can stand.
    "set-named": """
        kubernetes: "1.36"
        mutate: true
        enforceOn: [pods, controllers]
        rules:
          procMount: {allow: [Default, Unmasked], default: Default}
          capabilities: {drop: [ALL, KILL]}
          runAsUser: {ranges: ["1-"], default: 5}
          runAsNonRoot: true
          seccompProfile: {allow: ["Localhost:p/*"], default: "Localhost:p/a"}
          hostUsers: false
          hostPID: false
        containers:
          agent: {procMount: Unmasked, runAsUser: 7}
          "1": {procMount: Unmasked}
    """,
}
