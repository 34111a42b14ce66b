"""The group of host ports, which the host's network makes of a container's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capgen.policy.values import UNSET, nested

from .ground import best
from .groups import HOST_NETWORK, HOST_PORT
from .pods import EMPTY, Frame, Piece
from .values import numbers

if TYPE_CHECKING:
    from .ground import Ground


def frames(ground: Ground) -> list[Frame]:
    """Return the frames of the host's network and its ports.

    The port is the container's: with the host's network the API takes no other.
    """
    above = [UNSET, False, True]
    ported = ground.on(HOST_PORT)
    # Not to be left out because the strict side refuses them: a port without `hostPort` becomes one
    # at some versions and not at others.
    found = best(numbers(HOST_PORT[-1], [test.predicate for test in ported.tests]), ported)
    extras = [EMPTY]
    if ported.tests:
        extras += [_ports({"containerPort": number}) for number in found]
        extras += [_ports({"containerPort": number, "hostPort": number}) for number in found]
    return [Frame(Piece(spec=nested(HOST_NETWORK, value)), tuple(extras)) for value in above]


def _ports(port: dict[str, Any]) -> Piece:
    return Piece(container={"ports": [port]})
