"""libseccomp out of Debian's archive: builds the filters that a container runtime loads."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines import debian
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# What `seccomp_syscall_resolve_name` answers to a name that it has never heard of; of a syscall
# that only other architectures have, it answers a lesser one.
_UNKNOWN: Final = -1
_OPTIMIZE: Final = 8
_BINARY_TREE: Final = 2


class RefusedError(LabError):
    """The runtime would not start a container with such a filter."""


class Condition(ctypes.Structure):
    """What an argument must be, see `struct scmp_arg_cmp`."""

    _fields_ = (
        ("index", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("value_two", ctypes.c_uint64),
    )


class Rule(NamedTuple):
    """What becomes of a syscall when all conditions hold.

    Attributes:
        action: the 32 bits that the filter returns.
        name: of the syscall; one that libseccomp does not know has no effect, as in runc.
        conditions: on different arguments.
    """

    action: int
    name: str
    conditions: Sequence[Condition] = ()


def tree() -> Path:
    """Return the folder that libseccomp is unpacked in."""
    return debian.tree("libseccomp2")


def version() -> str:
    """Return libseccomp's version, as Debian writes it."""
    return debian.version(tree(), "libseccomp2")


def token(architecture: str) -> int:
    """Return libseccomp's token of an architecture, by a name such as `aarch64`.

    Raises:
        RefusedError: it knows none of the name.
    """
    found = int(_library().seccomp_arch_resolve_name(architecture.encode()))
    if not found:
        raise RefusedError(f"libseccomp knows no architecture `{architecture}`")
    return found


def native() -> int:
    """Return the token of this machine's architecture."""
    return int(_library().seccomp_arch_native())


def number(architecture: int, name: str) -> int | None:
    """Return the number of a syscall on an architecture, or None if it has no such syscall."""
    found = int(_library().seccomp_syscall_resolve_name_arch(architecture, name.encode()))
    return None if found < 0 else found


def build(default: int, architectures: Sequence[int], rules: Iterable[Rule]) -> bytes:
    """Return the program of a filter.

    Args:
        default: what becomes of a syscall that no rule holds for.
        architectures: tokens of those that it judges. Another's syscalls kill the thread.
        rules: in any order; of two for one syscall libseccomp says which holds.

    Raises:
        RefusedError: libseccomp refuses a rule.
    """
    library = _library()
    context = ctypes.c_void_p(library.seccomp_init(default))
    if not context:
        raise RefusedError(f"libseccomp refuses the default action {default:#x}")
    try:
        for each in architectures:
            if each != native():
                _check(library.seccomp_arch_add(context, each), f"architecture {each:#x}")
        if native() not in architectures:
            _check(library.seccomp_arch_remove(context, native()), "to leave out this machine's")
        known = [rule for rule in rules if _resolved(rule.name) != _UNKNOWN]
        # As runc does: it takes another way through many rules, to the same end.
        if len(known) > 32:
            _check(library.seccomp_attr_set(context, _OPTIMIZE, _BINARY_TREE), "a binary tree")
        for rule in known:
            conditions = (Condition * len(rule.conditions))(*rule.conditions)
            syscall, count = _resolved(rule.name), len(rule.conditions)
            done = library.seccomp_rule_add_array(context, rule.action, syscall, count, conditions)
            _check(done, f"the rule for `{rule.name}`")
        return _exported(context)
    finally:
        library.seccomp_release(context)


def _exported(context: ctypes.c_void_p) -> bytes:
    descriptor = os.memfd_create("filter")
    try:
        _check(_library().seccomp_export_bpf(context, descriptor), "to export the filter")
        size = os.lseek(descriptor, 0, os.SEEK_END)
        return os.pread(descriptor, size, 0)
    finally:
        os.close(descriptor)


def _resolved(name: str) -> int:
    return int(_library().seccomp_syscall_resolve_name(name.encode()))


def _check(done: int, what: str) -> None:
    if done < 0:
        raise RefusedError(f"libseccomp refuses {what}: {os.strerror(-done)}")


@cache
def _library() -> ctypes.CDLL:
    try:
        path = next(tree().rglob("libseccomp.so.2"))
    except StopIteration:
        raise LabError(f"{tree()} has no libseccomp.so.2") from None
    library = ctypes.CDLL(str(path))
    context, word = ctypes.c_void_p, ctypes.c_uint32
    rule = [context, word, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Condition)]
    signatures = {
        "seccomp_init": (context, [word]),
        "seccomp_release": (None, [context]),
        "seccomp_arch_native": (word, []),
        "seccomp_arch_resolve_name": (word, [ctypes.c_char_p]),
        "seccomp_arch_add": (ctypes.c_int, [context, word]),
        "seccomp_arch_remove": (ctypes.c_int, [context, word]),
        "seccomp_attr_set": (ctypes.c_int, [context, ctypes.c_int, word]),
        "seccomp_rule_add_array": (ctypes.c_int, rule),
        "seccomp_export_bpf": (ctypes.c_int, [context, ctypes.c_int]),
        "seccomp_syscall_resolve_name": (ctypes.c_int, [ctypes.c_char_p]),
        "seccomp_syscall_resolve_name_arch": (ctypes.c_int, [word, ctypes.c_char_p]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
