"""Policies of the laboratory's own that show that Kyverno acts by what it was given.

A policy's `status` does not tell: Kyverno calls most of them ready before the API server asks it
by them. But it takes policies of one kind in their order, so when the last one acts, all do.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engines.rest import Answer, Object

# Pods would be denied by a policy that is to be judged, and then nothing is known of the canary.
_KIND: Final = "ConfigMap"
_RULE: Final = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["configmaps"],
}
_POLICIES: Final = "policies.kyverno.io/v1"
_LABEL: Final = "canary"


class Canary(NamedTuple):
    """A policy against an object that no other policy is about.

    Attributes:
        policy: to be created after all others.
        bad: what it acts upon.
        good: what it leaves alone.
        caught: whether an answer to creating an object shows that this policy acted upon it.
    """

    policy: Object
    bad: Object
    good: Object
    caught: Callable[[Answer], bool]


def canary(kind: str, name: str) -> Canary:
    """Return the canary of a kind of policies.

    Args:
        kind: one of Kyverno's.
        name: of the policy and of what it acts upon; not used before.

    Raises:
        LabError: the laboratory knows no such kind.
    """
    test = f"object.metadata.name == '{name}'"
    match kind:
        case "ValidatingPolicy":
            spec: Object = {
                "matchConstraints": {"resourceRules": [_RULE]},
                "validations": [{"expression": f"!({test})", "message": name}],
            }
            policy = _policy(_POLICIES, kind, name, spec)
        case "MutatingPolicy":
            labelled = f"Object{{metadata: Object.metadata{{labels: {{'{_LABEL}': '{name}'}}}}}}"
            change = {
                "patchType": "ApplyConfiguration",
                "applyConfiguration": {"expression": f"{test} ? {labelled} : Object{{}}"},
            }
            spec = {"matchConstraints": {"resourceRules": [_RULE]}, "mutations": [change]}
            policy = _policy(_POLICIES, kind, name, spec)
            return Canary(policy, *_pair(name), partial(_labelled, name))
        case "ClusterPolicy":
            rule = {
                "name": name,
                "match": {"any": [{"resources": {"kinds": [_KIND], "operations": ["CREATE"]}}]},
                "validate": {
                    "failureAction": "Enforce",
                    "cel": {"expressions": [{"expression": f"!({test})", "message": name}]},
                },
            }
            policy = _policy("kyverno.io/v1", kind, name, {"rules": [rule]})
        case _:
            raise LabError(f"Kyverno judges by no artefact of kind `{kind}`")
    return Canary(policy, *_pair(name), partial(_denied, name))


def _policy(version: str, kind: str, name: str, spec: Object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _pair(name: str) -> tuple[Object, Object]:
    bad, good = (
        {"apiVersion": "v1", "kind": _KIND, "metadata": {"name": each}}
        for each in (name, f"{name}-good")
    )
    return bad, good


def _denied(name: str, answer: Answer) -> bool:
    return name in answer.denial


def _labelled(name: str, answer: Answer) -> bool:
    labels: dict[str, Any] = (answer.object.get("metadata") or {}).get("labels") or {}
    return labels.get(_LABEL) == name
