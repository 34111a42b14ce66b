"""The verdicts of a real API server with our policies in it, recorded, on every witness."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pytest

from capgen.policy import expressions
from capgen.policy.subjects import is_of_containers
from tests.engines import lab, recording
from tests.engines.agreement import Reference
from tests.engines.judged import judged, recorded

if TYPE_CHECKING:
    from capgen.policy.admit import Request
    from capgen.policy.rules import Rule
    from capgen.policy.subjects import Subject

# Of the witnesses of a profile the API itself refuses some, such as a value in the wrong case.
FEWEST = 0.4


class Compared(NamedTuple):
    """A recording beside what the interpreter says.

    Attributes:
        wrong: the requests of which they say something else: the name, and both verdicts.
        keys: the keys of all requests.
        refused: each rule that has refused something live, and where.
    """

    wrong: list[tuple[str, str, str]]
    keys: set[str]
    refused: set[tuple[str, str]]


@cache
def compared(name: str) -> Compared:
    """Compare the recording of a profile with the interpreter."""
    each = judged()[name]
    verdicts = recording.load(each.recording)
    reference = Reference(each.profile())
    found = Compared([], set(), set())
    for asked in recorded(reference.profile):
        key = asked.key
        verdict = verdicts.get(key, "not recorded: record anew")
        ours = recording.said(reference.word(asked.request))
        found.keys.add(key)
        found.refused.update((rule, where(asked.request)) for rule in verdict.split())
        if verdict not in (recording.INVALID, ours):
            found.wrong.append((asked.name, ours, verdict))
    return found


def where(request: Request) -> str:
    """Tell of what kind a request is."""
    if request.workload.path:
        return "template"
    return "new" if request.subresource else "pod"


@pytest.mark.parametrize("name", judged())
def test_recorded_verdicts(name: str) -> None:
    """The interpreter says of each witness what the API server said: verdict and rules."""
    verdicts = recording.load(judged()[name].recording)
    assert verdicts, f"{name} is not recorded: CAPGEN_RECORD=1 make prove"
    assert compared(name).wrong == []
    assert compared(name).keys == verdicts.keys(), "witnesses that are no more: record anew"
    live = [verdict for verdict in verdicts.values() if verdict != recording.INVALID]
    assert len(live) > FEWEST * len(verdicts)


# What is not refused live by a rule of some profiles, and why: rule, profiles, where, the reason.
EVERYWHERE = ("pod", "template", "new")
UNSEEN: tuple[tuple[str, tuple[str, ...], tuple[str, ...], str], ...] = (
    ("hostPorts", tuple(judged()), ("new",), "an ephemeral container has no ports"),
    ("hostProbes", tuple(judged()), ("new",), "an ephemeral container has no probes, no handlers"),
    (
        "procMount",
        ("pss-baseline", "worked-cni-agent", "worked-image-builder"),
        EVERYWHERE,
        "the API takes Unmasked only in a pod with users of its own, which lifts the rule",
    ),
    *(
        (
            rule,
            ("worked-image-builder",),
            EVERYWHERE,
            "users of the pod's own lift the rule: a pod without them breaks another rule too",
        )
        for rule in ("runAsNonRoot", "runAsUser")
    ),
    (
        "automountServiceAccountToken",
        (
            *("worked-batch-job", "worked-database", "worked-image-builder"),
            *("worked-node-exporter", "worked-web-server", "worked-windows-service"),
        ),
        ("pod", "template"),
        "no witness: the token's volume would break the rule on volumes, too",
    ),
)


@pytest.mark.parametrize("name", judged())
def test_every_rule_is_seen_to_refuse(name: str) -> None:
    """Live, each rule has refused a pod, a template, and if it is of containers a new one."""
    rules = judged()[name].profile().rules
    asked = {
        (rule.id, place)
        for rule in rules
        for place in EVERYWHERE
        if place != "new" or any(map(is_of_containers, subjects(rule)))
    }
    ruled = {rule.id for rule in rules}
    unseen = {
        (rule, place)
        for rule, names, places, _ in UNSEEN
        for place in places
        if name in names and rule in ruled
    }
    assert asked - compared(name).refused == unseen


def subjects(rule: Rule) -> list[Subject]:
    """Return what a rule judges."""
    return [test.subject for test in expressions.tests(rule.expression)]


@pytest.mark.parametrize("name", judged())
def test_the_engine_is_the_pinned_one(name: str) -> None:
    """A changed go.mod makes the recordings stale."""
    engine = recording.engine(judged()[name].recording)
    assert engine == f"kube-apiserver {lab.version('kubernetes')}"


def test_no_recording_is_left_over() -> None:
    """Each recording is of a profile that is judged."""
    assert recording.names() == {each.recording for each in judged().values()}
