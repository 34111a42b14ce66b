"""Where grants give more than a parent's: section by section, on the safe side.

What is not shown to be covered counts as more. A section that the parent does not have judges
nothing, so none of it is more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .grants import FileBase, Files, Grants, Network, SyscallBase, Syscalls
from .paths import below, covers

if TYPE_CHECKING:
    from collections.abc import Iterator


def looser(parent: Grants, child: Grants) -> Iterator[tuple[str, str]]:
    """Yield each section in which the child may grant what its parent does not, and what."""
    if parent.syscalls is not None:
        yield from (("syscalls", why) for why in _syscalls(parent.syscalls, child.syscalls))
    if parent.files is not None:
        yield from (("files", why) for why in _files(parent.files, child.files))
    if parent.network is not None:
        for rule in child.network or ():
            if not any(rule == other or other == Network(rule.domain) for other in parent.network):
                yield "network", f"it grants `{' '.join(filter(None, rule))}`"
        if child.network is None:
            yield "network", "it is taken out"
    if parent.writable is not None:
        for path in child.writable or ():
            if not any(below(path, other) for other in parent.writable):
                yield "writable", f"it grants `{path}`"


def _syscalls(parent: Syscalls, child: Syscalls | None) -> Iterator[str]:
    if child is None:
        yield "it is taken out"
        return
    if parent.base is SyscallBase.EMPTY and child.base is not parent.base:
        yield f"its base is `{child.base.value}`, its parent's `{parent.base.value}`"
    always = {call.name for call in parent.allow if not call.args}
    for call in child.allow:
        if call not in parent.allow and call.name not in always:
            yield f"it grants `{call.name}`"
    if child.base is SyscallBase.RUNTIME_DEFAULT:
        for name in parent.deny:
            if name not in child.deny:
                yield f"it no longer denies `{name}`"


def _files(parent: Files, child: Files | None) -> Iterator[str]:
    if child is None:
        yield "it is taken out"
        return
    if parent.base is FileBase.EMPTY and child.base is not parent.base:
        yield f"its base is `{child.base.value}`, its parent's `{parent.base.value}`"
    for ours, theirs in (
        (child.read, parent.read),
        (child.write, parent.write),
        (child.execute, parent.execute),
    ):
        for glob in ours:
            if not any(covers(other, glob) for other in theirs):
                yield f"it grants `{glob}`"
    for glob in parent.deny:
        if not any(covers(other, glob) for other in child.deny):
            yield f"it no longer denies `{glob}`"
