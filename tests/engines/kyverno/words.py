"""What the words of Kyverno mean: a policy's denial, or a policy that failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import yaml

from tests.engines.engine import Outcome, Verdict
from tests.engines.lab import LabError
from tests.engines.rest import erred

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.engines.rest import Answer

# Of ValidatingPolicies. One sentence follows another after a semicolon; a message may hold one.
_SENTENCE: Final = re.compile(r"(?:^|; )Policy (?P<name>[a-z0-9.-]+) (?P<what>failed|error): ")
# Of ClusterPolicies: a YAML document follows, messages by rules by policies.
_BLOCKED: Final = re.compile(r"\n\nresource \S+ was blocked due to the following policies \n\n")
# A MutatingPolicy never says no of its own: these words are of one that erred.
_MUTATION: Final = re.compile(r"Resource: .*, Kind: \w+, Errors: \[", re.DOTALL)
# Of a legacy rule that could not be judged, beside what the evaluation of CEL itself says.
_UNJUDGED: Final = re.compile(r"[Ee]rror (while creating|getting|in parameterized)")


class Said(NamedTuple):
    """What one policy says of a request that it does not let through.

    Attributes:
        policy: its name.
        message: its words.
        failed: it could not be evaluated, and so is no verdict.
    """

    policy: str
    message: str
    failed: bool


def verdict(answer: Answer) -> Verdict:
    """Return what Kyverno had to do with an answer of the API server.

    If several webhooks of Kyverno refuse, the server passes on the words of one.

    Raises:
        LabError: Kyverno's words are none that are known.
    """
    match answer.outcome:
        case "admitted":
            return Verdict("admitted", answer.warnings, object=answer.object)
        case "webhook" if _MUTATION.match(answer.denial):
            return Verdict("errored", (answer.denial,))
        case "webhook":
            return refused(said(answer.denial))
        case "invalid":
            return Verdict("invalid", (answer.message,))
        case _:
            return Verdict("errored", (answer.message,))


def refused(found: Iterable[Said]) -> Verdict:
    """Return the verdict that several policies come to: one that failed leaves none."""
    every = list(found)
    outcome: Outcome = "errored" if any(each.failed for each in every) else "denied"
    messages = tuple(each.message for each in every)
    return Verdict(outcome, messages, frozenset(each.policy for each in every))


def said(words: str) -> list[Said]:
    """Return what each policy says in a denial of the webhook.

    Raises:
        LabError: these are none of Kyverno's words.
    """
    if blocked := _BLOCKED.match(words):
        # Everything is text, even what YAML would take for a number.
        rest = words[blocked.end() :]
        policies = yaml.load(rest, Loader=yaml.BaseLoader)  # noqa: S506 - it makes text only
        return [
            Said(name, message, failed=unjudged(message))
            for name, rules in policies.items()
            for message in rules.values()
        ]
    starts = list(_SENTENCE.finditer(words))
    if not starts or starts[0].start():
        raise LabError(f"Kyverno denies in unknown words: {words}")
    ends = [each.start() for each in starts[1:]] + [len(words)]
    return [
        Said(each["name"], words[each.end() : end], failed=each["what"] == "error")
        for each, end in zip(starts, ends, strict=True)
    ]


def unjudged(message: str) -> bool:
    """Tell whether a legacy rule's message is that it could not be evaluated."""
    return erred(message) or _UNJUDGED.match(message) is not None
