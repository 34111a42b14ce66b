"""Shows that Kyverno judges: hand-written policies, good and bad, in a cluster and offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.pod import mapping
from tests.engines.kyverno.cases import EXPECTED, REFUSED, REQUESTS, artefacts
from tests.engines.kyverno.cli import KyvernoCli
from tests.engines.lab import LabError
from tests.engines.proving import Difference, Lab, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from capgen.policy.admit import Request
    from capgen.policy.pod import Mapping
    from tests.engines.engine import Admission, Verdict

# What was asked, the outcome that is right, and the outcome.
_Case = tuple[object, str, str]


def kyverno_live(laboratory: Lab) -> Row:
    """Asks the admission controller, as a webhook of the API server."""
    return _row("kyverno", laboratory.kyverno, lambda _: True)


def kyverno_offline(_: Lab) -> Row:
    """Asks the command line about what it can simulate."""
    with KyvernoCli() as kyverno:
        # It starts for a second: what it has read together need not be read again one by one.
        kyverno.load([each for name in EXPECTED for each in artefacts(name)])
        return _row("kyverno-cli", kyverno, kyverno.can)


def _row(name: str, engine: Admission, can: Callable[[Request], bool]) -> Row:
    cases = [*_judged(engine, can), *_refused(engine)]
    differing = tuple(
        Difference(asked, expected, actual)
        for asked, expected, actual in cases
        if actual != expected
    )
    return Row("(engine)", name, engine.version, len(cases), differing)


def _judged(engine: Admission, can: Callable[[Request], bool]) -> Iterator[_Case]:
    for name, expected in EXPECTED.items():
        engine.load(artefacts(name))
        asked = [each for each in expected if can(REQUESTS[each])]
        verdicts = engine.judge(REQUESTS[each] for each in asked)
        for each, verdict in zip(asked, verdicts, strict=True):
            actual = in_words(REQUESTS[each], verdict)
            yield {"policies": name, "request": each}, expected[each], actual


def _refused(engine: Admission) -> Iterator[_Case]:
    """Yield policies that are not taken; what was loaded before has gone."""
    for name, words in REFUSED.items():
        try:
            engine.load(artefacts(f"refused/{name}"))
        except LabError as error:
            actual = "refused" if any(each in str(error) for each in words) else str(error)
        else:
            actual = "loaded"
        yield {"load": name}, "refused", actual
    (verdict,) = engine.judge([REQUESTS["bad pod"]])
    yield {"policies": "none"}, "admitted", in_words(REQUESTS["bad pod"], verdict)


def in_words(request: Request, verdict: Verdict) -> str:
    """Return a verdict in a few words: who denies and why, and what was changed."""
    said = "; ".join(verdict.messages)
    match verdict.outcome:
        case "denied":
            return f"denied by {', '.join(sorted(verdict.policies))}: {said}"
        case "admitted" if said:
            return f"admitted, warned: {said}"
        case "admitted" if (now := _privileged(verdict.object)) != _privileged(request.object):
            return f"admitted with privileged: {now}"
        case outcome:
            return outcome


def _privileged(obj: Mapping) -> object:
    """Return what the first container of a pod says; None for a controller."""
    containers = mapping(obj.get("spec")).get("containers") or [{}]
    return mapping(mapping(containers[0]).get("securityContext")).get("privileged")
