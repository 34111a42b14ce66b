"""Faulty policies in the cluster, many at a time, and requests that show them.

They warn, each by its own name, so that one answer tells of all of them.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines import recording
from tests.engines.vap.asking import Standing, furnish
from tests.engines.vap.narrowed import rules_in
from tests.engines.vap.refusing import marked
from tests.engines.vap.seeds import holding_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from capgen.policy.admit import Request
    from tests.engines.apiserver import Cluster
    from tests.engines.faults import Fate
    from tests.engines.rest import Answer, Object
    from tests.engines.vap.seeds import Seeded

_SEED: Final = 77
# So many short warnings fit into one answer: one for each rule of each policy.
_WARNINGS: Final = 36
# Requests that a fault is shown at first, and how many are asked before it is seen who is left; one
# that none of them shows is shown all that are made for its rules.
_FIRST: Final = 30
_PORTION: Final = 40
_MARKER: Final = "fault-marker"
_WARNED: Final = re.compile(r"Validation failed for ValidatingAdmissionPolicy '([^']*)'.*?: (\w+)$")


class Expected(NamedTuple):
    """A request, and what the policy without a fault says of it.

    Attributes:
        rule: the id of the rule that it was made for; "" where it was made for none.
        request: the request.
        verdict: as it is recorded: `admitted`, or the rules that are broken.
    """

    rule: str
    request: Request
    verdict: str

    @property
    def broken(self) -> frozenset[str]:
        """The rules that are broken."""
        admitted = self.verdict == recording.ADMITTED
        return frozenset(() if admitted else self.verdict.split())


class Asking:
    """The cluster, and the namespaces in which faulty policies hold."""

    def __init__(self, cluster: Cluster) -> None:
        """Make the namespaces."""
        self._cluster = cluster
        self._rounds = 0
        # In turn: what held in one may still do while policies are made for the other.
        self._spaces = ("fault-a", "fault-b")
        for name in (_MARKER, *self._spaces):
            cluster.namespace(name)

    def seen(
        self,
        found: Sequence[Seeded],
        expected: Sequence[Expected],
        excused: Callable[[Seeded], bool],
    ) -> list[Fate]:
        """Return of each fault `caught`, `missed`, or `refused` where the API does not take it.

        Args:
            found: the faults.
            expected: what they may be shown.
            excused: tells of a fault that it is known not to be seen; it is shown the first alone.
        """
        furnish(self._cluster, [each.request for each in expected])
        fates: list[Fate] = ["missed" for _ in found]
        for places in _shared_out(found):
            some = [found[place] for place in places]
            for place, fate in zip(places, self._some(some, expected, excused), strict=True):
                fates[place] = fate
        return fates

    def _some(
        self,
        found: Sequence[Seeded],
        expected: Sequence[Expected],
        excused: Callable[[Seeded], bool],
    ) -> list[Fate]:
        """Ask about so many faults as one answer can tell of."""
        self._rounds += 1
        space = self._spaces[self._rounds % 2]
        names = [f"fault-{self._rounds}-{number}" for number in range(len(found))]
        applied: list[Object] = []
        try:
            taken = [
                self._apply(fault, name, space, applied)
                for fault, name in zip(found, names, strict=True)
            ]
            applied += marked(self._cluster, f"{_MARKER}-{self._rounds}", _MARKER)
            left = {
                name: fault for name, fault, fine in zip(names, found, taken, strict=True) if fine
            }
            refused = set(names) - left.keys()
            self._ask(space, left, _turns(left.values(), expected, _FIRST))
            known = {name for name, fault in left.items() if excused(fault)}
            others = {name: fault for name, fault in left.items() if name not in known}
            self._ask(space, others, _turns(others.values(), expected, len(expected)))
        finally:
            self._cluster.delete(applied)
        missed = known | others.keys()
        fates: dict[bool, Fate] = {True: "missed", False: "caught"}
        return ["refused" if name in refused else fates[name in missed] for name in names]

    def _ask(self, space: str, left: dict[str, Seeded], asked: Sequence[Expected]) -> None:
        """Ask, a portion after the other, and take those away that are seen.

        What was made for the rules of those that are seen is not asked any more.
        """
        while asked := _concerning(left.values(), asked):
            some, asked = asked[:_PORTION], asked[_PORTION:]
            requests = [each.request for each in some]
            with Standing(self._cluster, space, requests) as standing:
                for each, answer in zip(some, standing.answers(requests), strict=True):
                    for name in _differing(left, each, answer):
                        del left[name]

    def _apply(self, fault: Seeded, name: str, space: str, applied: list[Object]) -> bool:
        policy = _brief(fault.artefact.policy) | {"metadata": {"name": name}}
        if not self._cluster.create(policy).admitted:
            return False
        applied.append(policy)
        if fault.artefact.binding is not None:
            binding = holding_in(fault.artefact.binding, name, name, space)
            self._cluster.apply([binding])
            applied.append(binding)
        return True


def _shared_out(found: Sequence[Seeded]) -> Iterator[list[int]]:
    """Yield the places of faults that are asked about together; those of a rule are neighbours."""
    places: list[int] = []
    warnings = 0
    for place, fault in enumerate(found):
        most = len(rules_in(fault.artefact.policy))
        if warnings + most > _WARNINGS:
            yield places
            places, warnings = [], 0
        places.append(place)
        warnings += most
    if places:
        yield places


def _brief(policy: Object) -> Object:
    """Return a policy whose messages are the ids of its rules: long ones would crowd each other.

    Where it errs it does not judge: that it warns of an error would be taken for a failure of ours.
    """
    validations = [
        {"expression": each["expression"], "message": str(each["message"]).partition(":")[0]}
        for each in policy["spec"]["validations"]
    ]
    spec = policy["spec"] | {"validations": validations, "failurePolicy": "Ignore"}
    return policy | {"spec": spec}


def _turns(left: Iterable[Seeded], expected: Sequence[Expected], most: int) -> list[Expected]:
    """Return requests that may show the faults: so many for each, of each rule in turn."""
    kinds = dict.fromkeys(
        (fault.about, frozenset(rules_in(fault.artefact.policy))) for fault in left
    )
    lists = [list(_telling(about, rules, expected))[:most] for about, rules in kinds]
    turns = (each for row in zip_longest(*lists) for each in row if each is not None)
    return list({id(each): each for each in turns}.values())


def _concerning(left: Iterable[Seeded], asked: Sequence[Expected]) -> list[Expected]:
    """Return the requests that are for the rules of some fault, or for none."""
    rules = {rule for fault in left for rule in rules_in(fault.artefact.policy)}
    return [each for each in asked if rules and (not each.rule or each.rule in rules)]


def _telling(about: str, rules: frozenset[str], expected: Sequence[Expected]) -> Iterator[Expected]:
    """Yield requests that may show a fault: of the policy's rules, good and bad in turn."""
    own = [each for each in expected if not each.rule or each.rule in rules]
    if about not in rules:
        random.Random(_SEED).shuffle(own)
    own.sort(key=lambda each: each.rule != "")
    good = [each for each in own if each.verdict == recording.ADMITTED]
    bad = [each for each in own if each.verdict != recording.ADMITTED]
    for pair in zip_longest(bad, good):
        yield from (each for each in pair if each is not None)


def _differing(left: dict[str, Seeded], each: Expected, answer: Answer) -> list[str]:
    """Return the policies by which an answer is not as it should be."""
    if not answer.admitted:
        return []
    warned: dict[str, set[str]] = defaultdict(set)
    for text in answer.warnings:
        if found := _WARNED.match(text):
            warned[found[1]].add(found[2])
    return [
        name
        for name, fault in left.items()
        if warned[name] != rules_in(fault.artefact.policy) & each.broken
    ]
