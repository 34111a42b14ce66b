"""libyaml's complaints in capgen's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yaml.error import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

from capgen.errors import Position

if TYPE_CHECKING:
    from capgen.errors import InputError
    from capgen.reader.source import Source

# What libyaml's reader lets pass (YAML 1.1, c-printable), a byte order mark within the text apart.
# Compiled where it is needed: that takes longer than the rest of this module's import.
_UNPRINTABLE = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
AFTER_END = "text after the end of the document: separate documents with `---`"
_NO_DIRECTIVES = "a directive: kubectl cuts the text at `---`, and cannot read one before it"
_DIRECTIVE = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\n)*%")
_TAB = "a tab: YAML indents with spaces"


def from_yaml(source: Source, error: YAMLError) -> InputError:
    """Return the error that PyYAML raised on this document, with its place in the file."""
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        problem = error.problem or "broken YAML"
        position = _within(source, source.at_mark(mark))
        if "found another document" in problem or "<document start>" in problem:
            directive = _DIRECTIVE.match(source.data)
            return source.error(AFTER_END if directive is None else _NO_DIRECTIVES, position)
        if _character(source, position.line, position.column) == "\t":
            return source.error(_TAB, position)
        if "duplicate anchor" in problem or "duplicate anchor" in (error.context or ""):
            return source.error("an anchor is defined twice", position)
        context = f" {error.context}" if error.context else ""
        return source.error(f"{problem}{context}", position)
    if isinstance(error, ReaderError):
        text = source.text()
        found = re.compile(_UNPRINTABLE).search(text, 1 if text.startswith("\ufeff") else 0)
        if found is not None:
            message = f"the character U+{ord(found[0]):04X} may not stand in YAML"
            return source.error(message, source.at_character(found.start()))
    return source.error("broken YAML", source.start())


def _within(source: Source, position: Position) -> Position:
    """Return the position, or the end of the last line with text where it lies behind that."""
    lines = source.text().rstrip().split("\n")
    last = source.line + len(lines) - 1
    return position if position.line <= last else Position(last, len(lines[-1].rstrip()) + 1)


def _character(source: Source, line: int, column: int) -> str:
    return (source.source_line(line) or "")[column - 1 : column]
