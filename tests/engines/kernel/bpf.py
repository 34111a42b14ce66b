"""Classic BPF as seccomp uses it: an interpreter, and the stub that runc puts before a filter.

A program is what the kernel is given: instructions of eight bytes. The kernel runs it on each
syscall and acts upon the 32 bits that it returns.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Code(IntEnum):
    """The only instructions that libseccomp writes, see <linux/bpf_common.h>."""

    LOAD = 0x20  # A = the word of the data at k
    AND = 0x54  # A &= k
    JUMP = 0x05  # over k instructions
    RETURN = 0x06  # k
    IF_EQUAL = 0x15  # over jt instructions or over jf
    IF_GREATER = 0x25
    IF_GREATER_OR_EQUAL = 0x35
    IF_ANY_BIT = 0x45


INSTRUCTION: Final = struct.Struct("=HBBI")
# struct seccomp_data: the number, the architecture, where the call stands, and six arguments.
_DATA: Final = struct.Struct("=iIQ6Q")
_NUMBER: Final = 0
_ARCHITECTURE: Final = 4
_ARGUMENTS: Final = 6

# Numbers of x32 have this bit, under the architecture of x86_64.
X32_BIT: Final = 0x40000000
_ENOSYS: Final = 0x00050000 | 38


class Instruction(NamedTuple):
    """One instruction, see `struct sock_filter`."""

    code: int
    jt: int
    jf: int
    k: int


class Last(NamedTuple):
    """The greatest number that a profile names on an architecture.

    Attributes:
        token: the architecture as the kernel tells it.
        number: the number, with `X32_BIT` on x32.
    """

    token: int
    number: int


def decode(program: bytes) -> list[Instruction]:
    """Return the instructions of a program."""
    return [Instruction(*fields) for fields in INSTRUCTION.iter_unpack(program)]


def encode(instructions: Iterable[Instruction]) -> bytes:
    """Return the program of instructions."""
    return b"".join(INSTRUCTION.pack(*each) for each in instructions)


def run(program: Sequence[Instruction], token: int, number: int, arguments: Sequence[int]) -> int:
    """Return what a program returns on a syscall: 32 bits, see <linux/seccomp.h>.

    Args:
        program: its instructions.
        token: the architecture as the kernel tells it.
        number: of the syscall there.
        arguments: up to six, as 64 bits; those that lack are 0.

    Raises:
        ValueError: an instruction is not one of libseccomp's.
        IndexError: the program runs over its end.
    """
    padded = [*arguments, *[0] * (_ARGUMENTS - len(arguments))]
    data = _DATA.pack(number, token, 0, *(each & (1 << 64) - 1 for each in padded))
    accumulator = at = 0
    while True:
        code, jt, jf, k = program[at]
        at += 1
        match code:
            case Code.LOAD:
                (accumulator,) = struct.unpack_from("=I", data, k)
            case Code.AND:
                accumulator &= k
            case Code.JUMP:
                at += k
            case Code.RETURN:
                return k
            case Code.IF_EQUAL:
                at += jt if accumulator == k else jf
            case Code.IF_GREATER:
                at += jt if accumulator > k else jf
            case Code.IF_GREATER_OR_EQUAL:
                at += jt if accumulator >= k else jf
            case Code.IF_ANY_BIT:
                at += jt if accumulator & k else jf
            case _:
                raise ValueError(f"unknown instruction {code:#x}")


def enosys(lasts: Iterable[Last]) -> list[Instruction]:
    """Return what runc puts before a filter that refuses by default.

    Syscalls that are newer than all that a profile names then do not exist, rather than be refused:
    programs have another way for those, see `libcontainer/seccomp/patchbpf` in runc.
    """
    stub = []
    for token, number in lasts:
        # Of x86_64 and x32, which the kernel calls the same, only the one that is meant.
        x32 = bool(number & X32_BIT)
        stub += [
            Instruction(Code.LOAD, 0, 0, _ARCHITECTURE),
            Instruction(Code.IF_EQUAL, 0, 4, token),
            Instruction(Code.LOAD, 0, 0, _NUMBER),
            Instruction(Code.IF_GREATER_OR_EQUAL, 0 if x32 else 2, 2 if x32 else 0, X32_BIT),
            Instruction(Code.IF_GREATER, 0, 1, number),
            Instruction(Code.RETURN, 0, 0, _ENOSYS),
        ]
    return stub
