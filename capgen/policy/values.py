"""What a field may hold, and how versions are written."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from capgen.errors import ProfileError

if TYPE_CHECKING:
    from collections.abc import Sequence

Scalar: TypeAlias = bool | int | str

# The newest minor whose Pod Security checks the tables in `data/` were read from.
NEWEST_MINOR: Final = 37


class Unset(Enum):
    """The one value of a field that is not there, or is null."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET


class Kind(Enum):
    """The type of a field's value in the Kubernetes API."""

    BOOL = "bool"
    INT = "int"
    STRING = "string"
    STRINGS = "list of strings"


TYPES: Final[dict[Kind, type]] = {Kind.BOOL: bool, Kind.INT: int, Kind.STRING: str}


def minor(text: str) -> int:
    """Read `1.34` or `v1.34` as its minor version, 34.

    Raises:
        ProfileError: it is no minor version, or one that capgen has no data for.
    """
    found = re.fullmatch(r"v?1\.(0|[1-9][0-9]?)", text)
    if found is None:
        msg = f"`{text}` is no Kubernetes minor version; expected one like `1.34`"
        raise ProfileError(msg)
    number = int(found[1])
    if number > NEWEST_MINOR:
        msg = f"Kubernetes `{text}` is newer than 1.{NEWEST_MINOR}, the newest that capgen knows"
        raise ProfileError(msg)
    return number


def minors(text: str) -> range:
    """Read `1.34`, or a range `1.30-1.36` with both ends in it, as its minor versions.

    Raises:
        ProfileError: it is neither, or the range runs backwards.
    """
    low, dash, high = text.partition("-")
    first = minor(low.strip())
    last = minor(high.strip()) if dash else first
    if last < first:
        msg = f"the range `{text}` runs backwards"
        raise ProfileError(msg)
    return range(first, last + 1)


def member(node: object, step: str | int) -> object:
    """Return what stands in a mapping at a key, or in a list at a place; UNSET if nothing does."""
    if isinstance(node, dict):
        return node.get(step, UNSET)
    if isinstance(node, list) and isinstance(step, int) and 0 <= step < len(node):
        return node[step]
    return UNSET


def nested(path: Sequence[str | int], value: object) -> dict[str, Any]:
    """Return plain data with one value at a path; nothing for UNSET."""
    if value is UNSET:
        return {}
    for step in reversed(path):
        value = {step: value}
    return value  # type: ignore[return-value]  # where there is no step it is a mapping


def show_all(value: object) -> str:
    """Write a value, or the values of a mapping with their keys: `user: u, type: t`."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {show(inner)}" for key, inner in value.items())
    return show(value)


def show(value: object) -> str:
    """Write a value as it is written in a manifest: `false`, `unset`, `NET_RAW`."""
    match value:
        case Unset():
            return "unset"
        case bool():
            return "true" if value else "false"
        case str():
            return value or '""'
        case list() | tuple():
            return "[" + ", ".join(show(item) for item in value) + "]"
        case _:
            return str(value)
