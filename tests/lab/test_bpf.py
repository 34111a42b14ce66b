"""The interpreter of seccomp filters, without libseccomp."""

from __future__ import annotations

import pytest

from tests.engines.kernel.bpf import X32_BIT, Code, Instruction, Last, decode, encode, enosys, run

TOKEN = 0xC000003E
OTHER = 0xC00000B7
ALLOW, DENY, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026


def _filter(code: Code, k: int, *, load: int) -> list[Instruction]:
    """Allow where a comparison holds, and deny where it does not."""
    return [
        Instruction(Code.LOAD, 0, 0, load),
        Instruction(code, 0, 1, k),
        Instruction(Code.RETURN, 0, 0, ALLOW),
        Instruction(Code.RETURN, 0, 0, DENY),
    ]


@pytest.mark.parametrize(
    ("code", "k", "holding", "failing"),
    [
        (Code.IF_EQUAL, 5, 5, 6),
        (Code.IF_GREATER, 5, 6, 5),
        (Code.IF_GREATER_OR_EQUAL, 5, 5, 4),
        (Code.IF_ANY_BIT, 6, 4, 9),
    ],
)
def test_comparison_reads_the_number(code: Code, k: int, holding: int, failing: int) -> None:
    """Each comparison takes the way that it is meant to, and its edge is on the right side."""
    program = _filter(code, k, load=0)
    assert run(program, TOKEN, holding, ()) == ALLOW
    assert run(program, TOKEN, failing, ()) == DENY


def test_arguments_are_read_in_halves() -> None:
    """An argument has 64 bits, of which a filter reads 32 at a time, the lower ones first."""
    argument = (1 << 32) | 7
    second_low, second_high = 24, 28
    assert run(_filter(Code.IF_EQUAL, 7, load=second_low), TOKEN, 0, (0, argument)) == ALLOW
    assert run(_filter(Code.IF_EQUAL, 1, load=second_high), TOKEN, 0, (0, argument)) == ALLOW


def test_negative_arguments_are_extended() -> None:
    """A negative argument is what the register holds: all its upper bits are set."""
    assert run(_filter(Code.IF_EQUAL, 0xFFFFFFFF, load=20), TOKEN, 0, (-1,)) == ALLOW


def test_mask_and_jump() -> None:
    """A mask acts upon what was loaded, and a jump passes over instructions."""
    program = [
        Instruction(Code.LOAD, 0, 0, 16),
        Instruction(Code.AND, 0, 0, 0xF0),
        Instruction(Code.IF_EQUAL, 0, 1, 0x30),
        Instruction(Code.JUMP, 0, 0, 1),
        Instruction(Code.RETURN, 0, 0, DENY),
        Instruction(Code.RETURN, 0, 0, ALLOW),
    ]
    assert run(program, TOKEN, 0, (0x3F,)) == ALLOW
    assert run(program, TOKEN, 0, (0x4F,)) == DENY


def test_unknown_instruction_is_an_error() -> None:
    """What libseccomp never writes is not guessed at."""
    with pytest.raises(ValueError, match="unknown instruction 0x87"):
        run([Instruction(0x87, 0, 0, 0)], TOKEN, 0, ())


def test_program_survives_its_bytes() -> None:
    """A program's bytes have all that its instructions say."""
    program = _filter(Code.IF_EQUAL, 5, load=0)
    assert decode(encode(program)) == program


@pytest.mark.parametrize(
    ("token", "number", "answer"),
    [
        (TOKEN, 10, ALLOW),
        (TOKEN, 11, ENOSYS),
        (OTHER, 11, ALLOW),
        # A number of x32 is no greater number of x86_64.
        (TOKEN, X32_BIT | 10, ALLOW),
        (TOKEN, X32_BIT | 21, ENOSYS),
    ],
)
def test_newer_syscalls_do_not_exist(token: int, number: int, answer: int) -> None:
    """The stub answers what is newer than the profile, on the architecture that is meant."""
    stub = enosys([Last(TOKEN, 10), Last(TOKEN, X32_BIT | 20)])
    allowed = Instruction(Code.RETURN, 0, 0, ALLOW)
    assert run([*stub, allowed], token, number, ()) == answer
