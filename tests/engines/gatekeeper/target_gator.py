"""Holds our templates and constraints, in gator, against the reference interpreter.

gator has no API server before it: what it judges is what the API server would hand over, and what
that would refuse by itself is left out, by the verdicts that were recorded of it.
"""

from __future__ import annotations

import copy
import random
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.admit import Operation, Request
from capgen.policy.match import Match
from capgen.profile.library import open_profile
from tests import exempted_everywhere
from tests.engines import recording
from tests.engines.agreement import Reference, Word
from tests.engines.canaries import GOOD
from tests.engines.gatekeeper.gator import Gator
from tests.engines.gatekeeper.target import chosen, emitted, taken, word
from tests.engines.judged import LEVELS, MINOR, Asked, judged
from tests.engines.proving import Difference, Lab, Row, differing
from tests.engines.selected import with_own_rules
from tests.engines.vap.match import MATCHES, requests
from tests.policy.made import profile as made
from tests.profiles import EVERY_RULE
from tests.served import handed_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgen.policy.profile import Profile
    from tests.engines.engine import Verdict
    from tests.engines.judged import Judged
    from tests.engines.rest import Object

# How often a pod is judged by a rule: what all of it takes is this times the rules. By a profile
# of few rules no more pods are judged than so many a rule.
_PAIRS: Final = 300
_LEVEL_PAIRS: Final = 2_500
_EACH: Final = 6
# An AdmissionReview takes as long as a hundred pods: the live manager is asked about the others.
_UPDATES: Final = 3
_FEW: Final = 32

# What was asked, what is expected, and what came of it.
Step = tuple[object, str, str]


class Side(NamedTuple):
    """An engine of Gatekeeper, and templates that it judges by.

    Attributes:
        engines: those that the templates are for.
        native: CEL is turned on.
        part: of what is asked in CEL, one of so many is asked.
    """

    engines: tuple[str, ...]
    native: bool = True
    part: int = 1


CEL: Final = Side(("cel",))
# Where CEL is on, the Rego beside it is not even compiled.
_BESIDE: Final = Side(("cel", "rego"), native=False, part=3)
_ALONE: Final = Side(("rego",), native=False, part=4)


def gator_profiles(_: Lab) -> Row:
    """Judges witnesses of each level, and of what only one of the other profiles says.

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
            retold = _told(rego, _BESIDE, reference, few)
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
    rules = {rule.id for rule in reference.profile.rules}
    level = each.name.removeprefix("pss-") in LEVELS
    most = _LEVEL_PAIRS // len(rules) if level else min(_PAIRS // len(rules), _EACH * len(rules))
    found = [case for case in taken(each) if case.rule in rules]
    created = [case for case in found if case.request.operation is Operation.CREATE]
    changed = [case for case in found if case.request.operation is not Operation.CREATE]
    updates = chosen(changed, reference, 0)[: _UPDATES if each.level else 0]
    asked = chosen(created, reference, most)
    return asked + updates, chosen(asked, reference, most // _BESIDE.part) + updates


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


def gator_shared(_: Lab) -> Row:
    """Judges by many profiles at once, which share templates: matches, and values left out."""
    seen: list[Step] = []
    for side in (CEL, _ALONE):
        with Gator(native=side.native) as gator:
            seen += [
                *_matches(gator, side),
                *_apart(gator, side),
                *_left_out(gator, side),
                *_exempt(gator, side),
            ]
            version = gator.version
    differences = differing(seen)
    return Row(
        "gatekeeper",
        "gator",
        version,
        len(seen),
        differences,
        "shared templates, match, exemptions; CEL and Rego",
    )


def _matches(gator: Gator, side: Side) -> Iterator[Step]:
    """Yield which profiles judge a bad pod with each set of labels in each namespace."""
    base = open_profile("pss/baseline", f"1.{MINOR}")
    profiles = [
        base._replace(name=f"match-{number}", match=match) for number, match in enumerate(MATCHES)
    ]
    gator.load(_together(profiles, side), judged=True)
    asked = [request for _, _, request in requests()]
    verdicts = gator.judge(handed_over(each, base.minors) for each in asked)
    for request, verdict in zip(asked, verdicts, strict=True):
        word(verdict)
        for each in profiles:
            expected = "judged" if not Reference(each).word(request).allowed else "not judged"
            actual = "judged" if f"capgen-{each.name}" in verdict.policies else "not judged"
            yield [request.namespace, request.object["metadata"], each.match], expected, actual


def _apart(gator: Gator, side: Side) -> Iterator[Step]:
    """Yield what two profiles of one structure, and other values, say: each its own."""
    spec = "kubernetes: '1.36'\nrules: {{runAsUser: {{ranges: [{0}], default: {0}}}}}"
    profiles = [made(spec.format(user))._replace(name=f"user-{user}") for user in (5, 7)]
    objects = _together(profiles, side)
    yield "templates", "1", str(sum(each["kind"] == "ConstraintTemplate" for each in objects))
    pods: list[Object] = [
        {"spec": {**copy.deepcopy(GOOD["spec"]), "securityContext": {"runAsUser": user}}}
        for user in (5, 7, 9)
    ]
    asked = [Request(pod) for pod in pods]
    for left in (profiles, profiles[1:]):
        gator.load(_together(left, side), judged=True)
        for request, verdict in zip(asked, gator.judge(asked), strict=True):
            expected = {
                f"capgen-{each.name}" for each in left if not Reference(each).word(request).allowed
            }
            yield request.object, str(sorted(expected)), str(sorted(verdict.policies))


def _left_out(gator: Gator, side: Side) -> Iterator[Step]:
    """Yield what is admitted by constraints that lack their values: nothing that is not right."""
    each = judged()["all-plain"]
    reference = Reference(each.profile())
    created = [case for case in taken(each) if case.request.operation is Operation.CREATE]
    asked = chosen(created, reference, _FEW // side.part)
    objects = emitted(reference.profile, side.engines)
    without: tuple[Object | None, ...] = (None, {})
    for empty in without:
        gator.load([_emptied(obj, empty) for obj in objects], judged=True)
        verdicts = gator.judge(handed_over(case.request, range(MINOR, MINOR + 1)) for case in asked)
        for case, verdict in zip(asked, verdicts, strict=True):
            ours = reference.word(case.request).allowed
            # A parameter that has no default is an error, which refuses.
            wrong = verdict.outcome == "admitted" and not ours
            yield [case.name, f"parameters: {empty}"], "stricter", "wider" if wrong else "stricter"


def _exempt(gator: Gator, side: Side) -> Iterator[Step]:
    """Yield what is said of containers that are exempt from every rule, and of some nearly so.

    By image and by name in turn: the API server is asked about both by every profile.
    """
    ways = (
        (exempted_everywhere.by_image, exempted_everywhere.asked_by_image),
        (exempted_everywhere.by_name, exempted_everywhere.asked_by_name),
    )
    for number, (name, spec) in enumerate([*EVERY_RULE.items()][:: side.part]):
        profile = made(spec, f"1.{MINOR}")._replace(name=name, controllers=True)
        lift, ask = ways[number % len(ways)]
        lifted, asked = lift(profile), ask(profile)
        created = [row for row in asked if row[1].operation is Operation.CREATE]
        rows = random.Random(name).sample(created, min(_FEW // side.part, len(created)))
        reference = Reference(lifted)
        gator.load(emitted(lifted, side.engines), judged=True)
        verdicts = gator.judge(handed_over(each, profile.minors) for _, each in rows)
        for (about, request), verdict in zip(rows, verdicts, strict=True):
            ours = recording.said(reference.word(request))
            yield [name, about, request.object], ours, recording.said(word(verdict))


def _emptied(obj: Object, parameters: Object | None) -> Object:
    """Return a constraint with other parameters, or without any."""
    if "parameters" not in obj["spec"]:
        return obj
    spec = {key: value for key, value in obj["spec"].items() if key != "parameters"}
    return obj | {"spec": spec if parameters is None else spec | {"parameters": parameters}}


def _together(profiles: Iterable[Profile], side: Side) -> list[Object]:
    """Return the objects of several profiles, each template once."""
    objects = [obj for each in profiles for obj in emitted(each, side.engines)]
    names = {(obj["kind"], obj["metadata"]["name"]): obj for obj in objects}
    return list(names.values())
