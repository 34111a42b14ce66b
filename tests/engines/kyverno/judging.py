"""Kyverno by our policies: what it says of requests, as the interpreter would say it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from capgen.targets.kyverno import legacy, policies
from tests.engines.agreement import Word
from tests.engines.applied import emitted, within
from tests.engines.kyverno.live import Kyverno
from tests.engines.kyverno.words import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.admit import Request
    from capgen.policy.profile import Profile
    from capgen.targets.base import Target
    from tests.engines.agreement import Reference
    from tests.engines.engine import Admission, Verdict
    from tests.engines.rest import Answer, Object

# A namespace has its own name as this label.
NAME: Final = "kubernetes.io/metadata.name"
TARGETS: Final[tuple[Target, ...]] = (policies.TARGET, legacy.TARGET)


def words(
    engine: Admission, target: Target, reference: Reference, requests: Sequence[Request]
) -> list[Word | None]:
    """Return an engine's word on each request, by a profile's policies.

    None stands where the API itself refuses the request.
    """
    found = judged_by(engine, emitted(reference.profile, target), requests)
    return [word(each, request, reference) for each, request in zip(found, requests, strict=True)]


def asked_by_each(
    engine: Admission, target: Target, rows: Sequence[tuple[Reference, Request]]
) -> list[Word | None]:
    """Return an engine's word on each request by a profile of its own.

    All profiles hold at once, each in a namespace of its own name, where its requests are put.
    """
    profiles = {one.profile.name: within(one.profile, NAME) for one, _ in rows}
    objects = [obj for each in profiles.values() for obj in emitted(each, target)]
    requests = [each._replace(namespace=one.profile.name) for one, each in rows]
    found = judged_by(engine, objects, requests)
    return [word(said, each, one) for said, (one, each) in zip(found, rows, strict=True)]


def judged_by(
    engine: Admission, artefacts: Sequence[Object], requests: Sequence[Request]
) -> list[Verdict]:
    """Return an engine's verdict on each request by artefacts.

    In a cluster they are loaded when what the requests change stands: it need not take them back.
    """
    if not isinstance(engine, Kyverno):
        engine.load(artefacts)
        return list(engine.judge(requests))
    engine.load([])
    with engine.standing(requests) as asking:
        engine.load(artefacts)
        return list(asking(requests))


def word(found: Verdict, request: Request, reference: Reference) -> Word | None:
    """Return the word that a verdict is.

    Kyverno names only the first rule that is broken, in the profile's order. If that is the first
    of those that the interpreter names, the verdict is taken for the interpreter's word.
    """
    match found.outcome:
        case "invalid":
            return None
        case "admitted":
            return Word(allowed=True, rules=frozenset())
        case "errored":
            return Word(allowed=False, rules=frozenset(f"error: {each}" for each in found.messages))
    expected = reference.word(request)
    first = [rule.id for rule in reference.profile.rules if rule.id in expected.rules][:1]
    named = [each.partition(":")[0] for each in found.messages]
    return expected if first and named == first else Word(allowed=False, rules=frozenset(named))


def rule_named(answer: Answer) -> str:
    """Return the rule that an answer of the API server names in Kyverno's words; "" if none."""
    found = verdict(answer)
    return found.messages[0].partition(":")[0] if found.outcome == "denied" else ""


@contextmanager
def holding(kyverno: Kyverno, target: Target, profile: Profile) -> Iterator[None]:
    """Have a profile's policies hold, for a while, in the namespace of its name."""
    kyverno.load(emitted(within(profile, NAME), target))
    try:
        yield
    finally:
        kyverno.load([])
