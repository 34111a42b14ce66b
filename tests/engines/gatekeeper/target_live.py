"""Holds our templates and constraints, in Gatekeeper's webhook, against the reference interpreter.

What gator cannot show: the API server's own defaulting and validation before them, updates of what
stands already, real debug containers, and controllers that scale.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Operation
from capgen.policy.match import Match
from capgen.profile.library import open_profile
from tests.engines import recording
from tests.engines.agreement import Reference, Word
from tests.engines.gatekeeper.cases import COMMON
from tests.engines.gatekeeper.own_kind import own_kind
from tests.engines.gatekeeper.store import Key, key
from tests.engines.gatekeeper.target import chosen, emitted, said, taken, word
from tests.engines.judged import MINOR, judged
from tests.engines.proving import Lab, Row, differing
from tests.engines.resources import path
from tests.engines.selected import for_each_rule, with_own_rules
from tests.engines.vap.exempt import Asked, by_hand
from tests.engines.vap.updates import standing, steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.engines.apiserver import Cluster
    from tests.engines.engine import Verdict
    from tests.engines.gatekeeper.live import Gatekeeper
    from tests.engines.judged import Asked as Witness
    from tests.engines.judged import Judged
    from tests.engines.rest import Answer, Object

# Profiles, and how many witnesses are created, and change what stands.
_PROFILES: Final = {"pss-restricted": (40, 16), "all-plain": (40, 16)}
# The same of policies that Gatekeeper generates.
_GENERATED: Final = 20
# Of the rules one of so many: each policy is made, compiled and bound.
_GENERATED_RULES: Final = 2
# Of the tables of exemptions the longest, and one of two exemptions from a rule.
_TABLES: Final = {0: "cel", 4: "rego"}


def gatekeeper_profiles(laboratory: Lab) -> Row:
    """Creates and changes pods and controllers under some profiles, and under exemptions."""
    engine = laboratory.gatekeeper
    seen = [
        *_witnesses(engine),
        *_others(engine),
        *_exemptions(engine),
        *_generated(engine),
    ]
    asked = [each for each in seen if each is not None]
    note = "profiles, exemptions in CEL and in Rego, generated policies;"
    note += f" {len(seen) - len(asked)} more are refused by the API itself"
    differences = differing(asked)
    return Row("gatekeeper", "gatekeeper", engine.version, len(asked), differences, note)


Step = tuple[object, str, str]


def _witnesses(engine: Gatekeeper) -> Iterator[Step | None]:
    """Yield cases in CEL: in Rego updates are gone through, and gator has all the others."""
    for name, (creates, updates) in _PROFILES.items():
        each = judged()[name]
        reference = Reference(each.profile())
        asked = _asked(each, reference, creates, updates)
        rows = [Asked(case.name, case.request, case.must) for case in asked]
        yield from _judged(engine, reference, rows, ("cel",))


def _asked(each: Judged, reference: Reference, creates: int, updates: int) -> list[Witness]:
    """Return so many of a profile's witnesses that are created, and that change what stands."""
    found = taken(each)
    created = [case for case in found if case.request.operation is Operation.CREATE]
    changed = [case for case in found if case.request.operation is not Operation.CREATE]
    return chosen(created, reference, creates) + chosen(changed, reference, updates)


def _others(engine: Gatekeeper) -> Iterator[Step | None]:
    """Yield cases of what no profile before another says, each in a namespace of its own."""
    rows: list[tuple[Reference, Witness]] = []
    objects: dict[Key, Object] = {}
    for each, reference in with_own_rules(_PROFILES):
        profile = reference.profile
        rows += [(reference, case) for case in for_each_rule(each, reference)]
        here = Match(include=(profile.name,), pod_selector=profile.match.pod_selector)
        objects |= {key(obj): obj for obj in emitted(profile._replace(match=here))}
    engine.load(list(objects.values()))
    requests = [case.request._replace(namespace=one.profile.name) for one, case in rows]
    verdicts = engine.judge(requests)
    for (reference, case), verdict in zip(rows, verdicts, strict=True):
        yield _step(reference, Asked(case.name, case.request, case.must), verdict)


def _exemptions(engine: Gatekeeper) -> Iterator[Step | None]:
    """Yield cases of tables by hand, in CEL and in Rego; gator has those of every rule."""
    for number, (profile, asked) in enumerate(by_hand()):
        if number in _TABLES:
            reference = Reference(profile._replace(name=f"exempt-{number}"))
            yield from _judged(engine, reference, asked, (_TABLES[number],))


def _generated(engine: Gatekeeper) -> Iterator[Step | None]:
    """Yield what the ValidatingAdmissionPolicies say that Gatekeeper makes of templates.

    The API server asks them all, and names of those that deny the first.
    """
    each = judged()["pss-restricted"]
    profile = each.profile()
    reference = Reference(profile._replace(rules=profile.rules[::_GENERATED_RULES]))
    engine.load([_as_policy(obj) for obj in emitted(reference.profile)])
    asked = _asked(each, reference, _GENERATED, _GENERATED // 2)
    verdicts = engine.judge(case.request for case in asked)
    for case, verdict in zip(asked, verdicts, strict=True):
        theirs, ours = word(verdict), reference.word(case.request)
        if theirs is None:
            yield None
            continue
        named = theirs.rules <= ours.rules and theirs.allowed == ours.allowed
        expected = recording.said(ours)
        yield case.name, expected, expected if named else recording.said(theirs)


def _as_policy(obj: Object) -> Object:
    """Return a template that becomes a policy, or a constraint that is enforced by that alone."""
    changed = copy.deepcopy(obj)
    spec = changed["spec"]
    if obj["kind"] == "ConstraintTemplate":
        spec["targets"][0]["code"][0]["source"]["generateVAP"] = True
    else:
        points = [{"name": "vap.k8s.io"}]
        spec["enforcementAction"] = "scoped"
        spec["scopedEnforcementActions"] = [{"action": "deny", "enforcementPoints": points}]
    return changed


def _judged(
    engine: Gatekeeper, reference: Reference, asked: Sequence[Asked], engines: Sequence[str]
) -> Iterator[Step | None]:
    """Yield each case; None where the API itself refuses it."""
    engine.load(emitted(reference.profile, engines))
    verdicts = engine.judge(each.request for each in asked)
    for each, verdict in zip(asked, verdicts, strict=True):
        yield _step(reference, each, verdict)


def _step(reference: Reference, asked: Asked, verdict: Verdict) -> Step | None:
    theirs, ours = word(verdict), reference.word(asked.request)
    if theirs is None:
        return None
    must = ours if asked.rules is None else Word(not asked.rules, asked.rules)
    about = [reference.profile.name, asked.name, asked.request.object, asked.request.old_object]
    expected = recording.said(must if must == ours else None)
    return about, expected, recording.said(theirs)


def gatekeeper_updates(laboratory: Lab) -> Row:
    """Goes through the updates of pods and of controllers that stand."""
    engine, cluster = laboratory.gatekeeper, laboratory.cluster
    seen = [step for each in ("cel", "rego") for step in _updates(engine, cluster, each)]
    differences = differing(seen)
    note = "updates, expansion; in CEL and in Rego"
    return Row("gatekeeper", "gatekeeper", engine.version, len(seen), differences, note)


def _updates(engine: Gatekeeper, cluster: Cluster, language: str) -> list[Step]:
    profile = open_profile("pss/restricted", f"1.{MINOR}")
    profile = profile._replace(name=f"gatekeeper-updates-{language}", controllers=True)
    namespace = profile.name
    objects = emitted(profile, (language,))
    with standing(cluster, namespace):
        engine.load(objects)
        with engine.watched(namespace, {}, ()):
            found = steps(cluster, Reference(profile), namespace)
            seen = [_seen(*each) for each in found]
            seen += _expanded(engine, cluster, namespace, objects)
            if language == "cel":
                seen += own_kind(engine, cluster, namespace, profile)
        engine.load([])
    return seen


def _seen(request: object, expected: tuple[str, ...], answer: Answer) -> Step:
    """Return what is expected of a step, and what came of it: the webhook names every rule."""
    *_, every = expected
    if len(expected) > 1:
        every = f"refused for {' '.join(sorted(each.split()[-1] for each in expected))}"
    actual = said(answer)
    return request, every, every if actual in expected else actual


def _expanded(
    engine: Gatekeeper, cluster: Cluster, namespace: str, objects: Sequence[Object]
) -> Iterator[Step]:
    """Yield how an old Deployment scales where Gatekeeper expands what it would make.

    Constraints on expanded pods refuse it: ours must not judge these.
    """
    (suite,) = (each for each in COMMON if "expansion" in each.files)
    expansions = [each for each in suite.artefacts() if each["kind"] == "ExpansionTemplate"]
    where = path("Deployment", "old-bad", namespace)
    for source, expected in (("Original", "admitted"), ("All", "refused for hostPID")):
        engine.load([*(_sourced(each, source) for each in objects), *expansions])
        answer = cluster.patch(where, {"spec": {"replicas": 4 if source == "All" else 5}})
        yield {"scale, source": source}, expected, said(answer, "lab-deployment")


def _sourced(obj: Object, source: str) -> Object:
    match = obj["spec"].get("match")
    return (
        obj
        if match is None
        else obj | {"spec": obj["spec"] | {"match": match | {"source": source}}}
    )
