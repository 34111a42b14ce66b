"""Exemptions in a real API server: who is excused, who nearly is, and who no longer is.

Tables by hand say which rules must refuse; on requests at edges of every rule the API server and
the interpreter must agree.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests import exempted, exempted_everywhere
from tests.engines.agreement import Reference, Word
from tests.engines.judged import MINOR
from tests.engines.proving import Difference, Lab, Row
from tests.engines.vap.judging import Judging, mistakes
from tests.policy.made import profile as made
from tests.policy.tables import exempt, exempt_updates
from tests.profiles import EVERY_RULE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.admit import Request
    from capgen.policy.profile import Profile


# Of the requests at every edge of every rule, which come by threes, one in so many is asked.
_ONE_IN: Final = 20


class Asked(NamedTuple):
    """A request, and who must refuse it.

    Attributes:
        name: for people.
        request: the request.
        rules: the rules that must refuse it; None: those by which the interpreter does.
    """

    name: str
    request: Request
    rules: frozenset[str] | None = None


def exemptions(laboratory: Lab) -> Row:
    """Judge by each profile with exemptions."""
    cluster = laboratory.cluster
    cases, invalid = 0, 0
    differences: list[Difference] = []
    for number, (profile, asked) in enumerate((*by_hand(), *_everywhere())):
        reference = Reference(profile._replace(name=f"exempt-{number}"))
        with Judging(cluster, reference, [each.request for each in asked]) as judging:
            words = judging.words()
        if not number:
            # The others say nothing else: one is enough for what takes longer than to judge.
            differences += mistakes(cluster, reference.profile._replace(controllers=False))
        for each, said in zip(asked, words, strict=True):
            if said is None:
                invalid += 1
                continue
            cases += 1
            differences += differing(profile, each, said, reference)
    note = f"exemptions; {invalid} more are refused by the API itself"
    return Row("vap", "kube-apiserver", cluster.version, cases, tuple(differences), note)


def differing(
    profile: Profile, asked: Asked, said: Word, reference: Reference
) -> Iterator[Difference]:
    """Yield a difference where an engine does not say what is right."""
    word = reference.word(asked.request)
    must = word if asked.rules is None else Word(not asked.rules, asked.rules)
    if not said == word == must:
        request = [profile.name, asked.name, asked.request.object, asked.request.old_object]
        yield Difference(request, f"{must}; the interpreter: {word}", str(said))


def by_hand() -> Iterator[tuple[Profile, list[Asked]]]:
    """Yield profiles with exemptions, and requests whose verdicts are written by hand."""
    yield made(exempted.SPEC), [Asked(*row) for row in exempted.rows()]
    for name in exempt.PROFILES:
        yield _by_hand(name)


def _everywhere() -> Iterator[tuple[Profile, list[Asked]]]:
    """Yield profiles that use every rule, with exemptions from each.

    By image and by name are taken in turn: what a container is exempt by is one expression, which
    stands before every rule. Of each rule gator is asked about the other way.
    """
    ways = cycle(exempted_everywhere.WAYS.values())
    for (name, spec), (lift, ask) in zip(EVERY_RULE.items(), ways, strict=False):
        profile = made(spec, f"1.{MINOR}")._replace(name=name, controllers=True)
        # Of some rules no container can be exempt.
        if requests := list(ask(profile))[::_ONE_IN]:
            yield lift(profile), [Asked(*each) for each in requests]


def _by_hand(name: str) -> tuple[Profile, list[Asked]]:
    """Return a profile of the interpreter's table, and what it is asked.

    The API takes no container that is privileged and must not escalate, and of a key that it does
    not know it has nothing to ask: the rule and the key are left out.
    """
    profile = made(exempt.PROFILES[name])
    left_out = "allowPrivilegeEscalation"
    rules = tuple(rule for rule in profile.rules if rule.id != left_out)
    asked = []
    for about, case in (*exempt.CREATE.items(), *exempt_updates.UPDATE.items()):
        refused = frozenset(text.partition(" ")[0] for text in case.refused) - {left_out}
        if case.profile == name and "unknownField" not in refused:
            request = case.request._replace(
                object=_without(case.request.object, left_out),
                old_object=_without(case.request.old_object, left_out),
            )
            asked.append(Asked(about, request, refused))
    return profile._replace(rules=rules), asked


def _without(value: Any, key: str) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {each: _without(inner, key) for each, inner in value.items() if each != key}
    if isinstance(value, list):
        return [_without(each, key) for each in value]
    return value
