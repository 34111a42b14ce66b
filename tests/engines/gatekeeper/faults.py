"""Faults in our ConstraintTemplates, in CEL and in Rego, which gator must judge differently.

A faulty template has a kind of its own, and its constraint looks at the namespace in which the
witnesses of its rule are. What no created object shows is shown AdmissionReviews: of debug
containers, and of pods whose images change.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from tests.engines.faults import Equivalent, Fate, Fault, Tally
from tests.engines.gatekeeper import fault_cases, fuller, gator_objects
from tests.engines.gatekeeper.gator_runs import Runs, Trial
from tests.engines.gatekeeper.seeds import seeds
from tests.engines.gatekeeper.words import uncompiled
from tests.engines.lab import version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from capgen.policy.admit import Request
    from tests.engines.gatekeeper.fault_cases import Case
    from tests.engines.proving import Lab, Row
    from tests.engines.rest import Object

Asks: TypeAlias = "Callable[[Case], Sequence[Request]]"
_SEED: Final = 77
# How many faults are asked about in each language; 0: all.
_MOST: Final = {"cel": 6, "rego": 12}
# Of the templates that share what is broken, so many at first.
_SHARING: Final = 3
# Faults that are asked about in one run, by created objects.
_AT_ONCE: Final = 4
# Of what becomes of a fault in several templates, by several requests, what counts.
_ORDER: Final[tuple[Fate, ...]] = ("caught", "refused", "missed")

_MOUNTS: Final = "automountServiceAccountToken"
EQUIVALENT: Final = (
    Equivalent(
        "cel",
        _MOUNTS,
        "`orValue(true)` for `orValue(false)`",
        "the API server mounts the token of the account before it asks any policy",
    ),
    Equivalent("rego", _MOUNTS, "expected", "unset is fine, or not, whatever is expected"),
    Equivalent("cel", "supplementalGroups", "i <= r.max", "its ranges have no end"),
    Equivalent(
        "rego",
        "hostPath",
        "offences: left out in: standing",
        "a new pod is refused for the volume that it mounts",
    ),
    Equivalent("rego", "seLinuxOptions", '!= ""', "no parameter holds an empty text"),
    Equivalent("rego", "", "unreadable", "what the API server hands over has the right types"),
)


class Planted(NamedTuple):
    """A fault in a case's template.

    Attributes:
        fault: the fault, its artefact being the template.
        case: the case.
    """

    fault: Fault[Object]
    case: Case


def gatekeeper_faults(_: Lab) -> Row:
    """Asks about each fault until it is seen."""
    tally = Tally(EQUIVALENT, whole=False)
    runs = Runs(native=True)
    for language, most in _MOST.items():
        groups = planted(language, most)
        for group, fate in zip(groups, _fates(runs, groups, language), strict=True):
            each = group[0]
            tally.add(f"{language}, {each.case.about}", language, each.fault, fate)
    return tally.row("gatekeeper", "gator", version("gatekeeper"))


def planted(language: str, most: int) -> list[list[Planted]]:
    """Return the faults in one language, each in every template that it may be in."""
    found: dict[tuple[str, str, int], list[Planted]] = {}
    for case in fault_cases.cases(language):
        # Two of a line are called alike.
        alike: Counter[tuple[str, str]] = Counter()
        for seed in seeds(case.template):
            fault = Fault(seed.what, case.about, seed.template)
            alike[seed.shared, seed.what] += 1
            number = alike[seed.shared, seed.what]
            found.setdefault((seed.shared, seed.what, number), []).append(Planted(fault, case))
    groups = list(found.values())
    return random.Random(_SEED).sample(groups, most) if 0 < most < len(groups) else groups


def _fates(runs: Runs, groups: Sequence[Sequence[Planted]], language: str) -> list[Fate]:
    """Return what became of each fault, which is in each template of a group.

    What is missed at first, and not known to change nothing, is asked about once more.
    """
    some = _taken(runs, map(_spread, groups))
    fates: list[Fate] = ["missed" if group else "refused" for group in some]
    _asked(runs, some, fates, partial(_created, asked=lambda case: case.some(created=True)))
    _asked(runs, some, fates, partial(_changed, asked=lambda case: case.some(created=False)))
    missed = [
        [*group, *(each._replace(case=fuller.longer(each.case)) for each in group)]
        if fate == "missed" and not _is_excused(language, group[0].fault)
        else []
        for group, fate in zip(some, fates, strict=True)
    ]
    every = _taken(runs, missed)
    for ask, created in ((_created, True), (_changed, False)):
        asked = partial(fuller.more, created=created)
        _asked(runs, every, fates, partial(ask, asked=asked))
    return fates


def _is_excused(language: str, fault: Fault[Object]) -> bool:
    return any(row.is_of(language, fault) for row in EQUIVALENT)


def _taken(runs: Runs, groups: Iterable[Sequence[Planted]]) -> list[list[Planted]]:
    """Return groups without the templates that gator does not take."""
    listed = list(groups)
    taken = iter(runs.takes([_asked_once(each) for group in listed for each in group]))
    return [[each for each in group if next(taken)] for group in listed]


def _spread(found: Sequence[Planted]) -> list[Planted]:
    """Return the middle one, and some between it and the ends."""
    places = [len(found) // 2, *range(0, len(found), max(1, len(found) // _SHARING))]
    return [found[place] for place in dict.fromkeys(places)]


def _asked(
    runs: Runs,
    groups: Sequence[Sequence[Planted]],
    fates: list[Fate],
    ask: Callable[[Runs, Sequence[Planted]], list[Fate]],
) -> None:
    """Ask about the faults that are missed as yet, and say what becomes of them."""
    flat = [
        (number, each)
        for number, group in enumerate(groups)
        if fates[number] == "missed"
        for each in group
    ]
    for (number, _), fate in zip(flat, ask(runs, [each for _, each in flat]), strict=True):
        if _ORDER.index(fate) < _ORDER.index(fates[number]):
            fates[number] = fate


def _asked_once(each: Planted) -> Trial:
    first = each.case.own[0]
    review = gator_objects.review(first, gator_objects.object_of(first, 0))
    return Trial(each.fault.artefact, each.case.constraint, [review])


def _created(runs: Runs, faults: Sequence[Planted], asked: Asks) -> list[Fate]:
    """Return what becomes of faults by objects that are created.

    gator looks at each object for each constraint there is: a few faults at a time.
    """
    return [
        fate
        for start in range(0, len(faults), _AT_ONCE)
        for fate in _created_at_once(runs, faults[start : start + _AT_ONCE], asked)
    ]


def _created_at_once(runs: Runs, faults: Sequence[Planted], asked: Asks) -> Iterator[Fate]:
    cases = {each.case.place: each.case for each in faults}
    objects = [
        gator_objects.object_of(request, number)
        for number, request in enumerate(
            request for case in cases.values() for request in asked(case)
        )
    ]
    whole = [obj for case in cases.values() for obj in _own_kind(case.template, case, case.place)]
    broken = [
        obj
        for number, each in enumerate(faults)
        for obj in _own_kind(each.fault.artefact, each.case, str(number))
    ]
    found = runs.test([*whole, *broken], objects)
    said: dict[str, dict[str, str]] = {}
    for uid, violations in found.items():
        for violation in violations:
            said.setdefault(violation.kind, {})[uid] = violation.message
    for number, each in enumerate(faults):
        yield _fate(said.get(_kind(each.case.place), {}), said.get(_kind(str(number)), {}))


def _fate(whole: dict[str, str], broken: dict[str, str]) -> Fate:
    """Return what became of a fault, by the messages of what is refused."""
    if any(map(uncompiled, broken.values())):
        return "refused"
    return "missed" if whole.keys() == broken.keys() else "caught"


def _changed(runs: Runs, faults: Sequence[Planted], asked: Asks) -> list[Fate]:
    """Return what becomes of faults by AdmissionReviews of changes of what stands."""
    cases = {each.case.place: each.case for each in faults}
    reviews = {place: list(_reviews(asked(case))) for place, case in cases.items()}
    trials = [
        Trial(case.template, case.constraint, reviews[place]) for place, case in cases.items()
    ]
    trials += [
        Trial(each.fault.artefact, each.case.constraint, reviews[each.case.place])
        for each in faults
    ]
    answers = [
        {str(number): said for number, said in enumerate(row) if said is not None}
        for row in (runs.verify(trials) if trials else ())
    ]
    whole = dict(zip(cases, answers, strict=False))
    return [
        _fate(whole[each.case.place], found)
        for each, found in zip(faults, answers[len(cases) :], strict=True)
    ]


def _reviews(requests: Iterable[Request]) -> Iterator[Object]:
    for number, request in enumerate(requests):
        yield gator_objects.review(request, gator_objects.object_of(request, number))


def _own_kind(template: Object, case: Case, word: str) -> tuple[Object, Object]:
    """Return a template, and the constraint of a case, of a kind of their own."""
    changed: Any = copy.deepcopy(template)
    changed["metadata"]["name"] = _kind(word).lower()
    changed["spec"]["crd"]["spec"]["names"]["kind"] = _kind(word)
    return changed, case.constraint | {"kind": _kind(word)}


def _kind(word: str) -> str:
    return f"Fault{word.replace('-', '')}"
