"""Kyverno's policies that set values, as they are written; what they do Kyverno says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.targets import mutating
from capgen.targets.kyverno import legacy, policies
from tests.loading import loaded
from tests.policy.made import profile

if TYPE_CHECKING:
    from capgen.targets.base import Output

SPEC: Final = """
kubernetes: "1.30-1.36"
mutate: true
rules:
  privileged: false
  runAsUser: {ranges: ["1-"], default: 5}
  automountServiceAccountToken: false
  hostPID: false
exempt:
  - {images: ["a:*"], rules: [privileged], reason: seen, until: 9999-12-31}
match:
  namespaces: {exclude: [kube-system]}
  namespaceSelector: {matchLabels: {team: web}}
"""
CONTROLLERS: Final = SPEC + "enforceOn: [pods, controllers]\n"
ALONE: Final = SPEC + "enforceOn: [controllers]\n"
PARTS: Final = ("pods", "controllers", "cronjobs", "podtemplates")


def emitted(spec: str) -> Output:
    """Return what the target makes of a profile."""
    return policies.TARGET.emit(profile(spec))


def objects(spec: str) -> dict[str, Any]:
    """Return the policies that set values, by their files."""
    found = {each.path: loaded(each.text) for each in emitted(spec).objects}
    return {path: each for path, each in found.items() if each["kind"] == "MutatingPolicy"}


def page(spec: str) -> str:
    """Return the folder's README."""
    (text,) = (each.text for each in emitted(spec).artefacts if each.path == "README.md")
    return text


def test_one_policy_a_shape_before_those_that_judge() -> None:
    """Each has a name of its own, for Kyverno tells policies apart by their names."""
    for spec, parts in ((SPEC, PARTS[:1]), (CONTROLLERS, PARTS), (ALONE, PARTS[1:])):
        names = {path: each["metadata"]["name"] for path, each in objects(spec).items()}
        assert names == {f"mutating-{part}.yaml": f"capgen-made-mutating-{part}" for part in parts}
        every = [each.path for each in emitted(spec).objects]
        assert every[: len(parts)] == list(names)
        assert len({each.object.partition("/")[2] for each in emitted(spec).objects}) == len(every)


@pytest.mark.parametrize("spec", [SPEC, CONTROLLERS, ALONE])
def test_a_policy_says_what_map_says(spec: str) -> None:
    """What is asked, on which condition and what is set is that of the API server's policy."""
    native = {
        each.path.removesuffix("-policy.yaml"): loaded(each.text)["spec"]
        for each in mutating.TARGET.emit(profile(spec)).objects
        if each.path.endswith("-policy.yaml")
    }
    found = objects(spec)
    assert [f"mutating-{part}.yaml" for part in native] == list(found)
    for part, said in native.items():
        policy = found[f"mutating-{part}.yaml"]
        assert {key: policy["spec"][key] for key in said} == said
        assert policy["spec"].keys() - said.keys() == {
            "autogen", "evaluation", "webhookConfiguration",
        }  # fmt: skip


def test_kyverno_adds_nothing_of_its_own() -> None:
    """Nothing is set for controllers by rewriting, nor in what stands; the wait is that of all."""
    for policy in objects(CONTROLLERS).values():
        assert policy["apiVersion"] == "policies.kyverno.io/v1"
        spec = policy["spec"]
        assert spec["autogen"] == {"podControllers": {"controllers": []}}
        assert spec["evaluation"] == {"background": {"enabled": False}}
        assert spec["webhookConfiguration"] == {"timeoutSeconds": 10}
        rules = spec["matchConstraints"]["resourceRules"]
        assert {op for rule in rules for op in rule["operations"]} == {"CREATE"}
        assert not any("/" in name for rule in rules for name in rule["resources"])


@pytest.mark.parametrize(
    ("enforcement", "failure"), [("deny", "Fail"), ("warn", "Ignore"), ("audit", "Ignore")]
)
def test_enforcement(enforcement: str, failure: str) -> None:
    """Where nothing is refused, a Kyverno that is away refuses nothing; values are set always."""
    found = objects(CONTROLLERS + f"enforcement: {enforcement}\n")
    assert len(found) == len(PARTS)
    assert {policy["spec"]["failurePolicy"] for policy in found.values()} == {failure}
    text = page(CONTROLLERS + f"enforcement: {enforcement}\n")
    assert ("While Kyverno does not answer, nothing is set." in text) is (failure == "Ignore")
    assert ("1.17 only judges it as it is" in text) is (failure == "Fail")


def test_annotations() -> None:
    """Reports and users find what they look for."""
    found = objects(CONTROLLERS)
    for path, subject, what in (
        ("mutating-pods.yaml", "Pod", "pods"),
        ("mutating-cronjobs.yaml", "CronJob", "pod templates"),
    ):
        annotations = found[path]["metadata"]["annotations"]
        assert annotations["policies.kyverno.io/title"] == f"made: values of {what}"
        assert annotations["policies.kyverno.io/subject"] == subject
        assert annotations["policies.kyverno.io/minversion"] == "1.17.0"
        assert annotations["policies.kyverno.io/description"] == (
            f"Sets what {what} leave unset, when they are created."
        )


def test_cells() -> None:
    """What is judged and set is exact, but for the token, which is taken from everybody alike."""
    cells = emitted(SPEC).cells
    assert {rule: cell.status.value for rule, cell in cells.items()} == {
        "privileged": "exact",
        "runAsUser": "exact",
        "automountServiceAccountToken": "stricter",
        "hostPID": "exact",
    }
    assert cells["hostPID"].note == "a validation in CEL"
    assert cells["runAsUser"].note == (
        "a validation in CEL; where it is unset, sets securityContext.runAsUser: 5 in the pod, for"
        " the containers that do not say it themselves, on Linux"
    )
    # In a template there is no token that would have to go.
    assert emitted(ALONE).cells["automountServiceAccountToken"].status.value == "exact"


def test_legacy_sets_nothing() -> None:
    """That is a gap, which says what would set the value."""
    cells = legacy.TARGET.emit(profile(SPEC)).cells
    gaps = {rule: cell.note for rule, cell in cells.items() if cell.status.value == "gap"}
    assert gaps.keys() == {"privileged", "runAsUser", "automountServiceAccountToken"}
    assert gaps["runAsUser"].endswith(
        "`5` must be set by other means, such as the target `map` among the profile's"
    )


def test_a_profile_that_sets_nothing() -> None:
    """Has no such policy, and no word of it on the page."""
    for spec in (SPEC.replace("mutate: true", ""), 'kubernetes: "1.36"\nmutate: true'):
        assert objects(spec) == {}
        assert "MutatingPolicy" not in page(spec).replace("MutatingAdmissionPolicy", "")
        assert "kubectl delete -k ." in page(spec)


def test_readme() -> None:
    """What is set and what is not, what else may set it, and in which order to delete."""
    text = page(CONTROLLERS)
    assert text.startswith("# Kyverno, ValidatingPolicy and MutatingPolicy")
    assert "sets what a new pod or template leaves unset; what it says stays" in text
    assert "sets what a new pod leaves unset" in page(SPEC)
    for words in (
        "Nothing is set in pods that run already",
        "another webhook adds after Kyverno was asked",
        "The target `map`, beside this, sets the same values first",
        "kubectl create --dry-run=server -o yaml",
        "kyverno-resource-mutating-webhook-cfg",
    ):
        assert words in text
    judges = "-f pods.yaml -f ephemeralcontainers.yaml -f updates.yaml -f controllers.yaml"
    first = text.index(f"kubectl delete {judges}")
    assert first < text.index("kubectl delete --ignore-not-found -k .")
