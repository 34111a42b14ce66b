"""Shows that Gatekeeper judges in a cluster: in CEL, in Rego, and by policies that it generates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.engines.gatekeeper.cases import (
    AFTER,
    COMMON,
    CREATING,
    FAILING,
    FUNCTION,
    GENERATED,
    MESSAGE,
    MUTATED,
    SILENT,
    STANDING,
    privileged,
)
from tests.engines.gatekeeper.says import settings, word
from tests.engines.lab import LabError
from tests.engines.proving import Lab, Row, differing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.engines.engine import Admission, Verdict
    from tests.engines.gatekeeper.live import Gatekeeper
    from tests.engines.gatekeeper.suite import Suite
    from tests.engines.rest import Object

# What was asked, the outcome that is right, and the outcome.
Case = tuple[object, str, str]


def gatekeeper_judges(laboratory: Lab) -> Row:
    """Judges by artefacts whose verdicts are known, and by mistakes that Gatekeeper makes."""
    engine = laboratory.gatekeeper
    return row("gatekeeper", engine, _cases(engine))


def row(name: str, engine: Admission, cases: Iterator[Case]) -> Row:
    """Return the row of an engine's own cases."""
    seen = list(cases)
    differences = differing(seen)
    return Row("(engine)", name, engine.version, len(seen), differences)


def judged(
    engine: Admission,
    suite: Suite,
    artefacts: Sequence[Object],
    said: Callable[[Verdict], str] = word,
) -> Iterator[Case]:
    """Yield the cases of a suite, judged by its artefacts."""
    engine.load(artefacts)
    verdicts = engine.judge(case.request for case in suite.cases)
    for case, verdict in zip(suite.cases, verdicts, strict=True):
        yield {"by": suite.files, "case": case.name}, case.expected, said(verdict)


def refused(engine: Admission, artefacts: Sequence[Object], why: str) -> Case:
    """Return the case of artefacts that an engine must not take, for a reason that it must say."""
    try:
        engine.load(artefacts)
    except LabError as error:
        said = str(error)
    else:
        said = "taken"
    names = [each["metadata"]["name"] for each in artefacts]
    return {"load": names}, f"refused: {why}", f"refused: {why if why in said else said}"


def _cases(engine: Gatekeeper) -> Iterator[Case]:
    # Its policy is generated while the others are judged.
    engine.announce(GENERATED.artefacts())
    for suite in (
        privileged("CEL"),
        *COMMON,
        CREATING,
        FAILING["CEL"],
        SILENT["CEL"],
        MESSAGE,
        *AFTER,
        *STANDING,
    ):
        yield from judged(engine, suite, suite.artefacts())
    for suite in (privileged("Rego"), *COMMON, CREATING):
        yield from judged(engine, suite, suite.in_rego())
    yield from judged(engine, MUTATED, MUTATED.artefacts(), settings)
    yield refused(engine, FUNCTION.artefacts(), "undefined function no_such_function")
    yield from judged(engine, GENERATED, GENERATED.artefacts())
