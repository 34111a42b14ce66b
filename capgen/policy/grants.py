"""Grants: what a profile gives to a process, beside the rules that it sets for pods.

A second small IR. Rules judge pods; grants are compiled into a filter of syscalls (seccomp), a
profile of files and sockets (AppArmor), and the folders that stay writable below a read-only root.

The plain data of grants is what a profile says, checked, with the keys that it sets and no others:

    {"syscalls": {"base": "empty", "allow": [{"name": "read"}, {"name": "personality", "args":
        [{"index": 0, "op": "eq", "value": 0}]}], "deny": ["ptrace", "@module"]},
     "files": {"base": "container-default", "read": ["/etc/**"], "write": [], "execute": [],
        "deny": ["/etc/shadow"]},
     "network": ["inet stream"], "writable": ["/tmp"]}
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from .syscalls import members

if TYPE_CHECKING:
    from collections.abc import Iterable

Data = dict[str, Any]


class Op(Enum):
    """How an argument of a syscall is compared with a value, unsigned: as libseccomp names it."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    MASKED_EQ = "masked_eq"


class SyscallBase(Enum):
    """What a filter of syscalls starts from: a runtime's own default profile, or nothing."""

    RUNTIME_DEFAULT = "runtime-default"
    EMPTY = "empty"


class FileBase(Enum):
    """What a profile of files starts from: a runtime's own for containers, or nothing."""

    CONTAINER_DEFAULT = "container-default"
    EMPTY = "empty"


class Argument(NamedTuple):
    """A condition on one argument of a syscall.

    Attributes:
        place: which argument, 0 to 5; seccomp calls it its index.
        op: how it is compared.
        value: what it is compared with; an unsigned integer of 64 bits.
        mask: the bits that are compared, for `masked_eq`; else None. `value` has no others.
    """

    place: int
    op: Op
    value: int
    mask: int | None = None


class SyscallGrant(NamedTuple):
    """A syscall that may be called.

    Attributes:
        name: the syscall; never a group.
        args: conditions that must all hold, by rising place, at most one for each; empty: always.
    """

    name: str
    args: tuple[Argument, ...] = ()


class Syscalls(NamedTuple):
    """What a filter of syscalls grants; whatever it does not grant fails.

    A call is granted if a grant in `allow` holds for it, or if the base grants it and its syscall
    does not stand in `deny`. No groups are left, and of what is denied only grants with conditions:
    deny wins over a syscall that is allowed as such, and with a condition it narrows the base.

    Attributes:
        base: what is granted besides.
        allow: what is granted, sorted; of a syscall that is granted always, no conditions.
        deny: the syscalls that the base does not grant, sorted.
    """

    base: SyscallBase = SyscallBase.RUNTIME_DEFAULT
    allow: tuple[SyscallGrant, ...] = ()
    deny: tuple[str, ...] = ()


class Files(NamedTuple):
    """What a profile of files grants: globs of AppArmor, as apparmor.d(5) reads them.

    Attributes:
        base: what is granted besides.
        read: what may be read.
        write: what may be written.
        execute: what may be executed, under the same profile.
        deny: what may not be touched, whatever else grants it.
    """

    base: FileBase = FileBase.CONTAINER_DEFAULT
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    execute: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class Network(NamedTuple):
    """A network rule of AppArmor: sockets that may be used.

    Attributes:
        domain: the address family, such as `inet6`.
        kind: a type or a protocol, such as `stream` or `tcp`; None: any.
    """

    domain: str
    kind: str | None = None


class Grants(NamedTuple):
    """What a profile grants.

    Attributes:
        syscalls: None: it says nothing of them.
        files: None: it says nothing of them.
        network: None: it says nothing of sockets; empty: none may be used.
        writable: folders that are writable below a read-only root, none in another; None: it says
            nothing of them.
    """

    syscalls: Syscalls | None = None
    files: Files | None = None
    network: tuple[Network, ...] | None = None
    writable: tuple[str, ...] | None = None


def grants(data: Data) -> Grants:
    """Make the grants that checked plain data mean (see above for its form)."""
    syscalls, files, network = (data.get(key) for key in ("syscalls", "files", "network"))
    return Grants(
        syscalls=None if syscalls is None else _syscalls(syscalls),
        files=None if files is None else _files(files),
        network=None if network is None else tuple(map(read_network, network)),
        writable=None if data.get("writable") is None else tuple(data["writable"]),
    )


def dump(granted: Grants) -> Data:
    """Return plain data that mean the grants: `grants(dump(x)) == x` for what `grants` made."""
    data: Data = {}
    if granted.syscalls is not None:
        base, allow, deny = granted.syscalls
        data["syscalls"] = {
            "base": base.value,
            "allow": [_call_data(call) for call in allow],
            "deny": [*deny],
        }
    if granted.files is not None:
        base_of_files, *lists = granted.files
        data["files"] = {"base": base_of_files.value} | {
            key: [*globs] for key, globs in zip(Files._fields[1:], lists, strict=True)
        }
    if granted.network is not None:
        data["network"] = [" ".join(filter(None, rule)) for rule in granted.network]
    if granted.writable is not None:
        data["writable"] = [*granted.writable]
    return data


def read_network(text: str) -> Network:
    """Read a network rule, `inet` or `inet stream`, that has been checked."""
    domain, _, kind = text.partition(" ")
    return Network(domain, kind or None)


def read_args(call: Data) -> tuple[Argument, ...]:
    """Return the conditions of one item of `allow`, by rising place."""
    rows = (
        Argument(row["index"], Op(row["op"]), row["value"], row.get("mask"))
        for row in call.get("args") or ()
    )
    return tuple(sorted(rows, key=lambda row: row.place))


def taken_apart(names: Iterable[str]) -> frozenset[str]:
    """Return the syscalls that names of syscalls and of groups mean."""
    return frozenset().union(*map(members, names))


def _syscalls(data: Data) -> Syscalls:
    listed = data.get("allow") or ()
    denied = taken_apart(data.get("deny") or ())
    always = taken_apart(call["name"] for call in listed if not call.get("args")) - denied
    allow = {SyscallGrant(name) for name in always}
    for call in listed:
        args = read_args(call)
        if args and call["name"] not in always:
            allow.add(SyscallGrant(call["name"], args))
    base = data.get("base", SyscallBase.RUNTIME_DEFAULT.value)
    return Syscalls(SyscallBase(base), tuple(sorted(allow, key=_order)), tuple(sorted(denied)))


def _order(call: SyscallGrant) -> tuple[str, list[tuple[int, str, int, int]]]:
    return call.name, [(arg.place, arg.op.value, arg.value, arg.mask or 0) for arg in call.args]


def _files(data: Data) -> Files:
    base = FileBase(data.get("base", FileBase.CONTAINER_DEFAULT.value))
    return Files(base, *(tuple(data.get(key) or ()) for key in Files._fields[1:]))


def _call_data(call: SyscallGrant) -> Data:
    if not call.args:
        return {"name": call.name}
    args = [
        {"index": arg.place, "op": arg.op.value, "value": arg.value}
        | ({} if arg.mask is None else {"mask": arg.mask})
        for arg in call.args
    ]
    return {"name": call.name, "args": args}
