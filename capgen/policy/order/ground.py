"""What a group of subjects is looked at for, and which of its values are worth a look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from capgen.policy.predicates import holds
from capgen.policy.subjects import Field
from capgen.policy.values import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from capgen.policy.expressions import Test

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
