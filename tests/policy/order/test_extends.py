"""Rule by rule: what a child says of its parent, in words too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capgen.policy.order import Proven, Refuted, Unknown, in_words, rule_by_rule
from capgen.profile.library import open_profile
from tests.policy.made import profile

if TYPE_CHECKING:
    from capgen.policy.profile import Profile

PARENT = """
    kubernetes: "1.36"
    rules:
      privileged: false
      capabilities: {drop: [ALL], allow: [CHOWN, KILL]}
      runAsUser: {ranges: ["10-20"], unset: allow}
      volumes: {allow: [secret, configMap]}
      runAsNonRoot: {allow: [true], unless: [userNamespace]}
      procMount: {allow: [Default], reading: effective}
      hostPorts: {ranges: ['1-65535']}
"""


def child_of(rule: str, parent: str = PARENT) -> Profile:
    """Return a child that may loosen the rule that it sets."""
    name = rule.partition(":")[0]
    text = f"extends: parent\nrules: {{{rule}}}\nloosens: {{{name}: reviewed}}"
    return profile(text, parent=parent)


def told(rules: str, parent: str = PARENT) -> dict[str, str]:
    """Return what is said of each rule of the parent that such a child does not imply."""
    child = child_of(rules, parent)
    own = {rule.id: rule for rule in child.rules}
    return {
        name: in_words(answer, own.get(name))
        for name, answer in rule_by_rule(child, profile(parent)).items()
        if not isinstance(answer, Proven)
    }


@pytest.mark.parametrize(
    "rules",
    [
        "privileged: {unset: refuse}",
        "capabilities: {allow: [CHOWN]}",
        "capabilities: {allow: []}",
        "capabilities: {drop: [ALL, KILL]}",
        "runAsUser: {ranges: ['11-12', 15]}",
        "volumes: {allow: [secret]}",
        "runAsNonRoot: {unless: []}",
        "hostPID: false",
        # Its parent's reading has no say on a field of containers.
        "procMount: {reading: declared}",
    ],
)
def test_a_child_that_tightens(rules: str) -> None:
    """A child implies each rule of its parent."""
    parent = profile(PARENT)
    answers = rule_by_rule(child_of(rules), parent)
    assert answers == dict.fromkeys((rule.id for rule in parent.rules), Proven())


# What a child says, what its rule and its parent's allow, and what stands in the pod.
LOOSENED = (
    ("privileged: null", "it is taken out", "false or unset", ".privileged: true"),
    ("privileged: true", "it allows true", "false or unset", ".privileged: true"),
    (
        "capabilities: {allow: [CHOWN, NET_RAW]}",
        "it allows CHOWN, NET_RAW or unset",
        "CHOWN, KILL or unset",
        ".capabilities.add: [NET_RAW]",
    ),
    (
        "capabilities: {drop: [KILL]}",
        "it allows a list with KILL",
        "a list with ALL",
        ".capabilities.drop: [KILL]",
    ),
    (
        "runAsUser: {ranges: ['10-21']}",
        "it allows 10-21 or unset",
        "10-20 or unset",
        ".runAsUser: 21",
    ),
    (
        "runAsUser: {ranges: ['10-21', '30-'], unset: refuse}",
        "it allows 10-21 or at least 30",
        "10-20 or unset",
        ".runAsUser: 21",
    ),
)


@pytest.mark.parametrize(("rules", "ours", "theirs", "held"), LOOSENED)
def test_a_child_that_loosens(rules: str, ours: str, theirs: str, held: str) -> None:
    """The one rule that a child does not imply is told with both values and the pod."""
    assert told(rules) == {
        rules.partition(":")[0]: (
            f"{ours}, its parent's allows {theirs};"
            f" it admits a Pod with `spec.containers[0].securityContext{held}`"
        )
    }


def test_a_child_that_allows_unset() -> None:
    """What is not there is named by where it could stand."""
    assert told("runAsNonRoot: {unset: allow}")["runAsNonRoot"] == (
        "it allows true or unset, its parent's allows true;"
        " it admits a Pod without `spec.containers[0].securityContext.runAsNonRoot`"
    )


def test_a_child_with_another_volume() -> None:
    """A volume is named by its type."""
    assert told("volumes: {allow: [secret, hostPath]}")["volumes"] == (
        "it allows secret or hostPath, its parent's allows secret or configMap;"
        " it admits a Pod with `spec.volumes[0].hostPath.path: /data`"
    )


def test_a_child_that_lets_a_path_be_written() -> None:
    """What is only read of the parent's paths is named by the mount."""
    parent = 'kubernetes: "1.36"\nrules: {hostPath: {allow: [{prefix: /var/log, readOnly: true}]}}'
    assert told("hostPath: {allow: [/var/log]}", parent)["hostPath"] == (
        "it allows any, its parent's allows mounted with `readOnly: true`;"
        " it admits a Pod with `spec.containers[0].volumeMounts[0].readOnly: false`"
    )


def test_a_child_with_another_local_profile() -> None:
    """A local profile is named."""
    parent = 'kubernetes: "1.36"\nrules: {seccompProfile: {allow: ["Localhost:a.json"]}}'
    found = told('seccompProfile: {allow: ["Localhost:*"]}', parent)["seccompProfile"]
    assert found.startswith("it allows Localhost:*, its parent's allows Localhost:a.json")
    assert "seccompProfile.type: Localhost` and `" in found
    assert "seccompProfile.localhostProfile: " in found


def test_a_child_with_another_condition() -> None:
    """Where both allow the same, the pod says what lifts the child's rule."""
    assert told("privileged: {unless: [userNamespace]}")["privileged"] == (
        "it admits a Pod with `spec.containers[0].securityContext.privileged: true`"
        " and `spec.hostUsers: false`"
    )


def test_a_condition_that_admits_nothing() -> None:
    """The parent drops capabilities, which no pod on Windows can: the child's condition is idle."""
    assert told("runAsNonRoot: {unless: [windows]}") == {}


def test_a_child_that_is_lifted() -> None:
    """What lifts a rule is told with what it lets through."""
    parent = profile("kubernetes: '1.36'\nrules: {runAsNonRoot: true}")
    child = profile("kubernetes: '1.36'\nrules: {runAsNonRoot: {allow: [true], unless: [windows]}}")
    (answer,) = rule_by_rule(child, parent).values()
    assert isinstance(answer, Refuted)
    assert in_words(answer, child.rules[0]) == (
        "it admits a Pod without `spec.containers[0].securityContext.runAsNonRoot`"
        " with `spec.os.name: windows`"
    )


def test_a_rule_that_others_imply() -> None:
    """A rule may be taken out where another says as much: `volumes` speaks of host paths."""
    restricted, baseline = open_profile("pss/restricted"), open_profile("pss/baseline")
    assert "hostPath" not in {rule.id for rule in restricted.rules}
    assert rule_by_rule(restricted, baseline)["hostPath"] == Proven()


def test_each_rule_for_itself() -> None:
    """The answer of a rule is a request that this rule refuses."""
    restricted, baseline = open_profile("pss/restricted"), open_profile("pss/baseline")
    refuted = {
        name: answer
        for name, answer in rule_by_rule(baseline, restricted).items()
        if isinstance(answer, Refuted)
    }
    assert set(refuted) == {
        "allowPrivilegeEscalation", "capabilities", "procMount", "runAsNonRoot", "runAsUser",
        "seccompProfile", "volumes",
    }  # fmt: skip
    assert {name: answer.rule for name, answer in refuted.items()} == {n: n for n in refuted}


def test_what_is_defaulted_is_told_in_full() -> None:
    """A port that defaulting has made stands nowhere in the pod: what made it is told."""
    child = profile("kubernetes: '1.36'\nrules: {hostNetwork: true}")
    parent = profile("kubernetes: '1.36'\nrules: {hostPorts: {ranges: []}}")
    (answer,) = rule_by_rule(child, parent).values()
    assert isinstance(answer, Refuted)
    assert in_words(answer, None) == (
        "it is taken out, its parent's allows unset; it admits a Pod with"
        " `spec.hostNetwork: true` and `spec.containers[0].ports[0].containerPort: 1`"
    )


def test_what_is_not_known() -> None:
    """What is left open says why."""
    assert (
        in_words(Unknown("too many pods"), None) == "it is not shown to be as strict: too many pods"
    )
