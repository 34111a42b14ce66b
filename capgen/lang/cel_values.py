"""Values, literals and predicates in CEL: the bottom of the lowering."""

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
    regex,
    trimmed,
)
from capgen.policy.predicates import holds as satisfied
from capgen.policy.values import Kind, Scalar

if TYPE_CHECKING:
    from capgen.policy.subjects import Field

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# A chain of selections and calls, such as `c.?securityContext.?privileged.orValue(false)`.
_CHAIN = r"[\w.?]+(?:\([^()]*\)[\w.?]*)*"
_NEGATED = re.compile(f"!({_CHAIN})")
_EQUAL = re.compile(rf"({_CHAIN}) == ('[^'\\]*'|\w+)")
_CONSTANTS = {"true": "false", "false": "true"}
_FIRST_PRINTABLE = 0x20
_DELETE = 0x7F

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


def literal(value: Scalar) -> str:
    """Quote a value for CEL. Nothing else makes source text of a user's string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "'" + "".join(_escaped(character) for character in value) + "'"


def refuses(predicate: Predicate, value: Value, *, unset_allowed: bool) -> str:
    """Lower "the value offends" to a boolean."""
    return _negated(holds(predicate, value, unset_allowed=unset_allowed))


def holds(predicate: Predicate, value: Value, *, unset_allowed: bool) -> str:
    """Lower "the value is allowed" to a boolean.

    Where some value means the same as unset, the optional falls back to it, which reads as
    Kubernetes behaves (`privileged` unset is false); else its absence is asked for.
    """
    optional, field = value.optional, value.field
    if value.item:
        return on_scalar(predicate, optional)
    if field.kind is Kind.STRINGS:
        met = satisfied(predicate, ())
        if met == unset_allowed:
            return _list(predicate, f"{optional}.orValue([])")
        inner = _list(predicate, f"{optional}.orValue([])")
        return (
            f"(!{optional}.hasValue() || {inner})"
            if unset_allowed
            else (f"({optional}.hasValue() && {inner})")
        )
    if value.always:
        return _scalar(predicate, field, value.text(), unset_allowed=unset_allowed)
    for default in _defaults(predicate, field):
        if _allows(predicate, field, default, unset_allowed=unset_allowed) == unset_allowed:
            read = f"{optional}.orValue({literal(default)})"
            return _scalar(predicate, field, read, unset_allowed=unset_allowed)
    if unset_allowed:
        # A predicate that allows any value at all has one that could stand for unset.
        return f"!{optional}.hasValue()"
    inner = _scalar(predicate, field, f"{optional}.value()", unset_allowed=unset_allowed)
    return f"({optional}.hasValue() && {inner})"


def _defaults(predicate: Predicate, field: Field) -> list[Scalar]:
    """Return values that might stand for unset, the most telling first."""
    found: list[Scalar] = []
    if field.blank is not None:
        found.append(field.blank)
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


def _scalar(predicate: Predicate, field: Field, read: str, *, unset_allowed: bool) -> str:
    """Lower the predicate on a value that is there; a blank one counts as unset."""
    blank = field.blank
    if blank is None or satisfied(predicate, blank) == unset_allowed:
        return on_scalar(predicate, read)
    if not unset_allowed:
        return f"({read} != {literal(blank)} && {on_scalar(predicate, read)})"
    if isinstance(predicate, OneOf):
        return on_scalar(OneOf((blank, *predicate.values)), read)
    if predicate == InRanges(()):
        return f"{read} == {literal(blank)}"
    return f"({read} == {literal(blank)} || {on_scalar(predicate, read)})"


def on_scalar(predicate: Predicate, read: str) -> str:
    """Lower the predicate on a value that is there."""
    match predicate:
        case OneOf(()) | InRanges(()):
            return "false"
        case OneOf((True,)):
            return read
        case OneOf((False,)):
            return f"!{read}"
        case OneOf((value,)):
            return f"{read} == {literal(value)}"
        case OneOf(values):
            return f"{read} in [{', '.join(map(literal, values))}]"
        case InRanges(ranges):
            inside = [_between(low, high, read) for low, high in ranges]
            return inside[0] if len(inside) == 1 else f"({' || '.join(inside)})"
        case Globs(values):
            exact = tuple(value for value in values if "*" not in value)
            fine = [on_scalar(OneOf(exact), read)] if exact else []
            globs = (value for value in values if "*" in value)
            fine += [f"{read}.matches({literal(f'^{regex(value)}$')})" for value in globs]
            return fine[0] if len(fine) == 1 else f"({' || '.join(fine)})"
        case Under(prefixes):
            return under(prefixes, read)
        case Within() | Includes():
            msg = "a predicate of lists was asked of a value"
            raise TypeError(msg)
        case _:
            assert_never(predicate)


def under(prefixes: tuple[str, ...], read: str) -> str:
    """Lower "the path is under one of these"; that it has no `..` the API has seen to."""
    tops = dict.fromkeys(map(trimmed, prefixes))
    fine = [
        f"{read} == {literal(path)} || {read}.startsWith({literal(path + '/')})"
        if path
        else f"{read}.startsWith('/')"
        for path in tops
        # What is below another one says nothing more.
        if not any(path != top and path.startswith(f"{top}/") for top in tops)
    ]
    # On Windows a backslash is a slash, which the API does not look at.
    plain = f"!{read}.contains({literal(chr(92))})"
    return f"(({' || '.join(fine)}) && {plain})" if fine else "false"


def _between(low: int, high: int | None, read: str) -> str:
    if high is None:
        return f"{read} >= {low}"
    return f"{read} == {low}" if low == high else f"({read} >= {low} && {read} <= {high})"


def _list(predicate: Predicate, read: str) -> str:
    match predicate:
        case Within(values, cover) if cover in values:
            return "true"
        case Within(values):
            return f"{read}.all(x, x in [{', '.join(map(literal, values))}])"
        case Includes(values, cover):
            each = " && ".join(f"{literal(value)} in {read}" for value in values) or "true"
            return each if cover is None else f"({literal(cover)} in {read} || ({each}))"
        case OneOf() | InRanges() | Globs() | Under():
            msg = "a predicate of values was asked of a list"
            raise TypeError(msg)
        case _:
            assert_never(predicate)


def _negated(text: str) -> str:
    """Negate a boolean, without a doubled negation where the text shows that there is none."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    simple = _NEGATED.fullmatch(text)
    if simple is not None:
        return simple[1]
    compared = _EQUAL.fullmatch(text)
    return f"{compared[1]} != {compared[2]}" if compared is not None else f"!({text})"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    if code < _FIRST_PRINTABLE or code == _DELETE:
        return f"\\u{code:04x}"
    return character
