"""Predicates and subjects in the Common Expression Language.

An expression is lowered to a list of strings: one for each thing that offends, empty where the rule
holds. The same list gives the verdict (`.size() == 0`) and the message, so they cannot differ.

Nothing here can raise an error: what may be absent is reached by optionals (Kubernetes 1.28), and
no value is compared with one of another type. Upstream: kubernetes.io/docs/reference/using-api/cel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from capgen.policy.expressions import All, AnyOf, Expression, Test
from capgen.policy.predicates import InRanges
from capgen.policy.reading import Reading
from capgen.policy.subjects import (
    EACH,
    HANDLERS,
    HOOKS,
    PROBES,
    SCHEMES,
    Field,
    HandlerHosts,
    Level,
    ProfileAnnotations,
    VolumeTypes,
    shown,
)
from capgen.policy.values import Kind

from .cel_values import Value, holds, literal, refuses

if TYPE_CHECKING:
    from capgen.policy.predicates import Predicate

NOTHING = "[]"


@dataclass(frozen=True, slots=True)
class Names:
    """How the expressions of a policy call what they judge.

    Attributes:
        spec: the pod's spec.
        annotations: the pod's annotations, a map that is never absent.
        containers: the list of containers that are judged.
        pod_level: the pod itself is judged, not only containers that are new.
    """

    spec: str = "variables.spec"
    annotations: str = "variables.annotations"
    containers: str = "variables.containers"
    pod_level: bool = True


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
            return _volume_types(test.predicate, names)
        case HandlerHosts():
            return _handler_hosts(test, names)
        case ProfileAnnotations() as subject:
            return _annotations(test.predicate, subject, names)
        case _:
            assert_never(test.subject)


def _field(test: Test, field: Field, names: Names) -> str:
    match field.level:
        case Level.POD:
            return _in_pod(test, field, names) if names.pod_level else NOTHING
        case Level.CONTAINER:
            bad, found = _judged(test, field, "c")
            return _each_container(names, bad, _text("c.name", field, found))
        case Level.INHERITED:
            return _inherited(test, field, names)
        case _:
            assert_never(field.level)


def _in_pod(test: Test, field: Field, names: Names) -> str:
    if EACH not in field.path:
        bad, found = _judged(test, field, names.spec)
        return f"({bad} ?\n  [{_text(None, field, found)}] : [])"
    items, value = _items(field, names.spec)
    bad = refuses(test.predicate, value, unset_allowed=test.unset_allowed)
    return f"{items}.map(i,\n  {bad},\n  {_text(None, field, value.text())})"


def _inherited(test: Test, field: Field, names: Names) -> str:
    above = _value(names.spec, field, field.path)
    if field.whole:
        struct = f"{_way('c', field.path[:-1])}.or({_way(names.spec, field.path[:-1])})"
        value = _leaf(struct, field)
    else:
        own = _value("c", field, field.path)
        value = Value(f"{own.optional}.or({above.optional})", field)
    bad = refuses(test.predicate, value, unset_allowed=test.unset_allowed)
    judged = _each_container(names, bad, _text("c.name", field, value.text()))
    if test.reading is Reading.EFFECTIVE or not names.pod_level:
        return judged
    # What a pod declares is judged even where every container overrides it.
    bad = refuses(test.predicate, above, unset_allowed=True)
    return f"({bad} ?\n  [{_text(None, field, above.text())}] : [])\n+ {judged}"


def _judged(test: Test, field: Field, struct: str) -> tuple[str, str]:
    """Return when the field offends in a struct, and what then is found, as text."""
    if EACH in field.path:
        items, value = _items(field, struct)
        bad = refuses(test.predicate, value, unset_allowed=test.unset_allowed)
        found = f"{items}.map(i, {bad}, {value.text()}).join(', ')"
        return f"{items}.exists(i, {bad})", found
    value = _value(struct, field, field.path)
    bad = refuses(test.predicate, value, unset_allowed=test.unset_allowed)
    return bad, value.text()


def _items(field: Field, struct: str) -> tuple[str, Value]:
    """Return the list that a field stands in the items of, and its value in the item `i`."""
    cut = field.path.index(EACH)
    items = _way(struct, field.path[:cut]) + ".orValue([])"
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
        return Value(f"{struct}.optMap(s, s.?{name}.orValue(''))", field)
    return Value(f"{struct}.?{name}", field)


def _way(struct: str, path: tuple[str, ...]) -> str:
    return struct + "".join(f".?{step}" for step in path)


def _each_container(names: Names, bad: str, text: str) -> str:
    return f"{names.containers}.map(c,\n  {bad},\n  {text})"


def _text(owner: str | None, field: Field, found: str) -> str:
    what = shown(field)
    verb = "has" if field.kind is Kind.STRINGS else "is"
    if owner is None:
        # A pod's field that containers inherit is shown from the pod's spec, as it stands there.
        full = what if what.startswith("spec.") else f"spec.{what}"
        return f"{literal(f'pod: {full} {verb} ')} + {found}"
    return f"{owner} + {literal(f': {what} {verb} ')} + {found}"


def _volume_types(predicate: Predicate, names: Names) -> str:
    if not names.pod_level:
        return NOTHING
    # A volume's type is a key of it: as `dyn` it is a map, whose keys can be gone through.
    kinds = ", ".join(literal(value) for value in _values(predicate))
    other = (
        f"dyn(v).filter(k, !(k in ['name', {kinds}]))" if kinds else "dyn(v).filter(k, k != 'name')"
    )
    text = f"'volume ' + v.name + ': its type is ' + {other}.join(', ')"
    return f"{names.spec}.?volumes.orValue([]).map(v,\n  {other}.size() > 0,\n  {text})"


def _handler_hosts(test: Test, names: Names) -> str:
    field = Field(Level.CONTAINER, ("host",), Kind.STRING, blank="")
    ways = [*(f"?c.?{probe}" for probe in PROBES), *(f"?c.?lifecycle.?{hook}" for hook in HOOKS)]
    bad = " || ".join(
        refuses(
            test.predicate, Value(f"h.?{handler}.?host", field), unset_allowed=test.unset_allowed
        )
        for handler in HANDLERS
    )
    handlers = f"[{', '.join(ways)}]"
    # The API lets a handler have just one of these.
    host = ".or(".join(f"h.?{handler}.?host" for handler in HANDLERS) + ")"
    found = f"{handlers}\n    .map(h, {bad}, {host}.orValue('')).join(', ')"
    text = f"c.name + {literal(f': {shown(test.subject)} is ')} + {found}"
    return _each_container(names, f"{handlers}\n    .exists(h, {bad})", text)


def _annotations(predicate: Predicate, subject: ProfileAnnotations, names: Names) -> str:
    scheme = SCHEMES[subject.scheme]
    allowed = _values(predicate)
    exact = [text for text, kind in scheme.exact if kind in allowed]
    if scheme.blank_is_unset:
        exact.append("")
    # The map's own value: `k` is one of its keys.
    read = f"{names.annotations}[k]"
    fine = [f"{read} in [{', '.join(map(literal, exact))}]"] if exact else []
    fine += [
        f"{read}.startsWith({literal(text)})" for text, kind in scheme.prefixes if kind in allowed
    ]
    known = f"{names.containers}.exists(c, k == {literal(scheme.prefix)} + c.name)"
    if not names.pod_level:
        key = known
    elif scheme.any_container:
        key = f"k.startsWith({literal(scheme.prefix)})"
    else:
        key = f"(k == {literal(scheme.pod or '')} || {known})"
    bad = f"!({' || '.join(fine) or 'false'})"
    return (
        f"{names.annotations}.map(k,\n  {key}\n    && {bad},\n"
        f"  'pod: annotation ' + k + ' is ' + {read})"
    )


def _values(predicate: Predicate) -> tuple[str, ...]:
    """Return the values that a predicate lists; ranges list none."""
    return () if isinstance(predicate, InRanges) else tuple(str(v) for v in predicate.values)
