"""A profile as it is written: plain data, and where each part of it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from capgen.errors import ProfileError

if TYPE_CHECKING:
    from capgen.reader import Document


class Source(NamedTuple):
    """A profile that was read, its parents not looked at yet.

    Attributes:
        data: `name`, `description`, `extends`, `kubernetes`, `targets`, `enforcement`, `pods`,
            `controllers`, `match`, `reading`, `mutate`, `rules`, `loosens`, `exempt`,
            `containers`, `grants`, `accept`; plain JSON data.
        document: what it was read from; None for a profile of the library.
        members: the profiles of a set, by name or path, and then `data` has `name`, `description`,
            `kubernetes`, `scope`, `enforcement`, `targets`, `accept` and, for each of them or None,
            `uses`; None where it is one profile.
    """

    data: dict[str, Any]
    document: Document | None = None
    members: tuple[str, ...] | None = None

    def error(self, message: str, *path: str | int) -> ProfileError:
        """Make an error that speaks of the place at a path of the file."""
        if self.document is None:
            return ProfileError(f"profile `{self.data['name']}`: {message}")
        position = self.document.locate(path)
        return ProfileError(message, file=self.document.file, position=position)

    def said(self, message: str, *path: str | int) -> str:
        """Write a line about the place at a path of the file."""
        return str(self.error(message, *path))
