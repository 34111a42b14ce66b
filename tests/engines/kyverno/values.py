"""Holds our MutatingPolicies, in the real controller and in its CLI, against the interpreter."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from capgen.policy.match import Match
from capgen.policy.mutate import mutator
from capgen.policy.pod import mapping
from capgen.policy.subjects import CONTAINER_LISTS
from capgen.policy.workload import pod_of
from capgen.targets import mutating, vap
from capgen.targets.kyverno import policies
from tests.engines.agreement import Reference
from tests.engines.applied import emitted
from tests.engines.kyverno import value_faults
from tests.engines.kyverno.cli import KyvernoCli
from tests.engines.kyverno.faults import seeded
from tests.engines.kyverno.judging import word
from tests.engines.mutating.cases import with_pod
from tests.engines.mutating.check import compared
from tests.engines.mutating.pods import created
from tests.engines.mutating.updates import updated
from tests.engines.proving import Check, Difference, Lab, Row
from tests.engines.vap.asking import broken_rules
from tests.mutated_profiles import MUTATED
from tests.policy.made import profile as made
from tests.served import handed_over, served

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.admit import Request
    from capgen.policy.pod import Mapping
    from capgen.policy.profile import Profile
    from capgen.targets.base import Target
    from tests.engines.apiserver import Cluster
    from tests.engines.kyverno.live import Kyverno
    from tests.engines.rest import Answer, Object

_API: Final = "policies.kyverno.io/v1"
_WARNED: Final = re.compile(r"Policy [a-z0-9.-]+ failed: (\w+): ")
# Of how many pods one is asked about, where `map` is asked about each.
_SHARE: Final = 15
_BESIDE: Final = "set-linux"
_SHARE_BESIDE: Final = 40
# The CLI compiles each policy again for each pod.
_OFFLINE: Final = "set-linux"
_SHARE_OFFLINE: Final = 25


class Setting:
    """Kyverno by our policies, which set and warn, and beside it those of `vap`, which warn too.

    A setter, as `tests/engines/mutating/` calls it. Kyverno names the first rule that is broken,
    the API server names them all.

    Attributes:
        cluster: the API server that Kyverno stands beside.
        target: the target whose objects it takes.
        name: the engine's name.
        version: its version.
        labels: those without which it does not look at a namespace: none.
    """

    target: Final = policies.TARGET.name
    name: Final = "kyverno"
    labels: Final[dict[str, str]] = {}

    def __init__(self, laboratory: Lab, beside: tuple[Target, ...] = ()) -> None:
        """Have other targets' objects stand beside, if they are named."""
        self.cluster: Cluster = laboratory.cluster
        self._kyverno: Kyverno = laboratory.kyverno
        self.version = self._kyverno.version
        self._targets = (vap.TARGET, *beside, policies.TARGET)

    def objects(self, profile: Profile) -> list[Object]:
        """Return what sets the values of a profile that warns, and what warns."""
        return [each for target in self._targets for each in emitted(profile, target)]

    @contextmanager
    def holding(self, objects: Sequence[Object]) -> Iterator[None]:
        """Have such objects act, for a while."""
        ours = [each for each in objects if each["apiVersion"] == _API]
        native = [each for each in objects if each["apiVersion"] != _API]
        try:
            self.cluster.apply(native)
            self._kyverno.load(ours)
            yield
        finally:
            self._kyverno.load([])
            self.cluster.delete(native)

    def warned(self, answer: Answer) -> frozenset[str]:
        """Return the rules that an answer warns of, with what Kyverno says that does not fit."""
        rules = frozenset(broken_rules(answer.warnings))
        named = {found[1] for text in answer.warnings if (found := _WARNED.match(text))}
        fits = named <= rules and bool(named) == bool(rules)
        return rules if fits else rules | {f"(kyverno: {', '.join(sorted(named)) or 'none'})"}

    def refuses(self, profile: Profile, request: Request) -> bool:
        """Tell that it sets nothing but what the interpreter sets."""
        del profile, request
        return False


def checks() -> list[Check]:
    """Return the checks of what sets values."""
    every = (_compared, _beside, _updated, _seeded, _simulated)
    return [Check("kyverno", run, offline=run is _simulated) for run in every]


def _compared(laboratory: Lab) -> Row:
    """Asks what becomes of pods, field by field."""
    shared = ((made(spec)._replace(name=name), _SHARE) for name, spec in MUTATED.items())
    return compared(Setting(laboratory), shared)


def _beside(laboratory: Lab) -> Row:
    """Asks the same where `map` has set the values before."""
    profile = made(MUTATED[_BESIDE])._replace(name="set-twice")
    row = compared(Setting(laboratory, (mutating.TARGET,)), [(profile, _SHARE_BESIDE)])
    return replace(row, notes=f"beside `map`; {row.notes}")


def _updated(laboratory: Lab) -> Row:
    """Goes through what happens to pods and controllers that stand already."""
    return updated(Setting(laboratory))


def _seeded(laboratory: Lab) -> Row:
    """Asks by policies that set values and have a fault."""
    kyverno = laboratory.kyverno
    cases, differences = seeded(kyverno, policies.TARGET, value_faults.suite())
    note = "faults of the envelope of what sets values"
    return Row(policies.TARGET.name, "kyverno", kyverno.version, cases, tuple(differences), note)


def _simulated(_: Lab) -> Row:
    """Has the CLI set values in pods, as the API server would hand them over, and judge them."""
    profile = made(MUTATED[_OFFLINE])._replace(name=_OFFLINE, controllers=False, match=Match())
    with KyvernoCli() as kyverno:
        found = list(_run(kyverno, profile))
        differences = tuple(each for each in found if each is not None)
        note = f"values of {profile.name}"
        return Row(
            policies.TARGET.name, "kyverno-cli", kyverno.version, len(found), differences, note
        )


def _run(kyverno: KyvernoCli, profile: Profile) -> Iterator[Difference | None]:
    """Yield for each pod that the CLI is asked about the difference, if there is one."""
    reference, mutate = Reference(profile), mutator(profile)
    asked = [each for _, each in created(profile, _SHARE_OFFLINE) if not each.workload.path]
    kyverno.load(emitted(profile, policies.TARGET))
    given = [handed_over(each, profile.minors) for each in asked]
    for request, before, verdict in zip(asked, given, kyverno.judge(given), strict=True):
        about = [profile.name, before.object]
        right, said = reference.word(request), word(verdict, request, reference)
        mutated = with_pod(request, mutate(mapping(pod_of(request.workload, request.object))))
        after = handed_over(request._replace(object=mutated), profile.minors)
        if said != right:
            yield Difference(about, str(right), str(said))
        elif right.allowed and (seen := _spec(request, verdict.object)) != (
            wanted := _spec(request, after.object)
        ):
            yield Difference(about, str(wanted), str(seen))
        else:
            yield None


def _spec(request: Request, obj: Mapping) -> object:
    """Return an object's pod as the API server would keep it: with no list left empty."""
    spec = served(mapping(pod_of(request.workload, obj))["spec"])
    containers = (each for listed in CONTAINER_LISTS for each in spec.get(listed) or ())
    for struct, key in ((spec, "volumes"), *((each, "volumeMounts") for each in containers)):
        if struct.get(key) == []:
            del struct[key]
    return spec
