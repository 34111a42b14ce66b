"""What is chosen, against the documentation of Kubernetes and of its validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from capgen.errors import ProfileError
from capgen.policy.catalogue import ENTRIES
from capgen.policy.choice import choose
from capgen.policy.chosen import bare_pod
from capgen.policy.expressions import judge
from capgen.policy.pod import view
from capgen.policy.profile import Profile
from capgen.policy.rules import build
from capgen.profile.library import open_profile

if TYPE_CHECKING:
    from capgen.policy.choice import Choice, Os

SPAN = range(36, 37)
LEVELS = ("pss/privileged", "pss/baseline", "pss/restricted")
VERSIONS = ("1.0", "1.7", "1.8", "1.18", "1.19", "1.22", "1.24", "1.25", "1.34", "1.35", "1.37")


def profile(**rules: dict[str, Any]) -> Profile:
    """Return a profile with these rules' settings."""
    built = tuple(build(ENTRIES[name], settings, SPAN) for name, settings in rules.items())
    return Profile("test", "", SPAN, built)


def said(choice: Choice) -> list[tuple[str, object, str]]:
    """Return path, value and rule of each chosen value."""
    return [(".".join(each.field.path), each.value, each.rule) for each in choice.values]


def chosen(os: Os = "linux", **rules: dict[str, Any]) -> list[tuple[str, object]]:
    """Return path and value of what is chosen for these rules."""
    return [(path, value) for path, value, _ in said(choose(profile(**rules), os))]


# The fields that the restricted level requires of Linux pods:
# https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
RESTRICTED = [
    # False is what unset means, but a manifest may hold the other, and the API refuses that beside
    # `allowPrivilegeEscalation: false`.
    ("securityContext.privileged", False, "privileged"),
    (
        "securityContext.allowPrivilegeEscalation",
        False,
        "allowPrivilegeEscalation",
    ),
    ("securityContext.capabilities.drop", ("ALL",), "capabilities"),
    ("securityContext.runAsNonRoot", True, "runAsNonRoot"),
    ("securityContext.seccompProfile.type", "RuntimeDefault", "seccompProfile"),
]


def test_restricted_linux() -> None:
    """The restricted level asks for five values, and for nothing else."""
    assert said(choose(open_profile("pss/restricted", "1.36"), "linux")) == RESTRICTED


def test_restricted_windows() -> None:
    """A Windows pod says that it is one, which lifts three rules, and has none of their fields."""
    choice = choose(open_profile("pss/restricted", "1.36"), "windows")
    assert said(choice) == [
        ("os.name", "windows", "allowPrivilegeEscalation"),
        ("securityContext.runAsNonRoot", True, "runAsNonRoot"),
    ]
    assert choice.refused == ()


def test_restricted_windows_before_the_exemption() -> None:
    """Until 1.24 nothing was lifted, and the API refuses the fields that the rules require."""
    choice = choose(open_profile("pss/restricted", "1.24"), "windows")
    assert choice.refused == ("allowPrivilegeEscalation", "capabilities", "seccompProfile")


def test_range_of_versions() -> None:
    """Over a range the strictest minor decides: `drop` is required from 1.22 on."""
    choice = choose(open_profile("pss/restricted", "1.19-1.22"), "linux")
    assert said(choice) == RESTRICTED
    before = choose(open_profile("pss/restricted", "1.19-1.21"), "linux")
    assert said(before) == [row for row in RESTRICTED if row[2] != "capabilities"]


def test_baseline() -> None:
    """Baseline allows RuntimeDefault, which is stricter than the unset that it also allows."""
    assert said(choose(open_profile("pss/baseline", "1.36"), "linux")) == [
        RESTRICTED[0],
        RESTRICTED[4],
    ]
    assert said(choose(open_profile("pss/baseline", "1.36"), "windows")) == []


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_rule_admits_the_choice(name: str, version: str) -> None:
    """A bare pod with the chosen values is admitted by every rule, on Linux at every version."""
    found = open_profile(name, version)
    pod = view(bare_pod(choose(found, "linux").values))
    assert [rule.id for rule in found.rules if judge(rule.expression)(pod)] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_windows_has_no_linux_field(version: str) -> None:
    """The API refuses the Linux fields in a pod with `os.name: windows`: none is chosen."""
    choice = choose(open_profile("pss/restricted", version), "windows")
    assert not [each for each in choice.values if each.field.linux]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        # Unset means false already: of the two only what the API refuses beside others is written.
        ({"privileged": {"allow": [False]}}, [("securityContext.privileged", False)]),
        ({"hostPID": {"allow": [False]}}, []),
        (
            {"privileged": {"allow": [False], "unset": "refuse"}},
            [("securityContext.privileged", False)],
        ),
        # The only value that is left.
        ({"privileged": {"allow": [True]}}, [("securityContext.privileged", True)]),
        ({"hostNetwork": {"allow": [True]}}, [("hostNetwork", True)]),
        ({"procMount": {"allow": ["Default"], "unset": "allow"}}, []),
        # A default wins over what is preferred.
        (
            {
                "seccompProfile": {
                    "allow": ["RuntimeDefault", "Unconfined"],
                    "default": "Unconfined",
                }
            },
            [("securityContext.seccompProfile.type", "Unconfined")],
        ),
        ({"runAsUser": {"ranges": ["1-"]}}, []),
        (
            {"runAsUser": {"ranges": ["10000-60000"], "default": 10001}},
            [("securityContext.runAsUser", 10001)],
        ),
        ({"runAsUser": {"ranges": [7], "unset": "refuse"}}, [("securityContext.runAsUser", 7)]),
        # What is preferred is not allowed, and unset is.
        ({"seccompProfile": {"allow": ["Localhost"], "unset": "allow"}}, []),
        (
            {"capabilities": {"allow": ["KILL", "CHOWN"], "add": ["KILL"], "drop": ["ALL"]}},
            [
                ("securityContext.capabilities.add", ("KILL",)),
                ("securityContext.capabilities.drop", ("ALL",)),
            ],
        ),
        (
            {"capabilities": {"drop": ["NET_RAW", "MKNOD"], "unset": "allow"}},
            [("securityContext.capabilities.drop", ("NET_RAW", "MKNOD"))],
        ),
        ({"capabilities": {"allow": ["KILL"], "add": []}}, []),
        (
            {"seLinuxOptions": {"type": ["a_t"], "role": ["r"], "default": {"role": "r"}}},
            [("securityContext.seLinuxOptions.role", "r")],
        ),
        # What a pod lists has no one place to set.
        ({"sysctls": {"allow": []}, "hostPath": {"allow": []}, "volumes": {"allow": []}}, []),
    ],
)
def test_values(rules: dict[str, Any], expected: list[tuple[str, object]]) -> None:
    """Each way in which a value is chosen, or nothing is."""
    assert chosen(**rules) == expected


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (
            {"runAsUser": {"ranges": ["1-9"], "default": 0}},
            "`runAsUser`: the default `0` is not allowed; allowed is 1-9 or unset",
        ),
        (
            # `1` is not true.
            {"runAsNonRoot": {"allow": [True], "default": 1}},
            "`runAsNonRoot`: the default `1` is not allowed; allowed is true",
        ),
        (
            {"capabilities": {"allow": ["KILL"], "add": ["CHOWN"]}},
            "`capabilities`: the default `[CHOWN]` is not allowed; allowed is KILL or unset",
        ),
        (
            {"runAsUser": {"ranges": ["1-9"], "unset": "refuse"}},
            (
                "`runAsUser` refuses every pod that leaves it unset, and no value can be chosen"
                " for it; give it a `default` that it allows"
            ),
        ),
        (
            {"volumes": {"allow": ["secret"], "default": "secret"}},
            "`volumes` takes no `default`: it judges what a pod lists, and has no field to set",
        ),
        (
            {"privileged": {"allow": [True]}, "allowPrivilegeEscalation": {"allow": [False]}},
            (
                "`allowPrivilegeEscalation` and `privileged`: the API refuses"
                " `securityContext.allowPrivilegeEscalation: false` with"
                " `securityContext.privileged: true`"
            ),
        ),
        (
            {
                "allowPrivilegeEscalation": {"allow": [False]},
                "capabilities": {"allow": ["CAP_SYS_ADMIN"], "add": ["CAP_SYS_ADMIN"]},
            },
            (
                "`allowPrivilegeEscalation` and `capabilities`: the API refuses"
                " `securityContext.allowPrivilegeEscalation: false` with"
                " `securityContext.capabilities.add: CAP_SYS_ADMIN`"
            ),
        ),
        (
            {"runAsNonRoot": {"allow": [True]}, "runAsUser": {"ranges": [0], "default": 0}},
            (
                "`runAsNonRoot` and `runAsUser`: the kubelet refuses"
                " `securityContext.runAsNonRoot: true` with `securityContext.runAsUser: 0`"
            ),
        ),
        (
            {"seccompProfile": {"allow": ["Localhost"]}},
            (
                "`seccompProfile`: the API refuses `securityContext.seccompProfile.type: Localhost`"
                " without `securityContext.seccompProfile.localhostProfile`"
            ),
        ),
        (
            {"procMount": {"allow": ["Unmasked"]}},
            (
                "`procMount`: the API refuses `securityContext.procMount: Unmasked` without"
                " `hostUsers: false`"
            ),
        ),
    ],
)
def test_refused(rules: dict[str, Any], words: str) -> None:
    """What cannot be chosen is an error that names the rules."""
    with pytest.raises(ProfileError) as error:
        choose(profile(**rules), "linux")
    assert error.value.message == words


def test_sys_admin_without_prefix_goes_together() -> None:
    """The API knows the capability by the spelling `CAP_SYS_ADMIN` only."""
    assert chosen(
        allowPrivilegeEscalation={"allow": [False]},
        capabilities={"allow": ["SYS_ADMIN"], "add": ["SYS_ADMIN"]},
    ) == [
        ("securityContext.allowPrivilegeEscalation", False),
        ("securityContext.capabilities.add", ("SYS_ADMIN",)),
    ]
