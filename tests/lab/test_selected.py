"""Which of what is asked about a profile a slow engine is asked: no rule is forgotten."""

from __future__ import annotations

from collections import Counter

import pytest

from capgen.policy.admit import Operation
from capgen.policy.exempt import lifting
from tests.engines import recording
from tests.engines.agreement import Reference
from tests.engines.judged import judged, recorded
from tests.engines.kyverno.agree import PLAIN, WHOLE
from tests.engines.selected import for_each_rule, with_own_rules

LEVELS = ("pss-baseline", "pss-restricted")
KNOWN = ((), LEVELS, PLAIN, WHOLE)


def _said(reference: Reference) -> list[str]:
    """Return what each rule asks, and of which containers it does not, as text."""
    profile = reference.profile
    return [
        f"{rule.id}: {rule.expression} but for {lifting(profile.exempt, rule.id)}"
        for rule in profile.rules
    ]


@pytest.mark.parametrize("known", KNOWN)
def test_every_rule_is_judged_once(known: tuple[str, ...]) -> None:
    """What any profile says is said by a known one, or by one other, and by that once."""
    everything = {name: Reference(each.profile()) for name, each in judged().items()}
    here = {text for name in known for text in _said(everything[name])}
    others = Counter(text for _, one in with_own_rules(known) for text in _said(one))
    assert set(others.values()) == {1}
    assert not here & others.keys()
    assert here | others.keys() == {text for one in everything.values() for text in _said(one)}


def test_a_known_profile_is_not_judged_again() -> None:
    """Of profiles that are known nothing is yielded, and of the first that is not all of it."""
    found = {each.name: one for each, one in with_own_rules(())}
    assert _said(found["pss-baseline"]) == _said(Reference(judged()["pss-baseline"].profile()))
    assert not {each.name for each, _ in with_own_rules(LEVELS)} & set(LEVELS)


def test_each_rule_has_a_pod_that_it_refuses() -> None:
    """A rule is shown by a pod that it refuses, if the API server was seen to take one."""
    for each, one in with_own_rules(()):
        verdicts = recording.load(each.recording)
        known = {
            case.rule
            for case in recorded(each.profile())
            if case.request.operation is Operation.CREATE
            and not case.request.workload.path
            and case.rule in verdicts[case.key].split()
        }
        cases = for_each_rule(each, one)
        refused = {case.rule for case in cases if case.rule in one.word(case.request).rules}
        assert refused == known & {rule.id for rule in one.profile.rules}, each.name
