"""Holds our policies for Kyverno, in the real controller and its CLI, against the interpreter.

A ClusterPolicy is compiled again for each request, by the CLI any policy is: they are asked about
fewer.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.targets.kyverno import legacy, policies
from tests.engines import recording
from tests.engines.agreement import Reference, Word
from tests.engines.applied import emitted
from tests.engines.chosen_pods import chosen_pods
from tests.engines.judged import Asked, judged, recorded
from tests.engines.kyverno import fault_cases, values
from tests.engines.kyverno.cli import KyvernoCli
from tests.engines.kyverno.faults import seeded
from tests.engines.kyverno.judging import TARGETS, holding, rule_named, words
from tests.engines.proving import Check, Difference, Lab, Row
from tests.engines.vap import exempt, match, updates
from tests.served import handed_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from capgen.targets.base import Target
    from tests.engines.judged import Judged


class _Asks(NamedTuple):
    """What is asked about a target.

    Attributes:
        profiles: by name.
        each: how many requests of one rule, occasion and verdict.
        step: of the tables of exemptions every so many-th row.
        warned: how a warning names a policy.
    """

    profiles: tuple[str, ...]
    each: int
    step: int
    warned: str


# These say every rule; what the others do not say no other profile of the library says.
_EVERY_RULE: Final = ("pss-restricted", "all-plain", "all-effective", "all-both", "all-token")
_ASKS: Final = {
    policies.TARGET.name: _Asks((*_EVERY_RULE, "all-turned"), 3, 3, "Policy {} failed: "),
    legacy.TARGET.name: _Asks(_EVERY_RULE, 1, 12, "policy {}."),
}
_OFFLINE: Final = "pss-restricted"


def checks() -> list[Check]:
    """Return the checks of each target."""
    every = (_agreed, _exempted, _updated, _matched, _seeded, _simulated)
    judging = [Check("kyverno", _named(run, target)) for target in TARGETS for run in every]
    return [*judging, *values.checks()]


def _named(run: Callable[[Target, Lab], Row], target: Target) -> Callable[[Lab], Row]:
    def check(laboratory: Lab) -> Row:
        return run(target, laboratory)

    check.__name__ = f"{target.name}{run.__name__}"
    return check


def _agreed(target: Target, laboratory: Lab) -> Row:
    """Ask about witnesses on every occasion, and about the chosen pods."""
    kyverno = laboratory.kyverno
    cases = 0
    differences: list[Difference] = []
    for name in _ASKS[target.name].profiles:
        each = judged()[name]
        reference = Reference(each.profile())
        asked = [*_some(each, recorded(reference.profile), _ASKS[target.name].each)]
        asked += [
            Asked(case, request, must=refused)
            for case, request, refused in chosen_pods(reference.profile)
        ]
        said = words(kyverno, target, reference, [case.request for case in asked])
        cases += len(asked)
        differences += _differing(reference, asked, said)
    return _row(target, laboratory, cases, differences, "witnesses and chosen pods")


def _simulated(target: Target, _: Lab) -> Row:
    """Have the CLI judge a pod for each edge of a profile, as the API server would hand it over."""
    each = judged()[_OFFLINE]
    reference = Reference(each.profile()._replace(controllers=False))
    profile = reference.profile
    with KyvernoCli() as kyverno:
        created = (
            case
            for case in recorded(profile)
            if kyverno.can(case.request) and not case.request.workload.path
        )
        asked = list(_some(each, created, 1))
        requests = [
            case.request._replace(object=handed_over(case.request, profile.minors).object)
            for case in asked
        ]
        said = words(kyverno, target, reference, requests)
        found = _differing(reference, asked, said)
        return Row(target.name, "kyverno-cli", kyverno.version, len(asked), tuple(found), each.name)


def _exempted(target: Target, laboratory: Lab) -> Row:
    """Ask about who is exempt, nearly is, and no longer is, by tables written by hand."""
    kyverno = laboratory.kyverno
    cases, invalid = 0, 0
    differences: list[Difference] = []
    for number, (profile, rows) in enumerate(exempt.by_hand()):
        asked = rows[:: _ASKS[target.name].step]
        reference = Reference(profile._replace(name=f"exempt-{number}"))
        said = words(kyverno, target, reference, [each.request for each in asked])
        for each, word in zip(asked, said, strict=True):
            if word is None:
                invalid += 1
                continue
            cases += 1
            differences += exempt.differing(profile, each, word, reference)
    note = f"exemptions; {invalid} more are refused by the API itself"
    return _row(target, laboratory, cases, differences, note)


def _updated(target: Target, laboratory: Lab) -> Row:
    """Go through what happens to pods and controllers that stand already."""
    kyverno = laboratory.kyverno
    kyverno.load([])
    judge = updates.Judge(
        target.name, "kyverno", kyverno.version, partial(holding, kyverno, target), rule_named
    )
    return updates.gone_through(laboratory.cluster, judge)


def _matched(target: Target, laboratory: Lab) -> Row:
    """Ask about pods and namespaces of all labels, under all matches at once."""
    kyverno, cluster = laboratory.kyverno, laboratory.cluster
    kyverno.load([])
    match.furnished(cluster)
    kyverno.load([each for profile in match.matching() for each in emitted(profile, target)])
    cases, differences = match.asked(cluster, _ASKS[target.name].warned.format)
    kyverno.load([])
    return _row(target, laboratory, cases, differences, "match")


def _seeded(target: Target, laboratory: Lab) -> Row:
    """Ask by policies whose envelope has a fault."""
    cases, differences = seeded(laboratory.kyverno, target, fault_cases.suite(target.name))
    return _row(target, laboratory, cases, differences, "faults of the envelope")


def _some(each: Judged, cases: Iterable[Asked], most: int) -> Iterator[Asked]:
    """Yield so many requests of each rule, occasion and verdict that the API itself takes."""
    verdicts = recording.load(each.recording)
    seen: Counter[object] = Counter()
    for case in cases:
        request, verdict = case.request, verdicts[case.key]
        kind = (case.rule, request.workload.path, request.operation, request.subresource)
        seen[kind, verdict == recording.ADMITTED] += verdict != recording.INVALID
        if verdict != recording.INVALID and seen[kind, verdict == recording.ADMITTED] <= most:
            yield case


def _differing(
    reference: Reference, asked: Iterable[Asked], said: Iterable[Word | None]
) -> Iterator[Difference]:
    for case, word in zip(asked, said, strict=True):
        ours = reference.word(case.request)
        must = ours if case.must is None else Word(not case.must, case.must)
        if not word == ours == must:
            request = case.request
            about = [reference.profile.name, case.name, request.operation.value, request.object]
            right = f"{must}; the interpreter: {ours}"
            yield Difference(about, right, recording.said(word))


def _row(
    target: Target, laboratory: Lab, cases: int, differences: Iterable[Difference], note: str
) -> Row:
    version = laboratory.kyverno.version
    return Row(target.name, "kyverno", version, cases, tuple(differences), note)
