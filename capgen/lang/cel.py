"""Predicates and subjects in the Common Expression Language.

An expression is lowered to a list of strings: one for each thing that offends, empty where the rule
holds. The same list gives the verdict (`.size() == 0`) and the message, so they cannot differ.

Nothing here can raise an error: what may be absent is reached by optionals (Kubernetes 1.28), and
no value is compared with one of another type. Upstream: kubernetes.io/docs/reference/using-api/cel.
"""

from __future__ import annotations

from typing import assert_never

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

from .cel_constants import Constants, literal
from .cel_derived import handler_hosts, host_paths, profile_annotations, token_mount, volume_types
from .cel_names import NOTHING, Names
from .cel_values import Value, holds, refuses


def offences(expression: Expression, names: Names) -> str:
    """Lower an expression to the list of what offends it; `[]` where nothing here can."""
    match expression:
        case Test():
            return _test(expression, names)
        case All(parts):
            lists = [text for part in parts if (text := offences(part, names)) != NOTHING]
            return "\n+ ".join(lists) or NOTHING
        case AnyOf(parts):
            *lifts, last = parts
            judged = offences(last, names)
            if judged == NOTHING:
                return NOTHING
            lifted = " || ".join(_holds(lift, names) for lift in lifts)
            return f"{lifted} ? [] :\n({judged})"
        case _:
            assert_never(expression)


def _holds(expression: Expression, names: Names) -> str:
    """Lower a condition, which is a test of one field of the pod, to a boolean."""
    match expression:
        case Test(subject=Field(level=Level.POD) as field, predicate=predicate):
            value = _value(names.spec, field, field.path)
            return holds(predicate, value, unset_allowed=expression.unset_allowed)
        case _:
            return f"({offences(expression, names)}).size() == 0"


def _test(test: Test, names: Names) -> str:
    match test.subject:
        case Field() as field:
            return _field(test, field, names)
        case VolumeTypes():
            return volume_types(test, names)
        case HandlerHosts():
            return handler_hosts(test, names)
        case ProfileAnnotations() as subject:
            return profile_annotations(test, subject, names)
        case HostPaths(written):
            return host_paths(test, names, written=written)
        case TokenMount():
            return token_mount(test, names)
        case _:
            assert_never(test.subject)


def _field(test: Test, field: Field, names: Names) -> str:
    match field.level:
        case Level.POD:
            return _in_pod(test, field, names) if names.pod_level else NOTHING
        case Level.CONTAINER:
            bad, found = _judged(test, field, "c", names.constants.of(test))
            return names.each_container(bad, _text("c.name", field, found))
        case Level.INHERITED:
            return _inherited(test, field, names)
        case _:
            assert_never(field.level)


def _in_pod(test: Test, field: Field, names: Names) -> str:
    constants = names.constants.of(test)
    if EACH not in field.path:
        bad, found = _judged(test, field, names.spec, constants)
        return f"({bad} ?\n  [{_text(None, field, found)}] : [])"
    items, value = _items(field, names.spec)
    bad = _refuses(test, value, constants)
    listed = f"{items}.map(i,\n  {bad},\n  {_text(None, field, value.text())})"
    if not value.item or test.unset_allowed:
        return listed
    absent = f"({items}.size() == 0 ?\n  [{_text(None, field, literal('unset'))}] : [])"
    return f"{absent}\n+ {listed}"


def _inherited(test: Test, field: Field, names: Names) -> str:
    constants = names.constants.of(test)
    above = _value(names.spec, field, field.path)
    if field.whole:
        struct = f"{_way('c', field.path[:-1])}.or({_way(names.spec, field.path[:-1])})"
        value = _leaf(struct, field)
    else:
        own = _value("c", field, field.path)
        value = Value(f"{own.optional}.or({above.optional})", field)
    bad = _refuses(test, value, constants)
    judged = names.each_container(bad, _text("c.name", field, value.text()))
    if test.reading is Reading.EFFECTIVE or not names.pod_level:
        return judged
    # What a pod declares is judged even where every container overrides it.
    unset_allowed = test.unset_allowed or test.reading is not Reading.BOTH
    bad = refuses(test.predicate, above, unset_allowed=unset_allowed, constants=constants)
    return f"({bad} ?\n  [{_text(None, field, above.text())}] : [])\n+ {judged}"


def _judged(test: Test, field: Field, struct: str, constants: Constants) -> tuple[str, str]:
    """Return when the field offends in a struct, and what then is found, as text."""
    if EACH in field.path:
        items, value = _items(field, struct)
        bad = _refuses(test, value, constants)
        found = f"{items}.map(i, {bad}, {value.text()}).join(', ')"
        return f"{items}.exists(i, {bad})", found
    value = _value(struct, field, field.path)
    bad = _refuses(test, value, constants)
    return bad, value.text()


def _refuses(test: Test, value: Value, constants: Constants) -> str:
    return refuses(test.predicate, value, unset_allowed=test.unset_allowed, constants=constants)


def _items(field: Field, struct: str) -> tuple[str, Value]:
    """Return the list that a field stands in the items of, and its value in the item `i`."""
    cut = field.path.index(EACH)
    items = _way(struct, field.path[:cut]) + ".orValue([])"
    if not field.path[cut + 1 :]:
        return items, Value("i", field, item=True)
    return items, _value("i", field, field.path[cut + 1 :])


def _value(struct: str, field: Field, path: tuple[str, ...]) -> Value:
    if not field.required:
        return Value(_way(struct, path), field)
    if len(path) == 1:
        return Value(_way(struct, path), field, always=True)
    return _leaf(_way(struct, path[:-1]), field)


def _leaf(struct: str, field: Field) -> Value:
    """Return a field's value in its struct, which is an optional."""
    name = field.path[-1]
    if field.required:
        beside = f" + s.?{field.detail}.optMap(p, ':' + p).orValue('')" if field.joined else ""
        return Value(f"{struct}.optMap(s, s.?{name}.orValue(''){beside})", field)
    return Value(f"{struct}.?{name}", field)


def _way(struct: str, path: tuple[str, ...]) -> str:
    return struct + "".join(f".?{step}" for step in path)


def _text(owner: str | None, field: Field, found: str) -> str:
    what = shown(field)
    verb = "has" if field.kind is Kind.STRINGS else "is"
    if owner is None:
        # A pod's field that containers inherit is shown from the pod's spec, as it stands there.
        full = what if what.startswith("spec.") else f"spec.{what}"
        return f"{literal(f'pod: {full} {verb} ')} + {found}"
    return f"{owner} + {literal(f': {what} {verb} ')} + {found}"
