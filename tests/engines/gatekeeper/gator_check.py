"""Shows that gator judges, in CEL and in Rego, and what it says that it cannot judge."""

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
from tests.engines.gatekeeper.check import judged, refused, row
from tests.engines.gatekeeper.gator import Gator
from tests.engines.gatekeeper.says import settings
from tests.engines.gatekeeper.suite import Suite
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.gatekeeper.check import Case
    from tests.engines.proving import Lab, Row


def gator_judges(_: Lab) -> Row:
    """Judges by artefacts whose verdicts are known, with each of its engines."""
    with Gator() as cel, Gator(native=False) as rego:
        cases = [*_cases("CEL", cel), *_cases("Rego", rego)]
        return row("gator", cel, iter(cases))


def _cases(language: str, engine: Gator) -> Iterator[Case]:
    for suite in (
        privileged(language),
        *COMMON,
        FAILING[language],
        SILENT[language],
        *AFTER,
    ):
        yield from judged(engine, suite, suite.artefacts())
    yield from judged(engine, MUTATED, MUTATED.artefacts(), settings)
    yield refused(engine, FUNCTION.artefacts(), "undefined function no_such_function")
    yield refused(engine, GENERATED.artefacts(), "does not act in gator")
    if language == "Rego":
        yield refused(engine, Suite(("cel-runtime",), ()).artefacts(), "no language driver")
    yield from _unseen(engine)


def _unseen(engine: Gator) -> Iterator[Case]:
    """Yield requests that it must not judge, and one on which it fails as a whole."""
    for suite in (*STANDING, CREATING):
        engine.load(suite.artefacts())
        for case in suite.cases:
            # All of these pods stand already, save the one that is created.
            right = case.request.old_object is None
            can = engine.can(case.request)
            yield {"can": suite.files, "case": case.name}, f"can: {right}", f"can: {can}"
    engine.load(MESSAGE.artefacts())
    try:
        said = f"judged: {list(engine.judge(case.request for case in MESSAGE.cases))}"
    except LabError:
        said = "no verdict"
    yield {"by": MESSAGE.files}, "no verdict", said
