"""A profile's match: as match conditions in CEL, and as Kubernetes' own label selector."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from capgen.policy.match import Match, Operator, Requirement

from .cel_values import literal

if TYPE_CHECKING:
    from collections.abc import Iterator


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
        labels = f"{pod}.?metadata.?labels.orValue({{}})"
        yield (
            "pod-selected",
            "\n&& ".join(_holds(requirement, labels) for requirement in match.pod_selector),
        )


def _named(patterns: tuple[str, ...]) -> str:
    exact = [pattern for pattern in patterns if not pattern.endswith("*")]
    parts = [f"request.namespace in [{', '.join(map(literal, exact))}]"] if exact else []
    parts += [
        f"request.namespace.startsWith({literal(pattern[:-1])})"
        for pattern in patterns
        if pattern.endswith("*")
    ]
    return "\n|| ".join(parts)


def _holds(requirement: Requirement, labels: str) -> str:
    key = literal(requirement.key)
    values = f"[{', '.join(map(literal, requirement.values))}]"
    match requirement.operator:
        case Operator.IN:
            return f"({key} in {labels} && {labels}[{key}] in {values})"
        case Operator.NOT_IN:
            return f"!({key} in {labels} && {labels}[{key}] in {values})"
        case Operator.EXISTS:
            return f"{key} in {labels}"
        case Operator.DOES_NOT_EXIST:
            return f"!({key} in {labels})"
        case _:
            assert_never(requirement.operator)


def _expression(requirement: Requirement) -> dict[str, object]:
    row: dict[str, object] = {"key": requirement.key, "operator": requirement.operator.value}
    if requirement.values:
        row["values"] = list(requirement.values)
    return row
