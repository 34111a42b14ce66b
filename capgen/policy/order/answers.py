"""What the order answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from capgen.policy.admit import Request, Violation


class Proven(NamedTuple):
    """Every request that the strict side admits, the loose one admits."""


class Refuted(NamedTuple):
    """The strict side admits a request that the loose one refuses; the interpreter says so too.

    Attributes:
        request: the request.
        rule: the rule of the loose side that refuses it; of its first profile, where there are
            several.
        violation: what that rule refuses.
    """

    request: Request
    rule: str
    violation: Violation


class Unknown(NamedTuple):
    """Neither is shown: it counts as looser.

    Attributes:
        reason: why, in words.
    """

    reason: str


Answer: TypeAlias = Proven | Refuted | Unknown


class UndecidedError(Exception):
    """The search has met what it does not decide; it ends in Unknown."""
