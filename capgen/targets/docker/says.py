"""What docker says of each rule: the table.

`docker run` decides by value, so a row says which flags stand for which value of a part of a rule,
what docker does without any, and what `--privileged` makes of it.
Source: moby, daemon/oci_linux.go and daemon/oci_utils.go;
https://docs.docker.com/reference/cli/docker/container/run/.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from capgen.policy.predicates import InRanges
from capgen.policy.values import UNSET, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgen.policy.chosen import Value
    from capgen.policy.predicates import Predicate
    from capgen.policy.values import Scalar, Unset

# A flag is its words: `("--cap-drop", "ALL")`.
Flag: TypeAlias = tuple[str, ...]
Known: TypeAlias = "Value | Unset"


@dataclass(frozen=True, slots=True)
class Say:
    """How docker says one part of a rule.

    Attributes:
        default: the value that docker gives without a flag; UNSET where it is left open, as on
            Kubernetes.
        note: how the default comes about, or by what the value is said.
        privileged: the value under `--privileged`; None where that changes nothing.
        flags: the flags of each value that docker can be told.
        each: makes the flags of any value, or of each item of a list.
        instead: fields, and the values of them that bring this one about where all are chosen.
        needs: a field that must be chosen too, or there are no flags.
        why_not: why there are no flags for other values.
    """

    default: Known
    note: str
    privileged: Known | None = None
    flags: dict[Value, tuple[Flag, ...]] = field(default_factory=dict)
    each: Callable[[Scalar], Flag] | None = None
    instead: tuple[tuple[tuple[str, ...], Predicate], ...] = ()
    needs: tuple[str, ...] = ()
    why_not: str = "docker has no flag for it"


def _security(name: str, value: str = "") -> Flag:
    return ("--security-opt", f"{name}={value}" if value else name)


def _label(kind: str) -> Say:
    note = "unset: the daemon's own label where SELinux is on"
    return Say(UNSET, note, each=lambda value: _security("label", f"{kind}:{show(value)}"))


_SECCOMP_FILE: Final = "docker takes a seccomp profile as a file, which the profile does not hold"
_NO_NAME: Final = "docker takes an AppArmor profile by its name, which the profile does not hold"
_UNCONFINED: Final = "Unconfined"
_ANY_ID: Final = InRanges(((0, None),))
_NO_CLASS: Final = "a RuntimeClass is a cluster's; `--runtime` takes a name of the daemon's"
_NO_REFUSAL: Final = "docker cannot refuse an image that runs as root"

# What docker says of each rule, by the key of the rule's part.
SAYS: Final[dict[str, dict[str, Say]]] = {
    "privileged": {
        "allow": Say(
            False,
            "docker's default",
            flags={False: (), True: (("--privileged",),)},
        )
    },
    "allowPrivilegeEscalation": {
        "allow": Say(
            True,
            "docker's default",
            flags={False: (_security("no-new-privileges"),), True: ()},
        )
    },
    "capabilities": {
        "allow": Say(
            (),
            "none is added",
            ("ALL",),
            each=lambda name: ("--cap-add", show(name)),
            why_not="`--privileged` adds every capability",
        ),
        "drop": Say(
            (),
            "docker's default set",
            (),
            each=lambda name: ("--cap-drop", show(name)),
            why_not="`--privileged` ignores `--cap-drop`",
        ),
    },
    "readOnlyRootFilesystem": {
        "allow": Say(
            False,
            "docker's default",
            flags={False: (), True: (("--read-only",),)},
        )
    },
    "runAsNonRoot": {
        "allow": Say(
            False,
            "the image decides",
            instead=((("securityContext", "runAsUser"), InRanges(((1, None),))),),
            why_not=_NO_REFUSAL,
        )
    },
    "runAsUser": {
        "ranges": Say(
            UNSET,
            "unset: the image decides, as on Kubernetes",
            each=lambda user: ("--user", show(user)),
            why_not="no user is chosen: give a `default`",
        )
    },
    "runAsGroup": {
        "ranges": Say(
            UNSET,
            "unset: the image decides, as on Kubernetes",
            each=lambda group: ("--user", f":{show(group)}"),
            needs=("securityContext", "runAsUser"),
            why_not="docker takes a group only with a user: give both a `default`",
        )
    },
    "supplementalGroups": {
        "ranges": Say(
            UNSET,
            "no `--group-add`",
            each=lambda group: ("--group-add", show(group)),
            why_not="no group is chosen: give a `default`",
        )
    },
    "supplementalGroupsPolicy": {
        "allow": Say(
            "Merge",
            "docker adds the groups that the image gives the user",
            # `--user 5:5` is taken as it is: nothing is looked up in the image.
            instead=tuple(
                (("securityContext", leaf), _ANY_ID) for leaf in ("runAsUser", "runAsGroup")
            ),
            why_not="docker adds the groups that the image gives the user, unless it is told both"
            " user and group: give both a `default`",
        )
    },
    "seLinuxOptions": {
        "type": _label("type"),
        "user": _label("user"),
        "role": _label("role"),
        "level": _label("level"),
    },
    "seccompProfile": {
        "allow": Say(
            "RuntimeDefault",
            "docker's default profile",
            _UNCONFINED,
            {"RuntimeDefault": (), _UNCONFINED: (_security("seccomp", "unconfined"),)},
            why_not=_SECCOMP_FILE,
        )
    },
    "appArmorProfile": {
        "allow": Say(
            "RuntimeDefault",
            "docker's default profile where AppArmor is on",
            _UNCONFINED,
            {"RuntimeDefault": (), _UNCONFINED: (_security("apparmor", "unconfined"),)},
            why_not=_NO_NAME,
        )
    },
    "procMount": {
        "allow": Say(
            "Default",
            "docker's default",
            "Unmasked",
            {"Default": (), "Unmasked": (_security("systempaths", "unconfined"),)},
        )
    },
    "sysctls": {"allow": Say(UNSET, "no `--sysctl`")},
    "hostNetwork": {
        "allow": Say(
            False,
            "a network namespace of its own is docker's default",
            flags={False: (), True: (("--network", "host"),)},
        )
    },
    "hostPID": {
        "allow": Say(
            False,
            "a process namespace of its own is docker's default",
            flags={False: (), True: (("--pid", "host"),)},
        )
    },
    # The daemon's default may be `shareable`, which other containers can join.
    "hostIPC": {
        "allow": Say(
            False,
            "",
            flags={False: (("--ipc", "private"),), True: (("--ipc", "host"),)},
        )
    },
    "hostPorts": {"ranges": Say(UNSET, "no `--publish`")},
    "hostUsers": {
        "allow": Say(
            True,
            "the daemon's own setting; `host` turns a remapping off",
            True,
            {True: (("--userns", "host"),)},
            why_not="only the daemon can remap users: `userns-remap`",
        )
    },
    "hostPath": {"allow": Say(UNSET, "no `--volume` or `--mount`")},
    "runtimeClassName": {"allow": Say(UNSET, "the daemon's default runtime", why_not=_NO_CLASS)},
}

# What a `docker run` line cannot constrain, whatever the rule allows.
GAPS: Final[dict[str, str]] = {
    "volumes": "an image may declare VOLUMEs, which docker mounts without a flag",
}

# What cannot exist in a `docker run` line.
NOT_THERE: Final[dict[str, str]] = {
    "hostProbes": "docker's health check runs inside the container",
    "hostProcess": "HostProcess containers are a thing of Windows pods",
    "windowsOptions": "docker runs Linux containers",
    "fsGroup": "docker changes the owner of no volume",
    "fsGroupChangePolicy": "docker changes the owner of no volume",
    "seLinuxChangePolicy": "docker relabels a volume only where a `--volume` asks for it",
    "flexVolumes": "a flexVolume is Kubernetes' own",
    "csiDrivers": "docker has no CSI volumes without a swarm",
    "shareProcessNamespace": "a docker container has no pod to share with",
    "automountServiceAccountToken": "docker has no service accounts",
}
