"""Is one rule at least as strict as another of the same name? Answered test by test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.expressions import AnyOf, Test, tests

from .implied import implies

if TYPE_CHECKING:
    from capgen.policy.rules import Rule


def looser(parent: Rule, child: Rule | None) -> str | None:
    """Say in words why the child may admit what its parent refuses; None where it cannot."""
    if child is None:
        return "it is taken out"
    lifted = [lift for lift in _lifts(child) if lift not in _lifts(parent)]
    if lifted:
        return "something lifts it that does not lift its parent's"
    ours = {test.subject: test for test in tests(child.expression)}
    for theirs in tests(parent.expression):
        reason = _looser_test(theirs, ours.get(theirs.subject))
        if reason is not None:
            return reason
    return None


def _lifts(rule: Rule) -> tuple[object, ...]:
    return rule.expression.parts[:-1] if isinstance(rule.expression, AnyOf) else ()


def _looser_test(theirs: Test, ours: Test | None) -> str | None:
    if ours is None:
        return "it no longer judges all that its parent's does"
    if ours.reading is not theirs.reading:
        return f"its reading is `{ours.reading.value}`, its parent's `{theirs.reading.value}`"
    if ours.unset_allowed and not theirs.unset_allowed:
        return "it allows unset"
    if not implies(ours.predicate, theirs.predicate):
        return "it allows values that its parent's does not"
    return None
