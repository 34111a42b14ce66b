"""Predicates and subjects in Rego, version 1.

An expression is lowered to rules that make up the set `offences`: a text for each thing that
offends. The same set gives the verdict and the message, so they cannot differ.

What is undefined in Rego is passed over, an error of a built-in function like a field that is not
there. So nothing offends because something is proven to be wrong: it offends unless it is proven to
be fine. A `not` is followed by the name of a rule, or by a call on variables, never by a call on
what may be undefined itself; and what a text says is never undefined.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final, assert_never

from capgen.policy.expressions import All, AnyOf, Expression, Test
from capgen.policy.reading import Reading
from capgen.policy.subjects import (
    EACH,
    Field,
    HandlerHosts,
    HostPaths,
    Level,
    ProfileAnnotations,
    TokenMount,
    VolumeTypes,
    shown,
)
from capgen.policy.values import Kind

from .rego_derived import handler_hosts, host_paths, profile_annotations, token_mount, volume_types
from .rego_names import Scope
from .rego_text import form, literal, path, rule
from .rego_values import Value, holds, inherited, value_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rego_names import Names
    from .rego_text import Body

OFFENCES: Final = "offences"


def offences(expression: Expression, names: Names) -> list[str]:
    """Lower an expression to the rules of the set `offences`, and those that they rest on."""
    return list(_rules(expression, names, (), (count(1), count(1))))


def _rules(
    expression: Expression, names: Names, guards: Body, numbers: tuple[Iterator[int], Iterator[int]]
) -> Iterator[str]:
    of_tests, of_lifts = numbers
    match expression:
        case Test():
            yield from _test(Scope(names, expression, _number(of_tests), guards))
        case All(parts):
            for part in parts:
                yield from _rules(part, names, guards, numbers)
        case AnyOf(parts):
            *lifts, last = parts
            lifted = f"lifted{_number(of_lifts)}"
            yield rule(lifted, (body for lift in lifts for body in _lifting(lift, names)))
            yield from _rules(last, names, (*guards, f"not {lifted}"), numbers)
        case _:
            assert_never(expression)


def _number(numbers: Iterator[int]) -> str:
    """Return what sets the next name apart from those before: nothing from the first."""
    place = next(numbers)
    return "" if place == 1 else str(place)


def _lifting(lift: Expression, names: Names) -> list[Body]:
    """Lower a condition, which is a test of one field of the pod."""
    match lift:
        case Test(subject=Field(level=Level.POD) as field, predicate=predicate):
            value = value_in("spec", field, field.path)
            constants = names.constants.of(lift)
            return holds(predicate, value, constants, unset_allowed=lift.unset_allowed)
        case _:
            msg = "a rule is lifted by what its pod says, and by nothing else"
            raise TypeError(msg)


def _test(scope: Scope) -> Iterator[str]:
    match scope.test.subject:
        case Field() as field:
            return _field(field, scope)
        case VolumeTypes():
            return volume_types(scope)
        case HandlerHosts():
            return handler_hosts(scope)
        case ProfileAnnotations() as subject:
            return profile_annotations(subject, scope)
        case HostPaths(written):
            return host_paths(scope, written=written)
        case TokenMount():
            return token_mount(scope)
        case _:
            assert_never(scope.test.subject)


def _field(field: Field, scope: Scope) -> Iterator[str]:
    match field.level:
        case Level.POD:
            return _items(field, scope) if EACH in field.path else _in_pod(field, scope)
        case Level.CONTAINER:
            return _in_containers(field, scope)
        case Level.INHERITED:
            return _inherited(field, scope)
        case _:
            assert_never(field.level)


def _in_pod(field: Field, scope: Scope) -> Iterator[str]:
    value = value_in("spec", field, field.path)
    yield from _of_pod(f"fine{scope.number}", value, scope, unset_allowed=scope.test.unset_allowed)


def _of_pod(fine: str, value: Value, scope: Scope, *, unset_allowed: bool) -> Iterator[str]:
    yield _offence((*scope.of_pod(), f"not {fine}"), None, value)
    predicate = scope.test.predicate
    yield rule(fine, holds(predicate, value, scope.constants, unset_allowed=unset_allowed))


def _items(field: Field, scope: Scope) -> Iterator[str]:
    """Lower a test of each item of a list of the pod."""
    items, value = _item(field, "spec")
    fine = f"fine{scope.number}(i)"
    yield _offence((*scope.of_pod(), f"some i in {items}", f"not {fine}"), None, value)
    if value.item and not scope.test.unset_allowed:
        yield rule(
            f"{OFFENCES} contains {literal(f'pod: {_shown(field)} is unset')}",
            [(*scope.of_pod(), f"{items} == []")],
        )
    yield rule(fine, _fine(value, scope))


def _in_containers(field: Field, scope: Scope) -> Iterator[str]:
    fine = f"fine{scope.number}"
    each = (*scope.guards, f"some c in {scope.names.containers}")
    if EACH not in field.path:
        value = value_in("c", field, field.path)
        yield _offence((*each, f"not {fine}(c)"), "c", value)
        yield rule(f"{fine}(c)", _fine(value, scope))
        return
    items, value = _item(field, "c")
    found = f"[show([v | v := {value.read}]) | some i in {items}; not {fine}(i)]"
    text = literal(f"%s: {form(shown(field))} is %s")
    yield rule(
        f"{OFFENCES} contains text",
        [
            (
                *each,
                f"bad := {found}",
                "count(bad) > 0",
                f'text := sprintf({text}, [called(c), concat(", ", bad)])',
            )
        ],
    )
    yield rule(f"{fine}(i)", _fine(value, scope))


def _inherited(field: Field, scope: Scope) -> Iterator[str]:
    test = scope.test
    value = inherited(field)
    if test.reading is not Reading.EFFECTIVE:
        # What a pod declares is judged even where every container overrides it.
        above = value_in("spec", field, field.path)
        allowed = test.unset_allowed or test.reading is not Reading.BOTH
        yield from _of_pod(f"pod_fine{scope.number}", above, scope, unset_allowed=allowed)
    fine = f"fine{scope.number}(c)"
    each = (*scope.guards, f"some c in {scope.names.containers}")
    yield _offence((*each, f"not {fine}"), "c", value)
    yield rule(fine, _fine(value, scope))


def _fine(value: Value, scope: Scope) -> list[Body]:
    test = scope.test
    return holds(test.predicate, value, scope.constants, unset_allowed=test.unset_allowed)


def _item(field: Field, struct: str) -> tuple[str, Value]:
    """Return the list that a field stands in the items of, and its value in the item `i`."""
    cut = field.path.index(EACH)
    items = f"listed({struct}, {path(field.path[:cut])})"
    if not field.path[cut + 1 :]:
        return items, Value("i", field, item=True)
    return items, value_in("i", field, field.path[cut + 1 :])


def _offence(body: Body, owner: str | None, value: Value) -> str:
    """Write the rule of one thing that offends: where the body holds, and what it says."""
    field = value.field
    verb = "has" if field.kind is Kind.STRINGS else "is"
    who = "pod" if owner is None else "%s"
    text = literal(f"{who}: {form(_shown(field, owner))} {verb} %s")
    named = "" if owner is None else f"called({owner}), "
    found = f"found := [v | v := {value.read}]"
    said = f"text := sprintf({text}, [{named}show(found)])"
    return rule(f"{OFFENCES} contains text", [(*body, found, said)])


def _shown(field: Field, owner: str | None = None) -> str:
    """Name a field: one of the pod by its way from there, also where containers inherit it."""
    what = shown(field)
    return what if owner is not None or what.startswith("spec.") else f"spec.{what}"
