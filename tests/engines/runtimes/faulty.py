"""Faults that runtimes are asked about: each kind in the first places where it can be made."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.engines.engine import Refusal
from tests.engines.faults import is_asked
from tests.engines.lab import LabError
from tests.engines.runtimes import expected as expecting
from tests.engines.runtimes.cri import UnreadError
from tests.engines.runtimes.seen import UnreportedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.engines.engine import Runtime
    from tests.engines.faults import Fate, Fault, Tally
    from tests.engines.runtimes.check import Asked

# How many places a fault is made in before it counts as missed.
_TRIES: Final = 3
_NUMBER: Final = re.compile(r"\d+")


class Seeded(NamedTuple):
    """A fault, and where it is made.

    Attributes:
        fault: the runtime's case, with the fault.
        asked: the case without it, and what is expected of that.
    """

    fault: Fault[Any]
    asked: Asked


def ask(engine: Runtime[Any], tally: Tally, part: str, seeded: Iterable[Seeded]) -> None:
    """Run each kind of fault until it is seen, and each case that was used as it is.

    Raises:
        LabError: a case without a fault is not what it should be, so that faults tell nothing.
    """
    kinds: dict[str, list[Seeded]] = defaultdict(list)
    for each in seeded:
        # Which number it is makes no other kind.
        kinds[_NUMBER.sub("N", each.fault.what)].append(each)
    used: dict[str, Asked] = {}
    for places in (places for kind, places in kinds.items() if is_asked(kind)):
        fate: Fate = "missed"
        for each in places[:_TRIES]:
            if fate == "missed":
                used[str(each.asked.about)] = each.asked
                fate = _fate(engine, each)
        tally.add(str(places[0].asked.about), part, places[0].fault, fate)
    for asked in used.values():
        (process,) = engine.run([asked.case])
        if (said := expecting.difference(asked.expected, process)) != ("", ""):
            raise LabError(f"{asked.about}: {said}")


def _fate(engine: Runtime[Any], seeded: Seeded) -> Fate:
    try:
        (process,) = engine.run([seeded.fault.artefact])
    except UnreportedError:
        # It ran something else than it was told to.
        return "caught"
    except UnreadError:
        return "refused"
    unseen = expecting.difference(seeded.asked.expected, process) == ("", "")
    if unseen:
        return "missed"
    return "refused" if isinstance(process, Refusal) else "caught"
