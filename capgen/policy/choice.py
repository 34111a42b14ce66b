"""The strictest concrete values that all rules of a profile allow together.

What is chosen follows from data alone: a rule's `default` (or `add`), the values that the
catalogue prefers, and the only value where a predicate leaves no other. Where leaving a field unset
is allowed and means the preferred value, nothing is chosen. The reference interpreter then judges a
bare pod that has the values: what it refuses could not be chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from capgen.errors import ProfileError

from .catalogue import CONDITIONS
from .clashes import check_together
from .expressions import AnyOf, allowed_text, judge, tests
from .pod import view
from .predicates import Includes, InRanges, OneOf, Within, holds
from .subjects import EACH, Field, Level
from .values import Kind, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .catalogue import Part
    from .expressions import Expression, Test
    from .predicates import Predicate
    from .profile import Profile
    from .rules import Rule
    from .values import Scalar

Os: TypeAlias = Literal["linux", "windows"]
Value: TypeAlias = "Scalar | tuple[str, ...]"

_ON_WINDOWS: Final = CONDITIONS["windows"].test


@dataclass(frozen=True, slots=True)
class Chosen:
    """One value.

    Attributes:
        field: where it is set: in the pod, or in every container. What containers inherit is set
            in the pod.
        value: what is set there.
        rule: the id of the rule that asks for it.
    """

    field: Field
    value: Value
    rule: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The values for one operating system.

    Attributes:
        values: what is set, in the order of the rules.
        refused: the rules that refuse a pod even so; on Linux that is an error instead.
    """

    values: tuple[Chosen, ...]
    refused: tuple[str, ...] = ()

    def of(self, rule: str) -> tuple[Chosen, ...]:
        """Return the values that a rule asks for."""
        return tuple(each for each in self.values if each.rule == rule)


def choose(profile: Profile, os: Os) -> Choice:
    """Choose the values for the pods of an operating system.

    Raises:
        ProfileError: a default is not allowed, the API would refuse the values together, or no pod
            on Linux could satisfy a rule without a `default`.
    """
    values = wanted(profile, os)
    check_together(values)
    pod = view(bare_pod(values))
    refused = [rule for rule in profile.rules if judge(rule.expression)(pod)]
    if refused and os == "linux":
        raise ProfileError(_hopeless(refused[0]))
    return Choice(values, tuple(rule.id for rule in refused))


def wanted(profile: Profile, os: Os) -> tuple[Chosen, ...]:
    """Return the values that the rules ask for, whether or not they go together.

    Raises:
        ProfileError: a default is not allowed, or there is no field that could hold it.
    """
    lifted = [rule for rule in profile.rules if os == "windows" and _lifts(rule.expression)]
    asking = [rule for rule in profile.rules if rule not in lifted]
    of_field: dict[Field, list[Test]] = {}
    for rule in asking:
        for test in tests(rule.expression):
            if isinstance(test.subject, Field):
                of_field.setdefault(test.subject, []).append(test)
    # A rule is lifted from pods that say so, and from no others.
    system = cast("Field", _ON_WINDOWS.subject)
    values = [Chosen(system, "windows", lifted[0].id)] if lifted else []
    taken = set()
    for rule in asking:
        _check_place(rule)
        for field in dict.fromkeys(test.subject for test in tests(rule.expression)):
            if not isinstance(field, Field) or EACH in field.path or field in taken:
                continue
            if os == "windows" and field.linux:
                continue
            value = _value(rule, field, of_field[field])
            if value is not None:
                taken.add(field)
                values.append(Chosen(field, value, rule.id))
    return tuple(values)


def bare_pod(values: tuple[Chosen, ...]) -> dict[str, Any]:
    """Return a pod that has the values and nothing that a rule judges besides."""
    container: dict[str, Any] = {"name": "c", "image": "i"}
    spec: dict[str, Any] = {"containers": [container]}
    for each in values:
        struct = container if each.field.level is Level.CONTAINER else spec
        put(struct, each.field.path, plain(each.value))
    return {"spec": spec}


def put(struct: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Set a value in plain data, with the structs on the way to it."""
    for step in path[:-1]:
        struct = struct.setdefault(step, {})
    struct[path[-1]] = value


def plain(value: Value) -> object:
    """Return a value as plain data: lists are lists."""
    return list(value) if isinstance(value, tuple) else value


def _lifts(expression: Expression) -> bool:
    return isinstance(expression, AnyOf) and _ON_WINDOWS in expression.parts[:-1]


def _value(rule: Rule, field: Field, on_field: list[Test]) -> Value | None:
    part = next(part for part in rule.entry.parts if part.subject == field)
    given = _given(rule, part)
    if given is not None:
        for test in on_field:
            if not holds(test.predicate, given):
                msg = (
                    f"`{rule.id}`: the default `{show(given)}` is not allowed;"
                    f" allowed is {allowed_text(test)}"
                )
                raise ProfileError(msg)
        return given
    unset_is_fine = all(test.unset_allowed for test in on_field)
    strictest = (*part.prefer, *(held for test in on_field for held in _least(test.predicate)))
    for value in _allowed_by(on_field, strictest):
        means_it = type(field.unset) is type(value) and field.unset == value
        return None if unset_is_fine and means_it and not part.explicit else value
    only = [value for test in on_field for value in _only(test.predicate)]
    return None if unset_is_fine else next(_allowed_by(on_field, only), None)


def _allowed_by(on_field: list[Test], values: Iterable[Value]) -> Iterator[Value]:
    return (value for value in values if all(holds(test.predicate, value) for test in on_field))


def _given(rule: Rule, part: Part) -> Value | None:
    """Return the value that the profile itself gives for a part."""
    if isinstance(part.subject, Field) and part.subject.kind is Kind.STRINGS:
        added = rule.settings.get("add") if part is rule.entry.parts[0] else None
        return tuple(added) if added else None
    given = rule.settings.get("default")
    if isinstance(given, dict):
        given = given.get(part.key)
    elif part.key != rule.entry.parts[0].key:
        return None
    return given


def _least(predicate: Predicate) -> tuple[Value, ...]:
    """Return the shortest list that holds all that a predicate asks for."""
    return (predicate.values,) if isinstance(predicate, Includes) else ()


def _only(predicate: Predicate) -> tuple[Value, ...]:
    """Return the value of a predicate that leaves no other, or the list that adds nothing."""
    match predicate:
        case OneOf((value,)):
            return (value,)
        case InRanges(((low, high),)) if low == high:
            return (low,)
        case Within():
            return ((),)
        case _:
            return ()


def _check_place(rule: Rule) -> None:
    fields = [
        part
        for part in rule.entry.parts
        if isinstance(part.subject, Field) and EACH not in part.subject.path
    ]
    if rule.settings.get("default") is not None and not fields:
        msg = f"`{rule.id}` takes no `default`: it judges what a pod lists, and has no field to set"
        raise ProfileError(msg)


def _hopeless(rule: Rule) -> str:
    return (
        f"`{rule.id}` refuses every pod that leaves it unset, and no value can be chosen for it;"
        " give it a `default` that it allows"
    )
