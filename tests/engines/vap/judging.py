"""A profile's policies in the cluster, with what stands there before them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from capgen.targets import vap
from tests.engines.applied import Applied, canaries, emitted
from tests.engines.proving import Difference
from tests.engines.vap.asking import Standing, furnish, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.admit import Request
    from capgen.policy.profile import Profile
    from capgen.targets.base import Target
    from tests.engines.agreement import Reference, Word
    from tests.engines.apiserver import Cluster

_POLICY: Final = "ValidatingAdmissionPolicy"


def mistakes(
    cluster: Cluster, profile: Profile, target: Target = vap.TARGET
) -> Iterator[Difference]:
    """Yield what the type checker has against a profile's policies, which hold nowhere.

    It checks all that there is, each expression for each kind: no other policies may be there.
    """
    objects = [each for each in emitted(profile, target) if each["kind"] == _POLICY]
    cluster.apply(objects)
    try:
        yield from mistyped(cluster, profile.name, [each["metadata"]["name"] for each in objects])
    finally:
        cluster.delete(objects)


def mistyped(cluster: Cluster, name: str, policies: Sequence[str]) -> Iterator[Difference]:
    """Yield what the type checker has against policies that are there; a name is for people."""
    with cluster.type_checker():
        found = cluster.type_warnings(policies)
    for policy, warnings in found.items():
        for each in warnings:
            yield Difference([name, policy], "no type warning", str(each))


class Judging:
    """Requests, and a profile's policies that judge them; a context manager."""

    def __init__(
        self,
        cluster: Cluster,
        reference: Reference,
        requests: Sequence[Request],
        *,
        target: Target = vap.TARGET,
    ) -> None:
        """Prepare to ask about the requests."""
        self._cluster = cluster
        self._requests = requests
        self._stack = ExitStack()
        furnish(cluster, requests)
        found = canaries(cluster, reference)
        self._applied = Applied(cluster, reference.profile, found, target)
        self._standing = Standing(cluster, self._applied.name, requests)

    def __enter__(self) -> Self:
        """Create what stands, apply the policies, and wait until they are enforced."""
        with ExitStack() as stack:
            stack.enter_context(self._standing)
            stack.enter_context(self._applied)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def words(self) -> list[Word | None]:
        """Return the API server's word on each request; None where the API itself refuses it."""
        return [word(answer) for answer in self._standing.answers(self._requests)]

    def word(self, request: Request) -> Word | None:
        """Return its word on one request more, which changes nothing that stands."""
        (answer,) = self._standing.answers([request])
        return word(answer)
