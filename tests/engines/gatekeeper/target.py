"""Our own target as Gatekeeper takes it: the objects of a profile, and what a verdict means."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING, Final

from capgen.targets import gatekeeper
from capgen.targets.gatekeeper.asked import Asked
from tests.engines import recording
from tests.engines.agreement import Word
from tests.engines.gatekeeper.words import violations
from tests.engines.judged import recorded
from tests.engines.lab import LabError
from tests.loading import loaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgen.policy.profile import Profile
    from tests.engines.agreement import Reference
    from tests.engines.engine import Verdict
    from tests.engines.judged import Asked as Witness
    from tests.engines.judged import Judged
    from tests.engines.rest import Answer, Object

_SEED: Final = 1_337
_PLAIN: Final = Asked()


def emitted(
    profile: Profile, engines: Sequence[str] = ("cel",), asked: Asked = _PLAIN
) -> list[Object]:
    """Return what is written of a profile for some engines, read back from its files."""
    output = gatekeeper.emit(profile, asked._replace(engines=tuple(engines)))
    texts = [each.text for each in (*output.shared, *output.objects)]
    return [loaded(text) for text in texts]


def word(verdict: Verdict) -> Word | None:
    """Return a verdict with the rules that it names; None where the API refuses the request.

    Raises:
        LabError: a policy failed: such a denial counts for nothing.
    """
    match verdict.outcome:
        case "invalid":
            return None
        case "admitted" if not verdict.messages:
            return Word(allowed=True, rules=frozenset())
        case "denied":
            return Word(allowed=False, rules=frozenset(map(_rule, verdict.messages)))
        case outcome:
            msg = f"{outcome}: {'; '.join(verdict.messages)}"
            raise LabError(msg)


def said(answer: Answer, expansion: str = "") -> str:
    """Write an answer of the API server: admitted, or the rules for which Gatekeeper refuses.

    Args:
        answer: the answer.
        expansion: the ExpansionTemplate by which it may be refused.
    """
    if answer.admitted:
        return "admitted"
    if answer.outcome == "webhook":
        implied = f"[Implied by {expansion}] "
        found = (message.removeprefix(implied) for _, message in violations(answer.denial))
        rules = sorted(set(map(_rule, found)))
        return f"refused for {' '.join(rules)}"
    return f"{answer.outcome}: {answer.message}"


@cache
def taken(each: Judged, rules: frozenset[str] | None = None) -> tuple[Witness, ...]:
    """Return what is asked of a judged profile's witnesses, save what the API itself refuses.

    Where some rules are named, it is those of their witnesses.
    """
    verdicts = recording.load(each.recording)
    cases = recorded(each.profile())
    return tuple(
        case
        for case in cases
        if (rules is None or case.rule in rules) and verdicts[case.key] != recording.INVALID
    )


def chosen(cases: Sequence[Witness], reference: Reference, most: int) -> list[Witness]:
    """Return so many cases, in their order: for each rule one that it refuses, others by lot."""
    first: dict[str, int] = {}
    for place, each in enumerate(cases):
        if each.rule not in first and not reference.word(each.request).allowed:
            first[each.rule] = place
    others = [place for place in range(len(cases)) if place not in first.values()]
    left = max(0, min(most - len(first), len(others)))
    places = sorted([*first.values(), *random.Random(_SEED).sample(others, left)])
    return [cases[place] for place in places]


def _rule(message: str) -> str:
    return message.partition(": ")[0]
