"""Who asserts the engines' bugs, and the table of `docs/engines.md`.

`python -m tests.engines.bug_table` writes the table anew.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.engines.bugs import BUGS, ENGINES
from tests.engines.cluster import check as cluster
from tests.engines.gatekeeper import cases as gatekeeper
from tests.engines.kernel import apparmor_cases, seccomp_cases
from tests.engines.kyverno import cases as kyverno
from tests.engines.node import cases as node
from tests.engines.psp import check as psp
from tests.engines.runtimes import cases as runtimes
from tests.engines.vap import stale_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "engines.md"
_START: Final = "<!-- bugs: made by tests/engines/bug_table.py -->\n"
_END: Final = "<!-- end of bugs -->\n"
_HEAD: Final = (
    "| engine | does | expected | shown by | upstream |\n| --- | --- | --- | --- | --- |\n"
)


def asserted() -> dict[str, list[str]]:
    """Return the cases that assert each bug, by its key, room by room."""
    found: dict[str, list[str]] = defaultdict(list)
    for room in ROOMS:
        for key, case in room():
            found[key].append(case)
    return found


def _kyverno() -> Iterator[tuple[str, str]]:
    """Yield the key of a bug, and the name of a case that asserts it; so do the others."""
    for key, (policies, request) in kyverno.SHOWN:
        yield key, f"kyverno: {policies}, {request}"


def _gatekeeper() -> Iterator[tuple[str, str]]:
    for suite in gatekeeper.suites():
        for case in suite.cases:
            yield from _each(case.bugs, f"gatekeeper: {', '.join(suite.files)}, {case.name}")


def _psp() -> Iterator[tuple[str, str]]:
    for name, cases in psp.SUITES:
        for case in cases():
            yield from _each(case.bugs, f"psp: {name}, {case.expected}".rstrip(": "))


def _runtimes() -> Iterator[tuple[str, str]]:
    for case in runtimes.CASES:
        flags = shlex.join(case.line.flags) or "without a flag"
        yield from _each(case.bugs, f"runtimes: {flags}")


def _node() -> Iterator[tuple[str, str]]:
    for name, case in node.CASES.items():
        yield from _each(case.bugs, f"node: {name}")


def _kernel() -> Iterator[tuple[str, str]]:
    for case in seccomp_cases.CASES:
        yield from _each(case.bugs, f"kernel: {case.profile}, {case.syscall[0]}")
    yield from apparmor_cases.SHOWN


def _apiserver() -> Iterator[tuple[str, str]]:
    yield from cluster.SHOWN
    yield stale_parameters.BUG, f"kube-apiserver: {stale_parameters.SHOWN}"


def _each(keys: tuple[str, ...], case: str) -> Iterator[tuple[str, str]]:
    for key in keys:
        yield key, case


ROOMS: Final = (_kyverno, _gatekeeper, _psp, _apiserver, _runtimes, _node, _kernel)


def table() -> str:
    """Return the table, in Markdown, engine by engine."""
    shown = asserted()
    lines = []
    for key, bug in sorted(BUGS.items(), key=lambda row: [*ENGINES].index(row[1].engine)):
        upstream = ", ".join(f"<{each}>" for each in bug.upstream) or "none found"
        cells = (f"{bug.engine} {ENGINES[bug.engine]}", bug.happens, bug.expected, shown[key][0])
        lines.append(f"| {' | '.join((*cells, upstream))} |\n")
    return f"{_START}\n{_HEAD}{''.join(lines)}\n{_END}"


def written(text: str) -> str:
    """Return the text of the document with the table as it is now."""
    return re.sub(f"{_START}.*{_END}", lambda _: table(), text, flags=re.DOTALL)


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8")), "utf-8")
