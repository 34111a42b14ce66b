"""Ranges, as profiles write them."""

from __future__ import annotations

import pytest

from capgen.errors import ProfileError
from capgen.policy.rules import read_range


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", (5, 5)),
        (5, (5, 5)),
        ("0", (0, 0)),
        ("0-", (0, None)),
        ("1-9", (1, 9)),
        ("10-", (10, None)),
        ("7-7", (7, 7)),
        ("0-9223372036854775807", (0, 2**63 - 1)),
        ("9223372036854775807", (2**63 - 1, 2**63 - 1)),
    ],
)
def test_read_range(text: str | int, expected: tuple[int, int | None]) -> None:
    """A range has both its ends; without the upper one it is open."""
    assert read_range(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "`` is no range; expected one like `5`, `1-9` or `1-`"),
        ("-", "`-` is no range"),
        ("-5", "`-5` is no range"),
        (-5, "`-5` is no range"),
        ("1-9-", "`1-9-` is no range"),
        ("1 - 9", "`1 - 9` is no range"),
        ("01", "`01` is no range"),
        ("1-09", "`1-09` is no range"),
        ("1..9", "`1..9` is no range"),
        ("\u0661", "`\u0661` is no range"),
        ("5\n", "`5\n` is no range"),
        (True, "`True` is no range"),
        ("9-1", "the range `9-1` runs backwards"),
        ("1-0", "the range `1-0` runs backwards"),
        ("9223372036854775808", "the range `9223372036854775808` goes beyond 9223372036854775807"),
        ("1-9223372036854775808", "the range `1-9223372036854775808` goes beyond"),
        ("99999999999999999999", "`99999999999999999999` is no range"),
    ],
)
def test_range_that_is_none(text: str | int, message: str) -> None:
    """What is no range of the API's integers is refused, with what was written."""
    with pytest.raises(ProfileError) as caught:
        read_range(text)
    assert caught.value.message.startswith(message)
