"""What sets a profile's values in pods, whichever engine it is, as the checks here see it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from capgen.targets import mutating, vap
from tests.engines.vap.asking import broken_rules
from tests.loading import loaded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from capgen.policy.admit import Request
    from capgen.policy.profile import Profile
    from capgen.targets.base import Output
    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Answer, Object


class Setter(Protocol):
    """An engine that sets a profile's values, and warns of what breaks its rules after that."""

    @property
    def cluster(self) -> Cluster:
        """The API server that the engine stands beside."""

    @property
    def target(self) -> str:
        """The target whose objects it takes."""

    @property
    def name(self) -> str:
        """The engine's name."""

    @property
    def version(self) -> str:
        """The engine's version, as it reports it itself."""

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels without which it does not look at a namespace."""

    def objects(self, profile: Profile) -> list[Object]:
        """Return what sets the values of a profile that warns, and what warns."""

    def holding(self, objects: Sequence[Object]) -> AbstractContextManager[None]:
        """Have the engine take such objects, and remove them at the end.

        When they act is found by who asks, by what becomes of pods.
        """

    def warned(self, answer: Answer) -> frozenset[str]:
        """Return the rules that an answer warns of."""

    def refuses(self, profile: Profile, request: Request) -> bool:
        """Tell whether what it sets makes an object that the API refuses: it is stricter there."""


class Policies:
    """The API server itself, by MutatingAdmissionPolicies, and by validating ones beside them."""

    target: Final = mutating.TARGET.name
    name: Final = "kube-apiserver"
    labels: Final[Mapping[str, str]] = {}

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.version = cluster.version

    def objects(self, profile: Profile) -> list[Object]:
        """Return the policies of `map` and of `vap`, with their bindings."""
        return [*objects(vap.emit(profile)), *objects(mutating.emit(profile))]

    @contextmanager
    def holding(self, objects: Sequence[Object]) -> Iterator[None]:
        """Have policies in the cluster."""
        try:
            self.cluster.apply(objects)
            yield
        finally:
            self.cluster.delete(objects)

    def warned(self, answer: Answer) -> frozenset[str]:
        """Return the rules that the validating policies warn of."""
        return frozenset(broken_rules(answer.warnings))

    def refuses(self, profile: Profile, request: Request) -> bool:
        """Tell that it sets nothing but what the interpreter sets."""
        del profile, request
        return False


def objects(output: Output) -> list[Object]:
    """Return a target's objects, read back from their files."""
    return [loaded(each.text) for each in output.objects]
