"""Makes syscalls under a filter and without one: `python -m tests.engines.kernel.seccomp_process`.

It reads `{"filter": hexadecimal, "syscalls": [[number, argument, ...], ...]}` and writes for each
syscall its answer without the filter and the one under it: its error, 0 if it had none, or minus
the signal that it brought.
Each syscall has a process of its own, forked from this small one; what that process sees it leaves
in shared memory, as under a filter it may not be able to write, nor even to exit.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import resource
import sys

from tests.engines.kernel.bpf import INSTRUCTION

_NO_NEW_PRIVS = 38
_SECCOMP = 22
_MODE_FILTER = 2
_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """A filter as the kernel is given it, see `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def answer(program: bytes, syscall: list[int]) -> int:
    """Make a syscall in a process of its own, under a filter if there is one.

    Raises:
        RuntimeError: the kernel does not take the filter.
    """
    seen = mmap.mmap(-1, 2)
    call = [ctypes.c_ulong(each) for each in [*syscall, *[0] * (7 - len(syscall))]]
    child = os.fork()
    if not child:
        if program:
            _load(program)
        seen[0] = 1
        ctypes.set_errno(0)
        failed = _libc.syscall(*call) == -1
        seen[1] = ctypes.get_errno() if failed else 0
        seen[0] = 2
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not seen[0]:
        raise RuntimeError("the kernel does not take the filter")
    return seen[1] if seen[0] == 2 else -os.WTERMSIG(status)


def _load(program: bytes) -> None:
    filtered = _Program(len(program) // INSTRUCTION.size, program)
    if _libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0):
        os._exit(1)
    if _libc.prctl(_SECCOMP, _MODE_FILTER, ctypes.byref(filtered), 0, 0):
        os._exit(1)


def main() -> None:
    """Answer what stands on stdin."""
    # A process that cannot exit is ended by its own fault: that is no cause for a core file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.load(sys.stdin)
    program = bytes.fromhex(asked["filter"])
    json.dump(
        [[answer(b"", each), answer(program, each)] for each in asked["syscalls"]], sys.stdout
    )


if __name__ == "__main__":
    main()
