"""The targets, in the order in which they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.errors import UsageError, nearest

from . import docker, gatekeeper, mutating, psa, psp, security_context, vap
from .kyverno import legacy as kyverno_legacy
from .kyverno import policies as kyverno

if TYPE_CHECKING:
    from .base import Target

TARGETS: Final[tuple[Target, ...]] = (
    security_context.TARGET,
    vap.TARGET,
    mutating.TARGET,
    kyverno.TARGET,
    kyverno_legacy.TARGET,
    gatekeeper.TARGET,
    psa.TARGET,
    psp.TARGET,
    docker.TARGET,
)
DEFAULT: Final = ("security-context", "vap")
DEFAULT_OF_SETS: Final = ("vap",)


def target(name: str) -> Target:
    """Return the target of a name.

    Raises:
        UsageError: there is none.
    """
    for known in TARGETS:
        if known.name == name:
            return known
    names = [known.name for known in TARGETS]
    hint = nearest(name, names) or f"; known: {', '.join(names)}"
    msg = f"`{name}` is no target{hint}"
    raise UsageError(msg)
