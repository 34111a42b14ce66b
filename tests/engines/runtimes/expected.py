"""What the runtimes make of what is wanted, as they document it or were seen to do it.

Sources: https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities;
podman-run(1), `--cap-add`; containerd, internal/cri/opts and pkg/oci, `WithCapabilities`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from capgen.capabilities.table import to_bitmap
from tests.engines.engine import Process, Refusal
from tests.engines.runtimes import image
from tests.engines.runtimes.seen import own_capabilities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engines.runtimes.wanted import Wanted

# What all three give to a container that asks for nothing.
DEFAULT: Final = 0xA80425FB
# docker 20.10 knows the capabilities up to AUDIT_READ, and has ALL mean these.
DOCKER_ALL: Final = (1 << 38) - 1

_ALL: Final = "ALL"
_CONFINED: Final = 2
_SETS: Final = ("permitted", "effective", "bounding", "inheritable", "ambient")


@dataclass(frozen=True, slots=True)
class Expected:
    """What should be seen.

    Attributes:
        values: of attributes of the process; of `masked` only whether any path is.
        refusal: words of the refusal; "" where the container must start.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    refusal: str = ""


def difference(expected: Expected, actual: Process | Refusal) -> tuple[str, str]:
    """Return what was expected and what was seen, each as far as they differ: "" if they do not."""
    if isinstance(actual, Refusal):
        if expected.refusal and expected.refusal in actual.message:
            return "", ""
        return expected.refusal or "it starts", f"refused: {actual.message}"
    if expected.refusal:
        return f"refused: {expected.refusal}", "it starts"
    seen = {name: getattr(actual, name) for name in expected.values}
    if "masked" in seen:
        seen["masked"] = seen["masked"] > 0
    differing = [name for name, value in expected.values.items() if seen[name] != value]
    return _text(expected.values, differing), _text(seen, differing)


def _text(values: Mapping[str, Any], names: list[str]) -> str:
    return ", ".join(f"{name} {_shown(name, values[name])}" for name in names)


def _shown(name: str, value: Any) -> str:  # noqa: ANN401 - of any attribute
    if name in _SETS:
        return f"{value:x}"
    return " ".join(sorted(value)) or "none" if isinstance(value, frozenset) else str(value)


def docker(wanted: Wanted) -> Expected:
    """Return what docker makes of a line on the image that runs as root."""
    own = _line(wanted, _capabilities(wanted, DOCKER_ALL))
    return Expected(own | {"groups": _line_groups(wanted, {0})})


def podman(wanted: Wanted) -> Expected:
    """Return what podman makes of the same line.

    Two things are its own: it gives what is added to a user other than root, too, by way of the
    ambient set; and a container whose user nobody names is not in root's group besides.
    """
    everything = own_capabilities()
    own = _line(wanted, _capabilities(wanted, everything))
    if wanted.user and not wanted.privileged:
        given = to_bitmap(_added(wanted)) & own["bounding"]
        own |= dict.fromkeys(("effective", "permitted", "inheritable", "ambient"), given)
    return Expected(own | {"groups": _line_groups(wanted, set())})


def unsaid(wanted: Wanted) -> frozenset[str]:
    """Return the rules that no line of docker can say as they are wanted."""
    cannot = {
        "runAsNonRoot": wanted.non_root and not wanted.user,
        "runAsGroup": wanted.group is not None and wanted.user is None,
        "supplementalGroupsPolicy": wanted.strict and (wanted.user is None or wanted.group is None),
        "seccompProfile": wanted.seccomp.startswith("Localhost"),
        "hostUsers": not wanted.users,
    }
    return frozenset(rule for rule, is_so in cannot.items() if is_so)


def pod(wanted: Wanted, image_user: int = 0) -> Expected:
    """Return what kubelet and containerd make of a pod on an image that runs as some user."""
    user = image_user if wanted.user is None else wanted.user
    if wanted.non_root and user == 0:
        return Expected(refusal="runAsNonRoot" if wanted.user is None else "non-root policy")
    own = _process(wanted, user, _capabilities(wanted, own_capabilities()))
    group, extra = _groups_of(user)
    given = {*wanted.groups, *(() if wanted.fs_group is None else (wanted.fs_group,))}
    own["group"] = group if wanted.group is None else wanted.group
    own["groups"] = _sorted({own["group"], *given, *(() if wanted.strict else extra)})
    own["shares"] |= {"user"} if wanted.users else set()
    return Expected(own)


def _line(wanted: Wanted, bounding: int) -> dict[str, Any]:
    user = wanted.user or 0
    own = _process(wanted, user, bounding)
    # A group is said behind a user only.
    given = None if wanted.user is None else wanted.group
    own["group"] = _groups_of(user)[0] if given is None else given
    # Only the daemon can remap users.
    own["shares"] |= {"user"}
    return own


def _line_groups(wanted: Wanted, of_nobody: set[int]) -> tuple[int, ...]:
    """Return the groups: with a group beside the user, docker leaves the image's groups out."""
    if wanted.user is None:
        return _sorted({*of_nobody, image.EXTRA, *wanted.groups})
    group, extra = _groups_of(wanted.user)
    if wanted.group is not None:
        return _sorted({wanted.group, *wanted.groups})
    return _sorted({group, *extra, *wanted.groups})


def _process(wanted: Wanted, user: int, bounding: int) -> dict[str, Any]:
    """Return what is the same everywhere."""
    effective = bounding if user == 0 else 0
    confined = wanted.seccomp not in {"", "Unconfined"} and not wanted.privileged
    shared = {"net": wanted.network, "pid": wanted.processes, "ipc": wanted.ipc}
    return {
        "user": user,
        "bounding": bounding,
        "permitted": effective,
        "effective": effective,
        "inheritable": 0,
        "ambient": 0,
        "no_new_privs": not wanted.escalation,
        "seccomp": _CONFINED if confined else 0,
        "read_only": wanted.read_only,
        "masked": not (wanted.unmasked or wanted.privileged),
        "shares": frozenset(name for name, is_shared in shared.items() if is_shared),
    }


def _capabilities(wanted: Wanted, everything: int) -> int:
    """Return the bounding set; what is both added and dropped is not to be had.

    Args:
        wanted: what is asked for.
        everything: what ALL means.
    """
    if wanted.privileged:
        return everything
    if _ALL in wanted.drop:
        # An ALL that is added and dropped grants nothing.
        return to_bitmap(_added(wanted))
    base = everything if _ALL in wanted.add else DEFAULT | to_bitmap(_added(wanted))
    return base & ~to_bitmap(wanted.drop)


def _added(wanted: Wanted) -> list[str]:
    return [name for name in wanted.add if name != _ALL and name not in wanted.drop]


def _groups_of(user: int) -> tuple[int, set[int]]:
    """Return what the image knows of a user: the primary group, and the others."""
    for uid, gid in image.USERS.values():
        if uid == user:
            return gid, {image.EXTRA}
    return 0, set()


def _sorted(groups: set[int]) -> tuple[int, ...]:
    return tuple(sorted(groups))
