"""Kyverno's policies: what is wrapped around the expressions, and what stands beside them."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

import pytest

from capgen.policy.profile import Enforcement
from capgen.policy.witness import witnesses
from capgen.profile.library import open_profile
from capgen.targets import vap
from capgen.targets.base import Status, Target
from capgen.targets.kyverno import legacy, policies
from tests.lang.cel_engine import Policies, compiled, run
from tests.loading import loaded
from tests.policy.made import profile

BOTH: Final = (policies.TARGET, legacy.TARGET)
SPEC: Final = """
kubernetes: "1.30-1.36"
rules:
  privileged: false
  runAsUser: {ranges: ["1-"], default: 5}
exempt:
  - {images: ["a:*"], rules: [privileged], reason: seen, until: 9999-12-31}
"""
MATCH: Final = """
match:
  namespaces: {include: ["team-*"]}
  namespaceSelector: {matchLabels: {a: b}}
"""
SELECTED: Final = {
    "namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}
}
ON: Final = "\nenforceOn: [pods, controllers]\n"
SHAPES: Final = {
    "pods": (["v1/Pod"], ["CREATE"]),
    "ephemeralcontainers": (["v1/Pod/ephemeralcontainers"], ["UPDATE"]),
    "updates": (["v1/Pod"], ["UPDATE"]),
    "controllers": (
        [
            "v1/ReplicationController",
            *(f"apps/v1/{kind}" for kind in ("DaemonSet", "Deployment", "ReplicaSet")),
            "apps/v1/StatefulSet",
            "batch/v1/Job",
        ],
        ["CREATE", "UPDATE"],
    ),
    "cronjobs": (["batch/v1/CronJob"], ["CREATE", "UPDATE"]),
    "podtemplates": (["v1/PodTemplate"], ["CREATE", "UPDATE"]),
}
# What is judged of what stands already, for reports.
SCANNED: Final = SHAPES.keys() - {"ephemeralcontainers", "updates"}


def emitted(target: Target, spec: str = "") -> dict[str, Any]:
    """Return the objects that are emitted, by the name of their file without its ending."""
    files = target.emit(profile(SPEC + spec)).objects
    return {each.path.removesuffix(".yaml"): loaded(each.text) for each in files}


@pytest.mark.parametrize("target", BOTH, ids=lambda target: target.name)
def test_one_policy_a_shape(target: Target) -> None:
    """There is a policy for each shape, named after the profile, and no other."""
    files = emitted(target, ON)
    assert files.keys() == SHAPES.keys()
    for part, policy in files.items():
        name = "capgen-made" if part == "pods" else f"capgen-made-{part}"
        assert policy["metadata"]["name"] == name
    assert emitted(target).keys() == SHAPES.keys() - {"controllers", "cronjobs", "podtemplates"}


@pytest.mark.parametrize("spec", ["", ON, MATCH + ON])
def test_a_policy_says_what_vap_says(spec: str) -> None:
    """What is asked, on which condition and how it is judged is that of the API server's policy."""
    native = {
        each.object.partition("/")[2]: loaded(each.text)["spec"]
        for each in vap.TARGET.emit(profile(SPEC + spec)).objects
        if each.object.startswith("ValidatingAdmissionPolicy/")
    }
    found = {
        each["metadata"]["name"]: each["spec"] for each in emitted(policies.TARGET, spec).values()
    }
    assert found.keys() == native.keys()
    for name, spec_ in native.items():
        assert {key: found[name][key] for key in spec_} == spec_
    for policy in emitted(legacy.TARGET, spec).values():
        (rule,) = policy["spec"]["rules"]
        spec_ = native[policy["metadata"]["name"]]
        assert rule.get("celPreconditions") == spec_.get("matchConditions")
        assert rule["validate"]["cel"] == {
            "variables": spec_["variables"],
            "expressions": spec_["validations"],
        }


@pytest.mark.parametrize("part", SHAPES)
def test_what_legacy_is_asked_about(part: str) -> None:
    """Kinds, with the subresource, and operations; namespaces by label if the profile has any."""
    kinds, operations = SHAPES[part]
    resources: dict[str, Any] = {"kinds": kinds, "operations": operations, "namespaces": ["*"]}
    for spec, more in ((ON, {}), (MATCH + ON, SELECTED)):
        (rule,) = emitted(legacy.TARGET, spec)[part]["spec"]["rules"]
        assert rule["name"] == part
        assert rule["match"] == {"any": [{"resources": resources | more}]}


@pytest.mark.parametrize("part", SHAPES)
def test_kyverno_adds_nothing_of_its_own(part: str) -> None:
    """No rule is made for controllers, no native policy; reports judge what a creation would."""
    current = emitted(policies.TARGET, ON)[part]
    assert current["apiVersion"] == "policies.kyverno.io/v1"
    assert current["kind"] == "ValidatingPolicy"
    assert current["spec"]["autogen"] == {"podControllers": {"controllers": []}}
    scanned = part in SCANNED
    assert current["spec"]["evaluation"] == {"background": {"enabled": scanned}}
    old = emitted(legacy.TARGET, ON)[part]
    assert (old["apiVersion"], old["kind"]) == ("kyverno.io/v1", "ClusterPolicy")
    annotations = old["metadata"]["annotations"]
    assert annotations["pod-policies.kyverno.io/autogen-controllers"] == "none"
    assert old["spec"]["background"] is scanned
    # Neither was there in 1.11.
    assert not {"failureAction", "generate"} & {
        *old["spec"]["rules"][0]["validate"],
        *old["spec"]["rules"][0]["validate"]["cel"],
    }


class Enforces(NamedTuple):
    """What the policies say of a profile's enforcement: the one kind, the other, and both."""

    actions: list[str]
    action: str
    warning: bool | None
    since: str
    failure: str


ENFORCES: Final = {
    "deny": Enforces(["Deny"], "Enforce", None, "1.11.0", "Fail"),
    "warn": Enforces(["Warn"], "Audit", True, "1.13.0", "Ignore"),
    "audit": Enforces(["Audit"], "Audit", None, "1.11.0", "Ignore"),
}


@pytest.mark.parametrize("enforcement", ENFORCES)
def test_enforcement(enforcement: str) -> None:
    """What is not denied is not refused either where Kyverno is away."""
    right = ENFORCES[enforcement]
    for policy in emitted(policies.TARGET, f"\nenforcement: {enforcement}").values():
        assert policy["spec"]["validationActions"] == right.actions
        assert policy["spec"]["failurePolicy"] == right.failure
        assert policy["spec"]["webhookConfiguration"] == {"timeoutSeconds": 10}
    for policy in emitted(legacy.TARGET, f"\nenforcement: {enforcement}").values():
        spec = policy["spec"]
        assert spec["validationFailureAction"] == right.action
        assert spec.get("emitWarning") is right.warning
        assert spec["failurePolicy"] == right.failure
        assert spec["webhookTimeoutSeconds"] == 10
        assert policy["metadata"]["annotations"]["policies.kyverno.io/minversion"] == right.since


@pytest.mark.parametrize("target", BOTH, ids=lambda target: target.name)
def test_annotations(target: Target) -> None:
    """Reports and users find what they look for: title, category, severity, subject, words."""
    made = profile(SPEC + ON)._replace(description="Web servers.")
    files = {each.path: each.text for each in target.emit(made).objects}
    for path, subject, words in (
        ("pods.yaml", "Pod", "pods, when they are created"),
        ("cronjobs.yaml", "CronJob", "pod templates, when they are created or changed"),
    ):
        annotations = loaded(files[path])["metadata"]["annotations"]
        assert annotations["policies.kyverno.io/title"] == f"made: {words.partition(',')[0]}"
        assert annotations["policies.kyverno.io/category"] == "Pod Security"
        assert annotations["policies.kyverno.io/severity"] == "medium"
        assert annotations["policies.kyverno.io/subject"] == subject
        assert annotations["policies.kyverno.io/description"] == f"Web servers. Judges {words}."
        assert annotations["kyverno.io/kubernetes-version"] == "1.30-1.36"
        assert annotations["capgen/profile"] == "made"
    first = {"kyverno": "1.17.0", "kyverno-legacy": "1.11.0"}[target.name]
    assert annotations["policies.kyverno.io/minversion"] == first


@pytest.mark.parametrize("target", BOTH, ids=lambda target: target.name)
@pytest.mark.parametrize("enforcement", Enforcement)
def test_the_folder(target: Target, enforcement: Enforcement) -> None:
    """The objects stand in the kustomization; the page says what the cluster must be like."""
    made = profile(SPEC + ON)._replace(enforcement=enforcement)
    output = target.emit(made)
    files = {each.path: each.text for each in output.artefacts}
    objects = [each.path for each in output.objects]
    assert loaded(files["kustomization.yaml"])["resources"] == objects
    assert files.keys() == {*objects, "kustomization.yaml", "README.md"}
    page = files["README.md"]
    for words in ("resourceFilters", "ReplicaSet", "PolicyExceptions are off", "kubectl delete -k"):
        assert words in page
    assert ("failurePolicy: Fail" in page) == (enforcement is Enforcement.DENY)
    assert ("enforcement: deny" in page) == (enforcement is Enforcement.WARN)


@pytest.mark.parametrize("target", BOTH, ids=lambda target: target.name)
def test_cells(target: Target) -> None:
    """Every rule is exact."""
    cells = target.emit(profile(SPEC)).cells
    assert {rule: cell.status for rule, cell in cells.items()} == dict.fromkeys(
        ("privileged", "runAsUser"), Status.EXACT
    )


def test_no_variables_of_kyverno() -> None:
    """What a user writes is no variable of Kyverno, and means in CEL what it is."""
    paths = ("/{{request.operation}}/{{{x", "/$(x)/{{")
    prefixes = ", ".join(f"{{prefix: {json.dumps(path)}}}" for path in paths)
    made = profile(f'kubernetes: "1.36"\nrules:\n  hostPath: {{allow: [{prefixes}]}}')
    (pods, _) = (loaded(each.text) for each in legacy.TARGET.emit(made).objects)
    text = json.dumps(pods["spec"])
    assert not re.search(r"\{\{|\$\(", text)
    cel = pods["spec"]["rules"][0]["validate"]["cel"]
    (expression,) = (each["expression"] for each in cel["variables"] if each["name"] == "hostPath")
    for path in (*paths, "/CREATE", "/x"):
        volumes = [{"name": "v", "hostPath": {"path": path}}]
        found = run(compiled(expression), {"variables": {"spec": {"volumes": volumes}}}, expression)
        assert (found == []) == (path in paths), path


@pytest.mark.parametrize("target", BOTH, ids=lambda target: target.name)
def test_no_rules_no_policies(target: Target) -> None:
    """A profile that judges nothing has no policy."""
    assert target.emit(open_profile("pss/privileged", "1.36")).objects == ()


@pytest.mark.parametrize("minor", range(legacy.TARGET.floor, vap.TARGET.floor))
def test_versions_that_only_legacy_is_for(minor: int) -> None:
    """Of a version too old for `vap` each witness is judged as the rules of that version say."""
    made = open_profile("pss/restricted", f"1.{minor}")
    # The expressions, which every target in CEL shares.
    judges = Policies(made)
    count = 0
    for witness in witnesses(made):
        found = [each.rule for each in judges.refusals(witness.request)]
        assert found == ([] if witness.expected else [witness.rule]), witness.name
        count += 1
    assert count > 500
