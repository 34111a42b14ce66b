"""A profile's policies in the cluster, with what stands there before them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from capgen.targets import vap
from tests.engines.applied import Applied, canaries
from tests.engines.vap.asking import Standing, furnish, word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgen.policy.admit import Request
    from capgen.targets.base import Target
    from tests.engines.agreement import Reference, Word
    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Object


class Judging:
    """Requests, and a profile's policies that judge them; a context manager."""

    def __init__(
        self,
        cluster: Cluster,
        reference: Reference,
        requests: Sequence[Request],
        *,
        typed: bool = False,
        target: Target = vap.TARGET,
    ) -> None:
        """Prepare to ask about the requests, and for `mistakes` if the policies are typed."""
        self._typed = typed
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
            if self._typed:
                stack.enter_context(self._cluster.type_checker())
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

    def mistakes(self) -> dict[str, list[Object]]:
        """Return what the type checker says of each policy, by its name; nothing if untyped."""
        return self._cluster.type_warnings(self._applied.policies) if self._typed else {}
