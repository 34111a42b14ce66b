"""What one predicate or test shows of another by itself."""

from __future__ import annotations

import pytest

from capgen.policy.expressions import Test
from capgen.policy.order.implied import implies, stronger
from capgen.policy.predicates import Globs, Includes, InRanges, OneOf, Predicate, Under, Within
from capgen.policy.reading import Reading
from capgen.policy.subjects import Field, Level, Subject, VolumeTypes
from capgen.policy.values import Kind


@pytest.mark.parametrize(
    ("strict", "loose", "expected"),
    [
        (OneOf((False,)), OneOf((False, True)), True),
        (OneOf((False, True)), OneOf((False,)), False),
        (OneOf(()), OneOf((False,)), True),
        (OneOf((0,)), OneOf((False,)), False),
        (OneOf((True,)), OneOf((1,)), False),
        (OneOf((5,)), InRanges(((1, 9),)), True),
        (OneOf((5, 10)), InRanges(((1, 9),)), False),
        (OneOf(("ab",)), Globs(("a*",)), True),
        (OneOf(("/a/b",)), Under(("/a",)), True),
        (InRanges(()), InRanges(((1, 1),)), True),
        (InRanges(((1, 9),)), InRanges(((1, 9),)), True),
        (InRanges(((1, 9),)), InRanges(((0, None),)), True),
        (InRanges(((1, 9),)), InRanges(((1, 8),)), False),
        (InRanges(((1, 9),)), InRanges(((2, 9),)), False),
        (InRanges(((1, None),)), InRanges(((1, 9),)), False),
        (InRanges(((2, None),)), InRanges(((1, None),)), True),
        (InRanges(((2, 3), (5, 6))), InRanges(((5, 9), (1, 4))), True),
        (InRanges(((2, 3), (5, 12))), InRanges(((5, 9), (1, 4))), False),
        (InRanges(((1, 9),)), OneOf((5,)), False),
        (Within(("A",)), Within(("A", "B")), True),
        (Within(("A", "B")), Within(("A",)), False),
        (Within(()), Within(()), True),
        (Within(("A",)), Within(("ALL",), "ALL"), True),
        (Within(("ALL",), "ALL"), Within(("ALL",)), False),
        (Within(("ALL",)), Within(("ALL",), "ALL"), True),
        (Within(("A",), "ALL"), Within(("A",)), True),
        (Within(("A",)), Includes(("A",)), False),
        (Includes(("A", "B")), Includes(("A",)), True),
        (Includes(("A",)), Includes(("A", "B")), False),
        (Includes(("A",), "ALL"), Includes(("A",)), False),
        (Includes(("A",), "ALL"), Includes(("A",), "ALL"), True),
        (Includes(("A",), "ALL"), Includes(("A",), "X"), False),
        (Includes(("A",)), Includes(("A",), "ALL"), True),
        (Includes(("A",)), Within(("A",)), False),
        (Globs(("a*", "b")), Globs(("b*", "a*")), True),
        (Globs(("a*",)), Globs(("ab*",)), False),
        (Globs(("a*",)), OneOf(("a*",)), False),
        (Globs(("b",)), OneOf(("b",)), True),
        (Under(("/a/b",)), Under(("/a",)), True),
        (Under(("/a",)), Under(("/a/b",)), False),
        (Under(("/ab",)), Under(("/a",)), False),
        (Under(("/a/",)), Under(("/a",)), True),
        (Under(("/a",)), OneOf(("/a",)), False),
    ],
)
def test_implies(strict: Predicate, loose: Predicate, expected: bool) -> None:
    """A predicate implies another where every value of it satisfies the other."""
    assert implies(strict, loose) is expected


RUN = Field(Level.INHERITED, ("securityContext", "runAsNonRoot"), Kind.BOOL)
HOST = Field(Level.POD, ("hostPID",), Kind.BOOL)


def asked(subject: Subject, reading: str, *, unset: bool) -> Test:
    """Return a test of one value."""
    value = "secret" if isinstance(subject, VolumeTypes) else True
    return Test(subject, OneOf((value,)), unset, Reading(reading))


@pytest.mark.parametrize(
    ("strict", "loose", "expected"),
    [
        (asked(RUN, "both", unset=False), asked(RUN, "effective", unset=False), True),
        (asked(RUN, "both", unset=False), asked(RUN, "declared", unset=False), True),
        (asked(RUN, "declared", unset=False), asked(RUN, "effective", unset=True), True),
        (asked(RUN, "effective", unset=False), asked(RUN, "declared", unset=False), False),
        (asked(RUN, "declared", unset=False), asked(RUN, "both", unset=False), False),
        (asked(RUN, "declared", unset=True), asked(RUN, "declared", unset=False), False),
        (asked(RUN, "declared", unset=True), asked(RUN, "declared", unset=True), True),
        (asked(RUN, "both", unset=False), asked(RUN, "both", unset=False), True),
        (asked(HOST, "effective", unset=False), asked(HOST, "both", unset=False), True),
        (asked(HOST, "declared", unset=False), asked(RUN, "declared", unset=False), False),
        # A volume's type is never unset.
        (
            asked(VolumeTypes(), "declared", unset=True),
            asked(VolumeTypes(), "declared", unset=False),
            True,
        ),
    ],
)
def test_stronger(strict: Test, loose: Test, expected: bool) -> None:
    """A test implies another of the same subject that judges less, and allows more."""
    assert stronger(strict, loose) is expected
