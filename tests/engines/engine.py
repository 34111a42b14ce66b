"""What every engine of the laboratory is: started, given artefacts, asked in bulk, and stopped.

There are two families. Engines of admission judge requests; runtimes start containers and show
what their processes really have. An engine is a context manager: entered it runs, left it is gone;
what it put into an API server may stay there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgen.policy.admit import Request
    from tests.engines.rest import Object

# What became of a request. Only `denied` is the verdict of a policy.
#   admitted: the engine took it.
#   denied: a policy said no, in its own words.
#   invalid: validation refused it, before or after the policies.
#   errored: a policy failed or could not be asked: an expression errs, a webhook is away.
Outcome = Literal["admitted", "denied", "invalid", "errored"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an engine made of a request.

    Attributes:
        outcome: see `Outcome`.
        messages: the words of the policies that denied, or of what went wrong; with those of
            policies that only warn, where the engine tells them.
        policies: names of the artefacts that denied.
        object: the object as it was admitted, defaulted and mutated, where the engine tells it.
    """

    outcome: Outcome
    messages: tuple[str, ...] = ()
    policies: frozenset[str] = frozenset()
    object: Object = field(default_factory=dict)


class Admission(Protocol):
    """An engine that judges requests by artefacts.

    Attributes:
        version: as the engine says it, or as its module is pinned, such as `v1.19.0`.
    """

    version: str

    def __enter__(self) -> Self:
        """Start it, on loopback, with a state of its own.

        Raises:
            LabError: it cannot be built or started.
        """
        ...

    def __exit__(self, *_: object) -> None:
        """End it, with all that it started."""
        ...

    def load(self, artefacts: Sequence[Object]) -> None:
        """Put artefacts in the place of those that were loaded before, and wait until they act.

        Raises:
            LabError: the engine does not take one, or did not act upon it in time.
        """
        ...

    def judge(self, requests: Iterable[Request]) -> Iterator[Verdict]:
        """Yield the verdict on each request, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Process:
    """What the first process of a container has, as its kernel tells.

    Attributes:
        user: the effective user id.
        group: the effective group id.
        groups: the supplementary groups.
        inheritable: a set of capabilities, bit by bit as in `/proc/PID/status`; so are the
            following four.
        permitted: as above.
        effective: as above.
        bounding: as above.
        ambient: as above.
        no_new_privs: `NoNewPrivs` is 1.
        seccomp: the mode, 0 to 2.
        read_only: the root file system is mounted read-only.
        masked: how many paths are hidden or read-only under /proc and /sys by a mount of their own.
        confinement: the AppArmor profile, such as `docker-default (enforce)`; "" without AppArmor.
        shares: the kinds of namespaces, such as `net`, that it shares with its node.
        started: False where this machine cannot start it: all the above is then what the runtime
            asked the kernel for, in the container's OCI specification.
    """

    user: int
    group: int
    groups: tuple[int, ...]
    inheritable: int
    permitted: int
    effective: int
    bounding: int
    ambient: int
    no_new_privs: bool
    seccomp: int
    read_only: bool
    masked: int
    confinement: str = ""
    shares: frozenset[str] = frozenset()
    started: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a container did not start: the runtime's own words."""

    message: str


Case_contra = TypeVar("Case_contra", contravariant=True)


class Runtime(Protocol[Case_contra]):
    """An engine that starts containers.

    Attributes:
        version: as the engine says it.
    """

    version: str

    def __enter__(self) -> Self:
        """Start it, with a state of its own.

        Raises:
            LabError: it cannot be built or started.
        """
        ...

    def __exit__(self, *_: object) -> None:
        """End it, with all that it started."""
        ...

    def run(self, cases: Iterable[Case_contra]) -> Iterator[Process | Refusal]:
        """Run containers to their end, in order, and yield what the first process of each has.

        Raises:
            LabError: one started and did not report.
        """
        ...
