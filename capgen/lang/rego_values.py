"""Values and predicates in Rego: the bottom of the lowering.

What is lowered is "the value is fine", as the bodies of a rule of which one must hold. Whatever is
undefined in them (a value of another type, a parameter that is missing) leaves it not fine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from capgen.policy.predicates import (
    Globs,
    Includes,
    InRanges,
    OneOf,
    Predicate,
    Under,
    Within,
)
from capgen.policy.predicates import holds as satisfied
from capgen.policy.values import Kind

from .listed import highest
from .rego_text import literal, path

if TYPE_CHECKING:
    from capgen.policy.subjects import Field

    from .rego_names import Constants
    from .rego_text import Body


@dataclass(frozen=True, slots=True)
class Value:
    """A field's value.

    Attributes:
        read: the expression of the value; null where it has none.
        field: what it is the value of.
        item: it is an item of a list, and always there.
        always: its struct is there, so the value is: "" where it is not written.
    """

    read: str
    field: Field
    item: bool = False
    always: bool = False


def value_in(struct: str, field: Field, way: tuple[str, ...]) -> Value:
    """Return a field's value in a struct, at the end of a way."""
    if not field.required:
        return Value(f"at({struct}, {path(way)})", field)
    # Of a struct that is there the field is too, "" where it is not written.
    if len(way) == 1:
        return _needed(struct, field, always=True)
    return _needed(f"at({struct}, {path(way[:-1])})", field)


def inherited(field: Field) -> Value:
    """Return the value that a container `c` has of its own, or of its pod."""
    if field.required:
        return _needed(f"inherited(c, {path(field.path[:-1])})", field)
    if field.whole:
        struct = f"inherited(c, {path(field.path[:-1])})"
        return Value(f"at({struct}, {path(field.path[-1:])})", field)
    return Value(f"inherited(c, {path(field.path)})", field)


def _needed(struct: str, field: Field, *, always: bool = False) -> Value:
    name = literal(field.path[-1])
    if field.joined:
        return Value(f"joined({struct}, {name}, {literal(field.detail)})", field, always=always)
    return Value(f"required({struct}, {name})", field, always=always)


def holds(
    predicate: Predicate, value: Value, constants: Constants, *, unset_allowed: bool
) -> list[Body]:
    """Lower "the value is allowed"."""
    field = value.field
    if value.item:
        return [[on_scalar(predicate, value.read, constants)]]
    if field.kind is Kind.STRINGS:
        return _list(predicate, f"items({value.read})", constants, unset_allowed=unset_allowed)
    if field.kind is Kind.BOOL and isinstance(predicate, OneOf):
        # What a flag may be is no parameter.
        flags = [*([None] if unset_allowed else []), *predicate.values]
        return [[f"{value.read} in {literal(flags)}"]]
    there = on_scalar(predicate, value.read, constants)
    if unset_allowed:
        return [*_unset(value), [there]]
    if field.blank is None:
        return [[there]]
    return [[f"{value.read} != {literal(field.blank)}", there]]


def _unset(value: Value) -> list[Body]:
    """Lower "it is not there", or is what the API takes for that."""
    blank = value.field.blank
    absent = [*([] if value.always else [None]), *([] if blank is None else [blank])]
    return [[f"{value.read} in {literal(absent)}"]] if absent else []


def on_scalar(predicate: Predicate, read: str, constants: Constants) -> str:
    """Lower the predicate on a value that is there; null satisfies none."""
    match predicate:
        case OneOf(values):
            return f"{read} in {constants.values(values)}"
        case InRanges(ranges):
            return f"inside({read}, {constants.ranges(ranges)})"
        case Globs(values):
            return f"like({read}, {constants.globs(values)})"
        case Under(prefixes):
            return under(prefixes, read, constants)
        case Within() | Includes():
            msg = "a predicate of lists was asked of a value"
            raise TypeError(msg)
        case _:
            assert_never(predicate)


def under(prefixes: tuple[str, ...], read: str, constants: Constants, role: str = "") -> str:
    """Lower "the path is under one of these"; that it has no `..` the API has seen to."""
    return f"below({read}, {constants.paths(highest(prefixes), role)})" if prefixes else "false"


def _list(
    predicate: Predicate, items: str, constants: Constants, *, unset_allowed: bool
) -> list[Body]:
    bodies = [[each] for each in _on_list(predicate, items, constants)]
    # The API leaves an empty list out.
    if satisfied(predicate, ()) == unset_allowed:
        return list(bodies)
    if unset_allowed:
        return [[f"{items} == []"], *bodies]
    return [[f"{items} != []", *body] for body in bodies]


def _on_list(predicate: Predicate, items: str, constants: Constants) -> list[str]:
    match predicate:
        case Within(values, cover) if cover in values:
            return [f"every x in {items} {{ is_string(x) }}"]
        case Within(values):
            return [f"every x in {items} {{ x in {constants.within(values)} }}"]
        case Includes(values, cover):
            each = f"every x in {constants.includes(values)} {{ x in {items} }}"
            return [each] if cover is None else [f"{literal(cover)} in {items}", each]
        case OneOf() | InRanges() | Globs() | Under():
            msg = "a predicate of values was asked of a list"
            raise TypeError(msg)
        case _:
            assert_never(predicate)
