"""What is shown on a terminal: text that others wrote, made harmless and short; errors."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Final

_LONGEST: Final = 400
_WIDTH: Final = 160
_BEFORE: Final = 100
_WIDE: Final = "WF"


def printable(text: str) -> str:
    """Show what is not printable as escapes: control characters could rewrite a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in text)


def our_name() -> str:
    """Return what the user calls us: `capgen`, or `kubectl capgen`."""
    called = os.path.basename(sys.argv[0])  # noqa: PTH119 - pathlib costs a cold start
    return "kubectl capgen" if called == "kubectl-capgen" else "capgen"


def complain(text: str) -> None:
    """Print an error on stderr, each of its lines marked as one."""
    for line in text.splitlines():
        print(f"error: {printable(line)}", file=sys.stderr)


def drop_output() -> None:
    """Nothing more can be written to stdout: let the end of the program not try it again."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def short(text: str) -> str:
    """Make a text printable, and cut one that would fill the screen."""
    return printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def excerpt(line: str, column: int) -> tuple[str, str]:
    """Return a line, cut around a column where it is long, and the blank that leads to the column.

    Tabs move what is written below as they move the line; a wide character takes two places.
    """
    at = column - 1
    start = max(0, min(at - _BEFORE, len(line) - _WIDTH))
    before = ("…" if start else "") + printable(line[start:at])
    after = printable(line[at : start + _WIDTH]) + ("…" if start + _WIDTH < len(line) else "")
    return before + after, _blank(before)


def _blank(text: str) -> str:
    if text.isascii():
        return "".join(c if c == "\t" else " " for c in text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - rarely needed

    return "".join(
        c if c == "\t" else "" if combining(c) else "  " if east_asian_width(c) in _WIDE else " "
        for c in text
    )
