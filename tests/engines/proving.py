"""What a proof is made of: rows of cases that an engine judged, and the table of them."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self, TypeAlias

from tests.engines.apiserver import Cluster
from tests.engines.gatekeeper.live import Gatekeeper
from tests.engines.kyverno.live import Kyverno
from tests.engines.psa import PodSecurity
from tests.engines.psp.live import PspCluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Data: TypeAlias = "dict[str, Data] | list[Data] | str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Difference:
    """One case in which the engine did not do what was expected.

    Attributes:
        request: What was judged, ready for JSON; as small as the check can make it (see `shrink`).
        expected: The expected verdict, in a few words.
        actual: The engine's.
    """

    request: object
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class Row:
    """What one check of one target by one engine found.

    Attributes:
        target: What was judged, such as `vap`, or `(engine)` for a check of the judge itself.
        engine: The engine's name.
        version: The engine's version, as it reports it itself.
        cases: How many cases the engine judged; a row without any fails.
        differences: Those in which it differed.
        notes: A few words for the table's last column.
    """

    target: str
    engine: str
    version: str
    cases: int
    differences: tuple[Difference, ...] = ()
    notes: str = ""

    @property
    def agreed(self) -> int:
        """The cases without a difference."""
        return self.cases - len(self.differences)


class Lab:
    """The engines of one run, each started when it is first asked for; a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def pod_security(self) -> PodSecurity:
        """Pod Security admission as a library."""
        return self._stack.enter_context(PodSecurity())

    @cached_property
    def cluster(self) -> Cluster:
        """The API server. A check removes what it applied: others use the same one."""
        return self._stack.enter_context(Cluster())

    @cached_property
    def pod_security_policy(self) -> PspCluster:
        """The API server of 1.24 with PodSecurityPolicy: whoever asks loads what it asks by."""
        return self._stack.enter_context(PspCluster())

    @cached_property
    def kyverno(self) -> Kyverno:
        """Kyverno's controller, which the API server asks from now on about every namespace."""
        return self._stack.enter_context(Kyverno(self.cluster))

    @cached_property
    def _gatekeeper(self) -> Gatekeeper:
        return self._stack.enter_context(Gatekeeper(self.cluster))

    @property
    def gatekeeper(self) -> Gatekeeper:
        """Gatekeeper's manager, with nothing loaded; the API server holds its kinds from now on."""
        self._gatekeeper.announce(())
        return self._gatekeeper

    @property
    def claimed(self) -> bool:
        """Whether an engine stands beside the API server, which is none for others then."""
        return not {"kyverno", "_gatekeeper"}.isdisjoint(self.__dict__)


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes:
        engine: Whose name in `ENGINES` chooses it.
        run: Judges.
        alone: The checks of the engine keep every core busy: beside others they take many times
            as long.
        single: There is one of the engine on a machine, or to start a second takes longer than it
            would help: its checks run one after the other.
        offline: The engine's command line is asked, and no server: it may run beside the others.
        target: What is judged, whose name in `ENGINES` chooses it, too; "" where no more than the
            engine's own name is to.
    """

    engine: str
    run: Callable[[Lab], Row]
    alone: bool = False
    single: bool = False
    offline: bool = False
    target: str = ""

    @property
    def group(self) -> str:
        """Names the checks that run in one lane, one after the other."""
        return f"{self.engine} offline" if self.offline else self.engine


def differing(steps: Iterable[tuple[object, str, str]]) -> tuple[Difference, ...]:
    """Returns the steps, each what was asked, expected and seen, that were not as expected."""
    return tuple(Difference(*each) for each in steps if each[1] != each[2])


def table(rows: Iterable[Row]) -> str:
    """Returns the rows as an aligned table."""
    lines = [("target", "engine and version", "cases", "agreed", "differing", "notes")]
    lines += [
        (
            row.target,
            f"{row.engine} {row.version}".strip(),
            str(row.cases),
            str(row.agreed),
            str(len(row.differences)),
            row.notes,
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = []
    for line in lines:
        left, numbers, right = line[:2], line[2:5], line[5:]
        cells = [cell.ljust(width) for cell, width in zip(left, widths[:2], strict=True)]
        cells += [cell.rjust(width) for cell, width in zip(numbers, widths[2:5], strict=True)]
        texts.append("  ".join([*cells, *right]).rstrip())
    return "\n".join(texts)


def report(row: Row) -> str:
    """Returns a row's differences, those with the same verdicts as one: its smallest request."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in row.differences:
        request = json.dumps(each.request, ensure_ascii=False, default=repr)
        groups[each.expected, each.actual].append(request)
    texts = [
        f"{row.target}, {row.engine} {row.version}: expected {expected}, got {actual}"
        f" ({len(requests)} times)\n  {min(requests, key=lambda text: (len(text), text))}"
        for (expected, actual), requests in groups.items()
    ]
    return "\n".join(texts)


def shrink(request: Data, differs: Callable[[Data], bool]) -> Data:
    """Returns a smallest request that still differs: no key or item of it can be left out.

    Args:
        request: Data as of JSON; it is not changed.
        differs: Whether the engine and the expectation still differ on a request. It is asked
            about many that make no sense, and must answer False where the engine refuses them.
    """
    shrunk = True
    while shrunk:
        shrunk = False
        for smaller in _smaller(request):
            if differs(smaller):
                request, shrunk = smaller, True
                break
    return request


def _smaller(value: Data) -> Iterator[Data]:
    """Yields the value with one part left out, great parts before small ones."""
    if isinstance(value, dict):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
        for key, part in value.items():
            for smaller in _smaller(part):
                yield {**value, key: smaller}
    elif isinstance(value, list):
        for index in range(len(value)):
            yield value[:index] + value[index + 1 :]
        for index, part in enumerate(value):
            for smaller in _smaller(part):
                yield [*value[:index], smaller, *value[index + 1 :]]
