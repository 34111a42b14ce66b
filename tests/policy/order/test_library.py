"""The order on the library's profiles: nothing is left open."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from capgen.policy.order import Proven, Refuted, Unknown
from capgen.policy.values import NEWEST_MINOR
from capgen.profile.library import names, open_profile
from tests.policy.order.sampling import compared, contradictions, matrix, versions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgen.policy.profile import Profile
    from tests.policy.order.sampling import Matrix

LEVELS = ("pss/restricted", "pss/baseline", "pss/privileged")
# Between any two of these a level has changed, or the API server.
MINORS = (0, 18, 22, 25, 28, 30, 36)


def left_open(profiles: Sequence[Profile], answers: Matrix) -> list[str]:
    """Return the pairs of some profiles of which nothing is known, by what `matrix` says."""
    return [
        f"{strict.name} {strict.minors} <= {loose.name} {loose.minors}: {answer.reason}"
        for strict, row in zip(profiles, answers, strict=True)
        for loose, answer in zip(profiles, row, strict=True)
        if isinstance(answer, Unknown)
    ]


@pytest.mark.parametrize("minor", range(NEWEST_MINOR + 1))
def test_levels(minor: int) -> None:
    """At each version a level is at least as strict as those below it, and not the other way."""
    restricted, baseline, privileged = (open_profile(name, f"1.{minor}") for name in LEVELS)
    for strict, loose in ((restricted, baseline), (baseline, privileged), (restricted, privileged)):
        assert compared(strict, loose) == Proven()
        assert isinstance(compared(loose, strict), Refuted)


def test_versions_of_levels() -> None:
    """Any level at a version is known to be as strict as any other at another, or not to be."""
    found = [open_profile(name, f"1.{minor}") for name in LEVELS[:2] for minor in MINORS]
    assert left_open(found, matrix(found)) == []


def test_the_rest_of_the_library() -> None:
    """Nothing is left open between any two profiles of the library."""
    found = [open_profile(name) for name in names()]
    assert left_open(found, matrix(found)) == []


def test_ranges() -> None:
    """A profile for a range of versions is as strict as at each of them."""
    whole = open_profile("pss/baseline", "1.24-1.36")
    for minor in (24, 27, 30, 36):
        assert compared(whole, open_profile("pss/baseline", f"1.{minor}")) == Proven()


def test_pods_do_not_contradict() -> None:
    """Random pods near the edges of the levels say nothing else than the order."""
    profiles = [open_profile(name, version) for name in LEVELS for version in ("1.25", "1.36")]
    assert list(contradictions(profiles, matrix(profiles), 1_500)) == []


def main() -> None:
    """Compare each level at each version, and every other profile of the library, with each."""
    profiles = [*versions_of(*LEVELS)]
    profiles += [open_profile(name) for name in names() if name not in LEVELS]
    began = time.monotonic()
    found = left_open(profiles, matrix(profiles))
    took = time.monotonic() - began
    print(f"{len(profiles)} profiles, {len(profiles) ** 2} pairs, {took:.1f} s: {len(found)} open")
    print(*found, sep="\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
