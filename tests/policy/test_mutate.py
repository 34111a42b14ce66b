"""`mutate: true`: what is set, where, in which pods, and what is left alone."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.policy.mutate import mutator
from tests.policy.made import profile

if TYPE_CHECKING:
    from tests.pods import Pod

RULES: Final = """
kubernetes: "1.36"
enforceOn: [pods, controllers]
mutate: true
rules:
  privileged: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL], allow: [CHOWN, KILL], add: [CHOWN]}
  runAsNonRoot: true
  runAsUser: {ranges: ["1-"], default: 5, unset: refuse}
  fsGroup: {ranges: ["1-"], default: 6, unset: refuse}
  seccompProfile: {allow: [RuntimeDefault, "Localhost:p/*"], default: "Localhost:p/a"}
  automountServiceAccountToken: false
"""
OWN: Final = RULES + "containers:\n  agent: {runAsUser: 7, capabilities: {add: [KILL]}}\n"
# What the rules ask for, by hand.
CONTEXT: Final = {
    "privileged": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"add": ["CHOWN"], "drop": ["ALL"]},
}
LOCAL: Final = {"type": "Localhost", "localhostProfile": "p/a"}
ABOVE: Final = {"runAsNonRoot": True, "runAsUser": 5, "fsGroup": 6, "seccompProfile": LOCAL}


@cache
def mutated(spec: str, pod: str) -> Any:  # noqa: ANN401 - a pod, or what stands in its place
    """Return the spec of a pod, given as JSON, after the mutation."""
    return mutator(profile(spec))({"spec": json.loads(pod)})["spec"]


def filled(container: Pod, spec: str = RULES) -> Pod:
    """Return the securityContext of the only container of a pod."""
    (found,) = mutated(spec, json.dumps({"containers": [container]}))["containers"]
    return dict(found["securityContext"])


def test_bare_pod() -> None:
    """Containers and init containers get what is theirs, the pod what they inherit."""
    bare = {
        "initContainers": [{"name": "setup"}],
        "containers": [{"name": "web", "image": "i"}, {"name": "db"}],
        "ephemeralContainers": [{"name": "debugger"}],
    }
    assert mutated(RULES, json.dumps(bare)) == {
        "initContainers": [{"name": "setup", "securityContext": CONTEXT}],
        "containers": [
            {"name": "web", "image": "i", "securityContext": CONTEXT},
            {"name": "db", "securityContext": CONTEXT},
        ],
        "ephemeralContainers": [{"name": "debugger"}],
        "securityContext": ABOVE,
        "automountServiceAccountToken": False,
    }


# What stands in a container or in the pod, and what then stands there: the rest as in a bare one.
CONTAINERS: Final[list[tuple[Pod, Pod]]] = [
    ({"privileged": True}, {"privileged": True}),
    ({"privileged": None}, {}),
    ({"readOnlyRootFilesystem": False}, {"readOnlyRootFilesystem": False}),
    ({"runAsUser": 0}, {"runAsUser": 0}),
    ({"capabilities": None}, {}),
    ({"capabilities": {}}, {}),
    ({"capabilities": {"drop": ["NET_RAW"]}}, {"capabilities": (["CHOWN"], ["NET_RAW", "ALL"])}),
    ({"capabilities": {"drop": []}}, {}),
    ({"capabilities": {"drop": ["ALL"]}}, {}),
    ({"capabilities": {"drop": ["ALL", "ALL"]}}, {"capabilities": (["CHOWN"], ["ALL", "ALL"])}),
    ({"capabilities": {"add": ["KILL"]}}, {"capabilities": (["KILL", "CHOWN"], ["ALL"])}),
    ({"capabilities": {"add": ["CHOWN"]}}, {}),
]
PODS: Final[list[tuple[Pod, Pod]]] = [
    ({"runAsNonRoot": False}, {"runAsNonRoot": False}),
    ({"runAsUser": 0}, {"runAsUser": 0}),
    ({"runAsUser": None}, {}),
    ({"fsGroup": 0}, {"fsGroup": 0}),
    ({"seccompProfile": None}, {}),
    ({"seccompProfile": {"type": "Unconfined"}}, {"seccompProfile": {"type": "Unconfined"}}),
    ({"seccompProfile": {}}, {"seccompProfile": {}}),
    ({"supplementalGroups": [9]}, {"supplementalGroups": [9]}),
]


@pytest.mark.parametrize(("stands", "after"), CONTAINERS, ids=repr)
def test_what_stands_in_a_container(stands: Pod, after: Pod) -> None:
    """A value is left as it is, null is none, and a list has what it lacks added at its end."""
    lists = after.get("capabilities")
    expected = after if lists is None else {"capabilities": {"add": lists[0], "drop": lists[1]}}
    assert filled({"name": "web", "securityContext": stands}) == CONTEXT | expected


@pytest.mark.parametrize(("stands", "after"), PODS, ids=repr)
def test_what_stands_in_the_pod(stands: Pod, after: Pod) -> None:
    """What the pod says stays, wrong or not."""
    pod = {"securityContext": stands, "containers": [{"name": "web"}]}
    assert mutated(RULES, json.dumps(pod))["securityContext"] == ABOVE | after


def test_the_token_stays_as_the_pod_has_it() -> None:
    """A pod's own field outside its securityContext is left alone too."""
    pod = {"automountServiceAccountToken": True, "containers": []}
    assert mutated(RULES, json.dumps(pod))["automountServiceAccountToken"] is True


def test_default_adds_are_not_for_who_drops_them() -> None:
    """TRAPS 5: a container that drops a capability does not get it by default."""
    found = filled({"name": "web", "securityContext": {"capabilities": {"drop": ["CHOWN"]}}})
    assert found["capabilities"].get("add") in (None, [])
    assert found["capabilities"]["drop"] == ["CHOWN", "ALL"]


def test_what_the_profile_drops_is_not_what_the_container_drops() -> None:
    """One container's own `add` is set though the profile drops it, as `add` for all would be."""
    spec = """
    kubernetes: "1.36"
    mutate: true
    rules: {capabilities: {drop: [KILL], allow: [KILL]}}
    containers: {agent: {capabilities: {add: [KILL]}}}
    """
    assert filled({"name": "agent"}, spec)["capabilities"] == {"add": ["KILL"], "drop": ["KILL"]}
    drops = {"name": "agent", "securityContext": {"capabilities": {"drop": ["KILL"]}}}
    assert filled(drops, spec)["capabilities"] == {"drop": ["KILL"]}


def test_what_the_api_takes_for_unset() -> None:
    """The zero of a field that is no pointer does not come through: a policy sees it unset."""
    spec = """
    kubernetes: "1.36"
    mutate: true
    rules:
      hostPID: {allow: [true], default: true}
      seLinuxOptions: {type: [a_t], default: {type: a_t}}
      shareProcessNamespace: {allow: [true], default: true}
    """
    pod: Pod = {
        "hostPID": False,
        "shareProcessNamespace": False,
        "securityContext": {"seLinuxOptions": {"type": "", "level": "s0"}},
        "containers": [],
    }
    assert mutated(spec, json.dumps(pod)) == {
        "hostPID": True,
        "shareProcessNamespace": False,
        "securityContext": {"seLinuxOptions": {"type": "a_t", "level": "s0"}},
        "containers": [],
    }


def test_groups_are_set_only_where_there_are_none() -> None:
    """As PSP: kubernetes 1.24, podsecuritypolicy/provider.go, `SupplementalGroups() == nil`."""
    spec = 'kubernetes: "1.36"\nmutate: true\nrules: {supplementalGroups: {ranges: ["1-"], RULE}}'
    spec = spec.replace("RULE", "default: 5, unset: refuse")
    pod: Pod = {"containers": []}
    assert mutated(spec, json.dumps(pod))["securityContext"] == {"supplementalGroups": [5]}
    pod["securityContext"] = {"supplementalGroups": []}
    assert mutated(spec, json.dumps(pod))["securityContext"] == {"supplementalGroups": [5]}
    pod["securityContext"] = {"supplementalGroups": [9]}
    assert mutated(spec, json.dumps(pod))["securityContext"] == {"supplementalGroups": [9]}


def test_choices_for_one_container() -> None:
    """By its name, in either list, and in the place of what the others get."""
    spec = OWN.replace(", capabilities: {add: [KILL]}", "")
    named = {"name": "agent"}
    pod = {"initContainers": [named], "containers": [{"name": "web"}, named, {"name": "agents"}]}
    found = mutated(spec, json.dumps(pod))
    own = CONTEXT | {"runAsUser": 7}
    assert [each["securityContext"] for each in found["initContainers"]] == [own]
    assert [each["securityContext"] for each in found["containers"]] == [CONTEXT, own, CONTEXT]
    assert found["securityContext"] == ABOVE


def test_own_capabilities_of_one_container() -> None:
    """It takes the place of what the others add, as in the patches and in docker's flags."""
    assert filled({"name": "agent"}, OWN)["capabilities"] == {"add": ["KILL"], "drop": ["ALL"]}


def test_a_container_knows_better_than_its_choice() -> None:
    """What stands in the container is left as it is, whatever is chosen for its name."""
    found = filled({"name": "agent", "securityContext": {"runAsUser": 9}}, OWN)
    assert found["runAsUser"] == 9


def test_twice_is_once() -> None:
    """What was mutated is not changed again."""
    once = mutator(profile(OWN))({"spec": {"containers": [{"name": "agent"}, {"name": "b"}]}})
    assert mutator(profile(OWN))(once) == once


def test_values_do_not_leak_between_pods() -> None:
    """Two pods, and two containers of one, do not share what is set in them."""
    fill = mutator(profile(RULES))
    first = fill({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}})
    first["spec"]["containers"][0]["securityContext"]["capabilities"]["drop"].append("X")
    first["spec"]["securityContext"]["seccompProfile"]["type"] = "X"
    assert first["spec"]["containers"][1]["securityContext"] == CONTEXT
    assert fill({"spec": {"containers": []}})["spec"]["securityContext"] == ABOVE
