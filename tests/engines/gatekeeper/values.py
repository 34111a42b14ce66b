"""Holds our mutators, in Gatekeeper's webhooks, against the reference interpreter.

Gatekeeper mutates before it judges. A rule whose value no mutator can set is taken out: to set
nothing for it is what its cell says.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from capgen.policy.placed import placed
from capgen.policy.pod import mapping
from capgen.policy.workload import pod_of
from capgen.profile import library
from capgen.targets import gatekeeper
from capgen.targets.base import Status
from tests.engines.gatekeeper.install import WATCHED
from tests.engines.gatekeeper.target import emitted
from tests.engines.gatekeeper.words import violations
from tests.engines.judged import MINOR
from tests.engines.mutating.check import compared
from tests.engines.mutating.updates import updated
from tests.engines.proving import Difference, Row
from tests.engines.vap.match import MATCHES, NAMESPACES, requests
from tests.mutated_profiles import MUTATED
from tests.policy.made import profile as made

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from capgen.policy.admit import Request
    from capgen.policy.match import Match
    from capgen.policy.profile import Profile
    from tests.engines.apiserver import Cluster
    from tests.engines.gatekeeper.live import Gatekeeper
    from tests.engines.proving import Lab
    from tests.engines.rest import Answer, Object

# Profiles, and of how many pods one is asked about: see `_HAND` in `mutating/check.py`.
_SHARES: Final = {
    "set-linux": 13,
    "set-host": 17,
    "set-exempt": 17,
    "set-templates": 17,
    "set-named": 11,
}
_LEVEL: Final = ("pss/restricted", 33)
MUTATORS: Final = ("Assign", "ModifySet")


class Setting:
    """Gatekeeper, by our mutators, and by our constraints after them."""

    target: Final = gatekeeper.TARGET.name
    name: Final = "gatekeeper"
    labels: Final[Mapping[str, str]] = WATCHED

    def __init__(self, engine: Gatekeeper, cluster: Cluster) -> None:
        self.cluster = cluster
        self.version = engine.version
        self._engine = engine

    def objects(self, profile: Profile) -> list[Object]:
        """Return the templates, the constraints and the mutators of a profile."""
        return emitted(profile)

    @contextmanager
    def holding(self, objects: Sequence[Object]) -> Iterator[None]:
        """Have Gatekeeper act by the objects."""
        try:
            self._engine.load(objects)
            yield
        finally:
            self._engine.load(())

    def warned(self, answer: Answer) -> frozenset[str]:
        """Return the rules that the constraints warn of."""
        found = (message for text in answer.warnings for _, message in violations(text))
        return frozenset(message.partition(": ")[0] for message in found)

    def refuses(self, profile: Profile, request: Request) -> bool:
        """Tell whether a pod on Windows gets values that only one on Linux may have."""
        return is_refused(profile, request)


def gatekeeper_values(laboratory: Lab) -> Row:
    """Creates pods and controllers under some profiles, changes what stands, and matches."""
    engine, cluster = laboratory.gatekeeper, laboratory.cluster
    setter = Setting(engine, cluster)
    rows = [compared(setter, profiles()), updated(setter), _matched(engine, cluster)]
    return replace(
        rows[0],
        cases=sum(row.cases for row in rows),
        differences=tuple(each for row in rows for each in row.differences),
        notes=f"values: {rows[0].notes}, updates, match",
    )


def profiles() -> Iterator[tuple[Profile, int]]:
    """Yield profiles without their gaps, and of how many pods one is asked about."""
    for name, share in _SHARES.items():
        yield without_gaps(made(MUTATED[name])._replace(name=name)), share
    name, share = _LEVEL
    found = library.open_profile(name, f"1.{MINOR}")
    found = found._replace(name=f"set-{found.name}", mutate=True, controllers=True)
    # What sets nothing brings only a kind more.
    setting = {each.rule for each in placed(found)}
    rules = tuple(rule for rule in found.rules if rule.id in setting)
    yield found._replace(rules=rules), share


def without_gaps(profile: Profile) -> Profile:
    """Return a profile without the rules of which no mutator sets the values."""
    cells = gatekeeper.emit(profile).cells
    kept = tuple(rule for rule in profile.rules if cells[rule.id].status is not Status.GAP)
    return profile._replace(rules=kept)


def is_refused(profile: Profile, request: Request) -> bool:
    """Tell whether what is created is a pod on Windows that gets what only one on Linux may have.

    That the API refuses it is what the rules' cells say.
    """
    pod = mapping(pod_of(request.workload, request.object))
    windows = mapping(mapping(pod.get("spec")).get("os")).get("name") == "windows"
    held = profile.controllers if request.workload.path else profile.pods
    held = held and not request.workload.copied
    return windows and held and any(each.system == "linux" for each in placed(profile))


def _matched(engine: Gatekeeper, cluster: Cluster) -> Row:
    """Create pods with each set of labels in each namespace, under all matches at once.

    Each profile has a value for a container of its own, so one pod tells of all of them.
    """
    spec = "kubernetes: '1.36'\nmutate: true\nrules: {{runAsUser: {{ranges: [7]}}}}\n"
    spec += "containers: {{m{0}: {{runAsUser: 7}}}}"
    matching = [
        made(spec.format(number))._replace(name=f"match-{number}", match=match)
        for number, match in enumerate(map(_labelled, MATCHES))
    ]
    containers = [{"name": f"m{number}", "image": "i"} for number in range(len(MATCHES))]
    objects = [obj for each in matching for obj in emitted(each) if obj["kind"] in MUTATORS]
    differences: list[Difference] = []
    cases = 0
    with ExitStack() as stack:
        for name, labels in NAMESPACES.items():
            stack.enter_context(engine.watched(name, labels, ()))
        engine.load(objects)
        for namespace, pod, request in requests():
            asked = {"metadata": pod["metadata"], "spec": {"containers": containers}}
            (answer,) = cluster.judge(namespace, [asked])
            found = {
                each["name"]: "securityContext" in each
                for each in answer.object["spec"]["containers"]
            }
            for number, each in enumerate(matching):
                expected = each.match.matches(
                    request.namespace, request.namespace_labels, pod["metadata"]["labels"]
                )
                cases += 1
                if found[f"m{number}"] != expected:
                    where = [namespace, pod["metadata"], str(each.match)]
                    words = ("not set", "set")
                    differences.append(Difference(where, words[expected], words[not expected]))
        engine.load(())
    return Row("gatekeeper", "gatekeeper", engine.version, cases, tuple(differences))


def _labelled(match: Match) -> Match:
    """Return a match without values that no label has: a profile that says one is refused."""
    rows = (
        row._replace(values=tuple(each for each in row.values if each.isalnum()))
        for row in match.pod_selector
    )
    return match._replace(pod_selector=tuple(rows))
