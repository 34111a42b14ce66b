"""Holds our ValidatingAdmissionPolicies, in a real API server, against the reference interpreter.

The policies deny and warn at once. A denial names only the first rule, warnings name them all; both
must be what the interpreter says. Everything is a dry run, save the pods that stand already when a
debug container is added to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.engines import recording
from tests.engines.agreement import Reference, Word
from tests.engines.chosen_pods import NO_CHOICE
from tests.engines.judged import Asked, Judged, asked, judged
from tests.engines.proving import Check, Difference, Lab, Row
from tests.engines.selected import sampled
from tests.engines.vap.differing import smallest, told
from tests.engines.vap.judging import Judging, mistakes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from tests.engines.apiserver import Cluster

# Shrinking asks again and again: a few differences tell as much as a thousand.
_SHRUNK: Final = 3
# Of the rules of a level one in so many is type-checked for controllers too.
_TYPED: Final = 4


def checks() -> list[Check]:
    """Return a check for each profile that is judged."""
    return [Check("apiserver", _Judging(each), target="vap") for each in judged().values()]


class _Judging:
    """The check of one profile."""

    def __init__(self, each: Judged) -> None:
        self._judged = each
        self.__name__ = each.recording

    def __call__(self, laboratory: Lab) -> Row:
        """Ask the API server all that there is to ask, and compare."""
        cluster, name = laboratory.cluster, self._judged.name
        reference = Reference(self._judged.profile())
        every = list(asked(self._judged, reference.profile))
        cases = every if recording.recording() else sampled(self._judged, every)
        differences: list[Difference] = []
        verdicts: dict[str, str] = {}
        names: dict[str, str] = {}
        invalid = 0
        requests = [case.request for case in cases]
        differences += self._mistakes(cluster, reference.profile)
        with Judging(cluster, reference, requests) as judging:
            words = judging.words()
            for case, said in zip(cases, words, strict=True):
                if case.recorded:
                    verdicts[case.key] = recording.said(said)
                    names[case.key] = case.name
                if said is None and case.must is None:
                    invalid += 1
                    continue
                expected = reference.word(case.request)
                if not said == expected == _must(case, expected):
                    few = len(differences) < _SHRUNK
                    differences.append(_told(case, said, judging, reference, few=few))
        engine = f"kube-apiserver {cluster.version}"
        left_out = {case.key for case in every if case.recorded} - verdicts.keys()
        name_of = self._judged.recording
        for key, before, now in recording.settle(name_of, engine, verdicts, left_out):
            about = [name, names.get(key, key)]
            differences.append(Difference(about, f"recorded: {before}", now))
        count = len(cases) - invalid
        note = f"{name}; {invalid} more are refused by the API itself"
        if left_out:
            note += f", {len(left_out)} more are left to the recordings"
        if name in NO_CHOICE:
            note += f"; no values can be chosen: {NO_CHOICE[name]}"
        return Row("vap", "kube-apiserver", cluster.version, count, tuple(differences), note)

    def _mistakes(self, cluster: Cluster, profile: Profile) -> Iterator[Difference]:
        """Yield what is mistyped: of pods all, and of controllers some rules of a level.

        The expressions differ by kind only in the way to the pod, and each is read for each kind.
        """
        if not self._judged.typed:
            return
        yield from mistakes(cluster, profile._replace(controllers=False))
        if self._judged.level:
            some = profile.rules[::_TYPED]
            yield from mistakes(cluster, profile._replace(rules=some, pods=False))


def _told(
    case: Asked, said: Word | None, judging: Judging, reference: Reference, *, few: bool
) -> Difference:
    """Return a difference; of what the interpreter alone expects otherwise the smallest."""
    name, ours = reference.profile.name, reference.word(case.request)
    if case.must is not None or said is None:
        about = [name, case.name, case.request.operation.value, case.request.object]
        right = f"{_must(case, ours)}; the interpreter: {ours}"
        return Difference(about, right, recording.said(said))
    request = smallest(judging, reference, case.request) if few else case.request
    if request is not case.request:
        ours, said = reference.word(request), judging.word(request) or said
    return told([name, case.name], request, ours, said, reference.profile)


def _must(case: Asked, ours: Word) -> Word:
    """Return the word that is right: by the case's own account, or by the interpreter's."""
    return ours if case.must is None else Word(not case.must, case.must)
