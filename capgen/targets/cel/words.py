"""What a rule allows, for the messages of policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.expressions import allowed_text, tests
from capgen.policy.subjects import shown

if TYPE_CHECKING:
    from capgen.policy.rules import Rule


def allowed_words(rule: Rule) -> str:
    """Say for each thing that a rule judges what is allowed there."""
    return "; ".join(
        dict.fromkeys(
            f"{shown(test.subject)}: {allowed_text(test)}" for test in tests(rule.expression)
        )
    )
