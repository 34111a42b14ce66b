"""Linux capabilities: their names and bitmaps, the runtimes' default sets, and `capgen caps`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgen.capabilities.parse import read
from capgen.capabilities.show import Report
from capgen.capabilities.table import (
    NotUnderstood,
    canonical,
    default_set,
    from_bitmap,
    names,
    to_bitmap,
)
from capgen.errors import InputError, Position, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Report",
    "canonical",
    "default_set",
    "describe",
    "from_bitmap",
    "names",
    "to_bitmap",
]


def describe(arguments: Sequence[str], stdin: str | None) -> Report:
    """Read what `capgen caps` is given.

    Args:
        arguments: bitmaps, names or a line of text, as the shell split it; none, or `-` alone,
            means standard input.
        stdin: the whole of standard input, or None where nothing is piped in; looked at only if
            the arguments ask for it.

    Raises:
        UsageError: there is nothing to read, or the arguments are not understood.
        InputError: standard input is not understood; with line and column.
    """
    if arguments and list(arguments) != ["-"]:
        if "-" in arguments:
            msg = "`-` stands alone: give standard input or arguments, not both"
            raise UsageError(msg)
        subjects = read(" ".join(arguments))
        if not subjects:
            msg = "nothing to decode: the argument is empty"
            raise UsageError(msg)
        return Report(subjects)
    if stdin is None:
        msg = (
            "nothing to decode: give a bitmap, names, or a text such as `/proc/PID/status`"
            " on standard input"
        )
        raise UsageError(msg)
    try:
        subjects = read(stdin)
    except NotUnderstood as error:
        raise InputError(error.message, file="-", position=_locate(stdin, error.word)) from None
    if not subjects:
        msg = "nothing to decode: the text holds no capabilities"
        raise InputError(msg, file="-")
    return Report(subjects)


def _locate(text: str, word: str) -> Position | None:
    """Return where a word first stands on its own."""
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) if word else None
    if found is None:
        return None
    line = text.count("\n", 0, found.start()) + 1
    return Position(line, found.start() - (text.rfind("\n", 0, found.start()) + 1) + 1)
