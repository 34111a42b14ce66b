"""What a rule with its values asks, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .catalogue import CONDITIONS
from .expressions import allowed_text, tests
from .subjects import Field, Level, shown

if TYPE_CHECKING:
    from .rules import Rule


def asks(rule: Rule) -> str:
    """Say in words what a rule asks of a pod, and what lifts it."""
    parts = [
        f"{shown(test.subject)} must be {allowed_text(test)}" for test in tests(rule.expression)
    ]
    lifted = "".join(
        f"; lifted where {CONDITIONS[name].means}" for name in rule.settings.get("unless", ())
    )
    inherited = any(
        isinstance(test.subject, Field) and test.subject.level is Level.INHERITED
        for test in tests(rule.expression)
    )
    reading = rule.settings.get("reading", "declared")
    read = f"; reading: {reading}" if inherited and reading != "declared" else ""
    return "; ".join(parts) + read + lifted
