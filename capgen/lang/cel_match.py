"""A profile's match: as match conditions in CEL, and as Kubernetes' own label selector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .cel_constants import LITERALS, Constants, listed, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.match import Match, Requirement
    from capgen.policy.profile import Scope

# What the field was called first; the API server keeps both.
_OLD_ACCOUNT: Final = "serviceAccount"


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


def scoped(scope: Scope, pod: str) -> Iterator[tuple[str, str]]:
    """Lower whose pods a set of profiles judges: a name, and an expression, for each restriction.

    Args:
        scope: whose pods are judged.
        pod: the pod, or the pod template, in CEL.
    """
    if scope.namespaces:
        yield "namespace-in-scope", _named(scope.namespaces)
    if scope.accounts:
        yield "account-in-scope", f"{account(pod)} in {listed(scope.accounts)}"


def account(pod: str) -> str:
    """Lower "the name of the pod's service account", as the API server fills it in."""
    fields = (f"{pod}.spec.?{field}.orValue('')" for field in ("serviceAccountName", _OLD_ACCOUNT))
    # The items of a list must be of one type, and those of an object that is not typed are of any.
    names = ", ".join(f"dyn({each})" for each in (*fields, literal("default")))
    return f"[{names}].filter(n, n != '')[0]"


def may_use(name: str, pod: str) -> str:
    """Lower "whoever asks, or the pod's account, may use a PodSecurityPolicy in the namespace".

    The authorizer answers, which knows all RBAC; there need not be such a resource any more.
    """
    check = (
        ".group('policy').resource('podsecuritypolicies').namespace(request.namespace)\n"
        f"  .name({literal(name)}).check('use').allowed()"
    )
    account_of = f"authorizer.serviceAccount(request.namespace,\n  {account(pod)})"
    return f"authorizer{check}\n|| {account_of}\n  {check}"


def judged(match: Match, pod: str) -> str:
    """Lower "the pod is among those that a profile judges"; "" where it judges all."""
    labels = "namespaceObject.?metadata.?labels.orValue({})"
    parts = [text for _, text in conditions(match, pod)]
    if match.namespace_selector:
        parts.append(LITERALS.selected(match.namespace_selector, labels))
    return "\n&& ".join(f"({part})" for part in parts)


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
