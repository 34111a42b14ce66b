"""The one hierarchy of errors.

Messages are lower case, end without a full stop, and quote what the user wrote in backticks.
Whatever reaches the command line as a `CapgenError` is bad usage or bad input (exit 2); anything
else is a bug in capgen (exit 3).
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


_SHORT = 2
# Nobody misspells so much, and to compare takes time.
_LONG = 100


class Position(NamedTuple):
    """Where something stands in a text: line and column, both counted from 1, in characters."""

    line: int
    column: int


class CapgenError(Exception):
    """Bad usage or bad input."""

    def __init__(
        self, message: str, *, file: str | None = None, position: Position | None = None
    ) -> None:
        """Hold the bare message and, where known, the file and the position that it speaks of."""
        super().__init__(message)
        self.message = message
        self.file = file
        self.position = position

    def __str__(self) -> str:
        if self.file is None:
            return self.message
        if self.position is None:
            return f"{self.file}: {self.message}"
        return f"{self.file}:{self.position.line}:{self.position.column}: {self.message}"


class UsageError(CapgenError):
    """The command line asks for something that does not exist or does not go together."""


class InputError(CapgenError):
    """A document cannot be read: bad encoding, bad YAML, a bound exceeded."""


class ProfileError(CapgenError):
    """A profile says something that the language does not know or that contradicts itself."""


class SetError(ProfileError):
    """A set of profiles stands where one profile is expected."""


class OutputError(CapgenError):
    """An artefact cannot be written."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean `x`?` for the nearest known word, or an empty string."""
    if len(word) > _LONG:
        return ""
    asked = word.casefold()
    words = {each.casefold(): each for each in known}
    # What was cut short is a likelier slip than what is spelt alike.
    longer = [each for each in words if len(word) > _SHORT and each.startswith(asked)]
    found = sorted(longer, key=len) or get_close_matches(asked, words, n=1, cutoff=0.6)
    return f"; did you mean `{words[found[0]]}`?" if found else ""
