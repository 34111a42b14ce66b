"""Values as parameters, in a real API server: the verdicts are those of literals.

Witnesses are asked about under the policies with parameters; then the values are changed by hand,
spoilt, and taken away; then everything is deleted and applied again.
"""

from __future__ import annotations

import copy
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.witness import witnesses
from capgen.profile.library import open_profile
from capgen.targets.vap import TARGET, emit_parameters
from tests import exempted
from tests.engines.agreement import Reference
from tests.engines.applied import LEVELS, Applied
from tests.engines.gatekeeper.install import absent, established
from tests.engines.judged import MINOR
from tests.engines.processes import NotYet
from tests.engines.proving import Difference, Lab, Row
from tests.engines.vap.judging import Judging, mistakes
from tests.engines.vap.stale_parameters import stale
from tests.loading import loaded
from tests.pods import good, tweak
from tests.policy.made import profile as made
from tests.profiles import EVERY_RULE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Answer, Object

_TARGET: Final = replace(TARGET, emit=emit_parameters)
# Profiles, and of how many of their witnesses one is asked about: the expressions are those of
# Gatekeeper's templates, which gator is asked about. Those of an edge come by threes and fours.
_ASKED: Final = {"all-plain": (EVERY_RULE["all-plain"], 22), "exempted": (exempted.SPEC, 4)}

_SECURITY: Final = "spec.containers.0.securityContext"
_USER: Final = {f"{_SECURITY}.runAsUser": 5}
_ADDS: Final = {f"{_SECURITY}.capabilities.add": ["NET_BIND_SERVICE"]}
_LOCAL: Final = {
    "spec.securityContext.seccompProfile": {"type": "Localhost", "localhostProfile": "a.json"}
}
# A rule and its parameter, the values, what a pod does, and what is then said of it: `admitted`, or
# the rule that refuses it. One change after the other: no two alike are neighbours.
_CHANGED: Final[tuple[tuple[str, str, object, dict[str, Any], str], ...]] = (
    ("runAsUser", "ranges", [{"min": 6}], _USER, "runAsUser"),
    ("runAsUser", "ranges", [{"min": 6}, {"min": 1, "max": 5}], _USER, "admitted"),
    ("runAsUser", "ranges", [], _USER, "runAsUser"),
    ("runAsUser", "ranges", [{"min": 5, "max": 5}], _USER, "admitted"),
    # Without it the default holds, which allows nothing.
    ("runAsUser", "ranges", None, _USER, "runAsUser"),
    ("runAsUser", "ranges", None, _USER, "runAsUser"),
    ("capabilities", "allow", ["CHOWN", "NET_BIND_SERVICE"], _ADDS, "admitted"),
    ("capabilities", "allow", ["CHOWN"], _ADDS, "capabilities"),
    ("capabilities", "allow", ["NET_BIND_SERVICE"], _ADDS, "admitted"),
    ("capabilities", "drop", ["KILL"], {}, "capabilities"),
    ("capabilities", "drop", ["ALL"], {}, "admitted"),
    ("seccompProfile", "allow", ["RuntimeDefault"], _LOCAL, "seccompProfile"),
    ("seccompProfile", "allow", ["RuntimeDefault", "Localhost"], _LOCAL, "admitted"),
)
# What the definition lets nobody write.
_REFUSED: Final[tuple[tuple[str, str, object], ...]] = (
    ("runAsUser", "ranges", [{"max": 5}]),
    ("runAsUser", "ranges", ["1-5"]),
    ("runAsUser", "ranges", [{"min": "1"}]),
    ("capabilities", "allow", "CHOWN"),
    ("capabilities", "drop", []),
    ("capabilities", "drop", None),
)


def parameters(laboratory: Lab) -> Row:
    """Asks about witnesses, and then about what becomes of changed values."""
    cluster = laboratory.cluster
    differences: list[Difference] = []
    cases = 0
    for profile, every in _profiles():
        reference = Reference(profile)
        asked = [each.request for each in witnesses(profile)][::every]
        with ExitStack() as stack:
            stack.enter_context(_defined(cluster, profile))
            if _is_typed(profile):
                differences += mistakes(cluster, profile._replace(controllers=False), _TARGET)
            judging = stack.enter_context(Judging(cluster, reference, asked, target=_TARGET))
            for request, said in zip(asked, judging.words(), strict=True):
                if said is None:
                    continue
                cases += 1
                expected = reference.word(request)
                if said != expected:
                    asking = [profile.name, request.object, request.old_object]
                    differences.append(Difference(asking, str(expected), str(said)))
    for about, right, actual in chain(_changed(cluster), stale(cluster)):
        cases += 1
        if actual != right:
            differences.append(Difference(about, right, actual))
    note = "with parameters"
    return Row("vap", "kube-apiserver", cluster.version, cases, tuple(differences), note)


def _profiles() -> Iterator[tuple[Profile, int]]:
    """Yield profiles, and of how many of their witnesses one is asked about."""
    restricted = open_profile("pss/restricted", f"1.{MINOR}")
    yield restricted._replace(name="params-restricted", controllers=True), 10
    for name, (spec, every) in _ASKED.items():
        profile = made(spec, f"1.{MINOR}")
        yield profile._replace(name=f"params-{name}", controllers=True, mutate=False), every


def _is_typed(profile: Profile) -> bool:
    """Tell of a profile whether the type checker is waited for, which takes half a minute.

    As long it takes until it looks again which kinds there are. Of profiles with more rules it has
    more to check; a parameter that is misspelt there errs, as parameters are looked up by name.
    """
    return profile.name == "params-restricted"


@contextmanager
def _defined(cluster: Cluster, profile: Profile) -> Iterator[None]:
    """Have the API server know the kind of a profile's parameters."""
    texts = (each.text for each in emit_parameters(profile).shared)
    (definition,) = (loaded(text) for text in texts)
    name = definition["metadata"]["name"]
    cluster.apply([definition])
    try:
        cluster.until(partial(established, cluster, name), what=f"the kind {name}")
        yield
    finally:
        cluster.delete([definition])
        cluster.until(partial(absent, cluster, name), what=f"the kind {name} to be gone")


def _changed(cluster: Cluster) -> Iterator[tuple[object, str, str]]:
    """Change one value after the other; yield what it is, what is right and what came of it."""
    profile = open_profile("pss/restricted", f"1.{MINOR}")._replace(name="params-changed")
    with _defined(cluster, profile):
        # It judges no templates.
        applied = Applied(cluster, profile, LEVELS[1:], _TARGET)
        (values,) = (each for each in applied.objects if "rules" in each)
        with applied:
            for rule, key, value, changes, right in _CHANGED:
                cluster.apply([_with(values, rule, key, value)])
                pod = tweak(good(), changes)
                yield [rule, key, value], right, _seen(cluster, profile.name, pod, right)
            for rule, key, value in _REFUSED:
                answer = cluster.create(_with(values, rule, key, value) | _NEW)
                yield [rule, key, value], "invalid", answer.outcome
            cluster.delete([values])
            missing = "no params found"
            yield "deleted", missing, _seen(cluster, profile.name, good(), missing)
            cluster.apply([values])
            yield "there again", "admitted", _seen(cluster, profile.name, good(), "admitted")
    # All is deleted by now.
    with _defined(cluster, profile), applied:
        pod = tweak(good(), _USER)
        for value, right in (([{"min": 6}], "runAsUser"), ([{"min": 5}], "admitted")):
            cluster.apply([_with(values, "runAsUser", "ranges", value)])
            yield ["applied again", value], right, _seen(cluster, profile.name, pod, right)


_NEW: Final = {"metadata": {"name": "not-taken"}}


def _with(values: Object, rule: str, key: str, value: object) -> Object:
    changed = copy.deepcopy(values)
    if value is None:
        del changed["rules"][rule][key]
    else:
        changed["rules"][rule][key] = value
    return changed


def _seen(cluster: Cluster, namespace: str, pod: Object, right: str) -> str:
    """Wait for the verdict that is right; what is said until then may be that of old values."""
    last = ""

    def probe() -> None:
        nonlocal last
        (answer,) = cluster.judge(namespace, [pod])
        last = _word(answer)
        if not (last == right or (right in last and right == "no params found")):
            raise NotYet(f"expected {right}; found {last}")
        last = right

    cluster.until(probe, what=f"a pod to be seen: {right}")
    return last


def _word(answer: Answer) -> str:
    if answer.admitted:
        return "admitted"
    if answer.outcome == "policy":
        return answer.denial.partition(":")[0]
    return answer.message
