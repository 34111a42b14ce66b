"""Pods put together of pieces, each of which says what one group of subjects holds."""

from __future__ import annotations

from copy import deepcopy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.admit import Request
from capgen.policy.workload import workload_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from capgen.policy.workload import Workload

    Data = Mapping[str, Any]

_NOTHING: Final[Data] = MappingProxyType({})
_NAME: Final = "counterexample"
_IMAGE: Final = "registry.example.com/app:1"
_OWNER: Final = ("apps/v1", "Deployment")


class Piece(NamedTuple):
    """What is laid over a bare pod: structs are put together, lists one after the other.

    Attributes:
        spec: of the pod.
        container: of a container.
        annotations: of the pod.
        notes: annotations that end in the container's name: what stands before it, to their text.
        automount: what the pod's service account says of its token; None: nothing judges it.
    """

    spec: Data = _NOTHING
    container: Data = _NOTHING
    annotations: Data = _NOTHING
    notes: Data = _NOTHING
    automount: bool | None = None


EMPTY: Final = Piece()


class Frame(NamedTuple):
    """What a group holds at its pod's level, and what may come on top.

    Attributes:
        base: stands once, and says nothing of containers.
        extras: each is one more container, or one more item of a list. One of them at least is
            chosen. Any of those that a side admits one at a time, it admits together: a test
            judges container by container and item by item.
    """

    base: Piece
    extras: tuple[Piece, ...] = (EMPTY,)


class Chosen(NamedTuple):
    """A frame with some of its extras; at least one."""

    base: Piece
    extras: tuple[Piece, ...]


def assembled(chosen: Sequence[Chosen], spec: Data) -> tuple[dict[str, Any], bool]:
    """Return a pod that holds what all groups have chosen, and what its service account says.

    Args:
        chosen: what each group has chosen.
        spec: what no group says.
    """
    count = max((len(each.extras) for each in chosen), default=1)
    names = [f"c{number}" for number in range(count)]
    containers: list[dict[str, Any]] = [{"name": name, "image": _IMAGE} for name in names]
    whole: dict[str, Any] = deepcopy(dict(spec))
    notes: dict[str, Any] = {}
    automount = True
    for base, extras in chosen:
        for piece in (base, *extras):
            _lay(whole, piece.spec)
            notes |= piece.annotations
            automount = automount if piece.automount is None else piece.automount
        for number, container in enumerate(containers):
            # Who has fewer to offer repeats the last: it holds in any container.
            extra = extras[min(number, len(extras) - 1)]
            _lay(container, extra.container)
            name = container["name"]
            notes |= {before + name: text for before, text in extra.notes.items()}
    metadata = {"annotations": notes} if notes else {}
    return {"metadata": metadata, "spec": {**whole, "containers": containers}}, automount


def request(pod: dict[str, Any], *, template: bool, automount: bool) -> Request:
    """Ask to create a pod, or a controller with it as its template."""
    if not template:
        named = {"name": _NAME, **pod["metadata"]}
        whole = {"apiVersion": "v1", "kind": "Pod", **pod, "metadata": named}
        return Request(whole, automount=automount)
    labels = {"app": _NAME}
    owner = {
        "apiVersion": _OWNER[0],
        "kind": _OWNER[1],
        "metadata": {"name": _NAME},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {**pod, "metadata": {"labels": labels, **pod["metadata"]}},
        },
    }
    return Request(owner, _controller(), automount=automount)


def _controller() -> Workload:
    found = workload_of(*_OWNER)
    if found is None:
        msg = f"{_OWNER[1]} holds a pod"
        raise AssertionError(msg)
    return found


def _lay(under: dict[str, Any], over: Data) -> None:
    """Put plain data over other, in place; the first of two plain values counts."""
    for key, value in over.items():
        there = under.get(key)
        if isinstance(value, dict):
            _lay(under.setdefault(key, {}), value)
        elif isinstance(value, list):
            under[key] = [*there, *value] if isinstance(there, list) else list(value)
        else:
            under.setdefault(key, value)
