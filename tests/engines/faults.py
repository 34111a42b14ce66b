"""Faults in what we emit: each must make an engine judge some request otherwise.

What tells a right artefact from one that only looks right is a request that they judge differently.
A lowering's own module seeds the mistakes that it could make, one at a time, in artefacts as they
are applied. Here is what all of them have in common: what a fault is, which ones cannot be seen,
how data are spoilt, and the row of the table.
"""

from __future__ import annotations

import os
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from tests.engines.proving import Difference, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")

# What became of a fault: some verdict differs, none does, or the engine does not take it at all.
Fate: TypeAlias = Literal["caught", "missed", "refused"]

# Where `CAPGEN_FAULTS=all` is not set, one fault of so many is asked about, always the same ones.
_SHARE: Final = 6

# How values are changed that are not numbers: to what else they could be, or to nonsense.
_NONSENSE: Final = "other"


class Fault(NamedTuple, Generic[T]):
    """A fault.

    Attributes:
        what: what was done, and where.
        about: the part of the artefact that it is in, such as a rule; "" where all of it suffers.
        artefact: with the fault.
    """

    what: str
    about: str
    artefact: T


class Equivalent(NamedTuple):
    """Faults that change nothing.

    Attributes:
        part: which artefact, such as one of a profile's policies; "*": any.
        about: the part of it; "" for any.
        what: what their account has in it.
        why: what keeps them from being seen.
    """

    part: str
    about: str
    what: str
    why: str

    def is_of(self, part: str, fault: Fault[Any]) -> bool:
        """Tell whether a fault is one of them."""
        here = self.part in ("*", part) and self.about in ("", fault.about)
        return here and self.what in fault.what


class Tally:
    """What became of the faults in one target's artefacts.

    Attributes:
        fates: how many there are of each.
    """

    def __init__(self, equivalent: Sequence[Equivalent], *, whole: bool = True) -> None:
        """Begin with none.

        Args:
            equivalent: those that may be missed. A row that excuses nothing is a difference.
            whole: all faults are asked about; else what a row excuses may not be among them.
        """
        self._whole = whole
        self.fates: Counter[Fate] = Counter()
        self._equivalent = equivalent
        self._excused: Counter[Equivalent] = Counter()
        self._missed: list[Difference] = []

    def add(self, name: str, part: str, fault: Fault[Any], fate: Fate) -> None:
        """Count a fault.

        Args:
            name: the artefact's, for people.
            part: the artefact's, for `Equivalent`.
            fault: the fault.
            fate: what became of it.
        """
        self.fates[fate] += 1
        if fate != "missed":
            return
        if row := next((row for row in self._equivalent if row.is_of(part, fault)), None):
            self._excused[row] += 1
        else:
            # Of what is expected alike the report shows one: each fault is a kind of its own.
            expected = f"judged otherwise for: {fault.what}"
            self._missed.append(Difference(name, expected, "judged alike"))

    def row(self, target: str, engine: str, version: str) -> Row:
        """Return the row: a case is a fault that could be seen."""
        stale = [
            Difference(list(row), "changes nothing", "none is missed: stale")
            for row in self._equivalent
            if self._whole and not self._excused[row]
        ]
        differing = (*self._missed, *stale)
        refused, same = self.fates["refused"], self._excused.total()
        note = f"faults; {refused} more the engine refuses, {same} more change nothing"
        return Row(target, engine, version, self.fates["caught"] + len(differing), differing, note)


def all_asked() -> bool:
    """Tell whether this run asks about all faults."""
    return os.environ.get("CAPGEN_FAULTS") == "all"


def is_asked(what: str) -> bool:
    """Tell whether this run asks about a fault, by its account: about all, or about a sixth."""
    return all_asked() or zlib.crc32(what.encode()) % _SHARE == 0


def spoilt(data: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON
    """Yield data with one fault at a time: what it is, and the data.

    Each key and each item is left out once, great parts before small ones, and each scalar once
    changed: a flag turned, a number moved by one, a word or a null replaced.
    """
    if isinstance(data, dict):
        for key in data:
            yield f"{key} is left out", {k: v for k, v in data.items() if k != key}
        for key, part in data.items():
            for what, worse in spoilt(part):
                yield _below(key, what), {**data, key: worse}
    elif isinstance(data, list):
        for place in range(len(data)):
            yield f"[{place}] is left out", data[:place] + data[place + 1 :]
        for place, part in enumerate(data):
            for what, worse in spoilt(part):
                yield _below(f"[{place}]", what), [*data[:place], worse, *data[place + 1 :]]
    else:
        other = _other(data)
        yield f": {other!r} for {data!r}", other


def _below(step: str, what: str) -> str:
    if what.startswith(":"):
        return step + what
    return f"{step}{what}" if what.startswith("[") else f"{step}.{what}"


def _other(value: object) -> object:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else _NONSENSE
