"""Holds our ValidatingAdmissionPolicies, in a real API server, against the reference interpreter.

The policies deny and warn at once. A denial names only the first rule, warnings name them all; both
must be what the interpreter says. Everything is a dry run, save the pods that stand already when a
debug container is added to them.
"""

from __future__ import annotations

from tests.engines import recording
from tests.engines.agreement import Reference, Word
from tests.engines.chosen_pods import NO_CHOICE
from tests.engines.judged import Asked, Judged, asked, judged
from tests.engines.proving import Check, Difference, Lab, Row
from tests.engines.vap.judging import Judging


def checks() -> list[Check]:
    """Return a check for each profile that is judged."""
    return [Check("apiserver", _Judging(each)) for each in judged().values()]


class _Judging:
    """The check of one profile."""

    def __init__(self, each: Judged) -> None:
        self._judged = each
        self.__name__ = each.recording

    def __call__(self, laboratory: Lab) -> Row:
        """Ask the API server all that there is to ask, and compare."""
        cluster, name = laboratory.cluster, self._judged.name
        reference = Reference(self._judged.profile())
        cases = list(asked(self._judged, reference.profile))
        differences: list[Difference] = []
        verdicts: dict[str, str] = {}
        names: dict[str, str] = {}
        invalid = 0
        with Judging(cluster, reference, [case.request for case in cases]) as judging:
            words = judging.words()
            for policy, found in judging.mistakes().items() if self._judged.typed else ():
                about = [name, policy]
                differences += [Difference(about, "no type warning", str(each)) for each in found]
        for case, said in zip(cases, words, strict=True):
            if case.recorded:
                verdicts[case.key] = recording.said(said)
                names[case.key] = case.name
            if said is None and case.must is None:
                invalid += 1
                continue
            expected = reference.word(case.request)
            if not said == expected == _must(case, expected):
                right = str(expected)
                if case.must is not None:
                    right = f"{_must(case, expected)}; the interpreter: {expected}"
                differences.append(Difference([name, *_shown(case)], right, recording.said(said)))
        engine = f"kube-apiserver {cluster.version}"
        for key, before, now in recording.settle(self._judged.recording, engine, verdicts):
            about = [name, names.get(key, key)]
            differences.append(Difference(about, f"recorded: {before}", now))
        count = len(cases) - invalid
        note = f"{name}; {invalid} more are refused by the API itself"
        if name in NO_CHOICE:
            note += f"; no values can be chosen: {NO_CHOICE[name]}"
        return Row("vap", "kube-apiserver", cluster.version, count, tuple(differences), note)


def _must(case: Asked, ours: Word) -> Word:
    """Return the word that is right: by the case's own account, or by the interpreter's."""
    return ours if case.must is None else Word(not case.must, case.must)


def _shown(case: Asked) -> list[object]:
    """Return a case for people: what is asked."""
    request = case.request
    return [case.name, request.operation.value, request.subresource, request.object]
