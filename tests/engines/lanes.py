"""Runs the checks of several engines beside each other, each engine's in a process of its own."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from contextlib import ExitStack
from multiprocessing import connection, get_context
from typing import TYPE_CHECKING, Final

from tests.engines.lab import LabError
from tests.engines.proving import Lab, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from tests.engines.proving import Check

# Engines at a time. One mostly waits for its server, so that two keep two cores busy.
LANES: Final = 2


def run(checks: Sequence[Check]) -> list[Row]:
    """Runs the checks and returns their rows, in the order of the checks.

    Those of an engine run one after the other, on one laboratory; the engines in the order in which
    they first come, and before all others, one by one, those that are to be alone.

    Raises:
        LabError: A process ended before it was done.
    """
    lanes: dict[str, list[int]] = defaultdict(list)
    for place, check in enumerate(checks):
        lanes[check.engine].append(place)
    apart = [places for places in lanes.values() if any(checks[each].alone for each in places)]
    waiting = apart + [places for places in lanes.values() if places not in apart]
    rows: dict[int, Row] = {}
    running: dict[Connection, Iterator[int]] = {}
    with ExitStack() as stack:
        while waiting or running:
            while waiting and len(running) < (1 if apart else LANES):
                places = waiting.pop(0)
                # The process is forked: only rows, not checks, need be pickled.
                ours, theirs = (fork := get_context("fork")).Pipe(duplex=False)
                lane = fork.Process(target=_lane, args=([checks[each] for each in places], theirs))
                lane.start()
                stack.callback(_end, lane)
                theirs.close()
                running[ours] = iter(places)
            for ready in connection.wait(list(running)):
                assert isinstance(ready, connection.Connection)
                try:
                    row = ready.recv()
                except EOFError:
                    if next(running.pop(ready), None) is not None:
                        raise LabError("a process ended before it was done") from None
                    # One that is alone is the only one that runs.
                    apart = apart[1:]
                    continue
                rows[next(running[ready])] = row
    return [rows[place] for place in range(len(checks))]


def _lane(checks: Sequence[Check], out: Connection) -> None:
    for row in on_one(checks):
        out.send(row)


def on_one(checks: Iterable[Check]) -> Iterator[Row]:
    """Runs checks on one laboratory and yields their rows; says on stderr what each took.

    A check whose engine could not be built, started or spoken to gives a row without cases, and
    the others go on.
    """
    with Lab() as lab:
        for check in checks:
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
