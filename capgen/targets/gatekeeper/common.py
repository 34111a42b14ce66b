"""What a template says in whichever language: the way to the pod, and what messages end in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.workload import WORKLOADS
from capgen.targets.cel.words import allowed_words

if TYPE_CHECKING:
    from capgen.lang.parameters import Given
    from capgen.policy.rules import Rule
    from capgen.policy.subjects import Path

FALLBACK: Final = "what its parameters say"
_WORDS: Final = {
    "description": "What is allowed, for messages.",
    "type": "string",
    "default": FALLBACK,
}


def ways() -> tuple[list[tuple[str, Path]], Path]:
    """Return the kinds of which the pod has a place of its own, and the place in all others.

    Constraints match no other kinds than those of the table.
    """
    kinds: dict[Path, list[str]] = {}
    for workload in WORKLOADS:
        kinds.setdefault(workload.path, []).append(workload.kind)
    common = max(kinds, key=lambda path: len(kinds[path]))
    own = [(kind, path) for path, listed in kinds.items() for kind in listed if path != common]
    return own, common


def words_of(rule: Rule, given: Given) -> tuple[str, str | None]:
    """Return what is allowed, in words, and the name of the parameter that says it, if one does.

    Args:
        rule: the rule.
        given: the parameters that the lowering of the rule has asked for; words are one more.
    """
    words = allowed_words(rule)
    return words, given.name("words", _WORDS, words) if given.known else None
