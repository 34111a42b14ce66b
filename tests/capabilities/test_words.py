"""Bitmaps, names and numbers as arguments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgen.capabilities import describe, from_bitmap
from capgen.errors import CapgenError, InputError, UsageError


def bitmaps(*arguments: str) -> list[str]:
    """Return the bitmaps that the arguments mean."""
    return [one["bitmap"] for one in describe(arguments, None).to_json()["sets"]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a80425fb"], ["00000000a80425fb"]),
        (["0xa80425fb"], ["00000000a80425fb"]),
        (["0XA80425FB"], ["00000000a80425fb"]),
        (["00000000a80425fb"], ["00000000a80425fb"]),
        (["0" * 40 + "a80425fb"], ["00000000a80425fb"]),
        (["ffffffff"], ["00000000ffffffff"]),
        (["ffffffffffffffff"], ["ffffffffffffffff"]),
        (["0x12"], ["0000000000000012"]),
        (["0x0"], ["0000000000000000"]),
        (["000"], ["0000000000000000"]),
        (["0xbad"], ["0000000000000bad"]),
        (["3000"], ["0000000000003000"]),
        (["a80425fb", "aa0435fb"], ["00000000a80425fb", "00000000aa0435fb"]),
        (["a80425fb,aa0435fb"], ["00000000a80425fb", "00000000aa0435fb"]),
        (["NET_ADMIN,SYS_TIME"], ["0000000002001000"]),
        (["NET_ADMIN", "SYS_TIME"], ["0000000002001000"]),
        (["cap_net_admin, Cap_Sys_Time"], ["0000000002001000"]),
        (["NET_ADMIN", "NET_ADMIN"], ["0000000000001000"]),
        (["ALL"], ["000001ffffffffff"]),
        (["all"], ["000001ffffffffff"]),
        (["12,25"], ["0000000002001000"]),
        (["NET_ADMIN", "25"], ["0000000002001000"]),
        (["NET_ADMIN,41"], ["0000020000001000"]),
    ],
)
def test_arguments_mean_these_bitmaps(arguments: list[str], expected: list[str]) -> None:
    """Bitmaps are sets of their own; names and numbers together are one."""
    assert bitmaps(*arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["12"],
            (
                "`12` could be capability number 12 or the bitmap 0x12 (DAC_OVERRIDE FSETID);"
                " write `NET_ADMIN` or `0x12`"
            ),
        ),
        (
            ["0"],
            "`0` could be capability number 0 or the bitmap 0x0 (none); write `CHOWN` or `0x0`",
        ),
        (
            ["80"],
            "`80` could be capability number 80 or the bitmap 0x80 (SETUID); write `0x80`",
        ),
        (
            ["12", "a80425fb"],
            (
                "`12` could be capability number 12 or the bitmap 0x12 (DAC_OVERRIDE FSETID);"
                " write `NET_ADMIN` or `0x12`"
            ),
        ),
        (["bad"], "`bad` is no capability; if it is a bitmap, write `0xbad`"),
        (["NET_ADMN"], "`NET_ADMN` is no capability; did you mean `NET_ADMIN`?"),
        (["cap_sys_tim"], "`cap_sys_tim` is no capability; did you mean `SYS_TIME`?"),
        (["NET_ADMIN,64"], "`64` is no capability's number; they end at 63"),
        (["10000000000000000"], "`10000000000000000` has more than 64 bits"),
        (["0xzz"], "`0xzz` is no bitmap; expected hexadecimal digits"),
        (["0x"], "`0x` is no bitmap; expected hexadecimal digits"),
        (["a8_04"], "`a8_04` is no capability"),
        (["\u0661\u0662\u0663"], "`\u0661\u0662\u0663` is no capability"),
        (["a80425fb", "NET_ADMIN"], "`a80425fb` is a bitmap among names; give one or the other"),
        (
            ["NET_ADMIN,..."],
            "`...` stands for capabilities that were left out; give the whole output",
        ),
        ([""], "nothing to decode: the argument is empty"),
        ([" , "], "nothing to decode: the argument is empty"),
        (["-", "ALL"], "`-` stands alone: give standard input or arguments, not both"),
        (["f" * 20_000], "a line of 20000 characters is no list of capabilities"),
    ],
)
def test_arguments_that_are_refused(arguments: list[str], message: str) -> None:
    """Unknown, ambiguous and mixed words are refused, and the error says how to write it."""
    with pytest.raises(UsageError) as caught:
        describe(arguments, None)
    assert caught.value.message == message


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_without_arguments_standard_input_is_read(arguments: list[str]) -> None:
    """No argument, or `-`, is standard input; there has to be one, with something in it."""
    (one,) = describe(arguments, "NET_ADMIN\nSYS_TIME\n").to_json()["sets"]
    assert one["bitmap"] == "0000000002001000"
    with pytest.raises(UsageError, match="nothing to decode"):
        describe(arguments, None)
    with pytest.raises(InputError, match=r"^-: nothing to decode: the text holds no capabilities$"):
        describe(arguments, " \n")


def test_with_arguments_standard_input_is_left_alone() -> None:
    """Arguments win over a pipe that happens to be there."""
    (one,) = describe(["NET_RAW"], "nonsense").to_json()["sets"]
    assert one["capabilities"] == ["NET_RAW"]


def test_an_error_in_standard_input_has_its_position() -> None:
    """File, line and column, as for every other input."""
    with pytest.raises(InputError) as caught:
        describe([], "CHOWN\ncap_net_admin, cap_net\n")
    assert str(caught.value) == "-:2:16: `cap_net` is no capability; did you mean `NET_RAW`?"


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_every_bitmap_is_read_in_every_spelling(bitmap: int) -> None:
    """Sixteen digits, upper case, `0x` and no leading zeros are the same."""
    full = f"{bitmap:016x}"
    assert bitmaps(full) == bitmaps(full.upper()) == bitmaps(f"0x{bitmap:x}") == [full]


@given(st.integers(min_value=1, max_value=2**41 - 1))
def test_every_list_of_names_is_read_back(bitmap: int) -> None:
    """By commas or as arguments."""
    names, _ = from_bitmap(bitmap)
    assert bitmaps(",".join(names)) == bitmaps(*names) == [f"{bitmap:016x}"]


@given(st.text(alphabet=st.sampled_from("aefipAL0129x_=+-,. /:\n\tCapE\u2026[]Current")))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    """Nothing raises anything but an error of capgen's own."""
    for arguments, stdin in (([text], None), ([], text)):
        try:
            report = describe(arguments, stdin)
        except CapgenError:
            continue
        assert report.text()
        assert report.json()
