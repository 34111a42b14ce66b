"""How often a policy may ask the authorizer before it has used up what an evaluation may cost.

One question costs 350,000, of which an expression may cost a million, all conditions together two
and a half, and all other expressions of a policy ten. Past that a policy errs.
See k8s.io/apiserver: pkg/apis/cel/config.go, pkg/cel/library/cost.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Request
from tests.engines.canaries import GOOD
from tests.engines.cluster.users_cases import USERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.engines.cluster.policies import Policies
    from tests.engines.engine import Verdict
    from tests.engines.rest import Object

_RULE: Final[Object] = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["pods"],
}
_MESSAGE: Final = "nobody may"
_EXCEEDED: Final = "actual cost limit exceeded"
_SPENT: Final = "running out of cost budget"
_ASKED: Final = [Request(GOOD)]

# Where the authorizer is asked, how often, and what comes of it.
_CASES: Final[Mapping[tuple[str, int], str]] = {
    ("expression", 2): f"denied: {_MESSAGE}",
    ("expression", 3): f"errored: {_EXCEEDED}",
    ("conditions", 7): f"denied: {_MESSAGE}",
    ("conditions", 8): f"errored: {_SPENT}",
    ("variables", 28): f"denied: {_MESSAGE}",
    ("variables", 29): f"errored: {_SPENT}",
}


def groups() -> dict[str, tuple[Sequence[Object], Sequence[Request]]]:
    """Return a group of policies for each case, and what is asked of it."""
    return {_name(*case): (list(_policies(*case)), _ASKED) for case in _CASES}


def judged(policies: Policies) -> Iterator[tuple[object, str, str]]:
    """Yield each case with what is right and what came of it, asked by one who may nothing."""
    for case, right in _CASES.items():
        (verdict,) = policies.judge(_name(*case), _ASKED, user=USERS["bert"])
        yield {"asks in": case}, right, _said(verdict)


def _name(where: str, times: int) -> str:
    return f"asks-{where}-{times}"


def _policies(where: str, times: int) -> Iterator[Object]:
    """Yield a policy that is against every pod whose user may use none of some policies."""
    may = [
        "authorizer.group('policy').resource('podsecuritypolicies')"
        f".namespace(request.namespace).name('p{number}').check('use').allowed()"
        for number in range(times)
    ]
    spec: Object = {"matchConstraints": {"resourceRules": [_RULE]}}
    expression = "false"
    match where:
        case "expression":
            expression = " || ".join(may)
        case "conditions":
            conditions = [f"!{each}" for each in may]
            spec["matchConditions"] = _named(conditions)
        case _:
            spec["variables"] = _named(may)
            expression = " || ".join(f"variables.{each['name']}" for each in spec["variables"])
    spec["validations"] = [{"expression": expression, "message": _MESSAGE}]
    name = _name(where, times)
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    yield {**head, "kind": "ValidatingAdmissionPolicy", "spec": spec}
    bound = {"policyName": name, "validationActions": ["Deny"]}
    yield {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": bound}


def _named(expressions: Sequence[str]) -> list[Object]:
    return [{"name": f"p{number}", "expression": each} for number, each in enumerate(expressions)]


def _said(verdict: Verdict) -> str:
    words = " ".join(verdict.messages)
    known = next((each for each in (_EXCEEDED, _SPENT) if each in words), words)
    return f"{verdict.outcome}: {known}"
