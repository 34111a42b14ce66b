"""The syscalls of Linux and the groups of them, by the names that a seccomp profile uses.

The facts and their sources stand in `capgen/data/syscalls.json`: names and numbers on x86 and Arm
(64-bit, and the 32-bit programs that such a kernel runs) from libseccomp, which is what reads the
names of a profile; groups from systemd, whose names for them the field uses.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from capgen.errors import ProfileError, nearest

# The first letter of a group's name.
GROUP = "@"


def names() -> tuple[str, ...]:
    """Return the name of every syscall, and then of every group."""
    return (*_table()["syscalls"], *_groups())


def numbers(name: str) -> dict[str, int]:
    """Return a syscall's numbers by architecture: `x86_64`, `x86`, `aarch64`, `arm`."""
    found: dict[str, int] = _table()["syscalls"][name]
    return found


def members(name: str) -> frozenset[str]:
    """Return the syscalls that a name means: those of a group, or the one itself."""
    return _groups()[name] if name.startswith(GROUP) else frozenset((name,))


def check_name(name: str) -> None:
    """Refuse what is the name neither of a syscall nor of a group.

    Raises:
        ProfileError: it is neither, or a syscall of other architectures.
    """
    syscalls, groups = _table()["syscalls"], _groups()
    if name in syscalls or name in groups:
        return
    if name in _table()["elsewhere"]:
        msg = f"`{name}` is a syscall of other architectures than x86 and Arm"
    elif name.startswith(GROUP):
        hint = nearest(name, groups) or f"; known: {', '.join(groups)}"
        msg = f"`{name}` is no group of syscalls{hint}"
    else:
        msg = f"`{name}` is no syscall that Linux knows{nearest(name, (*syscalls, *groups))}"
    raise ProfileError(msg)


@cache
def _groups() -> dict[str, frozenset[str]]:
    return {name: frozenset(listed) for name, listed in _table()["groups"].items()}


@cache
def _table() -> dict[str, Any]:
    text = (Path(__file__).parent.parent / "data" / "syscalls.json").read_text("utf-8")
    table: dict[str, Any] = json.loads(text)
    return table
