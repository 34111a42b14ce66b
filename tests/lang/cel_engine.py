"""Evaluates ValidatingAdmissionPolicies in-process, as the API server would.

Stricter than the API server in one thing: every variable is evaluated, also one that no validation
asks for, and whatever evaluates to an error fails the test.

The package (0.1.3, on cel-cpp) has a fault that cel-go has not: after an `all` that a list's item
ends before the last, an `optMap` behind it reads that item as its own variable. So lists that
offend in the middle are left to the API server itself.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from capgen.policy.match import Operator, Requirement
from capgen.policy.profile import Union
from capgen.targets.members import members_of
from capgen.targets.vap import emit, emit_set
from tests.loading import loaded
from tests.served import handed_over

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.admit import Request
    from capgen.policy.profile import Profile
    from capgen.targets.base import Output
    from tests.pods import Pod

_NAMESPACE = "default"
_ALL: dict[str, list[Any]] = {"matchExpressions": []}
_ASKED = re.compile(r"variables\.(\w+)")
_USED = re.compile(r"authorizer[^']*'policy'.*?\.name\('([^']+)'\)", re.DOTALL)


class EvaluationError(AssertionError):
    """An expression evaluated to an error, or does not compile."""


@cache
def environment() -> Any:  # noqa: ANN401 - the package has no types
    """Return what expressions of a policy may speak of."""
    known = ("object", "oldObject", "request", "namespaceObject", "params", "variables", "v")
    names = dict.fromkeys(known, cel.Type.DYN)
    return cel.NewEnv(
        variables=names, extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings()]
    )


def compiled(expression: str) -> Any:  # noqa: ANN401 - the package has no types
    """Compile an expression.

    Raises:
        EvaluationError: it does not compile.
    """
    try:
        return environment().compile(expression)
    except Exception as error:
        msg = f"{error}\n{expression}"
        raise EvaluationError(msg) from error


def run(program: Any, data: dict[str, Any], expression: str) -> Any:  # noqa: ANN401 - any value
    """Evaluate a compiled expression.

    Raises:
        EvaluationError: the value is an error: the package raises none.
    """
    return _value(program, environment().Activation(data), expression)


def _value(program: Any, activation: Any, expression: str) -> Any:  # noqa: ANN401 - any value
    value = program.eval(activation)
    if value.type() == cel.Type.ERROR:
        msg = f"{value.value()}\n{expression}"
        raise EvaluationError(msg)
    return value.plain_value()


class Refusal(NamedTuple):
    """What a policy says of an object.

    Attributes:
        rule: the rule that its message names.
        text: the message.
    """

    rule: str
    text: str


class Policy:
    """A policy, its expressions compiled."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Compile a policy as it stands in its file."""
        spec = document["spec"]
        self._rules = spec["matchConstraints"]["resourceRules"]
        self._namespaces = [
            Requirement(row["key"], Operator(row["operator"]), tuple(row.get("values", ())))
            for row in spec["matchConstraints"].get("namespaceSelector", _ALL)["matchExpressions"]
        ]
        self._conditions = [_pair(row["expression"]) for row in spec.get("matchConditions", ())]
        # The package has no authorizer: what it is asked the request answers.
        asked = {row["name"]: _USED.search(row["expression"]) for row in spec["variables"]}
        self._uses = {name: found[1] for name, found in asked.items() if found is not None}
        self._variables = [
            (row["name"], *_pair(row["expression"]))
            for row in spec["variables"]
            if row["name"] not in self._uses
        ]
        self._validations = [
            (row["message"], _pair(row["expression"]), _pair(row["messageExpression"]))
            for row in spec["validations"]
        ]

    def asked(self, request: Request) -> bool:
        """Tell whether the API server asks this policy, by what it matches."""
        labels = request.namespace_labels
        if labels is not None and not all(each.holds(labels) for each in self._namespaces):
            return False
        workload = request.workload
        resource = "/".join(filter(None, (workload.resource, request.subresource)))
        return any(
            workload.group in rule["apiGroups"]
            and request.operation.value in rule["operations"]
            and resource in rule["resources"]
            for rule in self._rules
        )

    def judge(
        self,
        request: Request,
        new: Pod,
        old: Pod | None,
        params: Any = None,  # noqa: ANN401 - any JSON
    ) -> list[Refusal] | None:
        """Judge an object as the API server would hand it over; None where a condition fails."""
        data: dict[str, Any] = {
            "params": params,
            "object": new,
            "oldObject": old,
            "request": {
                "operation": request.operation.value,
                "namespace": request.namespace or _NAMESPACE,
            },
            "namespaceObject": {"metadata": {"labels": request.namespace_labels or {}}},
            "variables": {},
        }
        if not all(run(program, data, text) for program, text in self._conditions):
            return None
        may = request.may_use
        used = {name: may is None or psp in may for name, psp in self._uses.items()}
        data["variables"] = self._evaluated(data) | used
        activation = environment().Activation(data)
        found = []
        for message, (program, text), (saying, said) in self._validations:
            holds = _value(program, activation, text)
            assert isinstance(holds, bool)
            if not holds:
                rule = message.partition(":")[0]
                words = _value(saying, activation, said)
                assert words.startswith(f"{rule}: "), words
                found.append(Refusal(rule, words))
        return found

    def _evaluated(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the value of each variable."""
        values: dict[str, Any] = {}
        known: set[str] = set()
        activation = environment().Activation(data)
        for name, program, text in self._variables:
            asked = set(_ASKED.findall(text))
            if not asked <= known:
                # To hand values over takes longer than to evaluate: only when there are new ones.
                activation = environment().Activation(data | {"variables": values})
                known = set(values)
            values[name] = _value(program, activation, text)
        return values


class Policies:
    """All policies that a profile, or a set, is compiled into.

    Attributes:
        params: the object that they have their values of; None where there is none.
    """

    def __init__(self, policy: Profile | Union, made: Output | None = None) -> None:
        """Emit the policies, and read them back as the API server would read their files.

        Args:
            policy: the profile or set.
            made: what is made of it; None: what `vap` makes without options.
        """
        # The profiles of a set are for the same versions here.
        self._minors = members_of(policy)[0].minors
        if made is None:
            made = emit_set(policy) if isinstance(policy, Union) else emit(policy)
        texts = (file.text for file in made.objects)
        documents: Iterable[dict[str, Any]] = [loaded(text) for text in texts]
        ours = (row for row in documents if row["apiVersion"].startswith("parameters."))
        self.params: Any = next(ours, None)
        self._policies = [Policy(row) for row in documents if row["kind"].endswith("Policy")]

    def refusals(self, request: Request) -> list[Refusal]:
        """Return what the policies that are asked refuse."""
        seen = handed_over(request, self._minors)
        new: Any = seen.object
        old: Any = seen.old_object
        return [
            refusal
            for policy in self._policies
            if policy.asked(request)
            for refusal in policy.judge(request, new, old, self.params) or ()
        ]


def _pair(expression: str) -> tuple[Any, str]:
    return compiled(expression), expression
