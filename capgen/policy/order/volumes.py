"""The group of all that volumes carry: types, paths of the node, drivers, and the account's token.

They hang together by the volume: a path makes it a `hostPath`, a driver a `csi`; and the API server
adds one with the token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.policy.edges import volume_sources
from capgen.policy.subjects import Field, HostPaths, TokenMount, VolumeTypes

from .ground import best
from .pods import EMPTY, Frame, Piece
from .texts import telling
from .values import paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .ground import Ground

_HOST_PATH: Final = "hostPath"
_AUTOMOUNT: Final = "automountServiceAccountToken"
# A volume of such a name is taken for the token's.
_BROUGHT: Final = "kube-api-access-own"


def frames(ground: Ground) -> list[Frame]:
    """Return the frames of a pod's volumes and of its token."""
    items = tuple(
        Piece(
            spec={"volumes": [{"name": f"v{number}", **source}]},
            container=_mounted(number) if written else {},
        )
        for number, (source, written) in enumerate(_volumes(ground))
    )
    extras = (EMPTY, *items)
    found = [Frame(Piece(spec={_AUTOMOUNT: False}), extras)]
    token = any(isinstance(test.subject, TokenMount) for test in ground.tests)
    if token or not ground.template:
        # In a pod: also the account's volume, of whatever type the version makes it.
        found += [
            Frame(Piece(automount=True), extras),
            Frame(Piece(spec={_AUTOMOUNT: True}), extras),
        ]
    if token and not ground.template:
        for source, _ in _volumes(ground):
            found += _brought(source, extras)
    return found


def _brought(source: dict[str, Any], extras: tuple[Piece, ...]) -> Iterator[Frame]:
    """Yield frames in which the pod brings the token's volume itself: the API server adds none."""
    own = {"volumes": [{"name": _BROUGHT, **source}]}
    yield Frame(Piece(spec={_AUTOMOUNT: True, **own}, automount=True), extras)
    yield Frame(Piece(spec=own, automount=True), extras)


def _volumes(ground: Ground) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield volumes that stand for all: the source, and whether a container may write to it.

    What no container mounts, or mounts to be read, is judged alike.
    """
    drivers = {
        test.subject.path[2]: test.subject
        for test in ground.tests
        if isinstance(test.subject, Field)
    }
    on_paths = ground.among(lambda test: isinstance(test.subject, HostPaths))
    apart = {*drivers, *([_HOST_PATH] if on_paths.tests else [])}
    sources = volume_sources()
    plain = (kind for kind in sources if kind not in apart)
    on_types = ground.among(lambda test: isinstance(test.subject, VolumeTypes))
    for kind in best(plain, on_types, certain=lambda _: True):
        yield {kind: sources[kind]}, False
    for kind, field in drivers.items():
        on_driver = ground.on(field.path)
        for driver in best(telling([test.predicate for test in on_driver.tests]), on_driver):
            yield {kind: {**sources[kind], "driver": driver}}, False
    if on_paths.tests:
        for path in best(paths([test.predicate for test in on_paths.tests]), on_paths):
            for written in (False, True):
                yield {_HOST_PATH: {"path": path}}, written


def _mounted(number: int) -> dict[str, Any]:
    """Return what a container says that may write to a volume."""
    mount = {"name": f"v{number}", "mountPath": f"/mnt/v{number}", "readOnly": False}
    return {"volumeMounts": [mount]}
