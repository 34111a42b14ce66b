"""`mutate: true`: values are set first, and then the pod is judged; on which occasions."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.errors import ProfileError
from capgen.policy.admit import Operation, Request
from capgen.policy.mutate import mutator
from capgen.policy.values import nested
from capgen.policy.workload import WORKLOADS
from tests.policy.made import adding, admit, profile, rules_of
from tests.policy.test_mutate import ABOVE, RULES

if TYPE_CHECKING:
    from tests.pods import Pod

# Where, what stands there, and the rule that refuses it.
MALFORMED: Final = {
    "spec": ([3], "malformed"),
    "spec.securityContext": ("none", "malformed"),
    "spec.containers": ({"name": "web"}, "malformed"),
    "spec.containers.0": ("web", "malformed"),
    "spec.containers.0.securityContext": ([True], "malformed"),
    "spec.containers.0.securityContext.capabilities": (["ALL"], "malformed"),
    "spec.containers.0.securityContext.capabilities.drop": ("ALL", "capabilities"),
    "spec.containers.0.securityContext.privileged": ("no", "privileged"),
    "spec.containers.0.securityContext.readOnlyRootFilesystem": ([1], "readOnlyRootFilesystem"),
    "spec.securityContext.seccompProfile": ("RuntimeDefault", "malformed"),
}


@pytest.mark.parametrize("way", MALFORMED)
def test_what_is_malformed_is_not_hidden(way: str) -> None:
    """A value of another shape than the API's stays, and is refused."""
    pod: Pod = {"spec": {"securityContext": {}, "containers": [{"name": "web"}]}}
    *above, last = (int(step) if step.isdigit() else step for step in way.split("."))
    node: Any = pod
    for step in above:
        node = node.setdefault(step, {}) if isinstance(node, dict) else node[int(step)]
    node[last], rule = MALFORMED[way]
    decision = admit(Request(pod), profile(RULES))
    assert rule in rules_of(decision)
    found: Any = decision.pod
    for step in (*above, last):
        found = found[step]
    assert found == MALFORMED[way][0]


BARE: Final[Pod] = {"spec": {"containers": [{"name": "web", "image": "i"}]}}
WITHOUT: Final = RULES.replace("mutate: true", "mutate: false")
REFUSED: Final = [
    "readOnlyRootFilesystem", "capabilities", "runAsNonRoot", "runAsUser", "fsGroup",
    "seccompProfile", "automountServiceAccountToken",
]  # fmt: skip


def test_then_judged() -> None:
    """A bare pod is admitted with its values set, and refused where nothing sets them."""
    decision = admit(Request(BARE), profile(RULES))
    assert (decision.allowed, decision.violations) == (True, ())
    assert decision.pod["spec"]["securityContext"] == ABOVE
    assert rules_of(admit(Request(BARE), profile(WITHOUT))) == REFUSED
    bad = deepcopy(BARE)
    bad["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    assert rules_of(admit(Request(bad), profile(RULES))) == ["privileged"]


COPIED: Final = [workload for workload in WORKLOADS if workload.copied]
MADE: Final = [workload for workload in WORKLOADS[1:] if not workload.copied]


@pytest.mark.parametrize("workload", MADE, ids=lambda workload: workload.kind)
def test_templates(workload: Any) -> None:  # noqa: ANN401 - a row of the table
    """A template is filled when its controller is created, and judged as it is when it changes."""
    value: Any = nested(workload.path, BARE)
    decision = admit(Request(value, workload), profile(RULES))
    assert (decision.allowed, decision.pod["spec"]["securityContext"]) == (True, ABOVE)
    request = Request(value, workload, Operation.UPDATE, old_object={})
    assert rules_of(admit(request, profile(RULES))) == REFUSED


def test_copies_are_left_alone() -> None:
    """A ReplicaSet keeps the template by which its Deployment knows it again."""
    (workload,) = COPIED
    assert workload.kind == "ReplicaSet"
    decision = admit(Request(nested(workload.path, BARE), workload), profile(RULES))
    assert rules_of(decision) == REFUSED
    assert "securityContext" not in decision.pod["spec"]


def test_not_on_update() -> None:
    """Neither a pod that stands nor a container that is added to it is changed (TRAPS 25a)."""
    changed = {"metadata": {"labels": {"a": "b"}}} | BARE
    request = Request(changed, operation=Operation.UPDATE, old_object=BARE)
    decision = admit(request, profile(RULES))
    assert (decision.matched, decision.pod) == (False, changed)
    decision = admit(adding(BARE, {"name": "new"}), profile(RULES))
    assert "capabilities" in rules_of(decision)
    assert decision.pod["spec"].keys() == {"containers", "ephemeralContainers"}


def test_the_input_is_left_alone() -> None:
    """The request's pod is the one that was sent, down to its lists."""
    sent = {"spec": {"containers": [{"securityContext": {"capabilities": {"drop": ["KILL"]}}}]}}
    before = deepcopy(sent)
    admit(Request(sent), profile(RULES))
    assert sent == before


def test_exempt_containers_stay_valid() -> None:
    """A privileged container that is exempt does not get what the API refuses beside that."""
    spec = """
    kubernetes: "1.36"
    mutate: true
    rules: {privileged: false, allowPrivilegeEscalation: false}
    exempt:
      - images: ["x:*"]
        rules: [privileged, allowPrivilegeEscalation]
        reason: seen
        until: 9999-12-31
    """
    root = {"securityContext": {"privileged": True}}
    pod = {"spec": {"containers": [{"image": "x:1"} | root, {"image": "y:1"}]}}
    decision = admit(Request(pod), profile(spec))
    assert decision.exempted
    exempt, other = decision.pod["spec"]["containers"]
    assert exempt["securityContext"].get("allowPrivilegeEscalation") is not False
    assert other["securityContext"] == {"privileged": False, "allowPrivilegeEscalation": False}


def test_a_default_that_is_not_allowed() -> None:
    """It is refused when the profile is made ready, not when a pod comes."""
    made = profile('kubernetes: "1.36"\nmutate: true\nrules: {runAsUser: {ranges: ["1-"]}}')
    with pytest.raises(ProfileError, match="the default `0` is not allowed"):
        mutator(made._replace(rules=tuple(
            each._replace(settings=each.settings | {"default": 0}) for each in made.rules
        )))  # fmt: skip
