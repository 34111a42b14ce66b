"""Runs the checks of several engines beside each other, each lane in a process of its own."""

from __future__ import annotations

import sys
import time
from collections import deque
from contextlib import ExitStack
from multiprocessing import connection, get_context
from typing import TYPE_CHECKING, Final

from tests.engines.lab import LabError
from tests.engines.proving import Lab, Row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from tests.engines.proving import Check

# Engines at a time. One that waits for its server, or for what comes half a minute later, leaves a
# core to the others.
LANES: Final = 3


def run(checks: Sequence[Check]) -> list[Row]:
    """Runs the checks and returns their rows, in the order of the checks.

    A lane runs checks of one group, one after the other, on one laboratory, and then those of the
    next; the groups with most checks begin, and before all others, one by one, those that are to be
    alone. When all have begun, a lane that is free helps the group that has most left to do.

    Raises:
        LabError: A process ended before it was done.
    """
    waiting: dict[str, deque[int]] = {}
    for place, check in enumerate(checks):
        waiting.setdefault(check.group, deque()).append(place)
    alone = {check.group for check in checks if check.alone}
    apart = {group: waiting.pop(group) for group in [*waiting] if group in alone}
    waiting = dict(sorted(waiting.items(), key=lambda each: -len(each[1])))
    rows: dict[int, Row] = {}
    for group, most in ((apart, 1), (waiting, LANES)):
        rows |= _run(checks, group, most)
    return [rows[place] for place in range(len(checks))]


def _run(checks: Sequence[Check], waiting: dict[str, deque[int]], most: int) -> dict[int, Row]:
    """Runs the checks whose places wait, by group, in so many lanes at a time."""
    rows: dict[int, Row] = {}
    running: dict[Connection, tuple[str, int | None]] = {}
    single = {check.group for check in checks if check.single}
    with ExitStack() as stack:
        while running or any(waiting.values()):
            while len(running) < most and (group := _next(waiting, running.values(), single)):
                ours, theirs = (fork := get_context("fork")).Pipe()
                # The process is forked: only places and rows, not checks, need be pickled.
                lane = fork.Process(target=_lane, args=(checks, theirs, [ours, *running]))
                lane.start()
                stack.callback(_end, lane)
                theirs.close()
                running[ours] = (group, _given(ours, waiting[group]))
            for ready in connection.wait(list(running)):
                assert isinstance(ready, connection.Connection)
                group, place = running.pop(ready)
                try:
                    row = ready.recv()
                except EOFError:
                    if place is not None:
                        raise LabError("a process ended before it was done") from None
                    continue
                assert place is not None
                rows[place] = row
                if not waiting[group]:
                    group = _next(waiting, running.values(), single) or group
                running[ready] = (group, _given(ready, waiting[group]))
    return rows


def _next(
    waiting: dict[str, deque[int]],
    running: Iterable[tuple[str, int | None]],
    single: Collection[str],
) -> str | None:
    """Returns the group whose checks a free lane is to run; None where there is nothing for it."""
    begun = {group for group, _ in running}
    left = [group for group, places in waiting.items() if places]
    for group in left:
        if group not in begun:
            return group
    helped = [group for group in left if group not in single]
    return max(helped, key=lambda group: len(waiting[group]), default=None)


def _given(lane: Connection, waiting: deque[int]) -> int | None:
    """Gives a lane its next check, or tells it that there is none; returns the check's place."""
    place = waiting.popleft() if waiting else None
    lane.send(place)
    return place


def _lane(checks: Sequence[Check], out: Connection, others: Iterable[Connection]) -> None:
    # Of what it is forked with, it would keep the parent from seeing that another lane has ended.
    for each in others:
        each.close()

    def given() -> Iterator[Check]:
        while (place := out.recv()) is not None:
            yield checks[place]

    for row in on_one(given()):
        out.send(row)


def on_one(checks: Iterable[Check]) -> Iterator[Row]:
    """Runs checks on one laboratory and yields their rows; says on stderr what each took.

    A check whose engine could not be built, started or spoken to gives a row without cases, and
    the others go on. A laboratory that is claimed by one group is not another's.
    """
    group = ""
    with ExitStack() as stack:
        lab = stack.enter_context(Lab())
        for check in checks:
            if lab.claimed and check.group != group:
                stack.close()
                lab = stack.enter_context(Lab())
            group = check.group
            start = time.monotonic()
            try:
                row = check.run(lab)
            except LabError as error:
                print(f"{check.engine}: {error}", file=sys.stderr)
                row = Row(check.run.__name__, check.engine, "", 0, notes="failed: see above")
            took = time.monotonic() - start
            print(f"{row.target}, {row.engine}: {took:.1f} s", file=sys.stderr, flush=True)
            yield row


def _end(lane: BaseProcess) -> None:
    # Asked to end, it takes the way out of `with`, which ends its engines.
    lane.terminate()
    lane.join()
