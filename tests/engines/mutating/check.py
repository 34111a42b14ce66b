"""Holds our MutatingAdmissionPolicies, in a real API server, against the reference interpreter.

The policies of `vap` stand beside them and warn. Of each request two things are compared: the
object that comes of it, field by field, with what the API server, where no policy holds, makes of
the pod that the interpreter mutates; and the rules that are warned of with those that the
interpreter, which mutates and then judges, says are broken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

import yaml

from capgen.policy.match import Operator, Requirement
from capgen.policy.placed import placed
from capgen.policy.profile import Enforcement
from capgen.profile import library
from capgen.targets import mutating, vap
from tests.engines.agreement import Word
from tests.engines.applied import FREE, LABEL
from tests.engines.judged import MINOR
from tests.engines.mutating.cases import cases, seen
from tests.engines.mutating.pods import created
from tests.engines.proving import Difference, Row
from tests.engines.vap.asking import broken_rules
from tests.mutated_profiles import MUTATED
from tests.policy.made import profile as made

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.profile import Profile
    from capgen.targets.base import Output
    from tests.engines.apiserver import Cluster
    from tests.engines.mutating.cases import Case
    from tests.engines.proving import Lab
    from tests.engines.rest import Answer, Object

# Of a profile of the library one pod in so many is asked about: those made for this say more.
_SHARE: Final = 6


class Mutating:
    """A profile's policies, which set, and those beside them, which warn; a context manager.

    Attributes:
        name: that of a namespace in which alone they hold.
    """

    def __init__(self, cluster: Cluster, profile: Profile, found: Sequence[Case]) -> None:
        """Write the policies, and choose what is waited for."""
        self.name = profile.name
        here = Requirement(LABEL, Operator.IN, (self.name,))
        match = profile.match._replace(include=(), exclude=(), namespace_selector=(here,))
        emitted = profile._replace(match=match, enforcement=Enforcement.WARN)
        self._objects = [*objects(vap.emit(emitted)), *objects(mutating.emit(emitted))]
        self._cluster = cluster
        self._changed = {_kind(case): case for case in found if case.changed}
        self._refused = {_kind(case): case for case in found if not case.word.allowed}

    def __enter__(self) -> Self:
        """Apply the policies, and wait until those of each kind act."""
        unset = [case.request.object for case in self._changed.values()]
        plain = [seen(answer) for answer in self._cluster.judge(FREE, unset)]
        self._cluster.apply(self._objects)
        self._cluster.namespace(self.name, {LABEL: self.name})
        for case, before in zip(self._changed.values(), plain, strict=True):
            self._wait(case, before)
        for case in self._refused.values():
            self._wait(case)
        return self

    def __exit__(self, *_: object) -> None:
        self._cluster.delete(self._objects)

    def _wait(self, case: Case, before: str | None = None) -> None:
        """Wait until an object becomes another than it was before, or is warned of."""

        def acts(answer: Answer) -> bool:
            return not word(answer).allowed if before is None else seen(answer) != before

        what = f"{self.name} to act on: {case.name}"
        self._cluster.wait_answer(self.name, case.request.object, acts, what=what)


def mutated(laboratory: Lab) -> Row:
    """Asks about each profile: those made for this, and those of the library that choose."""
    cluster = laboratory.cluster
    differing: list[Difference] = []
    asked = refused = 0
    for profile, share in profiles():
        found, invalid = cases(cluster, profile, created(profile, share))
        asked, refused = asked + len(found), refused + invalid
        with Mutating(cluster, profile, found) as policies:
            answers = cluster.judge(policies.name, (case.request.object for case in found))
            for case, answer in zip(found, answers, strict=True):
                differing += _differences(profile.name, case, answer)
    note = f"{len(list(profiles()))} profiles; {refused} more are refused by the API itself"
    return Row("map", "kube-apiserver", cluster.version, asked, tuple(differing), note)


def profiles() -> Iterator[tuple[Profile, int]]:
    """Yield profiles that say `mutate: true`, and of how many pods one is asked about."""
    for name, spec in MUTATED.items():
        yield made(spec)._replace(name=name), 1
    for name in library.names():
        found = library.open_profile(name, f"1.{MINOR}")
        found = found._replace(mutate=True, controllers=True, name=f"set-{found.name}")
        if any(placed(found)):
            yield found, _SHARE


def objects(output: Output) -> list[Object]:
    """Return a target's objects, read back from their files."""
    return [yaml.load(each.text, Loader=yaml.CSafeLoader) for each in output.objects]


def word(answer: Answer) -> Word:
    """Return the rules that are warned of, and whether there are any."""
    rules = frozenset(broken_rules(answer.warnings))
    return Word(not rules, rules)


def _kind(case: Case) -> str:
    return case.request.workload.kind


def _differences(name: str, case: Case, answer: Answer) -> Iterator[Difference]:
    about = [name, case.name, case.request.object]
    if seen(answer) != case.expected:
        yield Difference(about, case.expected, seen(answer))
    elif word(answer) != case.word:
        yield Difference(about, str(case.word), str(word(answer)))
