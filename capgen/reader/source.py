"""One document's text and where it stands in its file."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Protocol

from capgen.errors import InputError, Position

# Line breaks to YAML, but not to editors nor to kubectl: libyaml's line numbers count them.
OTHER_BREAKS = re.compile(rb"\r|\xc2\x85|\xe2\x80[\xa8\xa9]")
_BOM = b"\xef\xbb\xbf"


class Mark(Protocol):
    """What libyaml says of a place: counted from 0, in characters."""

    index: int
    line: int
    column: int


@dataclass(slots=True)
class Source:
    r"""The bytes of one document; line ends are `\n` alone.

    Attributes:
        file: the name to print.
        data: the bytes between two separators.
        line: the line of the file, from 1, on which `data` starts.
    """

    file: str
    data: bytes
    line: int
    _plain_breaks: bool | None = field(default=None, init=False, repr=False)
    _lines: list[str] | None = field(default=None, init=False, repr=False)
    _starts: list[int] | None = field(default=None, init=False, repr=False)

    def text(self) -> str:
        """Return the text; raises UnicodeDecodeError where it is not UTF-8."""
        return self.data.decode()

    def start(self) -> Position:
        """Return the position of the document's first character."""
        return Position(self.line, 1)

    def at_mark(self, mark: Mark | None) -> Position:
        """Return the position in the file of a mark of libyaml's (none: of the start)."""
        if mark is None:
            return self.start()
        if self._plain_breaks is None:
            self._plain_breaks = OTHER_BREAKS.search(self.data) is None
        if self._plain_breaks:
            return Position(self.line + mark.line, mark.column + 1)
        # libyaml does not count a byte order mark.
        return self.at_character(mark.index + self.data.startswith(_BOM))

    def at_character(self, index: int) -> Position:
        """Return the position of the character with this index, from 0."""
        if self._starts is None:
            self._starts = [0, *(match.end() for match in re.finditer("\n", self.text()))]
        row = bisect_right(self._starts, index)
        return Position(self.line + row - 1, index - self._starts[row - 1] + 1)

    def at_byte(self, index: int) -> Position:
        """Return the position of a byte; what stands before it must be UTF-8."""
        before = self.data[:index]
        start = before.rfind(b"\n") + 1
        return Position(self.line + before.count(b"\n"), len(before[start:].decode()) + 1)

    def source_line(self, line: int) -> str | None:
        """Return the text of a line of the file, or None where it lies outside."""
        if self._lines is None:
            self._lines = self.data.decode(errors="replace").removeprefix("\ufeff").split("\n")
        index = line - self.line
        return self._lines[index] if 0 <= index < len(self._lines) else None

    def error(self, message: str, position: Position | None) -> InputError:
        """Return an error in this document."""
        return InputError(message, file=self.file, position=position)
