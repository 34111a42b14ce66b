"""The cases of a profile: few, named, and each is what the interpreter says of it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from capgen.engine_tests.cases import chosen
from capgen.policy.admit import Admission
from capgen.policy.profile import Profile, Union
from capgen.policy.values import nested
from capgen.policy.workload import WORKLOADS, pod_of
from capgen.profile import library
from capgen.profile.library import open_profile
from tests.policy.made import profile as made
from tests.profiles import EVERY_RULE

if TYPE_CHECKING:
    from capgen.engine_tests.making import Case

EXEMPT = """
    kubernetes: "1.36"
    rules: {privileged: false, runAsUser: {ranges: [10-20]}, hostPID: false}
    exempt:
      - images: ["registry.example.com/*/proxy:*"]
        containers: [proxy, other]
        rules: [runAsUser, privileged]
        reason: injected
        until: 2099-12-31
      - {containers: [setup], rules: [privileged], reason: old, until: 2099-12-31}
"""
MUTATING = """
    kubernetes: "1.36"
    mutate: true
    rules:
      runAsNonRoot: true
      runAsUser: {ranges: [10-20], default: 10, unset: refuse}
      capabilities: {drop: [ALL], allow: []}
"""
PROFILES = {
    **{name: name for name in library.names() if name != "pss/privileged"},
    **EVERY_RULE,
    "exempt": EXEMPT,
    "mutating": MUTATING,
}
# A rule that no pod breaks alone, by profile: there is another that every such pod breaks.
NEVER_ALONE = {
    # The token is a projected volume, which `volumes` refuses.
    "worked/batch-job": {"automountServiceAccountToken"},
    "worked/database": {"automountServiceAccountToken"},
    # It asks for a user namespace, in which root is nobody.
    "worked/image-builder": {"automountServiceAccountToken", "runAsNonRoot", "runAsUser"},
    "worked/node-exporter": {"automountServiceAccountToken"},
    "worked/web-server": {"automountServiceAccountToken"},
    "worked/windows-service": {"automountServiceAccountToken"},
}
_MOST = 9
_MADE: dict[str, tuple[Profile, dict[str, Case]]] = {}


@cache
def opened(name: str) -> Profile:
    """Return a profile, of the library or of a spec."""
    text = PROFILES[name]
    found = made(text, "1.36") if "\n" in text else open_profile(text, "1.36")
    return found._replace(name=name)


def cases(profile: Profile) -> dict[str, Case]:
    """Return the cases of a profile, by name; no two have one."""
    # A profile is no key: its rules' settings are mappings.
    if profile.name in _MADE and _MADE[profile.name][0] == profile:
        return _MADE[profile.name][1]
    found = chosen(profile)
    assert found is not None
    named = {each.name: each for each in found.listed}
    assert len(named) == len(found.listed)
    _MADE[profile.name] = (profile, named)
    return named


@pytest.mark.parametrize("name", PROFILES)
def test_verdicts(name: str) -> None:
    """The interpreter says of each case what is expected, and of the case's own rule."""
    profile = opened(name)
    for way in (profile, profile._replace(mutate=False)):
        admission = Admission(Union((way,)))
        for case in cases(profile).values():
            decision = admission.admit(case.request)
            rules = tuple(dict.fromkeys(each.rule for each in decision.violations))
            assert (decision.allowed, rules) == (not case.broken, case.broken), case.name
            assert not case.broken or case.rule in case.broken, case.name


@pytest.mark.parametrize("name", PROFILES)
def test_every_rule_is_shown(name: str) -> None:
    """For each rule there is a pod that breaks it alone, and something that it admits."""
    profile = opened(name)
    found = cases(profile)
    assert found["good"].broken == ()
    alone = {case.rule for case in found.values() if case.broken == (case.rule,)}
    assert {rule.id for rule in profile.rules} - alone == NEVER_ALONE.get(name, set())
    assert len(found) <= _MOST * len(profile.rules) + len(profile.exempt) + 6


@pytest.mark.parametrize("name", PROFILES)
def test_objects(name: str) -> None:
    """Each object is whole, named like its case, in the namespace, and no other has its content."""
    profile = opened(name)
    seen = set()
    for case in cases(profile).values():
        assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", case.name)
        request = case.request
        for each in filter(None, (request.object, request.old_object)):
            assert each["metadata"]["name"] == case.name
            assert each["metadata"]["namespace"] == request.namespace
            assert (each["kind"], "apiVersion" in each) == (request.workload.kind, True)
        pods = [
            pod_of(request.workload, each) for each in (request.object, request.old_object or {})
        ]
        specs = [(pod or {}).get("spec") for pod in pods if isinstance(pod, dict)]
        labels = request.object["metadata"].get("labels")
        content = [specs, labels, request.subresource, request.workload.kind, request.namespace]
        annotations = request.object["metadata"].get("annotations")
        text = json.dumps([*content, annotations, request.operation.value])
        assert text not in seen, case.name
        seen.add(text)


def test_one_pod_an_edge() -> None:
    """What a rule refuses is shown at different edges, in one container after the other."""
    found = cases(open_profile("pss/restricted", "1.36"))
    names = [name for name, case in found.items() if case.rule == "capabilities" and case.broken]
    assert names[:2] == [
        "capabilities-init-prefixed-net-bind-service",
        "capabilities-container-sys-admin-last",
    ]


def test_what_the_api_takes_only_with_more() -> None:
    """Where the API takes no pod that breaks a rule alone, one that breaks more is for it."""
    found = cases(open_profile("pss/restricted", "1.36"))
    assert not found["privileged-init-true"].live
    both = found["privileged-init-true-and-more"]
    assert (both.live, both.broken) == (True, ("privileged", "allowPrivilegeEscalation"))
    # This needs a user namespace beside it, and still breaks one rule.
    unmasked = found["proc-mount-init-unmasked"]
    assert (unmasked.live, unmasked.broken) == (True, ("procMount",))
    assert unmasked.request.object["spec"]["hostUsers"] is False


def test_exemptions() -> None:
    """What is exempt is admitted, and what is the same but for that is refused."""
    found = cases(opened("exempt"))
    exempt = [name for name in found if name.startswith("exempt-")]
    assert exempt == [
        "exempt-1-run-as-user-container-0",
        "exempt-1-privileged-container-true",
        "exempt-2-privileged-container-true",
    ]
    container = found[exempt[0]].request.object["spec"]["containers"][-1]
    assert (container["name"], container["image"]) == (
        "proxy",
        "registry.example.com/app/proxy:app",
    )
    # In that container this is exempt whichever its image is: it is shown in another.
    assert found["privileged-container-true"].broken == ("privileged",)


def test_mutation() -> None:
    """A pod that is refused for want of a value that is set is no case."""
    found = cases(opened("mutating"))
    refused = [name for name, case in found.items() if case.broken and case.pod is not None]
    assert not [name for name in refused if "unset" in name]
    assert "run-as-non-root-pod-false" in refused


def test_controllers_alone() -> None:
    """Where pods are not judged every case is a controller."""
    profile = open_profile("pss/baseline", "1.36")._replace(pods=False, controllers=True)
    found = cases(profile)
    assert {case.request.workload.kind for case in found.values()} == {
        workload.kind for workload in WORKLOADS[1:]
    }
    assert found["privileged-init-true"].request.workload.kind == "Deployment"


def test_controllers_beside_pods() -> None:
    """Each rule is shown in a kind, all kinds are shown, and each way to a template is good."""
    profile = open_profile("pss/baseline", "1.36")._replace(controllers=True)
    found = [case for case in cases(profile).values() if case.request.workload.path]
    refused = [case.request.workload.kind for case in found if case.broken]
    assert set(refused) == {workload.kind for workload in WORKLOADS[1:]}
    good = {case.request.workload.path for case in found if not case.broken}
    assert good == {workload.path for workload in WORKLOADS[1:]}


def test_no_namespace() -> None:
    """Where nothing is matched there are no cases."""
    spec = 'kubernetes: "1.36"\nmatch: {namespaces: {exclude: ["*"]}}\nrules: {privileged: false}'
    assert chosen(made(spec)) is None


def test_nested() -> None:
    """What stands in a controller is the very pod that is refused by itself."""
    profile = open_profile("pss/baseline", "1.36")._replace(controllers=True)
    found = cases(profile)
    pod = found["privileged-init-true"].request.object
    owned = found["privileged-pod-template-init-true"].request.object
    assert owned["template"]["spec"] == pod["spec"]
    assert nested(("template",), pod)["template"]["spec"] == pod["spec"]
