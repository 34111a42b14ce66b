"""Holds our policies for Kyverno, in the real controller and its CLI, against the interpreter.

A ClusterPolicy is compiled again for each request, by the CLI any policy is: they are asked about
fewer.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.targets.kyverno import legacy, policies
from tests.engines import recording
from tests.engines.agreement import Reference, Word
from tests.engines.applied import emitted, within
from tests.engines.chosen_pods import chosen_pods
from tests.engines.judged import Asked, judged, recorded
from tests.engines.kyverno import fault_cases, values
from tests.engines.kyverno.cli import KyvernoCli
from tests.engines.kyverno.faults import seeded
from tests.engines.kyverno.judging import (
    NAME,
    TARGETS,
    asked_by_each,
    holding,
    rule_named,
    words,
)
from tests.engines.proving import Check, Difference, Lab, Row
from tests.engines.selected import for_each_rule, of_each_kind, two_of, with_own_rules
from tests.engines.vap import exempt, match, updates
from tests.served import handed_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from capgen.targets.base import Target
    from tests.engines.engine import Admission


class _Asks(NamedTuple):
    """What is asked about a target.

    Attributes:
        profiles: by name.
        each: how many requests of one rule, occasion and verdict.
        templates: of those that have the template of a pod one of so many.
        admitted: by other profiles, pods are asked about that they admit besides.
        step: of the tables of exemptions together every so many-th row.
        matched: of pods in namespaces, under all matches, every so many-th.
        warned: how a warning names a policy.
    """

    profiles: tuple[str, ...]
    each: int
    templates: int
    admitted: bool
    step: int
    matched: int
    warned: str


# What these do not say is asked about by pods for each rule. A ClusterPolicy, which has the same
# expressions, is compiled for each request.
PLAIN: Final = ("pss-restricted", "all-plain")
WHOLE: Final = (*PLAIN, "all-effective", "all-both", "all-token", "all-turned")
_ASKS: Final = {
    policies.TARGET.name: _Asks(WHOLE, 1, 2, True, 4, 1, "Policy {} failed: "),
    legacy.TARGET.name: _Asks(PLAIN, 1, 3, False, 12, 3, "policy {}."),
}
_OFFLINE: Final = "pss-restricted"


def checks() -> list[Check]:
    """Return the checks of each target."""
    every = (_agreed, _others, _exempted, _updated, _matched, _seeded, _simulated)
    judging = [
        Check("kyverno", _named(run, target), offline=run is _simulated)
        for target in TARGETS
        for run in every
    ]
    return [*judging, *values.checks()]


def _named(run: Callable[[Target, Lab], Row], target: Target) -> Callable[[Lab], Row]:
    def check(laboratory: Lab) -> Row:
        return run(target, laboratory)

    check.__name__ = f"{target.name}{run.__name__}"
    return check


def _agreed(target: Target, laboratory: Lab) -> Row:
    """Ask about witnesses on every occasion, and about the chosen pods."""
    kyverno, asks = laboratory.kyverno, _ASKS[target.name]
    cases = 0
    differences: list[Difference] = []
    for name in asks.profiles:
        each = judged()[name]
        reference = Reference(each.profile())
        asked = [
            case
            for case in of_each_kind(each, recorded(reference.profile), asks.each)
            if not case.request.workload.path or int(case.key, 16) % asks.templates == 0
        ]
        asked += [
            Asked(case, request, must=refused)
            for case, request, refused in chosen_pods(reference.profile)
        ]
        said = words(kyverno, target, reference, [case.request for case in asked])
        cases += len(asked)
        differences += _differing(reference, asked, said)
    return _row(target, laboratory, cases, differences, "witnesses and chosen pods")


def _others(target: Target, laboratory: Lab) -> Row:
    """Ask about pods for each rule that no profile before has, by all of these at once.

    One that is refused shows the rule, one that is admitted beside it that it is not all.
    """
    asks = _ASKS[target.name]
    profiles = [(each, _of_pods(one)) for each, one in with_own_rules(asks.profiles)]
    rows = [
        (one, case)
        for each, one in profiles
        for case in for_each_rule(each, one)
        if asks.admitted or not one.word(case.request).allowed
    ]
    differences = _together(laboratory.kyverno, target, rows)
    note = f"pods for each rule that is new in {len(profiles)} more profiles"
    return _row(target, laboratory, len(rows), differences, note)


def _simulated(target: Target, _: Lab) -> Row:
    """Have the CLI judge pods, as the API server would hand them over.

    That is one for each edge of a profile, and by the others that say every rule one that it
    refuses and one that it does not: every policy is compiled for each. To read them it runs once.
    """
    each = judged()[_OFFLINE]
    reference = Reference(each.profile()._replace(controllers=False))
    references = {
        name: _of_pods(Reference(judged()[name].profile()))
        for name in _ASKS[target.name].profiles
        if name != _OFFLINE
    }
    others = [
        [(one, _handed(case, one)) for case in two_of(judged()[name], one)]
        for name, one in references.items()
    ]
    with KyvernoCli() as kyverno:
        created = (
            case
            for case in recorded(reference.profile)
            if kyverno.can(case.request) and not case.request.workload.path
        )
        asked = [_handed(case, reference) for case in of_each_kind(each, created, 1)]
        said = words(kyverno, target, reference, [case.request for case in asked])
        differences = list(_differing(reference, asked, said))
        here = [within(each.profile, NAME) for each in references.values()]
        kyverno.load([obj for each in here for obj in emitted(each, target)])
        for rows in others:
            differences += _together(kyverno, target, rows)
        cases, version = len(asked) + sum(map(len, others)), kyverno.version
    note = f"{each.name}, and two pods by each of {len(others)} more profiles"
    return Row(target.name, "kyverno-cli", version, cases, tuple(differences), note)


def _of_pods(reference: Reference) -> Reference:
    return Reference(reference.profile._replace(controllers=False))


def _handed(case: Asked, reference: Reference) -> Asked:
    """Return a case with its pod as the API server hands it over."""
    return case._replace(request=handed_over(case.request, reference.profile.minors))


def _together(
    engine: Admission, target: Target, rows: Sequence[tuple[Reference, Asked]]
) -> list[Difference]:
    """Ask by several profiles at once, each in a namespace of its own name."""
    found = asked_by_each(engine, target, [(one, case.request) for one, case in rows])
    return [
        difference
        for (one, case), word in zip(rows, found, strict=True)
        for difference in _differing(one, [case], [word])
    ]


def _exempted(target: Target, laboratory: Lab) -> Row:
    """Ask about who is exempt, nearly is, and no longer is, by tables written by hand."""
    tables = []
    for number, (profile, rows) in enumerate(exempt.by_hand()):
        reference = Reference(profile._replace(name=f"exempt-{number}"))
        tables += [(profile, reference, each) for each in rows]
    tables = tables[:: _ASKS[target.name].step]
    asked = [(one, each.request) for _, one, each in tables]
    found = asked_by_each(laboratory.kyverno, target, asked)
    said = [(*row, word) for row, word in zip(tables, found, strict=True) if word is not None]
    differences = [
        difference
        for profile, reference, each, word in said
        for difference in exempt.differing(profile, each, word, reference)
    ]
    note = f"exemptions; {len(found) - len(said)} more are refused by the API itself"
    return _row(target, laboratory, len(said), differences, note)


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
    asks = _ASKS[target.name]
    cases, differences = match.asked(cluster, asks.warned.format, asks.matched)
    kyverno.load([])
    return _row(target, laboratory, cases, differences, "match")


def _seeded(target: Target, laboratory: Lab) -> Row:
    """Ask by policies whose envelope has a fault."""
    cases, differences = seeded(laboratory.kyverno, target, fault_cases.suite(target.name))
    return _row(target, laboratory, cases, differences, "faults of the envelope")


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
