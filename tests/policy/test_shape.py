"""What is no pod is found, and never passes for a good one."""

from __future__ import annotations

from typing import Any

import pytest

from capgen.policy.admit import Request, Violation
from capgen.policy.find import finder
from capgen.policy.pod import view
from capgen.policy.reading import Reading
from capgen.policy.subjects import Field, Level
from capgen.policy.values import UNSET, Kind
from capgen.profile.library import open_profile
from tests.pods import DROP, annotation, good, tweak
from tests.policy.made import admit, profile, rules_of

RESTRICTED = open_profile("pss/restricted", "1.36")
BASELINE = open_profile("pss/baseline", "1.36")
SECURITY = "spec.containers.0.securityContext"


def judge(changes: dict[str, Any]) -> tuple[Violation, ...]:
    """Return what restricted finds in the good pod with such changes."""
    return admit(Request(tweak(good(), changes)), RESTRICTED).violations


@pytest.mark.parametrize(
    ("way", "value", "nearest"),
    [
        (f"{SECURITY}.privilegd", True, "privileged"),
        (f"{SECURITY}.Privileged", False, "privileged"),
        (f"{SECURITY}.runAsNonroot", True, "runAsNonRoot"),
        (f"{SECURITY}.capabilities.Drop", ["ALL"], "drop"),
        (f"{SECURITY}.seccompProfile", {"type": "RuntimeDefault", "localHostProfile": "x"}, None),
        ("spec.hostNetwrok", True, "hostNetwork"),
        ("spec.hostPid", True, "hostPID"),
        ("spec.securityContext.sysctl", [], "sysctls"),
        ("spec.securityContext.privileged", False, None),
        ("spec.initContainer", [], "initContainers"),
        ("spec.containers.1.securitycontext", {}, "securityContext"),
        ("spec.containers.0.ports", [{"containerPort": 80, "hostport": 80}], "hostPort"),
        ("spec.containers.0.livenessProbe", {"httpGet": {"port": 1, "Host": "x"}}, "host"),
        ("spec.volumes", [{"name": "v", "emptydir": {}, "emptyDir": {}}], "emptyDir"),
    ],
)
def test_unknown_field(way: str, value: object, nearest: str | None) -> None:
    """A key that is no field is named, with the nearest that is one."""
    found = [one for one in judge({way: value}) if one.rule == "unknownField"]
    assert len(found) == 1
    if nearest is not None:
        assert f"did you mean `{nearest}`?" in found[0].message


def test_unknown_field_tells_place_and_container() -> None:
    """The finding has the path of the key, its value, and the container that it stands in."""
    (found,) = judge({"spec.containers.1.securityContext.privilegd": True})
    assert found.path == ("spec", "containers", 1, "securityContext", "privilegd")
    assert (found.value, found.container, found.rule) == (True, "sidecar", "unknownField")


def test_structs_that_no_rule_judges_are_left_alone() -> None:
    """A profile looks at what its rules speak of."""
    made = profile("kubernetes: '1.36'\nrules: {hostPID: false}")
    odd = {f"{SECURITY}.privilegd": True, "spec.containers.0.livenessProbe": {"other": 1}}
    assert admit(Request(tweak(good(), odd)), made).allowed
    assert rules_of(admit(Request(tweak(good(), {"spec.hostPid": True})), made)) == ["unknownField"]


@pytest.mark.parametrize(
    ("way", "value"),
    [
        ("spec", 3),
        ("spec", None),
        ("spec", DROP),
        ("spec", []),
        ("spec.containers", None),
        ("spec.containers", DROP),
        ("spec.containers", []),
        ("spec.containers", {}),
        ("spec.containers", "web"),
        ("spec.containers", [None]),
        ("spec.containers", [good()["spec"]["containers"][0], 3]),
        ("spec.initContainers", {"name": "setup"}),
        ("spec.ephemeralContainers", "debugger"),
        ("spec.securityContext", "none"),
        ("spec.securityContext", []),
        ("spec.securityContext.sysctls", {}),
        ("spec.securityContext.sysctls", [None]),
        ("spec.securityContext.sysctls", ["kernel.shm_rmid_forced"]),
        ("spec.securityContext.windowsOptions", True),
        ("spec.volumes", {}),
        ("spec.volumes", {"name": "v", "hostPath": {"path": "/"}}),
        ("spec.volumes", "v"),
        ("spec.volumes", ["v"]),
        ("spec.containers.0.ports", {"hostPort": 80}),
        ("spec.containers.0.ports", [80]),
        ("spec.containers.0.lifecycle", []),
        ("spec.containers.0.livenessProbe.httpGet", "http://10.0.0.1"),
        ("metadata", 3),
        ("metadata.annotations", ["a"]),
    ],
)
def test_malformed(way: str, value: object) -> None:
    """What is not of the API's shape is refused, where it stands."""
    decision = admit(Request(tweak(good(), {way: value})), RESTRICTED)
    assert "malformed" in rules_of(decision)
    path = tuple(int(step) if step.isdigit() else step for step in way.split("."))
    found = [one.path for one in decision.violations if one.rule == "malformed"]
    assert found[0][: len(path)] == path


def test_annotation_hides_nothing_malformed() -> None:
    """A profile that defaulting takes from an annotation leaves a bad struct for all to see."""
    key = "container.apparmor.security.beta.kubernetes.io/web"
    changes = {annotation(key): "runtime/default", SECURITY: "none"}
    (found,) = admit(Request(tweak(good(), changes)), BASELINE).violations
    assert (found.rule, found.path) == ("malformed", ("spec", "containers", 0, "securityContext"))


@pytest.mark.parametrize("raw", [{}, {"metadata": {}}, {"spec": UNSET}])
def test_pod_without_a_spec(raw: dict[str, Any]) -> None:
    """An empty pod is malformed."""
    assert rules_of(admit(Request(raw), RESTRICTED)) == ["malformed"]


@pytest.mark.parametrize(
    ("way", "value", "rule"),
    [
        (f"{SECURITY}.privileged", 0, "privileged"),
        (f"{SECURITY}.privileged", "false", "privileged"),
        (f"{SECURITY}.privileged", [], "privileged"),
        (f"{SECURITY}.privileged", 0.0, "privileged"),
        (f"{SECURITY}.allowPrivilegeEscalation", 0, "allowPrivilegeEscalation"),
        (f"{SECURITY}.runAsNonRoot", 1, "runAsNonRoot"),
        (f"{SECURITY}.runAsUser", True, "runAsUser"),
        (f"{SECURITY}.runAsUser", "1000", "runAsUser"),
        (f"{SECURITY}.runAsUser", 1000.0, "runAsUser"),
        (f"{SECURITY}.procMount", {}, "procMount"),
        # A text that holds the word is no list that does.
        (f"{SECURITY}.capabilities.drop", "ALL", "capabilities"),
        (f"{SECURITY}.capabilities.drop", {"ALL": 1}, "capabilities"),
        (f"{SECURITY}.capabilities.add", "NET_BIND_SERVICE", "capabilities"),
        (f"{SECURITY}.capabilities.add", [["NET_BIND_SERVICE"]], "capabilities"),
        (f"{SECURITY}.seccompProfile.type", ["RuntimeDefault"], "seccompProfile"),
        (f"{SECURITY}.seLinuxOptions", {"type": 0}, "seLinuxOptions"),
        ("spec.hostNetwork", 0, "hostNetwork"),
        ("spec.hostPID", "no", "hostPID"),
        ("spec.containers.0.ports", [{"containerPort": 80, "hostPort": False}], "hostPorts"),
        ("spec.containers.0.ports", [{"containerPort": 80, "hostPort": "0"}], "hostPorts"),
        ("spec.containers.0.livenessProbe", {"httpGet": {"host": 0}}, "hostProbes"),
        ("spec.containers.0.livenessProbe", {"httpGet": {"host": False}}, "hostProbes"),
        ("spec.securityContext.sysctls", [{"name": True}], "sysctls"),
    ],
)
def test_value_of_another_type_is_refused(way: str, value: object, rule: str) -> None:
    """In Python `0 == False`, and a text holds its parts: neither admits (TRAPS 53)."""
    assert rules_of(admit(Request(tweak(good(), {way: value})), RESTRICTED)) == [rule]


@pytest.mark.parametrize("value", [0, 1, "false", None, "False"])
def test_condition_of_another_type_lifts_nothing(value: object) -> None:
    """Only `hostUsers: false` is a user namespace of its own."""
    changes = {"spec.hostUsers": value, f"{SECURITY}.runAsUser": 0}
    rules = rules_of(admit(Request(tweak(good(), changes)), RESTRICTED))
    # And what is no boolean is told, as nothing judges the field by itself.
    assert rules == ["runAsUser"] if value is None else rules == ["malformed", "runAsUser"]


def test_null_is_unset() -> None:
    """A key whose value is null is judged as if it were not there."""
    nulls = dict.fromkeys(["hostNetwork", "volumes", "initContainers", "ephemeralContainers", "os"])
    pod = tweak(good(), {f"spec.{key}": None for key in nulls} | {"metadata.annotations": None})
    assert admit(Request(pod), RESTRICTED).violations == ()


@pytest.mark.parametrize("level", [Level.POD, Level.CONTAINER, Level.INHERITED])
def test_blank_value_is_unset(level: Level) -> None:
    """A value that the API takes for unset is found as unset, at every level."""
    field = Field(level, ("securityContext", "procMount"), Kind.STRING, blank="")
    context = {"securityContext": {"procMount": ""}}
    pod = view({"spec": {**context, "containers": [{"name": "web", **context}]}})
    found = finder(field, Reading.DECLARED)(pod)
    assert found
    assert {value for *_, value in found} == {UNSET}
