"""A rule made of its settings: what they become, and what no rule can be made of."""

from __future__ import annotations

import pytest

from capgen.errors import ProfileError
from capgen.policy import expressions
from capgen.policy.catalogue import ENTRIES, Ask
from capgen.policy.expressions import All, AnyOf, Test
from capgen.policy.predicates import (
    Globs,
    Includes,
    InRanges,
    OneOf,
    Predicate,
    Under,
    Within,
)
from capgen.policy.reading import Reading
from capgen.policy.rules import (
    Rule,
    Settings,
    build,
    condition,
    keys_of,
    part_of,
    parts_of,
    prefix_of,
    resolve_symbols,
)
from capgen.policy.subjects import Field, HostPaths, ProfileAnnotations

NEW = range(36, 37)
READ_ONLY = {"prefix": "/log", "readOnly": True}


def made(rule: str, span: range = NEW, **settings: object) -> Rule:
    """Make a rule of settings."""
    return build(ENTRIES[rule], dict(settings), span)


@pytest.mark.parametrize(
    ("rule", "settings", "expected"),
    [
        ("privileged", {"allow": [False]}, [OneOf((False,))]),
        ("runAsUser", {"ranges": [5, "7-"]}, [InRanges(((5, 5), (7, None)))]),
        (
            "capabilities",
            {"allow": ["CHOWN"], "drop": ["ALL"]},
            [Within(("CHOWN",)), Includes(("ALL",))],
        ),
        (
            "capabilities",
            {"allow": ["CHOWN"], "drop": ["KILL"], "allCovers": True},
            [Within(("CHOWN",), "ALL"), Includes(("KILL",), "ALL")],
        ),
        ("capabilities", {"drop": ["KILL"], "allCovers": False}, [Includes(("KILL",))]),
        ("capabilities", {"drop": []}, [Includes(())]),
        ("hostPath", {"allow": []}, [Under(())]),
        ("hostPath", {"allow": ["/a", {"prefix": "/b"}]}, [Under(("/a", "/b"))]),
        (
            "hostPath",
            {"allow": ["/a", READ_ONLY, {"prefix": "/b", "readOnly": False}]},
            [Under(("/a", "/log", "/b")), Under(("/a", "/b"))],
        ),
        ("sysctls", {"allow": ["a", "b"]}, [OneOf(("a", "b"))]),
        ("sysctls", {"allow": ["a", "b.*"]}, [Globs(("a", "b.*"))]),
        ("seccompProfile", {"allow": ["Localhost:a"]}, [OneOf(("Localhost:a",))]),
        ("seccompProfile", {"allow": ["Localhost:a/*"]}, [Globs(("Localhost:a/*",))]),
        # Any file is allowed: to name one says nothing more.
        ("seccompProfile", {"allow": ["Localhost:a/*", "Localhost"]}, [OneOf(("Localhost",))]),
    ],
)
def test_predicates(rule: str, settings: Settings, expected: list[Predicate]) -> None:
    """Each key that is set becomes a predicate, in the catalogue's order."""
    assert [
        test.predicate for test in expressions.tests(made(rule, **settings).expression)
    ] == expected


@pytest.mark.parametrize(
    ("listed", "joined"),
    [
        (["RuntimeDefault"], False),
        (["Localhost"], False),
        (["Localhost:a"], True),
        (["RuntimeDefault", "Localhost:a*"], True),
        (["Localhost:a", "Localhost"], False),
    ],
)
@pytest.mark.parametrize("rule", ["seccompProfile", "appArmorProfile"])
def test_profile_is_joined_with_its_file(rule: str, listed: list[str], joined: bool) -> None:
    """A kernel profile is read with its file where the rule names one, in field and annotation."""
    for test in expressions.tests(made(rule, range(18, 37), allow=listed).expression):
        assert isinstance(test.subject, (Field, ProfileAnnotations))
        assert test.subject.joined is joined


def test_hostpath_is_judged_twice_where_some_prefix_is_read_only() -> None:
    """What is mounted, and what of it is written; the second where there is something to ask."""
    subjects = [
        test.subject for test in expressions.tests(made("hostPath", allow=[READ_ONLY]).expression)
    ]
    assert subjects == [HostPaths(), HostPaths(written=True)]
    assert len(expressions.tests(made("hostPath", allow=["/a"]).expression)) == 1


@pytest.mark.parametrize(
    ("rule", "settings", "expected"),
    [
        # What Kubernetes does where it is unset; allowed where that is not known.
        ("privileged", {"allow": [False]}, True),
        ("privileged", {"allow": [True]}, False),
        ("readOnlyRootFilesystem", {"allow": [True]}, False),
        ("hostUsers", {"allow": [False]}, False),
        ("supplementalGroupsPolicy", {"allow": ["Merge"]}, True),
        ("fsGroupChangePolicy", {"allow": ["OnRootMismatch"]}, False),
        ("runAsGroup", {"ranges": [1]}, True),
        ("automountServiceAccountToken", {"allow": [False]}, False),
        ("automountServiceAccountToken", {"allow": [True]}, True),
        ("privileged", {"allow": [False], "unset": "refuse"}, False),
        ("privileged", {"allow": [True], "unset": "allow"}, True),
        ("runAsGroup", {"ranges": [1], "unset": "refuse"}, False),
    ],
)
def test_unset(rule: str, settings: Settings, expected: bool) -> None:
    """Unset is judged as what Kubernetes does then, unless the profile says otherwise."""
    (test,) = expressions.tests(made(rule, **settings).expression)
    assert test.unset_allowed is expected


@pytest.mark.parametrize("rule", ["volumes", "hostPath", "hostProbes"])
def test_unset_of_what_cannot_be_unset(rule: str) -> None:
    """Where only what is there is judged, to speak of unset is a mistake."""
    with pytest.raises(ProfileError, match=f"`unset` says nothing of `{rule}`: only what is there"):
        made(rule, allow=[], unset="refuse")


@pytest.mark.parametrize("settings", [{}, {"unset": "allow"}, {"reading": "both", "drop": None}])
def test_rule_that_says_nothing(settings: Settings) -> None:
    """A rule without any of its keys is refused, with the keys that it could have."""
    with pytest.raises(ProfileError) as caught:
        made("capabilities", **settings)
    assert caught.value.message == (
        "the rule `capabilities` says nothing; expected one of `allow`, `drop`"
    )


def test_reading() -> None:
    """A rule's reading is its tests'; declared where nothing is said."""
    for text in ("declared", "effective", "both"):
        (test,) = expressions.tests(made("runAsUser", ranges=[1], reading=text).expression)
        assert test.reading is Reading(text)
    (test,) = expressions.tests(made("runAsUser", ranges=[1]).expression)
    assert test.reading is Reading.DECLARED


def test_conditions_lift_the_whole_rule() -> None:
    """What lifts a rule stands before all that it asks."""
    bare = made("capabilities", allow=[], drop=[]).expression
    assert isinstance(bare, All)
    lifted = made("capabilities", allow=[], drop=[], unless=["windows", "userNamespace"]).expression
    assert isinstance(lifted, AnyOf)
    assert lifted.parts[-1] == bare
    assert len(lifted.parts) == 3
    assert isinstance(made("privileged", allow=[False]).expression, Test)


@pytest.mark.parametrize(
    ("span", "expected"),
    [(range(19), [0]), (range(18, 20), [0, 1]), (range(19, 20), [1]), (NEW, [1])],
)
def test_parts_of_versions(span: range, expected: list[int]) -> None:
    """Over a range of versions hold the parts of each of them."""
    entry = ENTRIES["seccompProfile"]
    assert list(parts_of(entry, span)) == [entry.parts[place] for place in expected]


def test_symbols() -> None:
    """The name of a set gives way to its members at the version, each value once."""
    entry = ENTRIES["sysctls"]
    old = resolve_symbols(entry, {"allow": ["kernel.msgmax", "safe"]}, 26)["allow"]
    new = resolve_symbols(entry, {"allow": ["safe", "net.ipv4.tcp_fin_timeout"]}, 29)["allow"]
    assert old[0] == "kernel.msgmax"
    assert "net.ipv4.ip_local_reserved_ports" not in old
    assert {"net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_fin_timeout"} <= set(new)
    assert len(set(new)) == len(new)
    # The settings of others, and what is no symbol, stay as they are.
    assert resolve_symbols(entry, {"unset": "allow"}, 29) == {"unset": "allow"}
    label = {"type": ["safe"], "user": ["u"]}
    assert resolve_symbols(ENTRIES["seLinuxOptions"], label, 29) == label


def test_settings_are_left_alone() -> None:
    """To resolve symbols makes other settings."""
    settings = {"allow": ["safe"]}
    assert resolve_symbols(ENTRIES["sysctls"], settings, 36) is not settings
    assert settings == {"allow": ["safe"]}


def test_small_questions() -> None:
    """Keys, prefixes and parts are told from what a rule is made of."""
    assert keys_of(ENTRIES["hostPath"]) == ("allow",)
    assert keys_of(ENTRIES["seLinuxOptions"]) == ("type", "user", "role", "level")
    assert [prefix_of(value) for value in ("/a", {"prefix": "/b"})] == ["/a", "/b"]
    rule = made("hostPath", allow=[READ_ONLY])
    asks = [part_of(rule, test.subject).ask for test in expressions.tests(rule.expression)]
    assert asks == [Ask.UNDER, Ask.UNDER_WRITABLE]
    joined = made("seccompProfile", allow=["Localhost:a"])
    (test,) = expressions.tests(joined.expression)
    assert part_of(joined, test.subject) is ENTRIES["seccompProfile"].parts[1]
    assert (rule.id, rule.settings) == ("hostPath", {"allow": [READ_ONLY]})


def test_condition() -> None:
    """Only what may lift a rule is known by name."""
    assert condition("windows") == "windows"
    with pytest.raises(ProfileError) as caught:
        condition("window")
    assert caught.value.message == (
        "`window` lifts no rule; did you mean `windows`?; known: windows, userNamespace"
    )


@pytest.mark.parametrize(
    ("span", "lifting"),
    [
        (range(23, 37), []),
        (range(24, 25), ["windows"]),
        (range(24, 37), ["windows"]),
        (range(25, 26), ["windows", "userNamespace"]),
    ],
)
def test_a_condition_lifts_where_every_server_knows_its_field(
    span: range, lifting: list[str]
) -> None:
    """An older API server drops the field: what it says would come to nothing."""
    rule = made("runAsNonRoot", span, allow=[True], unless=["windows", "userNamespace"])
    assert rule.settings["unless"] == lifting
    parts = rule.expression.parts if isinstance(rule.expression, AnyOf) else (rule.expression,)
    assert len(parts) == len(lifting) + 1
