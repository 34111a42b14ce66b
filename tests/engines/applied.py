"""A profile's policies in the cluster, and the canaries that show that they are enforced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Self

from capgen.policy.admit import Operation, Request
from capgen.policy.match import Operator, Requirement
from capgen.policy.owners import owner
from capgen.policy.profile import Enforcement
from capgen.policy.witness import base_pod, witnesses
from capgen.policy.workload import WORKLOADS
from capgen.targets import vap
from capgen.targets.base import object_name
from tests.engines.agreement import Reference
from tests.engines.canaries import BAD, GOOD
from tests.engines.lab import LabError
from tests.loading import loaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgen.policy.pod import Mapping
    from capgen.policy.profile import Profile
    from capgen.targets.base import Target
    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Object

LABEL: Final = "capgen-lab"
# A namespace in which no policy of the laboratory holds.
FREE: Final = "lab-free"
_TEMPLATE: Final = WORKLOADS[1]


class Canary(NamedTuple):
    """Two objects without which no verdict counts.

    Attributes:
        bad: it is refused.
        good: it is admitted.
    """

    bad: Mapping
    good: Mapping


# Canaries of the levels of Pod Security.
LEVELS: Final = (Canary(owner(_TEMPLATE, BAD), owner(_TEMPLATE, GOOD)), Canary(BAD, GOOD))


class Applied:
    """A profile's policies in the cluster, which deny, and warn besides; a context manager.

    A denial names only the first rule that is broken, warnings name them all.

    Attributes:
        name: the profile's, which is also that of a namespace where alone they hold.
        profile: as it was emitted.
        objects: the policies and their bindings.
    """

    def __init__(
        self,
        cluster: Cluster,
        profile: Profile,
        canaries: Sequence[Canary] = LEVELS,
        target: Target = vap.TARGET,
    ) -> None:
        """Write the policies for namespaces with a label of their own."""
        self.name = profile.name
        self.profile = within(profile)._replace(enforcement=Enforcement.DENY)
        self._cluster = cluster
        self._canaries = canaries
        objects = emitted(self.profile, target)
        objects = [*map(_warning, filter(_binds, objects)), *objects]
        # The policies that the canaries ask are applied last: once they deny, all others do.
        last = {object_name(self.name), object_name(self.name, "podtemplates")}
        self.objects: list[Object] = sorted(objects, key=lambda o: o["metadata"]["name"] in last)

    def __enter__(self) -> Self:
        """Apply them, and wait until the API server enforces them."""
        self._cluster.apply(self.objects)
        self._cluster.namespace(self.name, {LABEL: self.name})
        for bad, good in self._canaries:
            self._cluster.wait_enforced(self.name, bad, good, says="' denied request: ")
        return self

    def __exit__(self, *_: object) -> None:
        self._cluster.delete(self.objects)


def within(profile: Profile, label: str = LABEL) -> Profile:
    """Return a profile for the namespaces alone of which a label has its name."""
    here = Requirement(label, Operator.IN, (profile.name,))
    match = profile.match._replace(include=(), exclude=(), namespace_selector=(here,))
    return profile._replace(match=match)


def emitted(profile: Profile, target: Target = vap.TARGET) -> list[Object]:
    """Return the objects that a target makes of a profile, read back from their files."""
    texts = (artefact.text for artefact in target.emit(profile).objects)
    return [loaded(text) for text in texts]


def _binds(each: Object) -> bool:
    return str(each["kind"]).endswith("Binding")


def _warning(binding: Object) -> Object:
    """Return a binding beside the one that denies, which warns."""
    metadata, spec = binding["metadata"], binding["spec"]
    return binding | {
        "metadata": metadata | {"name": f"{metadata['name'][:58]}-warn"},
        "spec": spec | {"validationActions": ["Warn"]},
    }


def canaries(cluster: Cluster, reference: Reference) -> list[Canary]:
    """Return a profile's own canaries: a template and a pod that it refuses, and its base pod.

    What is refused is its first witness that the API itself would take, as a pod and as a template.

    Raises:
        LabError: there is none, or the interpreter refuses the base pod.
    """
    profile = reference.profile._replace(pods=True, controllers=True)
    reference, judged = Reference(profile), reference.profile
    base = base_pod(profile)
    if not reference.word(Request(base)).allowed:
        raise LabError(f"the interpreter refuses the base pod of {profile.name}")
    cluster.namespace(FREE)
    for witness in witnesses(profile):
        request, pod = witness.request, witness.request.object
        if witness.expected or request.operation is not Operation.CREATE or request.workload.path:
            continue
        template = owner(_TEMPLATE, pod)
        if any(reference.word(each).allowed for each in (request, Request(template, _TEMPLATE))):
            continue
        if all(answer.admitted for answer in cluster.judge(FREE, (template, pod))):
            found = [Canary(template, owner(_TEMPLATE, base))] if judged.controllers else []
            return [*found, Canary(pod, base)] if judged.pods else found
    raise LabError(f"no witness of {profile.name} will do as a canary")
