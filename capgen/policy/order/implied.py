"""Whether one test implies another by its data alone, without looking at a pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from capgen.policy.predicates import (
    Globs,
    Includes,
    InRanges,
    OneOf,
    Predicate,
    Under,
    Within,
    holds,
)
from capgen.policy.reading import Reading
from capgen.policy.subjects import Field, Level, may_be_unset

if TYPE_CHECKING:
    from capgen.policy.expressions import Test

# A reading of the same field judges at least what those after it judge.
_READINGS: Final = (Reading.BOTH, Reading.DECLARED, Reading.EFFECTIVE)


def implies(strict: Predicate, loose: Predicate) -> bool:
    """Tell whether every value that satisfies the first is shown to satisfy the second."""
    match strict:
        case OneOf(values):
            return all(holds(loose, value) for value in values)
        case InRanges(ranges):
            return isinstance(loose, InRanges) and all(
                any(_inside(inner, outer) for outer in loose.ranges) for inner in ranges
            )
        case Within(values, cover):
            return isinstance(loose, Within) and (
                loose.cover in loose.values
                or (cover not in values and set(values) <= set(loose.values))
            )
        case Includes(values, cover):
            return isinstance(loose, Includes) and (
                set(values) >= set(loose.values) and cover in (None, loose.cover)
            )
        case Globs(values):
            # A glob is a text that it matches; one that says the same in other words is not seen.
            return all(
                isinstance(loose, Globs) and value in loose.values
                if "*" in value
                else holds(loose, value)
                for value in values
            )
        case Under(prefixes):
            return isinstance(loose, Under) and all(holds(loose, prefix) for prefix in prefixes)
        case _:
            assert_never(strict)


def stronger(strict: Test, loose: Test) -> bool:
    """Tell whether the first test, where it holds, is shown to let the second hold."""
    if strict.subject != loose.subject:
        return False
    if strict.unset_allowed and not loose.unset_allowed and may_be_unset(strict.subject):
        return False
    inherited = isinstance(strict.subject, Field) and strict.subject.level is Level.INHERITED
    if inherited and _READINGS.index(strict.reading) > _READINGS.index(loose.reading):
        return False
    return implies(strict.predicate, loose.predicate)


def _inside(inner: tuple[int, int | None], outer: tuple[int, int | None]) -> bool:
    low, high = inner
    return outer[0] <= low and (outer[1] is None or (high is not None and high <= outer[1]))
