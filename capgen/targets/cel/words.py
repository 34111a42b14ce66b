"""What a rule allows, for the messages of policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.lang.cel_constants import literal
from capgen.policy.expressions import allowed_text, tests
from capgen.policy.subjects import shown

if TYPE_CHECKING:
    from capgen.lang.cel_parameters import Parameters
    from capgen.lang.parameters import Given
    from capgen.policy.rules import Rule

FALLBACK: Final = "what its parameters say"
_WORDS: Final = {
    "description": "What is allowed, for messages.",
    "type": "string",
    "default": FALLBACK,
}


def allowed_words(rule: Rule) -> str:
    """Say for each thing that a rule judges what is allowed there."""
    return "; ".join(
        dict.fromkeys(
            f"{shown(test.subject)}: {allowed_text(test)}" for test in tests(rule.expression)
        )
    )


def words_of(rule: Rule, given: Given) -> tuple[str, str | None]:
    """Return what is allowed, in words, and the name of the parameter that says it, if one does.

    Args:
        rule: the rule.
        given: the parameters that the lowering of the rule has asked for; words are one more.
    """
    words = allowed_words(rule)
    return words, given.name("words", _WORDS, words) if given.known else None


def told(rule: Rule, parameters: Parameters | None) -> tuple[str, str]:
    """Return what is allowed, for the message that no value is in, and in CEL as a message ends.

    Args:
        rule: the rule.
        parameters: what the lowering of the rule has for its values; None: literals.
    """
    words, name = words_of(rule, parameters.given) if parameters else (allowed_words(rule), None)
    if parameters is None or name is None:
        return words, literal(f" (allowed: {words})")
    return FALLBACK, f"' (allowed: ' + {parameters.root}.{name} + ')'"
