"""The profiles whose policies a real API server is asked about, and what it is asked.

The levels of Pod Security, the rest of the library, and profiles that use every rule and setting
of the language. A profile that comes to the library is judged without being named here.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.errors import CapgenError
from capgen.policy.adapted import adapted
from capgen.policy.admit import Operation, Request
from capgen.policy.values import nested
from capgen.policy.witness import witnesses
from capgen.policy.workload import WORKLOADS
from capgen.profile import library
from capgen.targets import vap
from tests.engines import recording
from tests.engines.chosen_pods import chosen_pods
from tests.engines.lab import LabError
from tests.engines.psa import fixtures
from tests.pods_random import random_pods
from tests.policy.made import profile as made
from tests.profiles import EVERY_RULE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.expressions import Expression
    from capgen.policy.pod import Mapping
    from capgen.policy.profile import Profile
    from capgen.policy.workload import Workload

# The minor version of the API server of the laboratory.
MINOR: Final = 36
# The oldest that our policies are for. What is said for it the laboratory's server is asked, too:
# between the two nothing has changed in what the API server makes of a pod (`policy/defaults.py`).
OLDEST: Final = vap.TARGET.floor
LEVELS: Final = ("baseline", "restricted")
# It judges nothing.
_IDLE: Final = "pss/privileged"
# It reads the fields that another profile reads, and allows other values.
_TURNED: Final = "all-turned"
_SEED: Final = 1_337
# Of random pods by the levels.
_MANY: Final = 2_000
_SOME: Final = 12
# Every so many random pods one is asked about as a template too.
_TEMPLATES: Final = 6


class Judged(NamedTuple):
    """A profile to judge.

    Attributes:
        name: names the recording, and the policies.
        source: a name of the library, or the YAML of a spec.
        pods: how many random pods are judged besides the witnesses.
        level: the level of Pod Security whose fixtures are judged too; "" if it is none.
        typed: its policies are type-checked, which takes longer than to judge by them.
        whole: of its rules most is asked; of others' rules that one of these has too, a part.
        minor: the minor version that it is for.
    """

    name: str
    source: str
    pods: int = _SOME
    level: str = ""
    typed: bool = True
    whole: bool = True
    minor: int = MINOR

    @property
    def recording(self) -> str:
        """The name of its recording."""
        return f"vap-{self.name}"

    def profile(self) -> Profile:
        """Return the profile, for the server's version, judging controllers as well as pods.

        Raises:
            LabError: it is none.
        """
        version = f"1.{self.minor}"
        try:
            if self.source in EVERY_RULE.values():
                found = made(self.source, version)
            else:
                found = library.open_profile(self.source, version)
        except CapgenError as error:
            raise LabError(f"{self.name}: {error}") from error
        # A policy sets nothing: what is judged is the pod that it gets to see.
        return found._replace(name=self.name, pods=True, controllers=True, mutate=False)


class Asked(NamedTuple):
    """A request, and what to call it.

    Attributes:
        name: for people.
        request: the request.
        recorded: its verdict is kept.
        rule: the id of the rule that it was made for; "" if for none.
        must: the rules by which it must be refused, none meaning that it must be admitted, and the
            API itself must take it; None: those by which the interpreter refuses it.
    """

    name: str
    request: Request
    recorded: bool = False
    must: frozenset[str] | None = None
    rule: str = ""

    @property
    def key(self) -> str:
        """The key of its verdict."""
        return recording.key(self.request)


@cache
def judged() -> dict[str, Judged]:
    """Return the profiles to judge, by name."""
    listed = [
        Judged(f"pss-{level}", f"pss/{level}", _MANY, level, typed=level == LEVELS[-1])
        for level in LEVELS
    ]
    listed += [Judged(name, spec, typed=name != _TURNED) for name, spec in EVERY_RULE.items()]
    known = {_IDLE, *(each.source for each in listed)}
    older = [
        each._replace(
            name=f"{each.name}-1-{OLDEST}", pods=_SOME, typed=False, whole=False, minor=OLDEST
        )
        for each in listed
        if rules_of(each) != rules_of(each._replace(minor=OLDEST))
    ]
    # What they say is said in those above, too.
    listed += [
        Judged(name.replace("/", "-"), name, typed=False, whole=False)
        for name in library.names()
        if name not in known
    ]
    return {each.name: each for each in (*listed, *older)}


def rules_of(each: Judged) -> list[Expression]:
    """Return the expressions of a profile's rules."""
    return [rule.expression for rule in each.profile().rules]


def asked(each: Judged, profile: Profile) -> Iterator[Asked]:
    """Yield what is asked: witnesses, chosen values, upstream's fixtures, and random pods."""
    yield from recorded(profile)
    for name, request, refused in chosen_pods(profile):
        yield Asked(name, request, must=refused)
    yield from _fixtures(each)
    for number, pod in enumerate(random_pods(profile, _SEED, each.pods)):
        name = f"random {number}"
        spec = dict(pod["spec"])
        added = spec.pop("ephemeralContainers", None)
        plain = {**pod, "spec": spec}
        # A pod is not created with ephemeral containers: it gets them later.
        yield Asked(name, _adding(plain, pod) if added else Request(pod))
        if number % _TEMPLATES == 0:
            workload = WORKLOADS[1 + number // _TEMPLATES % len(WORKLOADS[1:])]
            yield Asked(f"{name} in a {workload.kind}", _owned(workload, plain))


def recorded(profile: Profile) -> Iterator[Asked]:
    """Yield what is asked about a profile's witnesses: each as it is, adapted, and in a template.

    The templates are of each kind of controller in turn.
    """
    for number, witness in enumerate(witnesses(profile)):
        request = witness.request
        yield Asked(witness.name, request, recorded=True, rule=witness.rule)
        taken = adapted(request)
        if taken is not None:
            yield Asked(f"{witness.name}, adapted", taken, recorded=True, rule=witness.rule)
        if request.operation is Operation.CREATE and not request.workload.path:
            workload = WORKLOADS[1 + number % len(WORKLOADS[1:])]
            name = f"{witness.name} in a {workload.kind}"
            owned = _owned(workload, (taken or request).object)
            yield Asked(name, owned, recorded=True, rule=witness.rule)


def _owned(workload: Workload, pod: Mapping) -> Request:
    return Request(nested(workload.path, pod), workload)


def _adding(old: Mapping, new: Mapping) -> Request:
    return Request(
        new, operation=Operation.UPDATE, old_object=old, subresource="ephemeralcontainers"
    )


def _fixtures(judged: Judged) -> Iterator[Asked]:
    seen = set()
    for case in fixtures() if judged.level else ():
        text = json.dumps(case.pod, sort_keys=True)
        at = (case.level, case.version)
        if at == (judged.level, f"v1.{judged.minor}") and text not in seen:
            seen.add(text)
            yield Asked(case.path, Request(dict(case.pod)))
