"""Profiles put together: parents, versions, and what is wrong with a profile, and where."""

from __future__ import annotations

from functools import cache

import pytest

from capgen.errors import ProfileError
from capgen.policy.admit import Admission, Request
from capgen.policy.profile import Profile, Union
from capgen.profile.library import open_profile
from capgen.profile.load import InvalidProfileError
from tests.policy.made import FIRST_LINE, profile
from tests.policy.tables.cases import BOTH, PLACES
from tests.policy.test_tables import TABLES, admission


def settings(made: Profile, rule: str) -> dict[str, object]:
    """Return the settings of a rule of a profile."""
    return next(one.settings for one in made.rules if one.id == rule)


def test_key_by_key() -> None:
    """A child inherits what it does not set: `allow` leaves the parent's `drop` alone."""
    made = profile("extends: pss/restricted\nrules: {capabilities: {allow: []}}")
    found = settings(made, "capabilities")
    assert (found["allow"], found["drop"]) == ([], ["ALL"])


@pytest.mark.parametrize(
    ("rule", "left", "right", "expected"),
    [
        ("volumes", "allow: [secret, csi]", "allow: [csi, nfs]", {"allow": ["csi"]}),
        ("volumes", "allow: [secret]", "allow: [nfs]", {"allow": []}),
        ("capabilities", "drop: [ALL]", "drop: [KILL]", {"drop": ["ALL", "KILL"]}),
        ("capabilities", "drop: [ALL]", "allow: [KILL]", {"drop": ["ALL"], "allow": ["KILL"]}),
        ("runAsUser", "ranges: ['1-10']", "ranges: ['5-20']", {"ranges": ["5-10"]}),
        ("runAsUser", "ranges: ['1-10']", "ranges: ['5-']", {"ranges": ["5-10"]}),
        ("runAsUser", "ranges: ['1-']", "ranges: ['5-']", {"ranges": ["5-"]}),
        ("runAsUser", "ranges: ['1-10']", "ranges: ['10-20']", {"ranges": ["10"]}),
        ("runAsUser", "ranges: ['1-10']", "ranges: ['11-20']", {"ranges": []}),
        ("runAsUser", "ranges: [1, '5-9']", "ranges: ['0-6']", {"ranges": ["1", "5-6"]}),
        ("runAsUser", "ranges: [1], unset: refuse", "ranges: [1]", {"unset": "refuse"}),
        (
            "runAsUser",
            "ranges: [1], unset: allow",
            "ranges: [1], unset: refuse",
            {"unset": "refuse"},
        ),
        ("privileged", "allow: [true, false]", "allow: [false]", {"allow": [False]}),
        (
            "runAsNonRoot",
            "allow: [true], unless: [userNamespace, windows]",
            "allow: [true], unless: [windows]",
            {"unless": ["windows"]},
        ),
    ],
)
def test_several_parents_meet(
    rule: str, left: str, right: str, expected: dict[str, object]
) -> None:
    """What two parents say of one rule is what both allow, in either order."""
    head = "kubernetes: '1.36'\nrules: {{{}: {{{}}}}}"
    parents = {"left": head.format(rule, left), "right": head.format(rule, right)}
    for order in ("[left, right]", "[right, left]"):
        found = settings(profile(f"extends: {order}", **parents), rule)
        for key, value in expected.items():
            assert found[key] == value or sorted(found[key]) == sorted(value), (order, key)  # type: ignore[call-overload]  # lists


def test_condition_of_one_parent_lifts_nothing() -> None:
    """A rule is lifted where both parents would lift it."""
    head = "kubernetes: '1.36'\nrules: {{runAsNonRoot: {{allow: [true]{}}}}}"
    parents = {"left": head.format(", unless: [windows]"), "right": head.format("")}
    assert "unless" not in settings(profile("extends: [left, right]", **parents), "runAsNonRoot")


def test_unset_that_one_parent_leaves_open() -> None:
    """Where one parent allows unset in so many words, the other's own meaning still holds."""
    rule = "kubernetes: '1.36'\nrules: {{allowPrivilegeEscalation: {{allow: [false]{}}}}}"
    parents = {"left": rule.format(", unset: allow"), "right": rule.format("")}
    made = profile("extends: [left, right]", **parents)
    assert "unset" not in settings(made, "allowPrivilegeEscalation")


def test_different_defaults_of_parents() -> None:
    """Two choices that differ are an error until the child makes its own."""
    head = "kubernetes: '1.36'\nrules: {{runAsUser: {{ranges: ['1-'], default: {}}}}}"
    parents = {"left": head.format(1), "right": head.format(2)}
    with pytest.raises(ProfileError, match="two different values of `default`: `1` and `2`"):
        profile("extends: [left, right]", **parents)
    made = profile("extends: [left, right]\nrules: {runAsUser: {default: 3}}", **parents)
    assert settings(made, "runAsUser")["default"] == 3


def test_pinned_parent_stays_at_its_version() -> None:
    """`@1.29` pins the values of a parent, whatever the child's version."""
    made = profile("extends: pss/baseline@1.29\nkubernetes: '1.36'")
    allowed = settings(made, "sysctls")["allow"]
    assert isinstance(allowed, list)
    assert "net.ipv4.tcp_keepalive_time" in allowed
    assert "net.ipv4.tcp_rmem" not in allowed
    assert all(rule.id != "hostProbes" for rule in made.rules)


def test_range_of_versions() -> None:
    """A range has the rules of all its minors, and the values and exemptions that all have."""
    made = open_profile("pss/restricted", "1.22-1.36")
    assert {"runAsUser", "hostProbes"} <= {rule.id for rule in made.rules}
    assert "unless" not in settings(made, "runAsNonRoot")
    assert "unless" not in settings(made, "capabilities")
    assert "net.ipv4.ip_local_reserved_ports" not in settings(made, "sysctls")["allow"]  # type: ignore[operator]  # a list
    late = open_profile("pss/restricted", "1.35-1.36")
    assert settings(late, "runAsNonRoot")["unless"] == ["userNamespace"]


@cache
def over(level: str, text: str) -> Admission:
    """Return a level over a range of versions, ready to judge."""
    return Admission(Union((open_profile(f"pss/{level}", text),)))


@pytest.mark.parametrize("text", ["1.7-1.8", "1.18-1.19", "1.22-1.25", "1.30-1.32", "1.33-1.37"])
def test_range_admits_what_every_minor_admits(text: str) -> None:
    """On every pod of the tables a range says what its minors say together."""
    first, last = (int(end.partition(".")[2]) for end in text.split("-"))
    for case in (case for table in TABLES for case in table.cases):
        for place, pod in case.pods():
            if place not in ("", PLACES[1]):
                continue
            request = Request(pod)
            for level in BOTH:
                every = all(
                    admission(level, version).admit(request).allowed
                    for version in range(first, last + 1)
                )
                assert over(level, text).admit(request).allowed == every, case


@pytest.mark.parametrize(
    ("spec", "message", "line", "column"),
    [
        (
            "rules: {privilegd: false}",
            "`privilegd` is no key here; did you mean `privileged`?",
            0,
            11,
        ),
        (
            "rules:\n  capabilities: {alow: []}",
            "`alow` is no key here; did you mean `allow`?",
            1,
            20,
        ),
        ("matches: {}", "`matches` is no key here; did you mean `match`?", 0, 3),
        ("kubernetes: 1.30", "`kubernetes` must be text: quote it", 0, 15),
        ("kubernetes: '1.99'", "Kubernetes `1.99` is newer than", 0, 15),
        ("kubernetes: '1.36-1.30'", "the range `1.36-1.30` runs backwards", 0, 15),
        ("rules:\n  capabilities: {allow: [NET_BIND]}", "`NET_BIND` is not known here", 1, 28),
        ("rules:\n  volumes: {allow: [hostpath]}", "`hostpath` is not known here; did you", 1, 23),
        ("rules:\n  runAsUser: {ranges: ['9-1']}", "the range `9-1` runs backwards", 1, 26),
        ("rules:\n  runAsUser: {ranges: [a]}", "`a` is no range", 1, 26),
        ("rules:\n  privileged: 0", "`0`", 1, 17),
        ("rules:\n  privileged: {unless: [window]}", "`window` lifts no rule; did you", 1, 27),
        (
            "rules:\n  privileged: {unset: deny}",
            "`unset` must be `allow` or `refuse`; found the text `deny`",
            1,
            25,
        ),
        ("enforcement: block", "`enforcement` must be `deny` or `warn` or `audit`", 0, 16),
        ("loosens: {volumes: ''}", "`volumes` must be a reason, in words", 0, 22),
    ],
)
def test_profile_that_says_what_it_may_not(spec: str, message: str, line: int, column: int) -> None:
    """Each error says what is wrong and the place, to the character."""
    with pytest.raises(InvalidProfileError) as caught:
        profile(spec, "1.36")
    error = caught.value.errors[0]
    assert error.message.startswith(message) or f"found {message}" in error.message
    assert error.position == (FIRST_LINE + line, column)
    assert str(error).startswith(f"made.yaml:{FIRST_LINE + line}:{column}: ")


@pytest.mark.parametrize(
    ("spec", "message", "line"),
    [
        ("rules: {privileged: false}", "`kubernetes` is required", 0),
        ("extends: [pss/baselin]", "the library has no profile `pss/baselin`; did you mean", 0),
        ("kubernetes: '1.30'\nextends: [pss/baseline@1.99]", "Kubernetes `1.99` is newer", 1),
        (
            "kubernetes: '1.30'\nrules: {privileged: {unset: refuse}}",
            "the rule `privileged` says",
            1,
        ),
        (
            "kubernetes: '1.30'\nrules: {privileged: false}\naccept: {docker: {volumes: x}}",
            "`volumes` is accepted as a gap, but no rule of this name is set",
            2,
        ),
    ],
)
def test_profile_that_does_not_resolve(spec: str, message: str, line: int) -> None:
    """Errors between profiles have their place too."""
    with pytest.raises(ProfileError) as caught:
        profile(spec)
    assert caught.value.message.startswith(message)
    assert caught.value.position is not None
    assert caught.value.position.line == FIRST_LINE + line


def test_all_errors_are_told_at_once() -> None:
    """A profile with several mistakes is read once."""
    with pytest.raises(InvalidProfileError) as caught:
        profile("kubernetes: 1\nrules: {privilegd: 1, hostPid: 1}")
    assert len(caught.value.errors) == 3


def test_parents_for_different_versions() -> None:
    """Where parents disagree the child has to say the version."""
    parents = {"left": "kubernetes: '1.30'", "right": "kubernetes: '1.31'"}
    with pytest.raises(ProfileError, match="different versions"):
        profile("extends: [left, right]", **parents)
    assert profile("extends: [left, right]\nkubernetes: '1.31'", **parents).minors == range(31, 32)
