"""Text of Rego: literals and rules. Upstream: openpolicyagent.org/docs/policy-language, v1."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The conditions of a rule, all of which hold; each is a line, or several.
Body: TypeAlias = "Sequence[str]"

_NEVER: Final = ("false",)


def literal(value: object) -> str:
    """Write plain data in Rego. Nothing else makes source text of a user's string.

    A string of Rego is one of JSON.
    """
    return json.dumps(value)


def path(steps: Iterable[str]) -> str:
    """Write a path as the list of its steps."""
    return literal(list(steps))


def form(text: str) -> str:
    """Write text in a format of `sprintf` that says itself."""
    return text.replace("%", "%%")


def rule(head: str, bodies: Iterable[Body]) -> str:
    """Write a rule that holds where one of its bodies does; without any it never does."""
    return "\n".join(_rule(head, body) for body in list(bodies) or [_NEVER])


def _rule(head: str, body: Body) -> str:
    if len(body) == 1 and "\n" not in body[0]:
        return f"{head} if {body[0]}"
    lines = "\n".join(f"  {line}" for text in body for line in text.split("\n"))
    return f"{head} if {{\n{lines}\n}}"
