"""The values of a field that stand for all: its domain, cut at the constants of both sides."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, assert_never

from capgen.policy.predicates import Includes, InRanges, OneOf, Under, Within, holds
from capgen.policy.subjects import Field
from capgen.policy.values import UNSET, Kind

from .answers import UndecidedError
from .texts import telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from capgen.policy.expressions import Test
    from capgen.policy.predicates import Predicate

# What the API takes for a field whose vocabulary it closes, by the name of that vocabulary.
# Upstream: kubernetes 1.36, pkg/apis/core/validation/validation.go.
CLOSED: Final[dict[str | None, tuple[str, ...]]] = {
    "procMounts": ("Default", "Unmasked"),
    "groupsPolicies": ("Merge", "Strict"),
    "changePolicies": ("Always", "OnRootMismatch"),
    "seLinuxChangePolicies": ("MountOption", "Recursive"),
}
# The smallest and the largest number that the API takes, by the last step of a field's path.
_PORTS: Final = (1, 65535)
_IDS: Final = (0, 2**31 - 1)
_NUMBERS: Final = {"hostPort": _PORTS}
_MOST_LISTS: Final = 2_000

# Whether a test refuses a value.
Refuses: TypeAlias = "Callable[[Test, Any], bool]"


class Ground(NamedTuple):
    """What a group of subjects is looked at for.

    Attributes:
        strict: the strict side's tests in the group that are not lifted.
        loose: the loose side's, profile by profile: a pod must break a test of each.
        known: the vocabulary of a field in the group, None where there is none.
        windows: the pod says that it runs on Windows: it has no Linux field.
        template: it is a controller's template.
        fixed: the value of the group's field, where a condition has settled it; else None.
        syncs: some version of some side writes annotations into the group's field.
    """

    strict: tuple[Test, ...]
    loose: tuple[tuple[Test, ...], ...] = ()
    known: str | None = None
    windows: bool = False
    template: bool = False
    fixed: tuple[object, ...] | None = None
    syncs: bool = False

    @property
    def doubted(self) -> tuple[Test, ...]:
        """The loose side's tests, of all its profiles."""
        return tuple(test for tests in self.loose for test in tests)

    @property
    def tests(self) -> tuple[Test, ...]:
        """The tests of both sides."""
        return self.strict + self.doubted

    def on(self, path: tuple[str, ...]) -> Ground:
        """Return the ground with the tests on one field only."""
        return self.among(
            lambda test: isinstance(test.subject, Field) and test.subject.path == path
        )

    def among(self, is_meant: Callable[[Test], bool]) -> Ground:
        """Return the ground with some of its tests."""
        strict, *loose = (tuple(filter(is_meant, each)) for each in (self.strict, *self.loose))
        return self._replace(strict=strict, loose=tuple(loose))


def values(field: Field, ground: Ground) -> list[Any]:
    """Return values of a field that stand for all that it may hold, or an item of it may.

    Args:
        field: the field.
        ground: the tests on it, and no others.
    """
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


def refuses(test: Test, value: object) -> bool:
    """Tell whether a test refuses a value, or UNSET."""
    if value is UNSET:
        return not test.unset_allowed
    return not holds(test.predicate, value)


def best(
    found: Iterable[Any],
    ground: Ground,
    judge: Refuses = refuses,
    certain: Callable[[Test], bool] = lambda _: False,
) -> list[Any]:
    """Return the values that are worth a look: none of the others serves better.

    A value serves at least as well as another where the strict side's tests refuse no more of it
    and the loose side's no less: put in the other's place, it lets the strict side admit what it
    admitted and the loose side refuse what it refused.

    Args:
        found: the values.
        ground: the tests of both sides.
        judge: whether a test refuses a value.
        certain: whether a test of the strict side judges the value wherever it stands, so that
            what it refuses is worth nothing.
    """
    doubted = ground.doubted
    marked: list[tuple[int, int, Any]] = []
    for value in found:
        if any(certain(test) and judge(test, value) for test in ground.strict):
            continue
        bad = _marks(judge, ground.strict, value)
        good = _marks(judge, doubted, value)
        if any(not b & ~bad and not good & ~g for b, g, _ in marked):
            continue
        marked = [row for row in marked if bad & ~row[0] or row[1] & ~good]
        marked.append((bad, good, value))
    return [value for _, _, value in marked]


def _marks(judge: Refuses, tests: tuple[Test, ...], value: object) -> int:
    return sum(1 << place for place, test in enumerate(tests) if judge(test, value))


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
