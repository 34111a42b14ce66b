"""The predicates: what a rule may ask of one value.

A closed union. Each is data: it can be run (here), lowered (`lang/`), described and sampled at its
edges (`witness.py`). A new one fails `mypy --strict` at every `assert_never` until all can say it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, assert_never

from .values import Scalar, show

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these, of the same type: `0` is not `false`. None: no value is."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class InRanges:
    """The integer lies in one of these ranges; both ends are inside, None is no bound."""

    ranges: tuple[tuple[int, int | None], ...]


@dataclass(frozen=True, slots=True)
class Within:
    """Every item of the list is one of these, to the letter (Kubernetes compares exact strings).

    `cover` is a word, such as `ALL`, that stands for every item where it is among the values.
    """

    values: tuple[str, ...]
    cover: str | None = None


@dataclass(frozen=True, slots=True)
class Includes:
    """The list holds each of these, to the letter, or the word that covers them all."""

    values: tuple[str, ...]
    cover: str | None = None


@dataclass(frozen=True, slots=True)
class Globs:
    """The text matches one of these; a `*` is any text without a `/`."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Under:
    r"""The path is one of these, or lies below one, by whole segments: `/var/logs` not `/var/log`.

    A path with a `..` in it lies nowhere, nor one with a `\`, which Windows takes for a `/`.
    """

    values: tuple[str, ...]


Predicate: TypeAlias = OneOf | InRanges | Within | Includes | Globs | Under

# Tells which parts of a value offend: None alone where the value as a whole does, the positions in
# the list where items do. Empty: the predicate holds.
Offends: TypeAlias = "Callable[[object], tuple[int | None, ...]]"

_WHOLE: tuple[int | None, ...] = (None,)


def offends(predicate: Predicate) -> Offends:
    """Return the function that judges a value: the reference meaning of the predicate."""
    match predicate:
        case OneOf(values):
            # `True == 1` in Python: the type is part of the value.
            typed = frozenset((type(value), value) for value in values)
            return lambda value: () if _is_one_of(typed, value) else _WHOLE
        case InRanges(ranges):
            return lambda value: () if _in_ranges(ranges, value) else _WHOLE
        case Within(allowed, cover):
            known = frozenset(allowed)
            every = cover in known
            return lambda value: _strangers(known, value, every=every)
        case Includes(required, cover):
            return lambda value: () if _holds_all(required, cover, value) else _WHOLE
        case Globs(values):
            matches = re.compile("|".join(map(regex, values)) or r"(?!)").fullmatch
            return lambda value: () if isinstance(value, str) and matches(value) else _WHOLE
        case Under(prefixes):
            return lambda value: () if _is_under(prefixes, value) else _WHOLE
        case _:
            assert_never(predicate)


def holds(predicate: Predicate, value: object) -> bool:
    """Tell whether the value satisfies the predicate."""
    return not offends(predicate)(value)


def allowed(predicate: Predicate) -> tuple[str, ...]:
    """Say in words what the predicate allows, one for each; nothing where no value is allowed."""
    match predicate:
        case Within(values, cover) if cover in values:
            return ("any list",)
        case OneOf(values) | Within(values) | Globs(values):
            return tuple(show(value) for value in values)
        case Under(prefixes):
            return tuple(f"{prefix} or below" for prefix in prefixes)
        case InRanges(ranges):
            return tuple(
                f"at least {low}" if high is None else range_text(low, high) for low, high in ranges
            )
        case Includes(values, cover):
            listed = "a list with " + ", ".join(values)
            return (listed,) if cover is None else (listed, f"one with {cover}")
        case _:
            assert_never(predicate)


def range_text(low: int, high: int | None) -> str:
    """Write a range as profiles do: `5`, `1-9`, `1-`."""
    if high is None:
        return f"{low}-"
    return str(low) if low == high else f"{low}-{high}"


def regex(glob: str) -> str:
    """Write a glob as a regular expression for a whole text, for Python and for RE2 alike."""
    return "[^/]*".join(re.escape(part) for part in glob.split("*"))


def trimmed(prefix: str) -> str:
    """Return a path without the `/` at its end: of the root nothing is left."""
    return prefix.removesuffix("/")


def _is_one_of(typed: frozenset[tuple[type, Scalar]], value: object) -> bool:
    return isinstance(value, (bool, int, str)) and (type(value), value) in typed


def _in_ranges(ranges: tuple[tuple[int, int | None], ...], value: object) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return any(low <= value and (high is None or value <= high) for low, high in ranges)


def _strangers(known: frozenset[str], value: object, *, every: bool) -> tuple[int | None, ...]:
    if not isinstance(value, (list, tuple)):
        return _WHOLE
    if every:
        # Go reads null in a list of texts as "", which is covered too.
        return tuple(at for at, item in enumerate(value) if not isinstance(item, str | None))
    return tuple(
        place for place, item in enumerate(value) if not (isinstance(item, str) and item in known)
    )


def _holds_all(required: tuple[str, ...], cover: str | None, value: object) -> bool:
    if not isinstance(value, (list, tuple)):
        return False
    return all(item in value for item in required) or (cover is not None and cover in value)


def _is_under(prefixes: tuple[str, ...], value: object) -> bool:
    if not isinstance(value, str) or not value or ".." in value.split("/") or "\\" in value:
        return False
    return any(
        trimmed(value) == trimmed(prefix) or value.startswith(trimmed(prefix) + "/")
        for prefix in prefixes
    )
