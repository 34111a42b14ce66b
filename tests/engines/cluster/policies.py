"""The API server's own admission policies, validating and mutating, in bulk: `Policies`."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from tests.engines.engine import Outcome, Verdict
from tests.engines.resources import NAMESPACED_KINDS
from tests.engines.vap.asking import Standing, furnish

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from capgen.policy.admit import Request
    from tests.engines.apiserver import Cluster
    from tests.engines.controlplane import User
    from tests.engines.rest import Answer, Object

# Where only the canaries hold.
_CANARIES: Final = "lab-canaries"
_CANARY: Final = "lab-canary"
_RULE: Final[Object] = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["pods"],
}
_POD: Final[Object] = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
_OUTCOMES: Final[dict[str, Outcome]] = {
    "admitted": "admitted",
    "policy": "denied",
    "invalid": "invalid",
    "errored": "errored",
}


class Policies:
    """ValidatingAdmissionPolicies and MutatingAdmissionPolicies that act; a context manager.

    Each group of them is alone in a namespace of its own, `lab-GROUP`, whatever their bindings say
    of namespaces; what they bring besides, such as service accounts and roles, may be used there.
    """

    def __init__(
        self, cluster: Cluster, groups: Mapping[str, tuple[Sequence[Object], Sequence[Request]]]
    ) -> None:
        """Take for each group its artefacts, and all that may be asked of it."""
        self._cluster = cluster
        self._artefacts = {name: artefacts for name, (artefacts, _) in groups.items()}
        self._standing = {
            name: Standing(cluster, _space(name), requests)
            for name, (_, requests) in groups.items()
        }
        furnish(cluster, [each for _, requests in groups.values() for each in requests])
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Create what the requests will change, then load all artefacts and wait until they act.

        Raises:
            LabError: the API server does not take one.
        """
        with ExitStack() as stack:
            self._cluster.namespace(_CANARIES)
            for name, standing in self._standing.items():
                self._cluster.namespace(_space(name))
                stack.enter_context(standing)
            for name, artefacts in self._artefacts.items():
                self._apply(stack, [_holding(each, _space(name)) for each in artefacts])
            # A policy and its binding reach the server's plugin by two ways, each in order: once
            # the canaries act, which come last, all that came before them has arrived.
            turn = secrets.token_hex(4)
            self._apply(stack, _canaries(turn))
            self._cluster.wait_answer(
                _CANARIES, _POD, lambda answer: _turns(answer) == (turn, turn), what="the canaries"
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def judge(
        self, group: str, requests: Sequence[Request], *, user: User = "admin"
    ) -> Iterator[Verdict]:
        """Yield the verdict of a group on each request of a user, in order; nothing is stored."""
        return map(verdict, self._standing[group].answers(requests, user=user))

    def _apply(self, stack: ExitStack, artefacts: Iterable[Object]) -> None:
        for each in artefacts:
            self._cluster.apply([each])
            stack.callback(self._cluster.delete, [each])


def verdict(answer: Answer) -> Verdict:
    """Return what the policies had to do with an answer of the API server.

    Raises:
        KeyError: something else had to do with it.
    """
    if answer.admitted:
        return Verdict("admitted", answer.warnings, object=answer.object)
    words = answer.denial or answer.message
    named = frozenset({answer.policy} - {""})
    return Verdict(_OUTCOMES[answer.outcome], (words,), named)


def _space(group: str) -> str:
    return f"lab-{group}"


def _holding(artefact: Object, namespace: str) -> Object:
    """Return an artefact as it stands in, or as a policy's binding holds in, one namespace."""
    if artefact["kind"] in NAMESPACED_KINDS:
        return artefact | {"metadata": artefact["metadata"] | {"namespace": namespace}}
    if not artefact["kind"].endswith("AdmissionPolicyBinding"):
        return artefact
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    spec = artefact["spec"]
    return artefact | {"spec": spec | {"matchResources": (spec.get("matchResources") or {}) | here}}


def _canaries(turn: str) -> Iterator[Object]:
    """Yield a policy of each kind that writes, or warns of, a turn."""
    labelled = f"Object{{metadata: Object.metadata{{labels: {{'turn': '{turn}'}}}}}}"
    mutation = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": labelled}}
    validates: Object = {"validations": [{"expression": "false", "message": turn}]}
    mutates: Object = {"mutations": [mutation], "reinvocationPolicy": "Never"}
    head: Object = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "metadata": {"name": _CANARY},
    }
    for kind, spec, actions in (
        ("Validating", validates, {"validationActions": ["Warn"]}),
        ("Mutating", mutates, {}),
    ):
        matched = {"matchConstraints": {"resourceRules": [_RULE]}}
        yield {**head, "kind": f"{kind}AdmissionPolicy", "spec": matched | spec}
        bound = {"policyName": _CANARY, **actions}
        binding: Object = {**head, "kind": f"{kind}AdmissionPolicyBinding", "spec": bound}
        yield _holding(binding, _CANARIES)


def _turns(answer: Answer) -> tuple[str, str]:
    """Return the turns of the two canaries, as they show in the answer to a pod."""
    labels = answer.object.get("metadata", {}).get("labels") or {}
    return "".join(answer.warnings).rpartition(" ")[2], labels.get("turn", "")
