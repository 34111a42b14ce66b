"""A profile's match: as match conditions in CEL, and as Kubernetes' own label selector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cel_constants import LITERALS, Constants, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.match import Match, Requirement


def selector(requirements: tuple[Requirement, ...]) -> dict[str, object]:
    """Write requirements as a label selector; empty where there are none."""
    if not requirements:
        return {}
    return {"matchExpressions": [_expression(requirement) for requirement in requirements]}


def conditions(match: Match, pod: str) -> Iterator[tuple[str, str]]:
    """Lower what a label selector of the engine cannot say: a name, and an expression, for each.

    Args:
        match: which pods are judged.
        pod: the pod, or the pod template, in CEL.
    """
    if match.include:
        yield "namespace-included", _named(match.include)
    if match.exclude:
        yield "namespace-not-excluded", f"!({_named(match.exclude)})"
    if match.pod_selector:
        yield "pod-selected", selected(match, pod)


def selected(match: Match, pod: str, constants: Constants = LITERALS) -> str:
    """Lower "the pod's labels are selected"; the match has a selector of pods."""
    return constants.selected(match.pod_selector, f"{pod}.?metadata.?labels.orValue({{}})")


def _named(patterns: tuple[str, ...]) -> str:
    exact = [pattern for pattern in patterns if not pattern.endswith("*")]
    parts = [f"request.namespace in [{', '.join(map(literal, exact))}]"] if exact else []
    parts += [
        f"request.namespace.startsWith({literal(pattern[:-1])})"
        for pattern in patterns
        if pattern.endswith("*")
    ]
    return "\n|| ".join(parts)


def _expression(requirement: Requirement) -> dict[str, object]:
    row: dict[str, object] = {"key": requirement.key, "operator": requirement.operator.value}
    if requirement.values:
        row["values"] = list(requirement.values)
    return row
