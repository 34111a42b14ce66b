"""The values of a field that stand for all: its domain, cut at the constants of both sides."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, Final, assert_never

from capgen.policy.find import finder
from capgen.policy.pod import view
from capgen.policy.predicates import Includes, InRanges, OneOf, Under, Within, holds
from capgen.policy.reading import Reading
from capgen.policy.subjects import EACH, Field, Level
from capgen.policy.values import UNSET, Kind, nested
from capgen.policy.vocabulary import CLOSED

from .answers import UndecidedError
from .texts import telling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.predicates import Predicate

    from .ground import Ground

# The smallest and the largest number that the API takes, by the last step of a field's path.
_PORTS: Final = (1, 65535)
_IDS: Final = (0, 2**31 - 1)
_NUMBERS: Final = {"hostPort": _PORTS}
# What an item needs beside the field that is judged, by the list that it stands in.
_BESIDE: Final[dict[str, dict[str, Any]]] = {"sysctls": {"value": "0"}}
_MOST_LISTS: Final = 2_000


def values(field: Field, ground: Ground) -> list[Any]:
    """Return values of a field that stand for all that it may hold, or an item of it may.

    Args:
        field: the field.
        ground: the tests on it, and no others.
    """
    # How a value reads is the same at every level.
    find = finder(replace(field, level=Level.POD), Reading.DECLARED)

    def stands(raw: object) -> bool:
        return any(value is not UNSET for *_, value in find(view({"spec": placed(field, raw)})))

    # What reads as unset is unset: a blank, an empty list.
    return [raw for raw in _domain(field, ground) if stands(raw)]


def placed(field: Field, value: object) -> dict[str, Any]:
    """Return a struct in which a field holds a value, if it has a list in one item of it.

    UNSET is nothing, and no item.
    """
    if value is UNSET or EACH not in field.path:
        return nested(field.path, value)
    cut = field.path.index(EACH)
    before, after = field.path[:cut], field.path[cut + 1 :]
    item = {**_BESIDE.get(before[-1], {}), **nested(after, value)} if after else value
    return nested(before, [item])


def _domain(field: Field, ground: Ground) -> list[Any]:
    predicates = [test.predicate for test in ground.tests]
    match field.kind:
        case Kind.BOOL:
            return [False, True]
        case Kind.INT:
            return numbers(field.path[-1], predicates)
        case Kind.STRING:
            closed = CLOSED.get(ground.known)
            return list(closed) if closed is not None else telling(predicates)
        case Kind.STRINGS:
            return _lists(ground)
        case _:
            assert_never(field.kind)


def numbers(leaf: str, predicates: Iterable[Predicate]) -> list[int]:
    """Return the first number of each stretch that all predicates judge alike."""
    least, most = _NUMBERS.get(leaf, _IDS)
    cuts = {least}
    for predicate in predicates:
        if isinstance(predicate, InRanges):
            cuts |= {low for low, _ in predicate.ranges}
            cuts |= {high + 1 for _, high in predicate.ranges if high is not None}
    return sorted(cut for cut in cuts if least <= cut <= most)


def paths(predicates: Iterable[Predicate]) -> list[str]:
    """Return paths that stand for all.

    A path is under just those prefixes that the longest one above it is under, itself included; so
    the prefixes stand for what is under them, and two more for what is under none, or only under
    the root.
    """
    prefixes = [path for each in predicates if isinstance(each, Under) for path in each.values]
    other = "other"
    while any(other in prefix for prefix in prefixes):
        other += "x"
    return [*dict.fromkeys(prefix or "/" for prefix in prefixes), f"/{other}", other]


def _lists(ground: Ground) -> list[list[str]]:
    """Return the least lists that the strict side may admit, and the same with one item more.

    To take an item away breaks no `Within`, to add one no `Includes`: so a list that the strict
    side admits and the loose one refuses has in it a least list that satisfies each `Includes` of
    the strict side, by its items or by the word that covers them, and perhaps an item that some
    `Within` refuses. A second such item stands as well in a second container.
    """
    asked = [test.predicate for test in ground.strict if isinstance(test.predicate, Includes)]
    ways = [[each.values, *([(each.cover,)] if each.cover is not None else [])] for each in asked]
    lists: dict[tuple[str, ...], None] = {}
    for chosen in product(*ways):
        least = tuple(dict.fromkeys(item for way in chosen for item in way))
        lists[least] = None
        lists |= dict.fromkeys((*least, item) for item in _items(ground) if item not in least)
        if len(lists) > _MOST_LISTS:
            msg = "too many lists are told apart"
            raise UndecidedError(msg)
    return [list(each) for each in lists]


def _items(ground: Ground) -> list[str]:
    """Return items that stand for all."""
    listed: list[OneOf] = []
    for test in ground.tests:
        if isinstance(test.predicate, (Within, Includes)):
            cover = () if test.predicate.cover is None else (test.predicate.cover,)
            listed.append(OneOf((*test.predicate.values, *cover)))
    within = [test for test in ground.tests if isinstance(test.predicate, Within)]
    named = {
        item
        for test in ground.doubted
        if isinstance(test.predicate, Includes)
        for item in (*test.predicate.values, test.predicate.cover)
    }
    found: dict[object, str] = {}
    for item in telling(listed):
        way = tuple(holds(test.predicate, [item]) for test in within)
        # What an `Includes` names is like no other.
        found.setdefault((way, item if item in named else None), item)
    return list(found.values())
