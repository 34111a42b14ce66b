"""A policy that refuses every pod of a namespace: what was applied before it acts once it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.engines.vap.seeds import holding_in

if TYPE_CHECKING:
    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Object

_KIND: Final = "ValidatingAdmissionPolicy"
_POD: Final[Object] = {"spec": {"containers": [{"name": "c", "image": "i"}]}}


def refusing(name: str, namespace: str, said: str) -> list[Object]:
    """Return the policy, of which an expression says what is said, and its binding."""
    head: Object = {"apiVersion": "admissionregistration.k8s.io/v1"}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
    spec: Object = {
        "matchConstraints": {"resourceRules": [rule | {"operations": ["CREATE"]}]},
        "validations": [{"expression": "false", "messageExpression": said}],
    }
    policy = {**head, "kind": _KIND, "metadata": {"name": name}, "spec": spec}
    unbound: Object = {**head, "kind": f"{_KIND}Binding", "metadata": {}, "spec": {}}
    binding = holding_in(unbound, name, name, namespace)
    binding["spec"]["validationActions"] = ["Deny"]
    return [policy, binding]


def marked(cluster: Cluster, name: str, namespace: str) -> list[Object]:
    """Apply such a policy, wait until it refuses, and return what was applied."""
    objects = refusing(name, namespace, f"'{name}'")
    cluster.apply(objects)
    cluster.wait_answer(namespace, _POD, lambda a: a.policy == name, what=f"{name} to refuse")
    return objects
