"""Frames of groups: all that their subjects may hold, as far as the tests tell it apart.

Why one container, and one item of a list, is enough: a test asks something of every value, so a pod
that breaks it does so with one, and without the other containers and items there is less to break.
What a pod needs to have the one value (its own level, the other fields of its struct) is in the
frame.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, assert_never

from capgen.policy.reading import Reading
from capgen.policy.subjects import EACH, Field, Level
from capgen.policy.values import UNSET, nested

from . import kernel, ports, volumes
from .ground import best
from .groups import Family
from .pods import EMPTY, Frame, Piece
from .texts import telling
from .values import placed, values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgen.policy.expressions import Test

    from .ground import Ground
    from .groups import Group


def frames(group: Group, ground: Ground) -> list[Frame]:
    """Return the frames of a group, the simplest first.

    Raises:
        UndecidedError: there are too many.
    """
    match group.family:
        case Family.FIELD:
            return _field(ground)
        case Family.STRUCT:
            return _struct(ground)
        case Family.HOSTS:
            return _hosts(ground)
        case Family.KERNEL:
            return kernel.frames(ground)
        case Family.PORTS:
            return ports.frames(ground)
        case Family.VOLUMES:
            return volumes.frames(ground)
        case _:
            assert_never(group.family)


def _field(ground: Ground) -> list[Frame]:
    field = _fields(ground.tests)[0]
    own, above = _positions(field, ground)
    match field.level:
        case Level.POD if EACH in field.path:
            items = [Piece(spec=placed(field, value)) for value in own if value is not UNSET]
            return [Frame(EMPTY), *([Frame(EMPTY, tuple(items))] if items else [])]
        case Level.POD:
            return [Frame(Piece(spec=nested(field.path, value))) for value in own]
        case Level.CONTAINER | Level.INHERITED:
            extras = tuple(Piece(container=placed(field, value)) for value in own)
            return [Frame(Piece(spec=nested(field.path, value)), extras) for value in above]
        case _:
            assert_never(field.level)


def _positions(field: Field, ground: Ground) -> tuple[list[Any], list[Any]]:
    """Return what may stand in a container, or only in the pod, and what above containers."""
    if ground.fixed is not None:
        return list(ground.fixed), list(ground.fixed)
    if ground.windows and field.linux:
        return [UNSET], [UNSET]
    narrow = ground.on(field.path)
    every = values(field, narrow)
    # What a container says itself is judged in every reading, what its pod says in all but one.
    own = best(every, narrow, certain=lambda _: True)
    if field.level is not Level.INHERITED:
        return [UNSET, *own], [UNSET]
    above = best(every, narrow, certain=lambda test: test.reading is not Reading.EFFECTIVE)
    return [UNSET, *own], [UNSET, *above]


def _struct(ground: Ground) -> list[Frame]:
    """Return frames of a struct: absent, or with each field unset or not.

    Where the struct stands in a container, a field that is unset in it is so for good.
    """
    fields = _fields(ground.tests)
    path = fields[0].path[:-1]
    absent: dict[str, Any] = {}
    above, own = [absent], [absent]
    if not (ground.windows and any(field.linux for field in fields)):
        rows = [_positions(field, ground) for field in fields]
        leaves = [field.path[-1] for field in fields]
        own += [_filled(path, leaves, row) for row in product(*(row[0] for row in rows))]
        above += [_filled(path, leaves, row) for row in product(*(row[1] for row in rows))]
    extras = tuple(Piece(container=each) for each in own)
    return [Frame(Piece(spec=each), extras) for each in above]


def _filled(path: Sequence[str], leaves: Sequence[str], row: Sequence[object]) -> dict[str, Any]:
    held = {leaf: value for leaf, value in zip(leaves, row, strict=True) if value is not UNSET}
    return nested(path, held)


def _hosts(ground: Ground) -> list[Frame]:
    # One way to a handler stands for all: they are judged alike.
    hosts = best(telling([test.predicate for test in ground.tests]), ground, certain=lambda _: True)
    probe = ("livenessProbe", "tcpSocket")
    extras = [Piece(container=nested(probe, {"port": 80, "host": host})) for host in hosts if host]
    return [Frame(EMPTY, (EMPTY, *extras))]


def _fields(tests: Sequence[Test]) -> list[Field]:
    return list(dict.fromkeys(test.subject for test in tests if isinstance(test.subject, Field)))
