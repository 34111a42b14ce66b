"""Admission: unions of profiles, readings, and what a decision tells."""

from __future__ import annotations

from typing import Any

import pytest

from capgen.policy.admit import Operation, Request
from capgen.profile.library import open_profile
from tests.pods import DROP, Pod, Way, annotation, good, steps, tweak
from tests.policy.made import admit, profile

RESTRICTED = open_profile("pss/restricted", "1.36")
BASELINE = open_profile("pss/baseline", "1.36")
BAD: Pod = tweak(good(), {"spec.hostNetwork": True, "spec.containers.0.securityContext": None})
SECCOMP = "spec.securityContext.seccompProfile"


def test_one_profile_must_admit_the_whole_pod() -> None:
    """Two profiles that would each admit one container of a pod refuse the pod (TRAPS 18b)."""
    chown = profile("kubernetes: '1.30'\nrules: {capabilities: {allow: [CHOWN]}}")
    kill = profile("kubernetes: '1.30'\nrules: {capabilities: {allow: [KILL]}}")
    add = "spec.containers.{}.securityContext.capabilities.add"
    mixed = tweak(good(), {add.format(0): ["CHOWN"], add.format(1): ["KILL"]})
    decision = admit(Request(mixed), chown, kill)
    assert not decision.allowed
    # A refusal speaks of the first.
    assert [violation.container for violation in decision.violations] == ["sidecar"]
    one = tweak(good(), {add.format(0): ["KILL"], add.format(1): ["KILL"]})
    assert admit(Request(one), chown, kill).allowed
    assert admit(Request(one), kill, chown).allowed


def test_profile_that_does_not_match_admits_nothing() -> None:
    """A profile elsewhere neither admits nor refuses."""
    elsewhere = profile(
        "kubernetes: '1.30'\nmatch: {namespaces: {include: [shop]}}\nrules: {hostPID: false}"
    )
    bad = tweak(good(), {"spec.hostPID": True})
    everywhere = profile("kubernetes: '1.30'\nrules: {hostPID: false}")
    assert not admit(Request(bad, namespace="x"), elsewhere, everywhere).allowed
    assert not admit(Request(bad, namespace="shop"), elsewhere).allowed
    decision = admit(Request(bad, namespace="x"), elsewhere)
    assert (decision.allowed, decision.matched) == (True, False)


def test_readings_judge_other_values() -> None:
    """Declared judges what is written at each level, effective what a container ends up with."""
    rule = "kubernetes: '1.36'\nrules: {{runAsUser: {{ranges: ['1-'], reading: {}}}}}"
    declared, effective = (profile(rule.format(word)) for word in ("declared", "effective"))
    root = tweak(good(), {"spec.securityContext.runAsUser": 0})
    users = {
        f"spec.{listed}.securityContext.runAsUser": 5
        for listed in ("initContainers.0", "containers.0", "containers.1")
    }
    overridden = tweak(root, users)
    assert not admit(Request(overridden), declared).allowed
    assert admit(Request(overridden), effective).allowed
    assert [one.container for one in admit(Request(root), declared).violations] == [None]
    names = [one.container for one in admit(Request(root), effective).violations]
    assert names == ["setup", "web", "sidecar"]


PORTS = [{"containerPort": 80}, {"containerPort": 81, "hostPort": 81}]
SYSCTLS = [{"name": "kernel.shm_rmid_forced", "value": "1"}, {"name": "kernel.msgmax"}]
MIXED = [{"name": "a", "secret": {}}, {"name": "b", "nfs": {}}]
ARMOR = "container.apparmor.security.beta.kubernetes.io/web"


@pytest.mark.parametrize(
    ("changes", "path", "value"),
    [
        ({"spec.containers.1.ports": PORTS}, "spec.containers.1.ports.1.hostPort", 81),
        (
            {"spec.securityContext.sysctls": SYSCTLS},
            "spec.securityContext.sysctls.1.name",
            "kernel.msgmax",
        ),
        ({"spec.volumes": MIXED}, "spec.volumes.1.nfs", "nfs"),
        (
            {"spec.initContainers.0.lifecycle.preStop.httpGet.host": "x"},
            "spec.initContainers.0.lifecycle.preStop.httpGet.host",
            "x",
        ),
        (
            {"spec.containers.0.securityContext.capabilities.add": ["NET_BIND_SERVICE", "KILL"]},
            "spec.containers.0.securityContext.capabilities.add.1",
            "KILL",
        ),
        ({"spec.hostIPC": True}, "spec.hostIPC", True),
        ({annotation(ARMOR): "unconfined"}, ("metadata", "annotations", ARMOR), "Unconfined"),
    ],
)
def test_violation_tells_where(changes: dict[Any, object], path: Way, value: object) -> None:
    """A violation has the way to the value that offends, and the value."""
    found = admit(Request(tweak(good(), changes)), RESTRICTED).violations
    assert (steps(path), value) in [(violation.path, violation.value) for violation in found]


def test_messages() -> None:
    """A message names the field, what is allowed and what is there instead."""
    way = "spec.containers.0.securityContext"
    bad = tweak(good(), {f"{way}.privileged": True, f"{way}.allowPrivilegeEscalation": DROP})
    decision = admit(Request(bad), RESTRICTED)
    assert [violation.message for violation in decision.violations] == [
        "`privileged` must be false or unset",
        "`allowPrivilegeEscalation` must be false",
    ]
    assert [violation.allowed for violation in decision.violations] == ["false or unset", "false"]
    assert {violation.profile for violation in decision.violations} == {"pss-restricted"}
    assert decision.matched
    assert decision.violations[0].below(("items", 0)).path[:3] == ("items", 0, "spec")


def test_operations() -> None:
    """Operations are called as Kubernetes calls them."""
    assert [operation.value for operation in Operation] == ["CREATE", "UPDATE"]


def test_decision_shows_the_pod_that_was_judged() -> None:
    """The pod of a decision is the one after defaulting."""
    decision = admit(Request(good()), RESTRICTED)
    (volume,) = decision.pod["spec"]["volumes"]
    assert "projected" in volume
