"""The checks of several engines beside each other."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from tests.engines import lanes
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
