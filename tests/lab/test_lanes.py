"""The checks of several engines beside each other."""

from __future__ import annotations

import os
import time
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.engines import lanes
from tests.engines.lab import LabError
from tests.engines.proving import Check, Row

if TYPE_CHECKING:
    from tests.engines.proving import Lab


def slow(name: str, _: Lab) -> Row:
    """A check whose row says when it began and ended."""
    start = time.monotonic()
    time.sleep(0.1)
    return Row(name, "engine", "", 1, (), f"{start} {time.monotonic()}")


def test_what_is_to_be_alone_is_alone() -> None:
    """It runs before all others, one by one; the rows are in the order of the checks."""
    names = ("a", "b", "first", "c", "second")
    checks = [Check(name, partial(slow, name), alone=name in ("first", "second")) for name in names]
    rows = lanes.run(checks)
    assert [row.target for row in rows] == list(names)
    times = {row.target: [float(each) for each in row.notes.split()] for row in rows}
    assert times["first"][1] <= times["second"][0]
    for other in "abc":
        assert times["second"][1] <= times[other][0]
    # Two of the others run at a time.
    assert times["b"][0] < times["a"][1]


def times_of(rows: list[Row]) -> list[list[float]]:
    """Return when each row began and ended."""
    return [[float(each) for each in row.notes.split()] for row in rows]


def test_a_free_lane_helps() -> None:
    """An engine with much to do is not left to one lane while another is idle."""
    rows = lanes.run([Check("long", partial(slow, str(number))) for number in range(4)])
    assert [row.target for row in rows] == list("0123")
    first, second, *_ = sorted(times_of(rows))
    assert second[0] < first[1]


def test_one_engine_of_a_machine_is_not_helped() -> None:
    """Its checks run one after the other."""
    checks = [Check("one", partial(slow, str(number)), single=True) for number in range(3)]
    spans = times_of(lanes.run(checks))
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def dies(_: Lab) -> Row:
    """A check whose process ends."""
    os._exit(1)


def test_a_process_that_dies_is_a_failure() -> None:
    """What it did not say is not taken for said."""
    checks = [Check("dead", dies), *(Check("a", partial(slow, "a")) for _ in range(3))]
    with pytest.raises(LabError, match="ended before it was done"):
        lanes.run(checks)
