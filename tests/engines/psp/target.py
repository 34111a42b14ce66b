"""Holds the `psp` target against PodSecurityPolicy itself, by the laws.

PodSecurityPolicy fills in what it asks for before it judges, so a pod is judged twice: what it lets
in, as it lets it in, the profile must admit; and what the profile admits as it was sent, it must
let in. The first holds of every profile once its gaps are taken out. The second holds of those
rules that are said exactly: they are a profile of their own.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.adapted import adapted
from capgen.policy.admit import Operation, Request
from capgen.policy.choice import wanted
from capgen.policy.subjects import EACH, Level
from capgen.policy.values import UNSET, member
from capgen.policy.witness import witnesses
from capgen.targets import psp
from capgen.targets.psp.elsewhere import NOWHERE
from tests.engines.agreement import Reference
from tests.engines.lab import LabError
from tests.engines.proving import Difference, Row
from tests.engines.psp.bulk import PspBulk
from tests.engines.psp.profiles import SAYABLE, profiles
from tests.loading import loaded
from tests.pods_random import random_pods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgen.policy.profile import Profile
    from tests.engines.engine import Admission
    from tests.engines.proving import Lab
    from tests.engines.psp.live import PspCluster
    from tests.engines.rest import Object

_SEED: Final = 1_337
_PODS: Final = 80
# What the live server is asked too, beside the plugin in process, which is much faster.
_LIVE: Final = ("pss-restricted", *SAYABLE)
_LIVE_PODS: Final = 10
# One of so many; and of all other profiles.
_LIVE_SHARE: Final = 5
_OTHERS_SHARE: Final = 60
_AS_IT_IS: Final = 4
# Of the witnesses of rules that a profile does not have: all profiles are asked about these.
_LEFT_ALONE: Final = 5
# It judges nearly every field. One it may not: without a feature gate the server drops the policy's
# word on it, and refuses what the profile leaves alone.
_EVERYTHING: Final = "all-plain"
_GATED: Final = frozenset({"procMount"})
_BARE: Final = Request({"spec": {"containers": [{"name": "c", "image": "i"}]}})


class Law(NamedTuple):
    """A profile as one law is about it.

    Attributes:
        emitted: what is applied.
        expected: what of it the policy says.
        exact: whatever the profile admits must be let in, too.
    """

    emitted: Profile
    expected: Profile
    exact: bool


def laws(profile: Profile) -> tuple[Law, Law]:
    """Return a profile without its gaps, and the rules of it that are said exactly."""
    words = psp.speak(profile).words
    gaps = {rule for rule, word in words.items() if word.lacks} | set(NOWHERE)
    within = profile._replace(rules=tuple(r for r in profile.rules if r.id not in gaps))
    exact = profile
    while rest := {
        rule for rule, word in psp.speak(exact).words.items() if word.more or word.lacks
    }:
        exact = exact._replace(rules=tuple(rule for rule in exact.rules if rule.id not in rest))
    exact = exact._replace(rules=tuple(r for r in exact.rules if r.id not in NOWHERE))
    return Law(profile, within, exact=False), Law(exact, exact, exact=True)


def objects(profile: Profile) -> list[Object]:
    """Return the objects that are emitted for a profile."""
    return [loaded(each.text) for each in psp.emit(profile).artefacts if each.object]


def requests(profile: Profile, count: int = _PODS) -> Iterator[Request]:
    """Yield new pods: the witnesses, as they are and adapted to the API, and random ones.

    They are those of a profile that judges every field besides, of which a part is asked: what the
    profile leaves alone the policy must leave alone, too.
    """
    own = {rule.id for rule in profile.rules}
    others = (rule for rule in profiles()[_EVERYTHING].rules if rule.id not in own | _GATED)
    profile = profile._replace(rules=(*profile.rules, *others))
    for number, witness in enumerate(witnesses(profile)):
        request = witness.request
        if witness.rule not in own and number % _LEFT_ALONE:
            continue
        if request.operation is Operation.CREATE and not request.workload.path:
            taken = adapted(request)
            # The API would take few that have to be adapted as they are.
            if taken is None or number % _AS_IT_IS == 0:
                yield request
            if taken is not None:
                yield taken
    for pod in random_pods(profile, _SEED, count):
        # A pod is not created with ephemeral containers.
        spec = {key: value for key, value in pod["spec"].items() if key != "ephemeralContainers"}
        yield Request({**pod, "spec": spec})


def psp_agrees(_: Lab) -> Row:
    """Judges every profile that PodSecurityPolicy may be asked to enforce, in process."""
    counts: Counter[str] = Counter()
    differing: list[Difference] = []
    with PspBulk() as engine:
        for profile in profiles().values():
            for law in laws(profile):
                differing += _differing(law, requests(law.emitted), engine, counts)
            differing += _filled(profile, engine, counts)
        version = engine.version
    return _row(version, counts, differing, f"{len(profiles())} profiles; the plugin in process")


def psp_live(laboratory: Lab) -> Row:
    """Judges by the server, some of the profiles whole: also what it makes of the objects."""
    counts: Counter[str] = Counter()
    differing: list[Difference] = []
    engine = laboratory.pod_security_policy
    for name in _LIVE:
        for law in laws(profiles()[name]):
            asked = islice(requests(law.emitted, _LIVE_PODS), 0, None, _LIVE_SHARE)
            differing += _differing(law, asked, engine, counts)
    for name in sorted(profiles().keys() - set(_LIVE)):
        within = laws(profiles()[name])[0]
        asked = islice(requests(within.emitted, _LIVE_PODS), 0, None, _OTHERS_SHARE)
        differing += _differing(within, asked, engine, counts)
    differing += _bound(engine, counts)
    note = f"{len(_LIVE)} profiles, and a few pods by {len(profiles()) - len(_LIVE)} more"
    return _row(engine.version, counts, differing, note)


def _row(version: str, counts: Counter[str], differing: list[Difference], note: str) -> Row:
    if not (counts["admitted"] and counts["denied"]) or counts["errored"]:
        raise LabError(f"PodSecurityPolicy says the same of all pods, or nothing: {counts}")
    cases = counts["admitted"] + counts["denied"] + counts["filled"] + counts["bound"]
    said = (
        f"; {counts['admitted']} admitted, {counts['denied']} denied, {counts['invalid']} invalid"
    )
    return Row("psp", "podsecuritypolicy", version, cases, tuple(differing), note + said)


def _differing(
    law: Law, asked: Iterable[Request], engine: Admission, counts: Counter[str]
) -> Iterator[Difference]:
    sent = Reference(law.expected)
    # What a policy sets, the profile would set too: of what comes out nothing is unset any more.
    admitted = Reference(law.expected._replace(mutate=False))
    refused: list[tuple[Request, str]] = []
    engine.load(objects(law.emitted))
    listed = list(asked)
    for request, verdict in zip(listed, engine.judge(listed), strict=True):
        counts[verdict.outcome] += 1
        if verdict.outcome == "admitted":
            word = admitted.pod_word(verdict.object)
            if not word.allowed:
                yield Difference([law.emitted.name, request.object], str(word), "admitted")
        elif verdict.outcome == "denied" and law.exact and sent.pod_word(request.object).allowed:
            refused.append((request, " ".join(verdict.messages)))
    if refused:
        # What the API would not take from anybody is no pod that a policy keeps out.
        engine.load(objects(law.emitted._replace(rules=())))
        taken = engine.judge([request for request, _ in refused])
        for (request, said), verdict in zip(refused, taken, strict=True):
            if verdict.outcome == "admitted":
                yield Difference([law.emitted.name, request.object], "admitted", said)


def _filled(profile: Profile, engine: PspBulk, counts: Counter[str]) -> Iterator[Difference]:
    """Yield the values that a profile chooses, and that a bare pod is not given."""
    if not profile.mutate:
        return
    engine.load(objects(profile))
    (verdict,) = engine.judge([_BARE])
    words = psp.speak(profile).words
    for each in wanted(profile, "linux"):
        if words[each.rule].lacks:
            continue
        found = _found(verdict.object, each.field.path, each.field.level)
        counts["filled"] += 1
        if found not in (each.value, each.field.unset):
            asked = [profile.name, each.rule, list(each.field.path)]
            yield Difference(asked, str(each.value), str(found))


def _found(pod: Object, path: tuple[str, ...], level: Level) -> object:
    """Return what takes effect in the pod's container."""
    structs = [pod["spec"], pod["spec"]["containers"][0]]
    if level is Level.INHERITED:
        structs.reverse()
    elif level is Level.CONTAINER:
        structs = structs[1:]
    else:
        structs = structs[:1]
    for struct in structs:
        node: object = struct
        for step in path:
            node = node if step == EACH else member(node, step)
        if node is not UNSET:
            return tuple(node) if isinstance(node, list) else node
    annotations = pod["metadata"]["annotations"]
    # An AppArmor profile has no field yet.
    named = annotations.get("container.apparmor.security.beta.kubernetes.io/c")
    return "RuntimeDefault" if named == "runtime/default" and "appArmorProfile" in path else None


def _bound(engine: PspCluster, counts: Counter[str]) -> Iterator[Difference]:
    """Yield where a policy of some namespaces may be used elsewhere, or not there."""
    profile = profiles()["pss-baseline"]
    scoped = profile._replace(match=profile.match._replace(include=("lab-in", "lab-too")))
    engine.load(objects(scoped))
    for namespace, expected in (
        ("lab-in", "admitted"),
        ("lab-too", "admitted"),
        ("lab-out", "errored"),
    ):
        (verdict,) = engine.judge([_BARE._replace(namespace=namespace)])
        counts["bound"] += 1
        if verdict.outcome != expected:
            yield Difference([profile.name, namespace], expected, verdict.outcome)
