"""Exemptions: that container and those rules, on every occasion, and nothing besides."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from capgen.check.judge import Judge
from capgen.policy.admit import Admission, Decision, Request
from capgen.policy.profile import Union
from capgen.policy.subjects import dotted
from capgen.reader import read_bytes
from tests.pods import DROP, annotation, good, tweak
from tests.policy.made import admit, profile, rules_of
from tests.policy.tables.exempt import (
    CREATE,
    HEAD,
    PRIVILEGED,
    PROFILES,
    PROXY,
    ROOT,
    SIDE,
    Case,
    create,
    row,
    update,
)
from tests.policy.tables.exempt_updates import UPDATE

if TYPE_CHECKING:
    from capgen.policy.profile import Profile

CASES: Final = CREATE | UPDATE
# A profile that admits a privileged container without any exemption.
HOST: Final = 'kubernetes: "1.36"\nrules: {hostPID: false, runAsUser: {ranges: ["1-"]}}\nexempt:\n'
LAX: Final = 'kubernetes: "1.36"\nrules: {hostPID: false}'


@cache
def exempting(name: str) -> Profile:
    """Return a profile of the table."""
    return profile(PROFILES[name])


@cache
def admission(name: str) -> Admission:
    """Return a profile of the table, ready to decide."""
    return Admission(Union((exempting(name),)))


def refused(decision: Decision) -> tuple[str, ...]:
    """Return what a decision refuses as the table writes it."""
    return tuple(
        f"{each.rule} {each.container or ''} {dotted(each.path)}" for each in decision.violations
    )


@pytest.mark.parametrize("name", CASES)
def test_each_case(name: str) -> None:
    """Who is refused, by which rule and where; and whether an exemption admitted it."""
    case: Case = CASES[name]
    decision = admission(case.profile).admit(case.request)
    assert refused(decision) == case.refused
    assert (decision.allowed, decision.matched, decision.exempted) == (
        not case.refused,
        case.matched,
        case.exempted,
    )


EITHER: Final = {
    "the first exempts": ((PROFILES["image"], LAX), create(ROOT), []),
    "the second exempts": ((HEAD + row("[privileged]", containers="[x]"), PROFILES["image"]),
                           create(ROOT), []),
    "neither admits": ((PROFILES["name"], PROFILES["both"]),
                       create(ROOT | {f"{SIDE}.image": "x:1"}), ["privileged"]),
    "out of the first, the second admits": (
        (PROFILES["image"], LAX), update(ROOT, {f"{SIDE}.image": "x:1"}), []
    ),
    "out of the first, the second would not admit": (
        (PROFILES["image"], PROFILES["name"]), update(ROOT, {f"{SIDE}.image": "x:1"}),
        ["privileged"],
    ),
    # Of an update each judges what it exempted; but one of them must admit the whole pod.
    "out of both, each is content with its own part": (
        (PROFILES["image"], HOST + row("[runAsUser]", images=f'["{PROXY}:*"]')),
        update(ROOT | {"spec.hostPID": True}, {f"{SIDE}.image": "x:1"}),
        ["privileged"],
    ),
    "out of the first, the second does not match": (
        (PROFILES["image"], LAX + "\nmatch: {podSelector: {matchLabels: {a: b}}}"),
        update(ROOT, {f"{SIDE}.image": "x:1"}),
        ["privileged"],
    ),
    "out of the first, the second matches": (
        (PROFILES["image"], LAX + "\nmatch: {podSelector: {matchLabels: {a: b}}}"),
        update(ROOT | {"metadata.labels": {"a": "b"}}, {f"{SIDE}.image": "x:1"}),
        [],
    ),
    "out of the first, the second judges no pods": (
        (PROFILES["image"], LAX + "\nenforceOn: [controllers]"),
        update(ROOT, {f"{SIDE}.image": "x:1"}),
        ["privileged"],
    ),
    "never exempt, and neither would admit it": (
        (PROFILES["image"], PROFILES["name"]),
        update(ROOT | {f"{SIDE}.image": "x:1"}, {f"{SIDE}.image": "y:1"}),
        [],
    ),
    "a label, and neither would admit it": (
        (PROFILES["image"], PROFILES["name"]),
        update(ROOT | {f"{SIDE}.image": "x:1"}, {"metadata.labels": {"a": "b"}}),
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EITHER)
def test_any_of_two_profiles(name: str) -> None:
    """One of them is enough, when a pod is created and when its image changes."""
    specs, request, rules = EITHER[name]
    decision = admit(request, *map(profile, specs))
    assert rules_of(decision) == rules
    assert decision.allowed is (not rules)


def test_not_exempted_where_another_profile_admits_it() -> None:
    """`exempted`: it is admitted, and would not be without an exemption."""
    assert admit(create(ROOT), exempting("image")).exempted
    lax = profile(LAX)
    assert not admit(create(ROOT), lax, exempting("image")).exempted
    assert not admit(create(ROOT), exempting("image"), lax).exempted


BOTH: Final = {
    ("image", "image"): ("exempt", []),
    ("image", "name"): ("refused", ["privileged"]),
    ("name", "image"): ("refused", ["privileged"]),
    ("image", "selected"): ("exempt", []),
    ("selected", "name"): ("refused", ["privileged"]),
}


@pytest.mark.parametrize("names", BOTH, ids="-".join)
def test_both_profiles_must_hold(names: tuple[str, str]) -> None:
    """The exemption of one profile lifts nothing of another's."""
    judge = Judge([Union((exempting(name),)) for name in names])
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n"
        "  securityContext: {runAsNonRoot: true}\n"
        f"  containers: [{{name: sidecar, image: '{PROXY}:1', securityContext: {{"
        "privileged: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]\n"
    )
    (found,) = judge.run(read_bytes(text.encode(), "pod.yaml"))
    assert not isinstance(found, Exception)
    assert (found.status, [each.rule for each in found.violations]) == BOTH[names]


def test_all_minors_of_a_range() -> None:
    """Over a range an exemption holds at all of them, and the decision says so once."""
    spec = PROFILES["image"].replace('"1.36"', '"1.20-1.36"')
    decision = admit(create(ROOT), profile(spec))
    assert (decision.allowed, decision.exempted) == (True, True)
    decision = admit(create(ROOT | {f"{SIDE}.image": "x:1"}), profile(spec))
    assert refused(decision) == (PRIVILEGED,)


def test_some_minors_of_a_range() -> None:
    """Where only some minors need the exemption, the decision says that there was one."""
    # The API server wrote seccomp annotations into the fields from 1.19 to 1.26.
    spec = HEAD.replace('"1.36"', '"1.20-1.36"').replace(
        "rules:", "rules:\n  seccompProfile: RuntimeDefault"
    )
    made = profile(spec + row("[seccompProfile]", images=f'["{PROXY}:*"]'))
    key = annotation("container.seccomp.security.alpha.kubernetes.io/sidecar")
    pod = {f"{SIDE}.image": f"{PROXY}:1", key: "unconfined"}
    assert admit(create(pod), made).exempted
    refusal = admit(create(pod | {f"{SIDE}.image": "x:1"}), made)
    assert refused(refusal) == (
        "seccompProfile sidecar spec.containers[1].securityContext.seccompProfile.type",
    )


def test_update_without_the_old_object() -> None:
    """Where nothing is known of what stood there, nothing was exempt."""
    request = update(ROOT, {f"{SIDE}.image": "x:1"})._replace(old_object=None)
    assert not admit(request, exempting("image")).matched


def test_the_rule_is_lifted_on_windows_too() -> None:
    """A condition that lifts the rule from the whole pod lifts it also when the image changes."""
    spec = HEAD.replace("privileged: false", "privileged: {allow: [false], unless: [windows]}")
    made = profile(spec + row("[privileged]", images=f'["{PROXY}:*"]'))
    windows = ROOT | {"spec.os": {"name": "windows"}}
    assert admit(update(windows, {f"{SIDE}.image": "x:1"}), made).allowed
    assert rules_of(admit(update(ROOT, {f"{SIDE}.image": "x:1"}), made)) == ["privileged"]


def test_a_pod_without_spec() -> None:
    """What is no pod is malformed, exempt or not."""
    decision = admit(Request(tweak(good(), {"spec": DROP})), exempting("image"))
    assert rules_of(decision) == ["malformed"]
