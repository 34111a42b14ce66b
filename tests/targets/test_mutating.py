"""MutatingAdmissionPolicies as they are written; what they do the API server says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.targets.mutating import TARGET
from tests.loading import loaded
from tests.policy.made import profile

if TYPE_CHECKING:
    from capgen.targets.base import Output

SPEC: Final = """
kubernetes: "1.36-1.37"
mutate: true
rules:
  privileged: false
  runAsUser: {ranges: ["1-"], default: 5}
  automountServiceAccountToken: false
  hostPID: false
containers: {agent: {runAsUser: 7}}
match:
  namespaces: {exclude: [kube-system]}
  namespaceSelector: {matchLabels: {team: web}}
  podSelector: {matchLabels: {app: shop}}
"""
CONTROLLERS: Final = SPEC + "enforceOn: [pods, controllers]\n"


def emitted(spec: str) -> Output:
    """Return what the target makes of a profile."""
    return TARGET.emit(profile(spec))


def objects(spec: str) -> dict[str, Any]:
    """Return the objects of a profile by their files."""
    return {each.path: loaded(each.text) for each in emitted(spec).artefacts if each.object}


def test_files() -> None:
    """A policy and a binding for each shape, the kustomization of them, and the page."""
    assert [each.path for each in emitted(SPEC).artefacts] == [
        "pods-policy.yaml", "pods-binding.yaml", "kustomization.yaml", "README.md",
    ]  # fmt: skip
    stems = ("pods", "controllers", "cronjobs", "podtemplates")
    assert list(objects(CONTROLLERS)) == [
        f"{stem}-{role}.yaml" for stem in stems for role in ("policy", "binding")
    ]
    alone = CONTROLLERS.replace("[pods, controllers]", "[controllers]")
    assert "pods-policy.yaml" not in objects(alone)


def test_policy_and_binding() -> None:
    """What is created is set, and an update never; what cannot be set is refused."""
    found = objects(CONTROLLERS)
    for path, each in found.items():
        assert each["apiVersion"] == "admissionregistration.k8s.io/v1"
        if path.endswith("binding.yaml"):
            assert each["kind"] == "MutatingAdmissionPolicyBinding"
            assert each["spec"] == {"policyName": each["metadata"]["name"]}
            continue
        assert each["kind"] == "MutatingAdmissionPolicy"
        spec = each["spec"]
        assert (spec["failurePolicy"], spec["reinvocationPolicy"]) == ("Fail", "IfNeeded")
        rules = spec["matchConstraints"]["resourceRules"]
        assert {op for rule in rules for op in rule["operations"]} == {"CREATE"}
        named = [name for rule in rules for name in rule["resources"]]
        assert not any("/" in name for name in named)
        # A Deployment knows a ReplicaSet again by its template.
        assert "replicasets" not in named
        assert "deployments" in named or "controllers" not in path
        assert [mutation["patchType"] for mutation in spec["mutations"]] == ["JSONPatch"]


def test_match() -> None:
    """The same pods as those that are judged."""
    spec = objects(CONTROLLERS)["controllers-policy.yaml"]["spec"]
    assert spec["matchConstraints"]["namespaceSelector"] == {
        "matchExpressions": [{"key": "team", "operator": "In", "values": ["web"]}]
    }
    conditions = {each["name"]: each["expression"] for each in spec["matchConditions"]}
    assert list(conditions) == ["namespace-not-excluded", "pod-selected"]
    assert "object.spec.template.?metadata" in conditions["pod-selected"]


def test_cells() -> None:
    """Exact is what is set; what has no value is for others to judge."""
    cells = emitted(SPEC).cells
    assert {rule: cell.status.value for rule, cell in cells.items()} == {
        "privileged": "exact",
        "runAsUser": "exact",
        "automountServiceAccountToken": "stricter",
        "hostPID": "not applicable",
    }
    assert cells["runAsUser"].note == (
        "where it is unset, sets securityContext.runAsUser: 5 in the pod, for the containers that"
        " do not say it themselves, on Linux, securityContext.runAsUser: 7 in the container `agent`"
        " of a Linux pod"
    )


def test_the_token_of_templates() -> None:
    """In a template the API server mounts nothing that would have to go."""
    alone = CONTROLLERS.replace("[pods, controllers]", "[controllers]")
    assert emitted(alone).cells["automountServiceAccountToken"].status.value == "exact"


@pytest.mark.parametrize(
    "spec", [SPEC.replace("mutate: true", "mutate: false"), 'kubernetes: "1.36"\nmutate: true']
)
def test_nothing_to_set(spec: str) -> None:
    """A profile that sets nothing has nothing here."""
    found = emitted(spec)
    assert found.artefacts == ()
    assert {cell.status.value for cell in found.cells.values()} <= {"not applicable"}


def test_readme() -> None:
    """It says that nothing is refused, and what must be on."""
    page = next(each.text for each in emitted(SPEC).artefacts if each.path == "README.md")
    assert "Nothing is refused here" in page
    assert "- [ ] Every API server is of Kubernetes 1.36 or later" in page
