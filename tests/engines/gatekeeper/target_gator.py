"""Holds our templates and constraints, in gator, against the reference interpreter.

gator has no API server before it: what it judges is what the API server would hand over, and what
that would refuse by itself is left out, by the verdicts that were recorded of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Operation
from capgen.policy.match import Match
from tests.engines import recording
from tests.engines.agreement import Reference, Word
from tests.engines.gatekeeper.gator import Gator
from tests.engines.gatekeeper.sides import BESIDE, CEL
from tests.engines.gatekeeper.target import chosen, emitted, taken, word
from tests.engines.judged import LEVELS, Asked, judged
from tests.engines.proving import Difference, Lab, Row
from tests.engines.selected import with_own_rules
from tests.served import handed_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.engines.engine import Verdict
    from tests.engines.gatekeeper.sides import Side
    from tests.engines.judged import Judged

# How often a pod is judged by a rule: what all of it takes is this times the rules. By a profile
# of few rules no more pods are judged than so many a rule.
_PAIRS: Final = 200
_LEVEL_PAIRS: Final = 1_800
_EACH: Final = 6
# An AdmissionReview takes as long as a hundred pods: the live manager is asked about the others.
_UPDATES: Final = 3


def gator_profiles(_: Lab) -> Row:
    """Judges witnesses of each level, and of what each other profile says that none before says.

    That is by CEL and, fewer of them, by Rego in its words.
    """
    differences: list[Difference] = []
    cases = 0
    with Gator() as cel, Gator(native=False) as rego:
        for each, whole in _profiles():
            # Without its namespaces, which gator does not know: `_matches` has those.
            match = Match(pod_selector=whole.profile.match.pod_selector)
            reference = Reference(whole.profile._replace(match=match))
            asked, few = _asked(each, reference)
            told = _told(cel, CEL, reference, asked)
            retold = _told(rego, BESIDE, reference, few)
            cases += len(told) + 2 * len(retold)
            differences += _differing(reference, asked, told)
            differences += _differing(reference, few, retold)
            for case, verdict in zip(few, retold, strict=True):
                one, other = _words_of(told[asked.index(case)]), _words_of(verdict)
                if one != other:
                    about = [reference.profile.name, case.name, "Rego's words"]
                    differences.append(Difference(about, one, other))
        version = cel.version
    note = "profiles in CEL and in Rego, and the words of both"
    return Row("gatekeeper", "gator", version, cases, tuple(differences), note)


def _profiles() -> Iterator[tuple[Judged, Reference]]:
    levels = [f"pss-{level}" for level in LEVELS]
    for name in levels:
        yield judged()[name], Reference(judged()[name].profile())
    yield from with_own_rules(levels)


def _asked(each: Judged, reference: Reference) -> tuple[list[Asked], list[Asked]]:
    """Return what is asked in CEL, and what of it in Rego."""
    rules = frozenset(rule.id for rule in reference.profile.rules)
    level = each.name.removeprefix("pss-") in LEVELS
    most = _LEVEL_PAIRS // len(rules) if level else min(_PAIRS // len(rules), _EACH * len(rules))
    found = taken(each, rules)
    created = [case for case in found if case.request.operation is Operation.CREATE]
    changed = [case for case in found if case.request.operation is not Operation.CREATE]
    updates = chosen(changed, reference, 0)[: _UPDATES if each.level else 0]
    asked = chosen(created, reference, most)
    return asked + updates, chosen(asked, reference, most // BESIDE.part) + updates


def _told(gator: Gator, side: Side, reference: Reference, asked: Sequence[Asked]) -> list[Verdict]:
    gator.load(emitted(reference.profile, side.engines), judged=True)
    minors = reference.profile.minors
    return list(gator.judge(handed_over(each.request, minors) for each in asked))


def _differing(
    reference: Reference, asked: Sequence[Asked], verdicts: Sequence[Verdict]
) -> Iterator[Difference]:
    for each, verdict in zip(asked, verdicts, strict=True):
        ours, said = reference.word(each.request), word(verdict)
        must = ours if each.must is None else Word(not each.must, each.must)
        if not said == ours == must:
            about = [reference.profile.name, each.name, each.request.object]
            expected = f"{must}; the interpreter: {ours}"
            yield Difference(about, expected, recording.said(said))


def _words_of(verdict: Verdict) -> str:
    """Return the words of messages: a set of Rego is in order, a list of CEL as it was found."""
    return str(sorted(sorted(re.split(r"[ ,]+", each)) for each in verdict.messages))
