"""Exemptions and readings in the emitted policies, evaluated: what the tables say of each."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import pytest

from capgen.lang.cel_exempt import excused
from capgen.policy.admit import Request
from capgen.policy.exempt import Exemption
from capgen.policy.values import nested
from capgen.policy.workload import WORKLOADS, Workload
from tests.lang.cel_engine import Policies, compiled, run
from tests.pods import good, tweak
from tests.policy.made import adding, profile
from tests.policy.tables.exempt import CREATE, HEAD, PROFILES, PROXY, ROOT, SIDE, row, update
from tests.policy.tables.exempt_updates import UPDATE
from tests.policy.test_exempt_who import IMAGES
from tests.policy.test_reading import READINGS, ROWS, made, pod

# The API server knows no misspelt key when a policy is asked.
CASES: Final = {name: case for name, case in (CREATE | UPDATE).items() if name != "a misspelt key"}

# Of a pod's bad value CEL also names the containers that have it.
NAMED: Final = [
    name
    for name, case in CASES.items()
    if case.refused and all(line.split(" ")[1] for line in case.refused)
]


@cache
def policies(name: str) -> Policies:
    """Return the policies of a profile of the table."""
    return Policies(profile(PROFILES[name]))


@pytest.mark.parametrize("name", CASES)
def test_each_case(name: str) -> None:
    """The rules that the interpreter's table names refuse, and no others."""
    case = CASES[name]
    found = [refusal.rule for refusal in policies(case.profile).refusals(case.request)]
    assert found == list(dict.fromkeys(text.partition(" ")[0] for text in case.refused))


@pytest.mark.parametrize("name", NAMED)
def test_the_message_names_the_container(name: str) -> None:
    """Who is refused stands in the message, and no container that is exempt."""
    case = CASES[name]
    named = {line.split(" ")[1] for line in case.refused}
    said = " ".join(refusal.text for refusal in policies(case.profile).refusals(case.request))
    for container in ("web", "sidecar", "setup", "new", "other"):
        assert (f"{container}: " in said) == (container in named)


@pytest.mark.parametrize(("pattern", "image", "fits"), IMAGES)
def test_globs_of_images(pattern: str, image: str, fits: bool) -> None:
    """A pattern is the same text in CEL, from end to end."""
    text = excused((Exemption((), (pattern,), (), "seen", "2030-01-01"),), "object")
    assert run(compiled(text), {"object": {"image": image}}, text) is fits


WHO: Final = (
    Exemption((), ("a", "b:*", "c:*", "d"), ("web", "db"), "seen", "2030-01-01"),
    Exemption((), (), ("it's",), "seen", "2030-01-01"),
    Exemption((), ("e",), (), "seen", "2030-01-01"),
)
CONTAINERS: Final[list[tuple[dict[str, Any], tuple[bool, bool, bool]]]] = [
    ({"name": "web", "image": "a"}, (True, False, False)),
    ({"name": "db", "image": "b:1"}, (True, False, False)),
    ({"name": "db", "image": "c:1"}, (True, False, False)),
    ({"name": "db", "image": "d"}, (True, False, False)),
    ({"name": "db", "image": "e"}, (False, False, True)),
    ({"name": "web"}, (False, False, False)),
    ({"name": "it's", "image": "a"}, (False, True, False)),
]


@pytest.mark.parametrize(("container", "fits"), CONTAINERS, ids=repr)
def test_who(container: dict[str, Any], fits: tuple[bool, ...]) -> None:
    """Image and name must both fit, of one exemption; any of several will do."""
    for group, expected in (*(((each,), fit) for each, fit in zip(WHO, fits, strict=True)),
                            (WHO, any(fits)), (WHO[1:], any(fits[1:]))):  # fmt: skip
        text = excused(group, "object")
        assert run(compiled(text), {"object": container}, text) is expected


@pytest.mark.parametrize(("rule", "values"), ROWS, ids=repr)
def test_readings(rule: tuple[str, str], values: tuple[Any, ...]) -> None:
    """Each reading refuses by the hand-written table, also on the subresource."""
    sent = pod(rule[1], *values[:2])
    (new,) = sent["spec"]["containers"]
    old = {"spec": sent["spec"] | {"containers": [{"name": "old"}]}}
    for reading, expected in zip(READINGS, values[2:], strict=True):
        judges = read(rule[0], reading)
        assert bool(judges.refusals(Request(sent))) == (expected != ""), reading
        assert bool(judges.refusals(adding(old, new))) == (values[3] != ""), reading


@cache
def read(rule: str, reading: str) -> Policies:
    """Return the policies of one rule of a reading."""
    return Policies(made(rule, reading))


def test_condition_of_the_rule_on_update() -> None:
    """What lifts the rule from the whole pod lifts it also when the image changes."""
    spec = HEAD.replace("privileged: false", "privileged: {allow: [false], unless: [windows]}")
    judges = Policies(profile(spec + row("[privileged]", images=f'["{PROXY}:*"]')))
    windows = ROOT | {"spec.os": {"name": "windows"}}
    new = {f"{SIDE}.image": "x:1"}
    assert judges.refusals(update(windows, new)) == []
    assert [each.rule for each in judges.refusals(update(ROOT, new))] == ["privileged"]


@pytest.mark.parametrize("workload", WORKLOADS[1:], ids=lambda workload: workload.kind)
def test_templates(workload: Workload) -> None:
    """A container of a template is exempt by its image, whatever the kind."""

    def refused(image: str) -> list[str]:
        value = nested(workload.path, tweak(good(), ROOT | {f"{SIDE}.image": image}))
        return [each.rule for each in policies("image").refusals(Request(value, workload))]

    assert refused(f"{PROXY}:1") == []
    assert refused("x:1") == ["privileged"]
