"""What the words of Gatekeeper mean: a policy's denial, or a policy that failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.engines.engine import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.engines.engine import Outcome
    from tests.engines.rest import Answer

# A policy that fails denies like one that is broken; only the words differ. See
# k8s.io/apiserver/pkg/admission/plugin/cel/activation.go, opa/topdown/errors.go, and
# frameworks/constraint/pkg/client/errors/errors.go (a constraint that cannot tell if it matches).
_FAILED: Final = re.compile(
    r"(\[Implied by [^]]*\] )?"
    r"(compilation error: |expression '.*' resulted in error: |validation failed due to running"
    r" out of cost budget|.*eval_conflict_error: |unable to match constraints: )",
    re.DOTALL,
)
# Each violation begins so; its message may have several lines.
_VIOLATION: Final = re.compile(r"^\[(?P<name>[a-z0-9.-]+)\] ", re.MULTILINE)
# What a generated policy warns of.
_WARNED: Final = re.compile(
    r"Validation failed for ValidatingAdmissionPolicy '[^']*' with binding '[^']*': (?P<text>.*)",
    re.DOTALL,
)


def uncompiled(message: str) -> bool:
    """Tell whether a message is of an expression that does not compile."""
    return message.startswith("compilation error: ")


def failed(message: str) -> bool:
    """Tell whether a message is of a policy that could not be evaluated."""
    return _FAILED.match(message) is not None


def refused(violations: Iterable[tuple[str, str]]) -> Verdict:
    """Return the verdict of some violations, each with the constraint's name and its message."""
    found = list(violations)
    messages = tuple(message for _, message in found)
    outcome: Outcome = "errored" if any(map(failed, messages)) else "denied"
    return Verdict(outcome, messages, frozenset(name for name, _ in found))


def verdict(answer: Answer) -> Verdict:
    """Return what Gatekeeper, or a policy that it generated, had to do with an answer."""
    match answer.outcome:
        case "admitted":
            messages = tuple(each for text in answer.warnings for each in _warned(text))
            return Verdict("admitted", messages, object=answer.object)
        case "webhook" if found := violations(answer.denial):
            return refused(found)
        case "policy":
            # The binding of a constraint is called like the policy, and then by its name.
            name = answer.binding.removeprefix(f"{answer.policy}-")
            return refused([(name, answer.denial)])
        case "invalid":
            return Verdict("invalid", (answer.message,))
        case _:
            return Verdict("errored", (answer.message,))


def _warned(warning: str) -> list[str]:
    """Return what a policy warns of; nothing if the warning is not a policy's."""
    if seen := _WARNED.match(warning):
        return [seen["text"]]
    return [message for _, message in violations(warning)]


def violations(words: str) -> list[tuple[str, str]]:
    """Return the violations in a denial of the webhook: names of constraints and their messages."""
    starts = list(_VIOLATION.finditer(words))
    ends = [*(each.start() for each in starts[1:]), len(words)]
    return [
        (each["name"], words[each.end() : end].rstrip("\n"))
        for each, end in zip(starts, ends, strict=False)
    ]
