"""The predicates: what a rule may ask of one value.

A closed union. Each is data: it can be run (here), lowered (`lang/`), described and sampled at its
edges (`witness.py`). A new one fails `mypy --strict` at every `assert_never` until all can say it.
"""

from __future__ import annotations

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
    """Every item of the list is one of these, to the letter (Kubernetes compares exact strings)."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Includes:
    """The list holds each of these, to the letter."""

    values: tuple[str, ...]


Predicate: TypeAlias = OneOf | InRanges | Within | Includes

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
        case Within(allowed):
            known = frozenset(allowed)
            return lambda value: _strangers(known, value)
        case Includes(required):
            return lambda value: () if _holds_all(required, value) else _WHOLE
        case _:
            assert_never(predicate)


def holds(predicate: Predicate, value: object) -> bool:
    """Tell whether the value satisfies the predicate."""
    return not offends(predicate)(value)


def allowed(predicate: Predicate) -> tuple[str, ...]:
    """Say in words what the predicate allows, one for each; nothing where no value is allowed."""
    match predicate:
        case OneOf(values) | Within(values):
            return tuple(show(value) for value in values)
        case InRanges(ranges):
            return tuple(
                f"at least {low}" if high is None else range_text(low, high) for low, high in ranges
            )
        case Includes(values):
            return ("a list with " + ", ".join(values),)
        case _:
            assert_never(predicate)


def range_text(low: int, high: int | None) -> str:
    """Write a range as profiles do: `5`, `1-9`, `1-`."""
    if high is None:
        return f"{low}-"
    return str(low) if low == high else f"{low}-{high}"


def _is_one_of(typed: frozenset[tuple[type, Scalar]], value: object) -> bool:
    return isinstance(value, (bool, int, str)) and (type(value), value) in typed


def _in_ranges(ranges: tuple[tuple[int, int | None], ...], value: object) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return any(low <= value and (high is None or value <= high) for low, high in ranges)


def _strangers(known: frozenset[str], value: object) -> tuple[int | None, ...]:
    if not isinstance(value, (list, tuple)):
        return _WHOLE
    return tuple(
        place for place, item in enumerate(value) if not (isinstance(item, str) and item in known)
    )


def _holds_all(required: tuple[str, ...], value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(item in value for item in required)
