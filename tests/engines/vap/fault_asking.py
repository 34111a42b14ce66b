"""Faulty policies in the cluster, each in a namespace of its own, and requests that show them."""

from __future__ import annotations

import random
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines import recording
from tests.engines.vap.asking import Standing, broken_rules, furnish
from tests.engines.vap.seeds import holding_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.admit import Request
    from tests.engines.apiserver import Cluster
    from tests.engines.faults import Fate
    from tests.engines.rest import Answer, Object
    from tests.engines.vap.seeds import Seeded

_SEED: Final = 77
# Faulty policies that are asked at a time.
_SLOTS: Final = 40
# Requests that a fault is shown at first; one that none of them shows is shown all.
_FIRST: Final = 30
_MARKER: Final = "fault-marker"


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


class Asking:
    """The cluster, and the namespaces in which faulty policies hold."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._rounds = 0
        cluster.namespace(_MARKER)
        # Two sets in turn: what held in one may still do while the other is prepared.
        self._sets = [[f"fault-{side}-{slot}" for slot in range(_SLOTS)] for side in ("a", "b")]
        for name in (*self._sets[0], *self._sets[1]):
            cluster.namespace(name)

    def seen(self, found: Sequence[Seeded], expected: Sequence[Expected]) -> list[Fate]:
        """Return of each fault `caught`, `missed`, or `refused` where the API does not take it."""
        furnish(self._cluster, [each.request for each in expected])
        first = [list(_telling(fault, expected))[:_FIRST] for fault in found]
        verdicts = self._all(found, first)
        missed = [place for place, verdict in enumerate(verdicts) if verdict == "missed"]
        rest = [list(expected) for _ in missed]
        again = self._all([found[place] for place in missed], rest)
        for place, verdict in zip(missed, again, strict=True):
            verdicts[place] = verdict
        return verdicts

    def _all(self, found: Sequence[Seeded], asked: Sequence[Sequence[Expected]]) -> list[Fate]:
        verdicts: list[Fate] = []
        for start in range(0, len(found), _SLOTS):
            part = slice(start, start + _SLOTS)
            verdicts += self._some(found[part], asked[part])
        return verdicts

    def _some(self, found: Sequence[Seeded], asked: Sequence[Sequence[Expected]]) -> list[Fate]:
        """Ask about so many faults as there are namespaces."""
        self._rounds += 1
        spaces = self._sets[self._rounds % 2]
        standing = [
            Standing(self._cluster, space, [each.request for each in some])
            for space, some in zip(spaces, asked, strict=False)
        ]
        applied: list[Object] = []
        verdicts: list[Fate] = []
        try:
            for each in standing:
                each.__enter__()
            taken = [
                self._apply(fault, space, applied)
                for fault, space in zip(found, spaces, strict=False)
            ]
            self._mark(applied)
            for there, some, fine in zip(standing, asked, taken, strict=True):
                answers = there.answers([each.request for each in some]) if fine else ()
                differs = any(map(_differs, some, answers))
                verdicts.append(("caught" if differs else "missed") if fine else "refused")
        finally:
            self._cluster.delete(applied)
            for each in standing:
                each.__exit__(None, None, None)
        return verdicts

    def _apply(self, fault: Seeded, space: str, applied: list[Object]) -> bool:
        name = f"{space}-{self._rounds}"
        policy = fault.artefact.policy | {"metadata": {"name": name}}
        if not self._cluster.create(policy).admitted:
            return False
        applied.append(policy)
        if fault.artefact.binding is not None:
            binding = holding_in(fault.artefact.binding, name, name, space)
            self._cluster.apply([binding])
            applied.append(binding)
        return True

    def _mark(self, applied: list[Object]) -> None:
        """Wait for a policy that is applied last: what was applied before it acts by then."""
        name = f"{_MARKER}-{self._rounds}"
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
        spec = {
            "matchConstraints": {"resourceRules": [rule | {"operations": ["CREATE"]}]},
            "validations": [{"expression": "false", "message": name}],
        }
        head = {"apiVersion": "admissionregistration.k8s.io/v1"}
        policy: Object = {**head, "kind": "ValidatingAdmissionPolicy", "spec": spec}
        policy |= {"metadata": {"name": name}}
        binding: Object = {**head, "kind": "ValidatingAdmissionPolicyBinding"}
        binding = holding_in(binding | {"metadata": {}, "spec": {}}, name, name, _MARKER)
        binding["spec"]["validationActions"] = ["Deny"]
        self._cluster.apply([policy, binding])
        applied += [policy, binding]
        pod = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
        what = f"{name} to deny"
        self._cluster.wait_answer(_MARKER, pod, lambda a: a.policy == name, what=what)


def _telling(fault: Seeded, expected: Sequence[Expected]) -> Iterator[Expected]:
    """Yield requests that may show a fault: of its rule, or some of each; good and bad in turn."""
    rules = {each.rule for each in expected}
    own = [each for each in expected if fault.about not in rules or each.rule == fault.about]
    if fault.about not in rules:
        random.Random(_SEED).shuffle(own)
        own.sort(key=lambda each: each.rule != "")
    good = [each for each in own if each.verdict == recording.ADMITTED]
    bad = [each for each in own if each.verdict != recording.ADMITTED]
    for pair in zip_longest(bad, good):
        yield from (each for each in pair if each is not None)


def _differs(expected: Expected, answer: Answer) -> bool:
    if not answer.admitted:
        return False
    broken = expected.verdict.split() if expected.verdict != recording.ADMITTED else []
    return set(broken_rules(answer.warnings)) != set(broken)
