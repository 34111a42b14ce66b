"""Verdicts of Gatekeeper in words, to hold against what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engines.engine import Verdict


def word(verdict: Verdict) -> str:
    """Write a verdict: what came of it, by whom, and in which words."""
    match verdict.outcome:
        case "admitted" if verdict.messages:
            return f"admitted, warned: {'; '.join(verdict.messages)}"
        case "denied":
            return f"denied by {', '.join(verdict.policies)}: {'; '.join(verdict.messages)}"
        case "errored" if verdict.policies:
            return f"errored: {', '.join(sorted(verdict.policies))}"
        case outcome:
            return outcome


def settings(verdict: Verdict) -> str:
    """Write what the mutators of `mutators.yaml` set, or the verdict where it is another."""
    if verdict.outcome != "admitted":
        return word(verdict)
    spec = verdict.object["spec"]
    (container,) = spec["containers"]
    dropped = container.get("securityContext", {}).get("capabilities", {}).get("drop", [])
    nonroot = spec.get("securityContext", {}).get("runAsNonRoot")
    return f"runAsNonRoot {nonroot}, drop {' '.join(dropped)}"
