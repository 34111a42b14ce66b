"""The readings: which of an inherited field's values are judged, level by level."""

from __future__ import annotations

from functools import cache
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.errors import CapgenError
from capgen.policy.admit import Admission, Request
from capgen.policy.expressions import tests as judged
from capgen.policy.profile import Union
from capgen.policy.subjects import dotted
from tests.policy.made import adding, profile

if TYPE_CHECKING:
    from capgen.policy.profile import Profile
    from tests.pods import Pod

READINGS: Final = ("declared", "effective", "both")
NONE: Final = "-"
# A rule, and the values of its field.
LAX: Final = ('runAsUser: {ranges: ["1-"], READ}', "runAsUser")
STRICT: Final = ("runAsNonRoot: {allow: [true], READ}", "runAsNonRoot")
SECCOMP: Final = ("seccompProfile: {allow: [RuntimeDefault], READ}", "seccompProfile")
LEVEL: Final = ("seLinuxOptions: {level: [s0], unset: refuse, READ}", "seLinuxOptions")
RUNTIME: Final = {"type": "RuntimeDefault"}
ELSE: Final = {"type": "Unconfined"}

# What stands in the pod and in its container; then who is refused, reading by reading. `above` is
# the pod's own value, `c` the container's, `c<above` the pod's value in the container.
TABLE: Final[dict[tuple[str, str], list[tuple[object, object, str, str, str]]]] = {
    LAX: [
        (NONE, NONE, "", "", ""),
        (NONE, 5, "", "", ""),
        (NONE, 0, "c", "c", "c"),
        (5, NONE, "", "", ""),
        (5, 6, "", "", ""),
        (5, 0, "c", "c", "c"),
        (0, NONE, "above", "c<above", "above"),
        (0, 5, "above", "", "above"),
        (0, 0, "above c", "c", "above c"),
    ],
    STRICT: [
        (NONE, NONE, "c", "c", "above c"),
        (NONE, True, "", "", "above"),
        (NONE, False, "c", "c", "above c"),
        (True, NONE, "", "", ""),
        (True, True, "", "", ""),
        (True, False, "c", "c", "c"),
        (False, NONE, "above", "c<above", "above"),
        (False, True, "above", "", "above"),
        (False, False, "above c", "c", "above c"),
    ],
    # A container's struct takes the place of the pod's as a whole, `type` is required in it.
    SECCOMP: [
        (NONE, RUNTIME, "", "", "above"),
        (RUNTIME, NONE, "", "", ""),
        (RUNTIME, {}, "c", "c", "c"),
        (RUNTIME, ELSE, "c", "c", "c"),
        (ELSE, RUNTIME, "above", "", "above"),
        (ELSE, NONE, "above", "c<above", "above"),
        ({}, RUNTIME, "above", "", "above"),
    ],
    LEVEL: [
        (NONE, {"level": "s0"}, "", "", "above"),
        ({"level": "s0"}, NONE, "", "", ""),
        ({"level": "s0"}, {"user": "u"}, "c", "c", "c"),
        ({"level": "s0"}, {"level": ""}, "c", "c", "c"),
        ({"level": "s1"}, {"level": "s0"}, "above", "", "above"),
        ({"user": "u"}, {"level": "s0"}, "", "", "above"),
    ],
}
ROWS: Final = [(rule, row) for rule, rows in TABLE.items() for row in rows]


def pod(field: str, above: object, value: object) -> Pod:
    """Return a pod with one container, and values of a field at both levels."""
    container: Pod = {"name": "c", "image": "i"}
    spec: Pod = {"containers": [container]}
    for struct, what in ((spec, above), (container, value)):
        struct["securityContext"] = {} if what == NONE else {field: what}
    return {"spec": spec}


@cache
def made(rule: str, reading: str) -> Profile:
    """Return a profile with one rule of a reading."""
    return profile(f'kubernetes: "1.36"\nrules:\n  {rule.replace("READ", f"reading: {reading}")}')


def refused(request: Request, asked: Profile) -> str:
    """Return who is refused, as the table writes it."""
    found = []
    for each in Admission(Union((asked,))).admit(request).violations:
        place = dotted(each.path)
        above = place.startswith("spec.securityContext")
        found.append("above" if each.container is None else "c<above" if above else "c")
    return " ".join(found)


@pytest.mark.parametrize(("rule", "row"), ROWS, ids=repr)
def test_each_reading(rule: tuple[str, str], row: tuple[Any, ...]) -> None:
    """Who is refused, and at which level."""
    request = Request(pod(rule[1], *row[:2]))
    for reading, expected in zip(READINGS, row[2:], strict=True):
        assert refused(request, made(rule[0], reading)) == expected, reading


@pytest.mark.parametrize(("rule", "row"), ROWS, ids=repr)
def test_added_container(rule: tuple[str, str], row: tuple[Any, ...]) -> None:
    """Of a container that is added what takes effect in it is judged, and the pod not again."""
    above, value, _, effective, _ = row
    sent = pod(rule[1], above, value)["spec"]
    (new,) = sent.pop("containers")
    request = adding({"spec": sent | {"containers": [{"name": "old"}]}}, new)
    for reading in READINGS:
        assert refused(request, made(rule[0], reading)) == effective, reading


def test_each_container_by_itself() -> None:
    """One container's value says nothing of another's."""
    sent = pod("runAsNonRoot", NONE, True)
    sent["spec"]["containers"].append({"name": "d"})
    for reading, expected in zip(READINGS, ("d", "d", "None d"), strict=True):
        decision = Admission(Union((made(STRICT[0], reading),))).admit(Request(sent))
        assert " ".join(str(each.container) for each in decision.violations) == expected


def readings(asked: Profile) -> dict[str, str]:
    """Return the reading of each rule, of all its tests alike."""
    found = {}
    for rule in asked.rules:
        (reading,) = {test.reading.value for test in judged(rule.expression)}
        found[rule.id] = reading
    return found


USER: Final = '{ranges: ["1-"]'
_SINCE: Final = "{version: '1.36', reading: both}"
# A profile, its parents by name, and the readings of its rules.
INHERITED: Final[dict[str, tuple[str, dict[str, str], dict[str, str]]]] = {
    "declared without a word": (f"rules: {{runAsUser: {USER}}}}}", {}, {"runAsUser": "declared"}),
    "profile-wide": (
        f"reading: both\nrules: {{runAsUser: {USER}}}, runAsNonRoot: true}}",
        {},
        {"runAsUser": "both", "runAsNonRoot": "both"},
    ),
    "a rule's own before it": (
        f"reading: both\nrules: {{runAsUser: {USER}, reading: effective}}, runAsNonRoot: true}}",
        {},
        {"runAsUser": "effective", "runAsNonRoot": "both"},
    ),
    "a rule's own, declared": (
        f"reading: both\nrules: {{runAsUser: {USER}, reading: declared}}}}",
        {},
        {"runAsUser": "declared"},
    ),
    "a version's own": (
        f"reading: effective\nrules: {{runAsUser: {USER}, since: [{_SINCE}]}}}}",
        {},
        {"runAsUser": "both"},
    ),
    "of the parent": (
        "extends: [above]\nrules: {runAsUser: {ranges: ['5-']}}",
        {"above": f"reading: effective\nrules: {{runAsUser: {USER}}}, runAsNonRoot: true}}"},
        {"runAsUser": "effective", "runAsNonRoot": "effective"},
    ),
    "the parent's, for the child's own rule too": (
        f"extends: [above]\nrules: {{runAsGroup: {USER}}}}}",
        {"above": f"reading: both\nrules: {{runAsUser: {USER}}}}}"},
        {"runAsUser": "both", "runAsGroup": "both"},
    ),
}
_EACH: Final = {
    reading: f"rules: {{runAsUser: {USER}, reading: {reading}}}}}" for reading in READINGS
}
# Of two parents all that one of them judges is judged.
MEETS: Final = {
    ("declared", "effective"): "declared",
    ("declared", "both"): "both",
    ("effective", "both"): "both",
    ("effective", "effective"): "effective",
    ("both", "both"): "both",
}


@pytest.mark.parametrize("name", INHERITED)
def test_whose_reading(name: str) -> None:
    """A rule's own, or the profile's, or its parent's."""
    spec, parents, expected = INHERITED[name]
    assert readings(profile(spec, "1.36", **parents)) == expected


@pytest.mark.parametrize("pair", MEETS, ids="-".join)
def test_two_parents(pair: tuple[str, str]) -> None:
    """Two parents' readings meet at the one that judges what both judge, in either order."""
    for one, two in (pair, pair[::-1]):
        parents = {"one": _EACH[one], "two": _EACH[two]}
        found = profile("extends: [one, two]", "1.36", **parents)
        assert readings(found) == {"runAsUser": MEETS[pair]}


@pytest.mark.parametrize(("above", "own"), [*permutations(READINGS, 2)])
def test_a_change_needs_a_reason(above: str, own: str) -> None:
    """Whatever it is changed to, in the rule or profile-wide: other values are judged."""
    said = (
        f"`runAsUser` is looser than its parent's: its reading is `{own}`, its parent's `{above}`"
    )
    rule = f"rules: {{runAsUser: {{reading: {own}}}}}"
    for spec in (rule, f"reading: {own}"):
        with pytest.raises(CapgenError, match=said):
            profile(f"extends: [above]\n{spec}", "1.36", above=_EACH[above])
    reason = "\nloosens: {runAsUser: as PodSecurityPolicy did}"
    found = profile(f"extends: [above]\n{rule}{reason}", "1.36", above=_EACH[above])
    assert readings(found) == {"runAsUser": own}


def test_a_rule_that_is_taken_out() -> None:
    """It has no reading that could differ."""
    with pytest.raises(
        CapgenError, match="`runAsUser` is looser than its parent's: it is taken out"
    ):
        profile("extends: [above]\nrules: {runAsUser: null}", "1.36", above=_EACH["both"])


def test_a_reason_for_a_profile_wide_reading() -> None:
    """Where the reading of all inherited rules changes, their reasons can be given."""
    spec = "extends: [above]\nreading: effective\nloosens: {runAsUser: as PodSecurityPolicy did}"
    assert readings(profile(spec, "1.36", above=_EACH["declared"])) == {"runAsUser": "effective"}


def test_a_reading_of_what_nobody_inherits() -> None:
    """A rule whose field stands at one level only is not looser by any reading."""
    above = "rules: {privileged: false, hostPID: false, volumes: {allow: [secret]}}"
    found = profile("extends: [above]\nreading: effective", "1.36", above=above)
    assert set(readings(found)) == {"privileged", "hostPID", "volumes"}
