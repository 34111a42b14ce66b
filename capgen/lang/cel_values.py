"""Values and predicates in CEL: the bottom of the lowering."""

from __future__ import annotations

import re
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
from capgen.policy.values import Kind, Scalar

from .cel_constants import LITERALS, Constants, literal
from .listed import highest

if TYPE_CHECKING:
    from capgen.policy.subjects import Field

# A chain of selections and calls, such as `c.?securityContext.?privileged.orValue(false)`.
_CHAIN = r"[\w.?]+(?:\([^()]*\)[\w.?]*)*"
_NEGATED = re.compile(f"!({_CHAIN})")
_EQUAL = re.compile(rf"({_CHAIN}) == ('[^'\\]*'|\w+)")
_CONSTANTS = {"true": "false", "false": "true"}

# A value that a predicate may refuse, to stand for unset where unset is refused.
_REFUSED: dict[Kind, tuple[Scalar, ...]] = {
    Kind.BOOL: (False, True),
    Kind.INT: (-1,),
    Kind.STRING: ("",),
    Kind.STRINGS: (),
}


@dataclass(frozen=True, slots=True)
class Value:
    """A field's value as an optional of CEL.

    Attributes:
        optional: an expression of an optional type.
        field: what it is the value of.
        always: its struct is there, so the value is: "" where it is not written.
        item: it is an item of a list, and no optional.
    """

    optional: str
    field: Field
    always: bool = False
    item: bool = False

    def text(self) -> str:
        """Return the expression of the value as text, `unset` where it has none."""
        if self.item:
            return self.optional if self.field.kind is Kind.STRING else f"string({self.optional})"
        if self.field.kind is Kind.STRINGS:
            return f"{self.optional}.optMap(v, '[' + v.join(', ') + ']').orValue('unset')"
        if self.always:
            return f"{self.optional}.orValue('')"
        if self.field.kind is Kind.STRING:
            return f"{self.optional}.orValue('unset')"
        return f"{self.optional}.optMap(v, string(v)).orValue('unset')"


def refuses(
    predicate: Predicate, value: Value, *, unset_allowed: bool, constants: Constants = LITERALS
) -> str:
    """Lower "the value offends" to a boolean."""
    return negated(holds(predicate, value, unset_allowed=unset_allowed, constants=constants))


def holds(
    predicate: Predicate, value: Value, *, unset_allowed: bool, constants: Constants = LITERALS
) -> str:
    """Lower "the value is allowed" to a boolean.

    Where some value means the same as unset, the optional falls back to it, which reads as
    Kubernetes behaves (`privileged` unset is false); else its absence is asked for.
    """
    optional, field = value.optional, value.field
    if value.item:
        return on_scalar(predicate, optional, constants)
    if field.kind is Kind.STRINGS:
        inner = _list(predicate, f"{optional}.orValue([])", constants)
        if satisfied(predicate, ()) == unset_allowed:
            return inner
        return _unless_unset(optional, inner, unset_allowed=unset_allowed)
    if value.always:
        return _scalar(predicate, value, value.text(), constants, unset_allowed=unset_allowed)
    settled = constants.settle(field)
    for default in _defaults(predicate, field) if settled else _blanks(field):
        if _allows(predicate, field, default, unset_allowed=unset_allowed) == unset_allowed:
            read = f"{optional}.orValue({literal(default)})"
            return _scalar(predicate, value, read, constants, unset_allowed=unset_allowed)
    if unset_allowed and settled:
        # A predicate that allows any value at all has one that could stand for unset.
        return f"!{optional}.hasValue()"
    inner = _scalar(predicate, value, f"{optional}.value()", constants, unset_allowed=unset_allowed)
    return _unless_unset(optional, inner, unset_allowed=unset_allowed)


def _unless_unset(optional: str, inner: str, *, unset_allowed: bool) -> str:
    if unset_allowed:
        return f"(!{optional}.hasValue() || {inner})"
    return f"({optional}.hasValue() && {inner})"


def _blanks(field: Field) -> list[Scalar]:
    """Return the value that is judged as unset whatever the predicate is, if there is one."""
    return [] if field.blank is None else [field.blank]


def _defaults(predicate: Predicate, field: Field) -> list[Scalar]:
    """Return values that might stand for unset, the most telling first."""
    found = _blanks(field)
    if field.unset is not None and not isinstance(field.unset, tuple):
        found.append(field.unset)
    match predicate:
        case OneOf(values):
            found += values
        case InRanges(ranges):
            found += [low for low, _ in ranges]
        case Globs(values) | Under(values):
            # Of what a glob matches, the shortest.
            found += [value.replace("*", "") for value in values]
        case Within() | Includes():
            pass
        case _:
            assert_never(predicate)
    return [*found, *_REFUSED[field.kind]]


def _allows(predicate: Predicate, field: Field, value: Scalar, *, unset_allowed: bool) -> bool:
    if field.blank is not None and value == field.blank:
        return unset_allowed
    return satisfied(predicate, value)


def _scalar(
    predicate: Predicate, value: Value, read: str, constants: Constants, *, unset_allowed: bool
) -> str:
    """Lower the predicate on a value that is there; a blank one counts as unset."""
    field = value.field
    blank, settled = field.blank, constants.settle(field)
    if blank is None or (settled and satisfied(predicate, blank) == unset_allowed):
        return on_scalar(predicate, read, constants)
    if not unset_allowed:
        return f"({read} != {literal(blank)} && {on_scalar(predicate, read, constants)})"
    if settled and isinstance(predicate, OneOf):
        return on_scalar(OneOf((blank, *predicate.values)), read, constants)
    if settled and predicate == InRanges(()):
        return f"{read} == {literal(blank)}"
    return f"({read} == {literal(blank)} || {on_scalar(predicate, read, constants)})"


def on_scalar(predicate: Predicate, read: str, constants: Constants = LITERALS) -> str:
    """Lower the predicate on a value that is there."""
    match predicate:
        case OneOf(values):
            return constants.among(read, values)
        case InRanges(ranges):
            return constants.in_ranges(read, ranges)
        case Globs(values):
            return constants.like(read, values)
        case Under(prefixes):
            return under(prefixes, read, constants)
        case Within() | Includes():
            msg = "a predicate of lists was asked of a value"
            raise TypeError(msg)
        case _:
            assert_never(predicate)


def under(
    prefixes: tuple[str, ...], read: str, constants: Constants = LITERALS, role: str = ""
) -> str:
    """Lower "the path is under one of these"; that it has no `..` the API has seen to."""
    if not prefixes:
        return "false"
    # On Windows a backslash is a slash, which the API does not look at.
    plain = f"!{read}.contains({literal(chr(92))})"
    return f"({constants.under(read, highest(prefixes), role)} && {plain})"


def _list(predicate: Predicate, read: str, constants: Constants) -> str:
    match predicate:
        case Within(values, cover) if cover in values:
            return "true"
        case Within(values):
            return constants.within(read, values)
        case Includes(values, cover):
            each = constants.includes(read, values)
            return each if cover is None else f"({literal(cover)} in {read} || ({each}))"
        case OneOf() | InRanges() | Globs() | Under():
            msg = "a predicate of values was asked of a list"
            raise TypeError(msg)
        case _:
            assert_never(predicate)


def negated(text: str) -> str:
    """Negate a boolean, without a doubled negation where the text shows that there is none."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    simple = _NEGATED.fullmatch(text)
    if simple is not None:
        return simple[1]
    compared = _EQUAL.fullmatch(text)
    return f"{compared[1]} != {compared[2]}" if compared is not None else f"!({text})"
