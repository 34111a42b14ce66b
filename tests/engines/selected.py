"""Which of what is asked about a judged profile a slow engine is asked."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Operation
from capgen.policy.exempt import lifting
from tests.engines import recording
from tests.engines.agreement import Reference
from tests.engines.judged import judged, recorded, rules_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from capgen.policy.exempt import Exemption
    from capgen.policy.expressions import Expression
    from capgen.policy.profile import Profile
    from tests.engines.judged import Asked, Judged

# Of the witnesses whose rule another profile shows whole, one of so many is asked about again; of
# others, beside the first of their rule; and of those of profiles of every rule, which are no
# levels. A witness comes in up to three forms.
_ONE_OF: Final = 60
_ONE_OF_OTHERS: Final = 9
_ONE_OF_FORMS: Final = 3
# Of what the API itself refuses, whatever a policy says.
_ONE_OF_INVALID: Final = 8


def with_own_rules(known: Collection[str]) -> Iterator[tuple[Judged, Reference]]:
    """Yield each profile that is not known, with those rules alone that none before says just so.

    Before all are the known ones, by their names. A profile without any is left out. The policies
    of one rule are the same whatever the profile is called: what was judged by one need not be
    judged again.
    """
    profiles = {name: each.profile() for name, each in judged().items()}
    seen = [rule for name in known for rule in _said(profiles[name])]
    for name, profile in profiles.items():
        if name not in known:
            said = _said(profile)
            own = [rule for rule, one in zip(profile.rules, said, strict=True) if one not in seen]
            seen += said
            if own:
                yield judged()[name], Reference(profile._replace(rules=tuple(own)))


def _said(profile: Profile) -> list[tuple[str, Expression, tuple[Exemption, ...]]]:
    """Return what each rule of a profile is called, asks of a pod, and of which containers not."""
    return [(rule.id, rule.expression, lifting(profile.exempt, rule.id)) for rule in profile.rules]


def for_each_rule(each: Judged, reference: Reference) -> list[Asked]:
    """Return of each rule a pod that it refuses, and one that is admitted: the API takes both.

    Args:
        each: whose witnesses are looked through.
        reference: what the profile says, or a part of its rules.
    """
    verdicts = recording.load(each.recording)
    rules = {rule.id for rule in reference.profile.rules}
    found: dict[tuple[str, bool], Asked] = {}
    for case in recorded(each.profile()):
        if len(found) == 2 * len(rules):
            break
        request = case.request
        created = request.operation is Operation.CREATE and not request.workload.path
        whole = {(case.rule, True), (case.rule, False)} <= found.keys()
        wanted = created and case.rule in rules and not whole
        if wanted and verdicts[case.key] != recording.INVALID:
            found.setdefault((case.rule, reference.word(request).allowed), case)
    return list(found.values())


def two_of(each: Judged, reference: Reference) -> list[Asked]:
    """Return a pod that a profile refuses, and one that it admits."""
    cases = for_each_rule(each, reference)
    return list({reference.word(case.request).allowed: case for case in cases}.values())


def of_each_kind(each: Judged, cases: Iterable[Asked], most: int) -> Iterator[Asked]:
    """Yield so many requests of each rule, occasion and verdict that the API itself takes."""
    verdicts = recording.load(each.recording)
    seen: Counter[object] = Counter()
    for case in cases:
        request, verdict = case.request, verdicts[case.key]
        kind = (case.rule, request.workload.path, request.operation, request.subresource)
        seen[kind, verdict == recording.ADMITTED] += verdict != recording.INVALID
        if verdict != recording.INVALID and seen[kind, verdict == recording.ADMITTED] <= most:
            yield case


def sampled(each: Judged, cases: list[Asked]) -> list[Asked]:
    """Return the cases without most of those whose verdicts other cases show.

    A profile that is not asked about whole has rules that such a one has just so, and others with
    values of their own: of both a part is asked. What is recorded of the rest stands.
    """
    shown = () if each.whole else _shown()
    known = {rule.id for rule in each.profile().rules if rule.expression in shown}
    others = (1 if each.level else _ONE_OF_FORMS) if each.whole else _ONE_OF_OTHERS
    verdicts = recording.load(each.recording)
    seen = set(known)
    kept = []
    for case in cases:
        key = case.key
        invalid = verdicts.get(key) == recording.INVALID
        part = _ONE_OF_INVALID if invalid else _ONE_OF if case.rule in known else others
        first = case.rule not in seen and not invalid
        if not case.recorded or first or int(key, 16) % part == 0:
            kept.append(case)
        if not invalid:
            seen.add(case.rule)
    return kept


@cache
def _shown() -> tuple[Expression, ...]:
    """Return the rules that are asked about whole."""
    return tuple(
        expression for each in judged().values() if each.whole for expression in rules_of(each)
    )
