"""A profile's chosen values as a JSON patch in CEL: what `policy/mutate.py` sets, and no more.

Variables say *where* a value is missing, as JSON pointers; the patch says *what* is set there. All
variables read the pod as it came, so no operation depends on another, save that the structs on the
way to a value are made first. A JSON patch, because a structured merge takes no lists such as
`capabilities.drop`.

`transformList` needs the CEL of Kubernetes 1.32, `flatten` and `reverse` that of 1.34. Upstream:
kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.exempt import lifting
from capgen.policy.placed import placed
from capgen.policy.subjects import CONTAINER_LISTS, EACH
from capgen.policy.values import Kind

from .cel_constants import literal
from .cel_data import data
from .cel_exempt import excused
from .cel_token import unmounting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgen.policy.placed import Placed
    from capgen.policy.profile import Profile
    from capgen.policy.subjects import Path

_LISTS: Final = CONTAINER_LISTS[:2]
_SYSTEMS: Final = {"linux": "!variables.windows", "windows": "variables.windows"}


class Mutation(NamedTuple):
    """What sets a profile's values.

    Attributes:
        variables: the name of each and its expression; one may ask for those before it.
        patch: the operations, an expression of the type `list(JSONPatch)`.
    """

    variables: tuple[tuple[str, str], ...]
    patch: str


class _Row(NamedTuple):
    """An operation at some places.

    Attributes:
        name: the variable that lists the places.
        where: its expression.
        operation: what is done at the place `p`.
    """

    name: str
    where: str
    operation: str


class _Value(NamedTuple):
    """A value, or an item of one, that is put where there is none.

    Attributes:
        placed: the value.
        path: the way down to it from its pod or container; `-` is the end of a list.
        value: what is put there.
        missing: it is missing from its pod or container, in CEL.
        held: the container is held to the rule that asks for it, in CEL; "" where all are.
    """

    placed: Placed
    path: tuple[str, ...]
    value: object
    missing: str
    held: str


def mutation(profile: Profile, path: Path, *, mounted: bool) -> Mutation | None:
    """Lower the values that a profile chooses; None where it chooses none.

    Args:
        profile: the profile; whether it says `mutate: true` is not asked.
        path: the way down from the object to the spec of the pod or template.
        mounted: the API server has mounted the service account's token by now, unless the pod said
            that it should not.

    Raises:
        ProfileError: a default is not allowed, or the API would refuse the values together.
    """
    exempt = _exempt(profile)
    values = [each for one in placed(profile) for each in _values(one, exempt)]
    if not values:
        return None
    pointer = "".join(f"/{step}" for step in path)
    rows = [*_parents(values, pointer), *_rows(values, pointer)]
    unmounted = [each.placed.rule for each in values if mounted and each.placed.unmounts]
    removed = "JSONPatch{op: 'remove', path: p}"
    rows += [_Row(*row, removed) for rule in unmounted for row in unmounting(rule, pointer)]
    variables = (
        ("spec", "object" + "".join(f".{step}" for step in path)),
        ("windows", "variables.spec.?os.?name.orValue('') == 'windows'"),
        ("containers", "\n+ ".join(f"dyn({_listed(each)})" for each in _LISTS)),
        ("pointers", "\n+ ".join(_pointers(each, pointer) for each in _LISTS)),
        *exempt.values(),
        *((row.name, row.where) for row in rows),
    )
    patch = "\n+ ".join(f"variables.{row.name}.map(p, {row.operation})" for row in rows)
    return Mutation(tuple(_asked_for(variables, patch)), patch)


def _exempt(profile: Profile) -> dict[str, tuple[str, str]]:
    """Return for each rule with an exemption which containers are held to it, as a variable."""
    groups = {rule.id: lifting(profile.exempt, rule.id) for rule in profile.rules}
    numbers = {group: n for n, group in enumerate(dict.fromkeys(filter(None, groups.values())), 1)}
    return {
        rule: (f"held{numbers[group]}", f"variables.containers.map(c, !({excused(group, 'c')}))")
        for rule, group in groups.items()
        if group
    }


def _values(one: Placed, exempt: dict[str, tuple[str, str]]) -> Iterator[_Value]:
    """Yield a value, or of a list that is added to each item."""
    path, value = one.path, one.value
    optional = _optional(path, inside=one.inside)
    held = exempt[one.rule][0] if one.inside and one.rule in exempt else ""
    held = f"variables.{held}[i]" if held else ""
    if one.field.kind is Kind.STRINGS and isinstance(value, list):
        for item in value:
            missing = f"!({literal(item)} in {optional}.orValue([]))"
            if path[-1] == "add":
                # What a container drops itself is not added to it.
                dropped = _optional((*path[:-1], "drop"), inside=one.inside)
                missing += f" && !({literal(item)} in {dropped}.orValue([]))"
            yield _Value(one, (*path, "-"), item, missing, held)
    elif EACH in one.field.path:
        yield _Value(one, path, value, f"{optional}.orValue([]).size() == 0", held)
    elif one.field.blank is not None:
        blank = literal(one.field.blank)
        yield _Value(one, path, value, f"{optional}.orValue({blank}) == {blank}", held)
    else:
        yield _Value(one, path, value, f"!{optional}.hasValue()", held)


def _rows(values: Iterable[_Value], pointer: str) -> Iterator[_Row]:
    taken: dict[str, int] = {}
    for each in values:
        rule, path = each.placed.rule, each.placed.path
        name = rule if path[-1] == rule else rule + path[-1][0].upper() + path[-1][1:]
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            name += str(taken[name])
        where = _where(each.placed, each.path, [*_conditions(each), each.missing], pointer)
        yield _Row(name, where, _adding(data(each.value)))


def _parents(values: Iterable[_Value], pointer: str) -> Iterator[_Row]:
    """Yield the structs and lists that values stand in, those above before those below."""
    found: dict[tuple[int, bool, tuple[str, ...]], list[_Value]] = {}
    for each in values:
        for length in range(1, len(each.path)):
            key = (length, each.placed.inside, each.path[:length])
            found.setdefault(key, []).append(each)
    places: dict[str, list[str]] = {"structs": [], "lists": []}
    for (length, inside, path), children in sorted(found.items(), key=lambda item: item[0]):
        missing = f"!{_optional(path, inside=inside)}.hasValue()"
        conditions = [*_some(map(_conditions, children)), missing]
        name = "lists" if children[0].path[length] == "-" else "structs"
        places[name].append(_where(children[0].placed, path, conditions, pointer))
    for name, made in (("structs", "{}"), ("lists", "[]")):
        if places[name]:
            few = len(places[name]) == 1
            listed = (each if few else f"({each})" for each in places[name])
            yield _Row(name, "\n+ ".join(listed), _adding(made))


def _some(conjunctions: Iterable[list[str]]) -> list[str]:
    """Return the conditions under which all conditions of some list hold."""
    lists = list(conjunctions)
    common = [each for each in lists[0] if all(each in other for other in lists)]
    rest = [[each for each in one if each not in common] for one in lists]
    if [] in rest or all([each] in rest for each in _SYSTEMS.values()):
        return common
    any_of = dict.fromkeys(" && ".join(each) for each in rest)
    return [*common, f"({' || '.join(f'({each})' for each in any_of)})"]


def _conditions(each: _Value) -> list[str]:
    """Return on which pods and containers a value is put, whether it is missing or not."""
    one = each.placed
    conditions = [_SYSTEMS[one.system]] if one.system else []
    if one.only:
        conditions.append(f"c.name in {data(list(one.only))}")
    if one.others:
        conditions.append(f"!(c.name in {data(list(one.others))})")
    return [*conditions, each.held] if each.held else conditions


def _where(one: Placed, path: tuple[str, ...], conditions: list[str], pointer: str) -> str:
    """Return the places, in the pod or in each container, at which all conditions hold."""
    below = "".join(f"/{step}" for step in path)
    condition = "\n  && ".join(conditions)
    if not one.inside:
        return f"{condition} ?\n  [{literal(pointer + below)}] : []"
    place = f"variables.pointers[i] + {literal(below)}"
    return f"variables.containers.transformList(i, c,\n  {condition},\n  {place})"


def _optional(path: tuple[str, ...], *, inside: bool) -> str:
    return ("c" if inside else "variables.spec") + "".join(f".?{step}" for step in path)


def _adding(value: str) -> str:
    return f"JSONPatch{{op: 'add', path: p, value: {value}}}"


def _listed(listed: str) -> str:
    must = listed == "containers"
    return f"variables.spec.{listed}" if must else f"variables.spec.?{listed}.orValue([])"


def _pointers(listed: str, pointer: str) -> str:
    place = f"{literal(f'{pointer}/{listed}/')} + string(i)"
    return f"{_listed(listed)}.transformList(i, c,\n  {place})"


def _asked_for(variables: Iterable[tuple[str, str]], patch: str) -> list[tuple[str, str]]:
    """Return the variables that the patch asks for, by whatever way."""
    found: list[tuple[str, str]] = []
    asking = [patch]
    for name, text in reversed(list(dict.fromkeys(variables))):
        if any(f"variables.{name}" in each for each in asking):
            found.insert(0, (name, text))
            asking.append(text)
    return found
