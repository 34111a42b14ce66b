"""Rules on users and groups, beyond Pod Security's."""

from __future__ import annotations

from typing import Final

from .cases import Changes, added, allows, refuses, templated, unset
from .sheets import Sheet, Sheets

_TYPES = "k8s.io/api core/v1/types.go"
_LARGEST = 2**63 - 1
_WINDOWS: Changes = {"os.name": "windows"}

_POD_USER = "securityContext.runAsUser"
_USER = "*.securityContext.runAsUser"
_USERS = "**.securityContext.runAsUser"
_EFFECTIVE = "pkg/securitycontext/util.go DetermineEffectiveRunAsUser"

USER: Final = Sheets(
    "runAsUser",
    _TYPES,
    (
        Sheet(
            '{ranges: ["10000-60000", 70000]}',
            (
                # The image decides: nobody knows.
                unset("PodSecurityContext.RunAsUser", {}),
                unset("PodSecurityContext.RunAsUser", {_POD_USER: None, _USER: None}),
                allows("SecurityContext.RunAsUser", {_USER: 10000}),
                allows("SecurityContext.RunAsUser", {_USER: 60000}),
                allows("SecurityContext.RunAsUser", {_USER: 70000}),
                allows("PodSecurityContext.RunAsUser", {_POD_USER: 30000}),
                refuses("SecurityContext.RunAsUser", {_USER: 9999}),
                refuses("SecurityContext.RunAsUser", {_USER: 60001}),
                refuses("SecurityContext.RunAsUser", {_USER: 69999}),
                refuses("SecurityContext.RunAsUser", {_USER: 70001}),
                refuses("SecurityContext.RunAsUser", {_USER: 0}),
                refuses("SecurityContext.RunAsUser", {_USER: -1}),
                refuses("SecurityContext.RunAsUser: *int64", {_USER: "10000"}),
                refuses("SecurityContext.RunAsUser: *int64", {_USER: 10000.0}),
                refuses("SecurityContext.RunAsUser: *int64", {_USER: True}),
                refuses("PodSecurityContext.RunAsUser", {_POD_USER: 9999}),
                # Declared: what is written is judged, also where nothing comes of it.
                refuses(_EFFECTIVE, {_POD_USER: 0, _USERS: 10000}),
                refuses(_EFFECTIVE, {_POD_USER: 10000, _USER: 0}),
                refuses("validateWindows: no runAsUser", {_USER: 0} | _WINDOWS),
                added(allows(_EFFECTIVE, {_POD_USER: 0, _USER: 10000})),
                added(refuses(_EFFECTIVE, {_POD_USER: 0, _USERS: 10000})),
                added(unset(_EFFECTIVE, {})),
            ),
        ),
        Sheet(
            '{ranges: ["10000-"], unset: refuse, reading: effective}',
            (
                unset(_EFFECTIVE, {}, allowed=False),
                unset(_EFFECTIVE, {_USERS: 10000, _USER: None}, allowed=False),
                allows(_EFFECTIVE, {_POD_USER: 10000}),
                allows(_EFFECTIVE, {_POD_USER: _LARGEST}),
                allows(_EFFECTIVE, {_USERS: 10000}),
                # Overridden everywhere, the pod's value comes to nothing.
                allows(_EFFECTIVE, {_POD_USER: 0, _USERS: 10000}),
                refuses(_EFFECTIVE, {_POD_USER: 0, _USERS: 10000, _USER: None}),
                refuses(_EFFECTIVE, {_POD_USER: 10000, _USER: 9999}),
                added(refuses(_EFFECTIVE, {_POD_USER: 9999})),
                added(allows(_EFFECTIVE, {_POD_USER: 10000})),
                added(unset(_EFFECTIVE, {_USERS: 10000}, allowed=False)),
            ),
        ),
        Sheet(
            '{ranges: ["10000-"], unset: refuse, reading: both}',
            (
                unset("INTERFACE.md Reading", {}, allowed=False),
                # The pod says nothing, though every container does.
                unset("INTERFACE.md Reading", {_USERS: 10000}, allowed=False),
                allows("INTERFACE.md Reading", {_POD_USER: 10000}),
                allows("INTERFACE.md Reading", {_POD_USER: 10000, _USERS: 20000}),
                refuses("INTERFACE.md Reading", {_POD_USER: 0, _USERS: 10000}),
                refuses("INTERFACE.md Reading", {_POD_USER: 10000, _USER: 0}),
                # Only what is new is judged, and the pod is not.
                added(allows("INTERFACE.md UPDATE", {_POD_USER: 0, _USER: 10000})),
                added(refuses("INTERFACE.md UPDATE", {_POD_USER: 0})),
                added(unset("INTERFACE.md UPDATE", {}, allowed=False)),
                added(allows("INTERFACE.md UPDATE", {_USER: 10000})),
            ),
        ),
    ),
)

_POD_ROOT = "securityContext.runAsNonRoot"
_ROOT = "*.securityContext.runAsNonRoot"
_ROOTS = "**.securityContext.runAsNonRoot"
_OVERRIDE = "pkg/securitycontext/util.go DetermineEffectiveSecurityContext"

NON_ROOT: Final = Sheets(
    "runAsNonRoot",
    _TYPES,
    (
        Sheet(
            "{allow: [true], reading: effective}",
            (
                unset("SecurityContext.RunAsNonRoot", {_POD_ROOT: None}, allowed=False),
                unset(_OVERRIDE, {_POD_ROOT: None, _ROOTS: True, _ROOT: None}, allowed=False),
                allows(_OVERRIDE, {_POD_ROOT: None, _ROOTS: True}),
                allows(_OVERRIDE, {_POD_ROOT: False, _ROOTS: True}),
                allows(_OVERRIDE, {_POD_ROOT: True}),
                refuses(_OVERRIDE, {_POD_ROOT: True, _ROOT: False}),
                refuses(_OVERRIDE, {_POD_ROOT: False, _ROOTS: True, _ROOT: None}),
                added(refuses(_OVERRIDE, {_POD_ROOT: False})),
                added(allows(_OVERRIDE, {_POD_ROOT: False, _ROOT: True})),
            ),
        ),
        Sheet(
            "{allow: [true], reading: both}",
            (
                unset("INTERFACE.md Reading", {_POD_ROOT: None, _ROOTS: True}, allowed=False),
                allows("INTERFACE.md Reading", {_POD_ROOT: True}),
                allows("INTERFACE.md Reading", {_POD_ROOT: True, _ROOT: True}),
                refuses("INTERFACE.md Reading", {_POD_ROOT: False, _ROOTS: True}),
                refuses("INTERFACE.md Reading", {_POD_ROOT: True, _ROOT: False}),
            ),
        ),
    ),
)

_POD_GROUP = "securityContext.runAsGroup"
_GROUP = "*.securityContext.runAsGroup"
_GROUPS = "**.securityContext.runAsGroup"

GROUP: Final = Sheets(
    "runAsGroup",
    _TYPES,
    (
        Sheet(
            '{ranges: ["1-65535"]}',
            (
                # "Uses runtime default if unset": the image's, which nobody knows.
                unset("PodSecurityContext.RunAsGroup", {}),
                unset("PodSecurityContext.RunAsGroup", {_POD_GROUP: None}),
                unset("SecurityContext.RunAsGroup", {_GROUP: None}),
                unset("SecurityContext.RunAsGroup", {_POD_GROUP: 1, _GROUP: None}),
                allows("PodSecurityContext.RunAsGroup", {_POD_GROUP: 1}),
                allows("PodSecurityContext.RunAsGroup", {_POD_GROUP: 65535}),
                allows("SecurityContext.RunAsGroup", {_GROUP: 1}),
                allows("SecurityContext.RunAsGroup", {_GROUP: 65535}),
                refuses("PodSecurityContext.RunAsGroup", {_POD_GROUP: 0}),
                refuses("PodSecurityContext.RunAsGroup", {_POD_GROUP: 65536}),
                refuses("SecurityContext.RunAsGroup", {_GROUP: 0}),
                refuses("SecurityContext.RunAsGroup", {_GROUP: 65536}),
                refuses("validation.IsValidGroupID", {_GROUP: -1}),
                refuses("SecurityContext.RunAsGroup: *int64", {_GROUP: "1000"}),
                refuses("SecurityContext.RunAsGroup: *int64", {_POD_GROUP: 1000.0}),
                refuses("SecurityContext.RunAsGroup: *int64", {_GROUP: True}),
                refuses("SecurityContext.RunAsGroup: *int64", {_GROUP: [1000]}),
                refuses(_OVERRIDE, {_POD_GROUP: 0, _GROUPS: 1000}),
                refuses(_OVERRIDE, {_POD_GROUP: 1000, _GROUP: 0}),
                unset("validateWindows: no runAsGroup", _WINDOWS),
                refuses("validateWindows: no runAsGroup", {_POD_GROUP: 0} | _WINDOWS),
                added(unset("SecurityContext.RunAsGroup", {})),
                added(allows(_OVERRIDE, {_POD_GROUP: 0, _GROUP: 1000})),
                added(refuses(_OVERRIDE, {_POD_GROUP: 0})),
                added(refuses(_OVERRIDE, {_POD_GROUP: 1000, _GROUP: 0})),
                templated(refuses("SecurityContext.RunAsGroup", {_GROUP: 0})),
                templated(unset("SecurityContext.RunAsGroup", {})),
            ),
        ),
        Sheet(
            '{ranges: ["1-65535"], unset: refuse}',
            (
                unset("INTERFACE.md Unset", {}, allowed=False),
                unset("INTERFACE.md Unset", {_GROUPS: 1, _GROUP: None}, allowed=False),
                unset("INTERFACE.md Unset", {_POD_GROUP: 1}),
                unset("INTERFACE.md Unset", {_GROUPS: 1}),
                refuses("INTERFACE.md Unset", {_POD_GROUP: 1, _GROUP: 0}),
            ),
        ),
        Sheet(
            '{ranges: ["1-65535"], unset: refuse, unless: [windows]}',
            (
                unset("validateWindows: no runAsGroup", _WINDOWS),
                unset("validateWindows: no runAsGroup", {"os.name": "linux"}, allowed=False),
                unset("validateWindows: no runAsGroup", {}, allowed=False),
                added(unset("validateWindows: no runAsGroup", _WINDOWS)),
            ),
        ),
        Sheet(
            '{ranges: ["1-65535"], reading: effective}',
            (
                unset(_OVERRIDE, {}),
                allows(_OVERRIDE, {_POD_GROUP: 0, _GROUPS: 1000}),
                refuses(_OVERRIDE, {_POD_GROUP: 0, _GROUPS: 1000, _GROUP: None}),
                refuses(_OVERRIDE, {_POD_GROUP: 1000, _GROUP: 0}),
            ),
        ),
    ),
)

_SUPPLEMENTAL = "securityContext.supplementalGroups"

SUPPLEMENTAL: Final = Sheets(
    "supplementalGroups",
    _TYPES,
    (
        Sheet(
            '{ranges: ["1-65535", 100000]}',
            (
                # "If unspecified, no additional groups are added."
                unset("PodSecurityContext.SupplementalGroups", {}),
                unset("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: None}),
                unset("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: []}),
                unset("validateWindows: no supplementalGroups", _WINDOWS),
                allows("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: [1]}),
                allows("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: [65535]}),
                allows("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: [100000, 7, 7]}),
                refuses("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: [0]}),
                refuses("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: [65536]}),
                refuses("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: [99999]}),
                refuses("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: [100001]}),
                refuses("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: [0, 1000]}),
                refuses("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: [1000, 0]}),
                refuses("validation.IsValidGroupID", {_SUPPLEMENTAL: [-1]}),
                # Go reads null in a list of integers as 0: the root group.
                refuses("[]int64, encoding/json", {_SUPPLEMENTAL: [None]}),
                refuses("[]int64", {_SUPPLEMENTAL: ["1000"]}),
                refuses("[]int64", {_SUPPLEMENTAL: [1000.0]}),
                refuses("[]int64", {_SUPPLEMENTAL: [True]}),
                refuses("[]int64", {_SUPPLEMENTAL: [[1000]]}),
                refuses("[]int64", {_SUPPLEMENTAL: [{"gid": 1000}]}),
                refuses("validateWindows: no supplementalGroups", {_SUPPLEMENTAL: [0]} | _WINDOWS),
                # The pod stands already: its groups are not judged again.
                added(allows("INTERFACE.md UPDATE", {_SUPPLEMENTAL: [0]})),
                templated(refuses("PodTemplateSpec.Spec", {_SUPPLEMENTAL: [0]})),
                templated(allows("PodTemplateSpec.Spec", {_SUPPLEMENTAL: [1]})),
            ),
        ),
        Sheet(
            '{ranges: ["0"], unset: refuse}',
            (
                unset("INTERFACE.md Unset", {}, allowed=False),
                unset("INTERFACE.md Unset", {_SUPPLEMENTAL: None}, allowed=False),
                unset("INTERFACE.md Unset", {_SUPPLEMENTAL: []}, allowed=False),
                allows("[]int64, encoding/json", {_SUPPLEMENTAL: [0]}),
                allows("[]int64, encoding/json", {_SUPPLEMENTAL: [None]}),
                refuses("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: [1]}),
            ),
        ),
        Sheet(
            "{ranges: []}",
            (
                unset("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: []}),
                refuses("PodSecurityContext.SupplementalGroups", {_SUPPLEMENTAL: [1]}),
            ),
        ),
    ),
)

_GROUPS_POLICY = "securityContext.supplementalGroupsPolicy"

GROUPS_POLICY: Final = Sheets(
    "supplementalGroupsPolicy",
    _TYPES,
    (
        Sheet(
            "Strict",
            (
                # "If not specified, Merge is used."
                unset("PodSecurityContext.SupplementalGroupsPolicy", {}, allowed=False),
                unset(
                    "PodSecurityContext.SupplementalGroupsPolicy",
                    {_GROUPS_POLICY: None},
                    allowed=False,
                ),
                allows("SupplementalGroupsPolicyStrict", {_GROUPS_POLICY: "Strict"}),
                refuses("SupplementalGroupsPolicyMerge", {_GROUPS_POLICY: "Merge"}),
                refuses("validateSupplementalGroupsPolicy", {_GROUPS_POLICY: "strict"}),
                refuses("validateSupplementalGroupsPolicy", {_GROUPS_POLICY: "STRICT"}),
                refuses("validateSupplementalGroupsPolicy", {_GROUPS_POLICY: "Strict "}),
                # A pointer to "" is no nil.
                refuses("validateSupplementalGroupsPolicy", {_GROUPS_POLICY: ""}),
                refuses("*SupplementalGroupsPolicy", {_GROUPS_POLICY: ["Strict"]}),
                refuses("*SupplementalGroupsPolicy", {_GROUPS_POLICY: True}),
                unset("validateWindows: no supplementalGroupsPolicy", _WINDOWS, allowed=False),
                added(unset("INTERFACE.md UPDATE", {})),
                added(allows("INTERFACE.md UPDATE", {_GROUPS_POLICY: "Merge"})),
                templated(unset("PodTemplateSpec.Spec", {}, allowed=False)),
            ),
        ),
        Sheet(
            "{allow: [Strict], unless: [windows]}",
            (
                unset("validateWindows: no supplementalGroupsPolicy", _WINDOWS),
                unset("validateWindows", {"os.name": "linux"}, allowed=False),
                allows("SupplementalGroupsPolicyStrict", {_GROUPS_POLICY: "Strict"}),
                refuses("SupplementalGroupsPolicyMerge", {_GROUPS_POLICY: "Merge"}),
            ),
        ),
        Sheet(
            "Merge",
            (
                unset("PodSecurityContext.SupplementalGroupsPolicy", {}),
                allows("SupplementalGroupsPolicyMerge", {_GROUPS_POLICY: "Merge"}),
                refuses("SupplementalGroupsPolicyStrict", {_GROUPS_POLICY: "Strict"}),
            ),
        ),
    ),
)

_FS_GROUP = "securityContext.fsGroup"

FS_GROUP: Final = Sheets(
    "fsGroup",
    _TYPES,
    (
        Sheet(
            "{ranges: [1-65535]}",
            (
                # "If unset, the Kubelet will not modify the ownership and permissions."
                unset("PodSecurityContext.FSGroup", {}),
                unset("PodSecurityContext.FSGroup", {_FS_GROUP: None}),
                unset("validateWindows: no fsGroup", _WINDOWS),
                allows("PodSecurityContext.FSGroup", {_FS_GROUP: 1}),
                allows("PodSecurityContext.FSGroup", {_FS_GROUP: 2000}),
                allows("PodSecurityContext.FSGroup", {_FS_GROUP: 65535}),
                refuses("PodSecurityContext.FSGroup", {_FS_GROUP: 0}),
                refuses("PodSecurityContext.FSGroup", {_FS_GROUP: 65536}),
                refuses("validation.IsValidGroupID", {_FS_GROUP: -1}),
                refuses("validation.IsValidGroupID", {_FS_GROUP: _LARGEST}),
                refuses("PodSecurityContext.FSGroup: *int64", {_FS_GROUP: "2000"}),
                refuses("PodSecurityContext.FSGroup: *int64", {_FS_GROUP: ""}),
                refuses("PodSecurityContext.FSGroup: *int64", {_FS_GROUP: 2000.5}),
                refuses("PodSecurityContext.FSGroup: *int64", {_FS_GROUP: True}),
                refuses("PodSecurityContext.FSGroup: *int64", {_FS_GROUP: [2000]}),
                refuses("validateWindows: no fsGroup", {_FS_GROUP: 0} | _WINDOWS),
                added(allows("INTERFACE.md UPDATE", {_FS_GROUP: 0})),
                templated(refuses("PodTemplateSpec.Spec", {_FS_GROUP: 0})),
                templated(unset("PodTemplateSpec.Spec", {})),
            ),
        ),
        Sheet(
            '{ranges: ["1-"], unset: refuse}',
            (
                unset("INTERFACE.md Unset", {}, allowed=False),
                unset("INTERFACE.md Unset", {_FS_GROUP: None}, allowed=False),
                allows("PodSecurityContext.FSGroup", {_FS_GROUP: _LARGEST}),
                refuses("PodSecurityContext.FSGroup", {_FS_GROUP: 0}),
            ),
        ),
    ),
)

_CHANGE_POLICY = "securityContext.fsGroupChangePolicy"

CHANGE_POLICY: Final = Sheets(
    "fsGroupChangePolicy",
    _TYPES,
    (
        Sheet(
            "OnRootMismatch",
            (
                # "If not specified, Always is used."
                unset("PodSecurityContext.FSGroupChangePolicy", {}, allowed=False),
                unset(
                    "PodSecurityContext.FSGroupChangePolicy",
                    {_CHANGE_POLICY: None},
                    allowed=False,
                ),
                # Without an fsGroup the policy says nothing, and is judged all the same.
                unset(
                    "PodSecurityContext.FSGroupChangePolicy",
                    {"securityContext.fsGroup": None},
                    allowed=False,
                ),
                allows("FSGroupChangeOnRootMismatch", {_CHANGE_POLICY: "OnRootMismatch"}),
                refuses("FSGroupChangeAlways", {_CHANGE_POLICY: "Always"}),
                refuses("validateFSGroupChangePolicy", {_CHANGE_POLICY: "onRootMismatch"}),
                refuses("validateFSGroupChangePolicy", {_CHANGE_POLICY: "onrootmismatch"}),
                refuses("validateFSGroupChangePolicy", {_CHANGE_POLICY: "Never"}),
                refuses("validateFSGroupChangePolicy", {_CHANGE_POLICY: ""}),
                refuses("*PodFSGroupChangePolicy", {_CHANGE_POLICY: 1}),
                refuses("*PodFSGroupChangePolicy", {_CHANGE_POLICY: {"type": "OnRootMismatch"}}),
                unset("validateWindows: no fsGroupChangePolicy", _WINDOWS, allowed=False),
                added(unset("INTERFACE.md UPDATE", {})),
                added(allows("INTERFACE.md UPDATE", {_CHANGE_POLICY: "Always"})),
                templated(unset("PodTemplateSpec.Spec", {}, allowed=False)),
            ),
        ),
        Sheet(
            "Always",
            (
                unset("PodSecurityContext.FSGroupChangePolicy", {}),
                unset("PodSecurityContext.FSGroupChangePolicy", {_CHANGE_POLICY: None}),
                allows("FSGroupChangeAlways", {_CHANGE_POLICY: "Always"}),
                refuses("FSGroupChangeOnRootMismatch", {_CHANGE_POLICY: "OnRootMismatch"}),
                refuses("validateFSGroupChangePolicy", {_CHANGE_POLICY: "always"}),
                refuses("validateFSGroupChangePolicy", {_CHANGE_POLICY: ""}),
            ),
        ),
        Sheet(
            "{allow: [OnRootMismatch], unset: allow}",
            (
                unset("INTERFACE.md Unset", {}),
                allows("FSGroupChangeOnRootMismatch", {_CHANGE_POLICY: "OnRootMismatch"}),
                refuses("FSGroupChangeAlways", {_CHANGE_POLICY: "Always"}),
            ),
        ),
    ),
)

TABLES: Final = (
    USER,
    NON_ROOT,
    GROUP,
    SUPPLEMENTAL,
    GROUPS_POLICY,
    FS_GROUP,
    CHANGE_POLICY,
)
