"""The checks of several engines beside each other."""

from __future__ import annotations

import os
import time
from functools import partial
from itertools import count, pairwise
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


LABS = count()


def numbered(name: str, laboratory: Lab) -> Row:
    """A check whose row says the number of the laboratory that it was given, and may claim it."""
    number = laboratory.__dict__.setdefault("number", next(LABS))
    if name == "claims":
        laboratory.__dict__["kyverno"] = None
    return Row(name, "engine", "", 1, (), str(number))


def test_what_one_engine_claims_is_no_other_s() -> None:
    """A lane goes on with the next engine in the same laboratory, unless one has claimed that."""
    names = ("a", "a", "b", "claims", "claims", "a", "b")
    rows = [*lanes.on_one(Check(name, partial(numbered, name)) for name in names)]
    first, *others = (row.notes for row in rows)
    assert others[:4] == [first] * 4
    assert others[4] == others[5] != first


def test_a_lane_goes_on_with_the_next_engine() -> None:
    """It is not another process that does so, with all to read anew."""
    checks = [Check(f"{number}", process) for number in range(2 * lanes.LANES)]
    assert len({row.notes for row in lanes.run(checks)}) <= lanes.LANES


def process(_: Lab) -> Row:
    """A check whose row says which process it ran in."""
    return Row("", "engine", "", 1, (), f"{os.getpid()}")


def dies(_: Lab) -> Row:
    """A check whose process ends."""
    os._exit(1)


def test_a_process_that_dies_is_a_failure() -> None:
    """What it did not say is not taken for said."""
    checks = [Check("dead", dies), *(Check("a", partial(slow, "a")) for _ in range(3))]
    with pytest.raises(LabError, match="ended before it was done"):
        lanes.run(checks)


def test_what_asks_no_server_runs_beside() -> None:
    """Of an engine that is started once the command line is asked in another lane meanwhile."""
    live = [Check("one", partial(slow, str(number)), single=True) for number in range(3)]
    offline = [
        Check("one", partial(slow, f"offline {number}"), offline=True) for number in range(2)
    ]
    rows = lanes.run([*live, *offline])
    assert [row.target for row in rows] == ["0", "1", "2", "offline 0", "offline 1"]
    spans = times_of(rows)
    assert all(before[1] <= after[0] for before, after in pairwise(spans[:3]))
    assert min(spans[3:])[0] < spans[0][1]


def test_who_has_most_to_do_begins() -> None:
    """What takes longest is not begun last, when there is nothing left for the other lanes."""
    few = [Check(f"few {number}", partial(slow, "few")) for number in range(lanes.LANES)]
    many = [Check("many", partial(slow, "many"), single=True) for _ in range(2)]
    rows = lanes.run([*few, *many])
    begun = sorted((float(row.notes.split()[0]), row.target) for row in rows)
    assert "many" in {name for _, name in begun[: lanes.LANES]}
