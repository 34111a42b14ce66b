"""UPDATE: what stands is left alone, what is new is judged."""

from __future__ import annotations

import pytest

from capgen.policy.admit import Operation, Request
from capgen.policy.values import UNSET, nested
from capgen.policy.workload import WORKLOADS, Workload
from capgen.profile.library import open_profile
from tests.pods import DROP, Pod, annotation, container, good, tweak
from tests.policy.made import adding, admit, profile, rules_of

RESTRICTED = open_profile("pss/restricted", "1.36")
BASELINE = open_profile("pss/baseline", "1.36")
BAD: Pod = tweak(good(), {"spec.hostNetwork": True, "spec.containers.0.securityContext": None})
SECCOMP = "spec.securityContext.seccompProfile"


def debug(old: Pod, **security: object) -> Request:
    """Ask for one more ephemeral container in a pod that stands."""
    added = container("new")
    added["securityContext"] |= security
    return adding(old, added)


def test_update_of_a_bad_pod_is_not_judged() -> None:
    """A label of a pod that stands may change, whatever the pod is."""
    labelled = tweak(BAD, {"metadata.labels": {"team": "web"}})
    request = Request(labelled, operation=Operation.UPDATE, old_object=BAD)
    decision = admit(request, RESTRICTED)
    assert (decision.allowed, decision.matched, decision.violations) == (True, False, ())


@pytest.mark.parametrize("subresource", ["status", "binding", "resize", "eviction"])
def test_other_subresources_are_not_judged(subresource: str) -> None:
    """Of a pod's subresources only the one that adds containers is judged."""
    request = Request(BAD, operation=Operation.UPDATE, old_object=BAD, subresource=subresource)
    assert not admit(request, RESTRICTED).matched


def test_good_debug_container_enters_a_bad_pod() -> None:
    """What a pod has already is not held against a new container."""
    old = tweak(BAD, {"spec.volumes": [{"name": "h", "hostPath": {"path": "/"}}]})
    decision = admit(debug(old), RESTRICTED)
    assert (decision.allowed, decision.matched) == (True, True)


def test_old_ephemeral_container_is_not_judged_again() -> None:
    """A bad ephemeral container that stands does not keep a good one out."""
    old = tweak(good(ephemeral=True), {"spec.ephemeralContainers.0.securityContext": None})
    assert admit(debug(old), RESTRICTED).allowed


@pytest.mark.parametrize(
    ("security", "rule"),
    [
        ({"privileged": True}, "privileged"),
        ({"allowPrivilegeEscalation": True}, "allowPrivilegeEscalation"),
        ({"capabilities": None}, "capabilities"),
        ({"runAsNonRoot": False}, "runAsNonRoot"),
        ({"runAsUser": 0}, "runAsUser"),
        ({"seccompProfile": {"type": "Unconfined"}}, "seccompProfile"),
        ({"appArmorProfile": {"type": "Unconfined"}}, "appArmorProfile"),
        ({"seLinuxOptions": {"user": "u"}}, "seLinuxOptions"),
        ({"procMount": "Unmasked"}, "procMount"),
        ({"windowsOptions": {"hostProcess": True}}, "hostProcess"),
    ],
)
def test_bad_debug_container_is_refused(security: dict[str, object], rule: str) -> None:
    """A new ephemeral container is judged by every rule on containers, and is named."""
    decision = admit(debug(good(ephemeral=True), **security), RESTRICTED)
    assert rules_of(decision) == [rule]
    assert {violation.container for violation in decision.violations} == {"new"}
    assert decision.violations[0].path[:3] == ("spec", "ephemeralContainers", 1)


def test_new_container_inherits_a_bad_value() -> None:
    """What a pod that stands gives to a new container is judged for that container."""
    old = tweak(good(), {SECCOMP: {"type": "Unconfined"}})
    (violation,) = admit(debug(old), RESTRICTED).violations
    assert (violation.rule, violation.container) == ("seccompProfile", "new")
    assert violation.path == ("spec", "securityContext", "seccompProfile", "type")
    assert violation.value == "Unconfined"
    assert admit(debug(old, seccompProfile={"type": "RuntimeDefault"}), RESTRICTED).allowed


def test_new_container_that_nothing_gives_a_value_is_refused() -> None:
    """Unset at both levels is unset for a new container."""
    (violation,) = admit(debug(tweak(good(), {SECCOMP: DROP})), RESTRICTED).violations
    assert (violation.container, violation.value) == ("new", UNSET)
    assert violation.path[:3] == ("spec", "ephemeralContainers", 0)


def test_conditions_are_seen_on_the_subresource() -> None:
    """A condition is one of the pod, also where only its new containers are judged."""
    windows = tweak(good(), {"spec.os.name": "windows", SECCOMP: DROP})
    assert admit(debug(windows, capabilities=None), RESTRICTED).allowed
    own_users = tweak(good(), {"spec.hostUsers": False})
    assert admit(debug(own_users, runAsUser=0, runAsNonRoot=False), RESTRICTED).allowed
    assert admit(debug(own_users, procMount="Unmasked"), BASELINE).allowed
    assert not admit(debug(own_users, procMount="Unmasked"), RESTRICTED).allowed


def test_annotation_of_an_old_container_is_not_new() -> None:
    """Only annotations that speak of a new container are judged on the subresource."""
    key = "container.apparmor.security.beta.kubernetes.io/"
    old = tweak(
        good(), {annotation(key + "web"): "unconfined", annotation(key + "x"): "unconfined"}
    )
    assert admit(debug(old), BASELINE).allowed
    named = tweak(good(), {annotation(key + "new"): "unconfined"})
    decision = admit(debug(named), BASELINE)
    assert rules_of(decision) == ["appArmorProfile"]
    assert {violation.container for violation in decision.violations} == {"new"}


CONTROLLERS = profile("extends: pss/restricted\nenforceOn: [pods, controllers]")
KINDS = WORKLOADS[1:]


def wrapped(workload: Workload, pod: object, **more: object) -> Pod:
    """Return an object of a kind that holds a pod template."""
    node = nested(workload.path, pod)
    return {"kind": workload.kind, "metadata": {"name": "owner", **more}, **node}


@pytest.mark.parametrize("workload", KINDS, ids=lambda workload: workload.kind)
def test_template_is_judged_when_created(workload: Workload) -> None:
    """A controller's template is judged like a pod, with the way down to it."""
    assert admit(Request(wrapped(workload, good()), workload), CONTROLLERS).allowed
    bad = tweak(good(), {"spec.containers.1.securityContext.privileged": True})
    (violation,) = admit(Request(wrapped(workload, bad), workload), CONTROLLERS).violations
    way = ("spec", "containers", 1, "securityContext", "privileged")
    assert violation.path == (*workload.path, *way)
    assert (violation.rule, violation.container) == ("privileged", "sidecar")


@pytest.mark.parametrize("workload", KINDS, ids=lambda workload: workload.kind)
def test_template_is_judged_again_only_when_it_changes(workload: Workload) -> None:
    """A bad controller that stands may be scaled and labelled, and not be changed for another."""
    old = wrapped(workload, BAD)

    def update(new: Pod) -> bool:
        request = Request(new, workload, Operation.UPDATE, old_object=old)
        return admit(request, CONTROLLERS).allowed

    assert update(wrapped(workload, BAD, labels={"team": "web"}))
    assert not update(wrapped(workload, tweak(BAD, {"metadata.labels": {"team": "web"}})))
    assert update(wrapped(workload, good()))


def test_controllers_are_left_alone_unless_asked_for() -> None:
    """Without `enforceOn: [controllers]` a template is nobody's business."""
    decision = admit(Request(wrapped(KINDS[0], BAD), KINDS[0]), RESTRICTED)
    assert (decision.allowed, decision.matched) == (True, False)


def test_controller_without_template_is_malformed() -> None:
    """An object that should hold a template and does not is no pass."""
    decision = admit(Request({"kind": "Job", "spec": {}}, WORKLOADS[7]), CONTROLLERS)
    assert rules_of(decision) == ["malformed"]


def test_update_without_the_old_object() -> None:
    """Where nothing is known of what stood there, all is new."""
    grown = debug(good(), privileged=True)._replace(old_object=None)
    assert rules_of(admit(grown, RESTRICTED)) == ["privileged"]
    owner = wrapped(KINDS[0], tweak(good(), {"spec.hostPID": True}))
    request = Request(owner, KINDS[0], Operation.UPDATE)
    assert rules_of(admit(request, CONTROLLERS)) == ["hostPID"]


def test_new_container_gets_no_field_from_an_annotation() -> None:
    """Annotations are synced when a pod is created (pkg/registry/core/pod/strategy.go:94), only."""
    armor = "container.apparmor.security.beta.kubernetes.io/new"
    old = tweak(good(), {"metadata.annotations": {armor: "runtime/default"}})
    own = profile("rules: {appArmorProfile: {allow: [RuntimeDefault], unset: refuse}}", "1.36")
    assert rules_of(admit(debug(old), own)) == ["appArmorProfile"]
    assert admit(debug(old, appArmorProfile={"type": "RuntimeDefault"}), own).allowed


def test_template_has_no_token_of_its_own() -> None:
    """The token's volume comes with the pod: of a template only what is written is judged."""
    spec = "enforceOn: [pods, controllers]\nrules: {volumes: {allow: [secret]}}"
    own = profile(spec, "1.36")
    deployment = next(each for each in WORKLOADS if each.kind == "Deployment")
    assert rules_of(admit(Request(good()), own)) == ["volumes"]
    assert admit(Request({"spec": {"template": good()}}, deployment), own).allowed


def test_pods_that_no_profile_judges() -> None:
    """`enforceOn: [controllers]` leaves pods, and their new containers, alone."""
    own = profile("enforceOn: [controllers]\nrules: {hostNetwork: false}", "1.36")
    for request in (Request(BAD), debug(BAD, privileged=True)):
        decision = admit(request, own)
        assert (decision.allowed, decision.matched) == (True, False)
