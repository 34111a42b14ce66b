"""Holds templates that profiles share, in gator, against the reference interpreter."""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Operation, Request
from capgen.profile.library import open_profile
from tests import exempted_everywhere
from tests.engines import recording
from tests.engines.agreement import Reference
from tests.engines.canaries import GOOD
from tests.engines.gatekeeper.gator import Gator
from tests.engines.gatekeeper.sides import ALONE, CEL, Side
from tests.engines.gatekeeper.target import chosen, emitted, taken, word
from tests.engines.judged import MINOR, judged
from tests.engines.proving import Lab, Row, differing
from tests.engines.vap.match import MATCHES, requests
from tests.policy.made import profile as made
from tests.profiles import EVERY_RULE
from tests.served import handed_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgen.policy.profile import Profile
    from tests.engines.rest import Object

_FEW: Final = 32

# What was asked, what is expected, and what came of it.
Step = tuple[object, str, str]


def gator_shared(_: Lab) -> Row:
    """Judges by many profiles at once, which share templates: matches, and values left out."""
    seen: list[Step] = []
    for side in (CEL, ALONE):
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

    By image and by name; in CEL by the one by which the API server is not asked (`vap/exempt.py`).
    """
    ways = tuple(exempted_everywhere.WAYS.values())
    for number, (name, spec) in enumerate([*EVERY_RULE.items()][:: side.part]):
        profile = made(spec, f"1.{MINOR}")._replace(name=name, controllers=True)
        for lift, ask in ways if side is ALONE else (ways[(number + 1) % len(ways)],):
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
