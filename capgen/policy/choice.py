"""The strictest concrete values that all rules of a profile allow together.

What is chosen follows from data alone: a rule's `default` (or `add`), the values that the
catalogue prefers, and the only value where a predicate leaves no other. Where leaving a field unset
is allowed and means the preferred value, nothing is chosen. The reference interpreter then judges a
bare pod that has the values: what it refuses could not be chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from capgen.errors import ProfileError

from .catalogue import CONDITIONS
from .chosen import Chosen, Value, bare_pod
from .clashes import check_together
from .defaults import defaulted
from .expressions import AnyOf, allowed_text, judge, tests
from .pod import view
from .predicates import Includes, InRanges, OneOf, Within, holds
from .rules import part_of
from .subjects import EACH, Field, Level, TokenMount, settable
from .subjects import plain as plain_subject
from .values import Kind, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .catalogue import Part
    from .expressions import Expression, Test
    from .predicates import Predicate
    from .profile import Profile
    from .rules import Rule

Os: TypeAlias = Literal["linux", "windows"]

_ON_WINDOWS: Final = CONDITIONS["windows"].test


@dataclass(frozen=True, slots=True)
class Choice:
    """The values for one operating system.

    Attributes:
        values: what is set, in the order of the rules.
        refused: the rules that refuse a pod even so: they ask for what the API refuses there.
        own: what is set in one container beside, or in the place of, these: by its name.
    """

    values: tuple[Chosen, ...]
    refused: tuple[str, ...] = ()
    own: dict[str, tuple[Chosen, ...]] = dataclass_field(default_factory=dict)

    def of(self, rule: str) -> tuple[Chosen, ...]:
        """Return the values that a rule asks for."""
        return tuple(each for each in self.values if each.rule == rule)


def choose(profile: Profile, os: Os) -> Choice:
    """Choose the values for the pods of an operating system.

    Raises:
        ProfileError: a default is not allowed, the API would refuse the values together, or no pod
            on Linux could satisfy a rule that is not about Windows without a `default`.
    """
    values = wanted(profile, os)
    check_together(values)
    pod = bare_pod(values)
    bare = view(pod)
    # The token is judged by its mount, which the API server adds.
    mounted = view(defaulted(pod, profile.minors, template=False))
    refused = [
        rule
        for rule in profile.rules
        if judge(rule.expression)(mounted if _sees_mounts(rule) else bare)
    ]
    hopeless = [rule for rule in refused if os == "linux" and not _of_windows(rule)]
    if hopeless:
        raise ProfileError(_hopeless(hopeless[0]))
    own = {name: own_values(profile, os, name) for name in profile.choices}
    return Choice(values, tuple(rule.id for rule in refused), own)


def wanted(profile: Profile, os: Os, container: str | None = None) -> tuple[Chosen, ...]:
    """Return the values that the rules ask for, whether or not they go together.

    Args:
        profile: the profile.
        os: the operating system of the pod.
        container: the name of a container for which the profile chooses values of its own; None:
            any other.

    Raises:
        ProfileError: a default is not allowed, or there is no field that could hold it.
    """
    lifted = [rule for rule in profile.rules if os == "windows" and _lifts(rule.expression)]
    asking = [rule for rule in profile.rules if rule not in lifted]
    of_field: dict[Field, list[Test]] = {}
    for rule in asking:
        for test in tests(rule.expression):
            field = settable(plain_subject(test.subject))
            if field is not None:
                of_field.setdefault(field, []).append(test)
    # A rule is lifted from pods that say so, and from no others.
    system = cast("Field", _ON_WINDOWS.subject)
    values = [Chosen(system, "windows", lifted[0].id)] if lifted else []
    taken = set()
    for rule in asking:
        _check_place(rule)
        for test in tests(rule.expression):
            field = settable(plain_subject(test.subject))
            if field is None or field in taken or _is_foreign(field, os):
                continue
            part = part_of(rule, test.subject)
            given = _given(rule, part, profile.choices.get(container or "", {}))
            value = _value(rule, part, given, field, of_field[field])
            if value is not None:
                taken.add(field)
                values.append(Chosen(field, value, rule.id))
    return tuple(values)


def own_values(profile: Profile, os: Os, container: str) -> tuple[Chosen, ...]:
    """Return the values that a profile chooses for one container by its name, and for no other.

    Raises:
        ProfileError: one is not allowed, or does not go together with the others.
    """
    values = wanted(profile, os, container)
    check_together(values)
    return tuple(
        each
        for each in values
        if each.rule in profile.choices[container] and each.field.level is not Level.POD
    )


def _sees_mounts(rule: Rule) -> bool:
    return any(isinstance(test.subject, TokenMount) for test in tests(rule.expression))


def _of_windows(rule: Rule) -> bool:
    """Tell whether a rule judges nothing that a Linux pod may say."""
    fields = [settable(plain_subject(test.subject)) for test in tests(rule.expression)]
    return all(field is not None and _is_foreign(field, "linux") for field in fields)


def _is_foreign(field: Field, os: Os) -> bool:
    """Tell whether the API refuses the field in a pod of the operating system."""
    return field.linux if os == "windows" else "windowsOptions" in field.path


def _lifts(expression: Expression) -> bool:
    return isinstance(expression, AnyOf) and _ON_WINDOWS in expression.parts[:-1]


def _value(
    rule: Rule, part: Part, given: Value | None, field: Field, on_field: list[Test]
) -> Value | None:
    if given is not None:
        for test in on_field:
            if not _holds(test, given):
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
    only = [_listed(part, value) for test in on_field for value in _only(test.predicate)]
    return None if unset_is_fine else next(_allowed_by(on_field, only), None)


def _allowed_by(on_field: list[Test], values: Iterable[Value]) -> Iterator[Value]:
    return (value for value in values if all(_holds(test, value) for test in on_field))


def _holds(test: Test, value: Value) -> bool:
    """Tell whether a test allows a value: as it reads it, and of a list each item by itself."""
    field = test.subject
    if isinstance(field, Field) and field.detail is not None and not field.joined:
        return holds(test.predicate, str(value).partition(":")[0])
    if isinstance(field, Field) and EACH in field.path and isinstance(value, tuple):
        return all(holds(test.predicate, item) for item in value)
    return holds(test.predicate, value)


def _given(rule: Rule, part: Part, own: Mapping[str, Any]) -> Value | None:
    """Return the value that the profile itself gives for a part: for one container, or for all."""
    if isinstance(part.subject, Field) and part.subject.kind is Kind.STRINGS:
        settings = own.get(rule.id) or rule.settings
        added = settings.get("add") if part is rule.entry.parts[0] else None
        return tuple(added) if added else None
    given = own.get(rule.id, rule.settings.get("default"))
    if isinstance(given, dict):
        given = given.get(part.key)
    elif part.key != rule.entry.parts[0].key:
        return None
    return None if given is None else _listed(part, given)


def _listed(part: Part, value: Value) -> Value:
    """Return a value of a list's items as a list of it alone, which is what is set."""
    items = isinstance(part.subject, Field) and EACH in part.subject.path
    return (value,) if items and not isinstance(value, tuple) else value


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
    fields = [part for part in rule.entry.parts if settable(part.subject) is not None]
    if rule.settings.get("default") is not None and not fields:
        msg = f"`{rule.id}` takes no `default`: it judges what a pod lists, and has no field to set"
        raise ProfileError(msg)


def _hopeless(rule: Rule) -> str:
    return (
        f"`{rule.id}` refuses every pod that leaves it unset, and no value can be chosen for it;"
        " give it a `default` that it allows"
    )
