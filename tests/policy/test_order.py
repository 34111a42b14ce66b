"""Is one rule at least as strict as another?"""

from __future__ import annotations

import pytest

from capgen.errors import ProfileError
from capgen.policy.order import implies
from capgen.policy.predicates import Includes, InRanges, OneOf, Predicate, Within
from tests.policy.made import FIRST_LINE, profile


@pytest.mark.parametrize(
    ("strict", "loose", "expected"),
    [
        (OneOf((False,)), OneOf((False, True)), True),
        (OneOf((False, True)), OneOf((False,)), False),
        (OneOf(()), OneOf((False,)), True),
        (OneOf((0,)), OneOf((False,)), False),
        (OneOf((True,)), OneOf((1,)), False),
        (OneOf((5,)), InRanges(((1, 9),)), True),
        (OneOf((5, 10)), InRanges(((1, 9),)), False),
        (InRanges(()), InRanges(((1, 1),)), True),
        (InRanges(((1, 9),)), InRanges(((1, 9),)), True),
        (InRanges(((1, 9),)), InRanges(((0, None),)), True),
        (InRanges(((1, 9),)), InRanges(((1, 8),)), False),
        (InRanges(((1, 9),)), InRanges(((2, 9),)), False),
        (InRanges(((1, None),)), InRanges(((1, 9),)), False),
        (InRanges(((2, None),)), InRanges(((1, None),)), True),
        (InRanges(((2, 3), (5, 6))), InRanges(((5, 9), (1, 4))), True),
        (InRanges(((2, 3), (5, 12))), InRanges(((5, 9), (1, 4))), False),
        (InRanges(((1, 9),)), OneOf((5,)), False),
        (Within(("A",)), Within(("A", "B")), True),
        (Within(("A", "B")), Within(("A",)), False),
        (Within(()), Within(()), True),
        (Within(("A",)), Includes(("A",)), False),
        (Includes(("A", "B")), Includes(("A",)), True),
        (Includes(("A",)), Includes(("A", "B")), False),
        (Includes(("A",)), Within(("A",)), False),
    ],
)
def test_implies(strict: Predicate, loose: Predicate, expected: bool) -> None:
    """A predicate implies another where every value of it satisfies the other."""
    assert implies(strict, loose) is expected


PARENT = """
    kubernetes: "1.36"
    rules:
      privileged: false
      capabilities: {drop: [ALL], allow: [CHOWN, KILL]}
      runAsUser: {ranges: ["10-20"], unset: refuse}
      volumes: {allow: [secret, configMap]}
      runAsNonRoot: {allow: [true], unless: [userNamespace]}
      procMount: {allow: [Default, Unmasked], reading: effective}
"""


@pytest.mark.parametrize(
    "rule",
    [
        "privileged: {unset: refuse}",
        "capabilities: {allow: [CHOWN]}",
        "capabilities: {allow: []}",
        "capabilities: {drop: [ALL, KILL]}",
        "runAsUser: {ranges: ['11-12', 15]}",
        "volumes: {allow: [secret]}",
        "runAsNonRoot: {unless: []}",
        "hostPID: false",
    ],
)
def test_child_may_tighten(rule: str) -> None:
    """A rule that is at least as strict needs no reason."""
    assert profile(f"extends: parent\nrules: {{{rule}}}", parent=PARENT).rules


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("privileged: null", "it is taken out"),
        ("privileged: true", "it allows values that its parent's does not"),
        ("privileged: {allow: [true, false]}", "it allows values that its parent's does not"),
        ("capabilities: {allow: [CHOWN, NET_RAW]}", "it allows values"),
        ("capabilities: {drop: [KILL]}", "it allows values"),
        ("runAsUser: {ranges: ['10-21']}", "it allows values"),
        ("runAsUser: {ranges: ['10-']}", "it allows values"),
        ("runAsUser: {unset: allow}", "it allows unset"),
        ("volumes: {allow: [secret, hostPath]}", "it allows values"),
        ("volumes: {unless: [windows]}", "something lifts it that does not lift its parent's"),
        ("runAsNonRoot: {unless: [userNamespace, windows]}", "something lifts it"),
        ("procMount: {reading: declared}", "its reading is `declared`, its parent's `effective`"),
    ],
)
def test_child_may_not_loosen(rule: str, reason: str) -> None:
    """A looser rule is refused with its reason and its place, unless `loosens` says why."""
    text = f"extends: parent\nrules:\n  {rule}"
    with pytest.raises(ProfileError, match=reason) as caught:
        profile(text, parent=PARENT)
    name = rule.partition(":")[0]
    assert caught.value.message.startswith(f"`{name}` is looser than its parent's: ")
    assert caught.value.position is not None
    assert caught.value.position.line == FIRST_LINE + 2
    assert profile(f"{text}\nloosens: {{{name}: reviewed}}", parent=PARENT)


def test_loosening_of_a_rule_that_is_not_set() -> None:
    """A reason without a rule is stale."""
    with pytest.raises(ProfileError, match="`volumes` loosens nothing") as caught:
        profile("extends: parent\nrules: {hostPID: false}\nloosens: {volumes: x}", parent=PARENT)
    assert caught.value.position is not None
    assert caught.value.position.line == FIRST_LINE + 2
