"""Finds the values of a subject in a pod: the reference meaning of every subject.

A finder is made once for a subject and run on many pods, so what it knows beforehand (the path, the
level, the reading) is decided outside its loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from . import find_derived
from .annotations import SCHEMES
from .pod import Finder, Mapping, Occurrence, Pod, mapping, sequence
from .reading import Reading
from .subjects import (
    EACH,
    Field,
    HandlerHosts,
    HostPaths,
    Level,
    Path,
    ProfileAnnotations,
    Subject,
    TokenMount,
    VolumeTypes,
)
from .values import UNSET, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

_SPEC: Path = ("spec",)


_Reach: TypeAlias = "Callable[[Mapping], list[tuple[Path, object]]]"


def finder(subject: Subject, reading: Reading) -> Finder:
    """Return the function that finds the subject's values in a pod."""
    match subject:
        case Field():
            return _field(subject, reading)
        case VolumeTypes():
            return find_derived.volume_types
        case HandlerHosts():
            return find_derived.handler_hosts
        case ProfileAnnotations(scheme, joined):
            rows = SCHEMES[scheme]
            return lambda pod: find_derived.annotated(rows, pod, joined=joined)
        case HostPaths(written):
            return find_derived.written if written else find_derived.mounted
        case TokenMount():
            return find_derived.token
        case _:
            assert_never(subject)


def _field(field: Field, reading: Reading) -> Finder:
    match field.level:
        case Level.POD:
            return _in_pod(_reach(field))
        case Level.CONTAINER:
            return _in_containers(_reach(field))
        case Level.INHERITED:
            return _inherited(field, reading)
        case _:
            assert_never(field.level)


def _in_pod(reach: _Reach) -> Finder:
    def find(pod: Pod) -> list[Occurrence]:
        if not pod.pod_level:
            return []
        return [(None, _SPEC, tail, value) for tail, value in reach(pod.spec)]

    return find


def _in_containers(reach: _Reach) -> Finder:
    def find(pod: Pod) -> list[Occurrence]:
        return [
            (container, container.path, tail, value)
            for container in pod.containers
            for tail, value in reach(container.raw)
        ]

    return find


def _inherited(field: Field, reading: Reading) -> Finder:
    """Find the values of a field that a container has from its pod where it leaves it unset.

    Declared: each value that is written. Effective: each container's own. In both a container that
    neither level gives a value is judged as unset; one that has the pod's bad value is not named
    beside the pod, unless only containers are judged. Both: the pod as well as what it says where
    it says nothing.
    """
    reach = _leaf(field)
    tail = field.path
    declared = reading is not Reading.EFFECTIVE

    def stands(struct: Mapping) -> bool:
        node: Any = struct
        for step in tail[:-1]:
            node = mapping(node).get(step)
        return isinstance(node, dict)

    def find(pod: Pod) -> list[Occurrence]:
        found: list[Occurrence] = []
        above = reach(pod.spec)
        judged_above = declared and pod.pod_level
        if judged_above and (above is not UNSET or reading is Reading.BOTH):
            found.append((None, _SPEC, tail, above))
        for container in pod.containers:
            value = reach(container.raw)
            if value is not UNSET:
                found.append((container, container.path, tail, value))
            elif above is UNSET or (field.whole and stands(container.raw)):
                found.append((container, container.path, tail, UNSET))
            elif not judged_above:
                found.append((container, _SPEC, tail, above))
        return found

    return find


def _reach(field: Field) -> _Reach:
    """Return the way from a struct to each value of the field in it."""
    if EACH not in field.path:
        leaf = _leaf(field)
        tail = field.path
        return lambda struct: [(tail, leaf(struct))]
    cut = field.path.index(EACH)
    before, after = field.path[:cut], field.path[cut + 1 :]
    if not after:
        return _items(field, before)
    inner = _leaf(field, after)

    def reach(struct: Mapping) -> list[tuple[Path, object]]:
        node: Any = struct
        for step in before:
            node = mapping(node).get(step)
        return [
            ((*before, place, *after), inner(item))
            for place, item in enumerate(sequence(node))
            if isinstance(item, dict)
        ]

    return reach


def _items(field: Field, path: tuple[str, ...]) -> _Reach:
    """Return the way to each item of a list; a list without any is unset."""
    listed = _leaf(field, path)
    # What Go makes of a null in a list.
    zero: object = 0 if field.kind is Kind.INT else ""

    def reach(struct: Mapping) -> list[tuple[Path, object]]:
        items = sequence(listed(struct))
        if not items:
            return [(path, UNSET)]
        return [((*path, at), zero if item is None else item) for at, item in enumerate(items)]

    return reach


def _leaf(field: Field, path: tuple[str, ...] | None = None) -> Callable[[Mapping], object]:
    """Return the way from a struct to the one value at the path."""
    *parents, last = field.path if path is None else path
    blank, required = field.blank, field.required
    detail = field.detail if field.joined else None
    # The API leaves an empty list out, so a policy sees it unset.
    empty = field.kind is Kind.STRINGS
    if len(parents) == 1 and blank is None and not required and not empty:
        return _plain_leaf(parents[0], last)

    def leaf(struct: Mapping) -> object:
        node: Any = struct
        for step in parents:
            node = node.get(step)
            if not isinstance(node, dict):
                return UNSET
        value = node.get(last)
        if value is None:
            return "" if required else UNSET
        if detail is not None:
            return _joined(value, node.get(detail))
        if empty and value == []:
            return UNSET
        if blank is not None and type(value) is type(blank) and value == blank:
            return UNSET
        return value

    return leaf


def _joined(value: object, detail: object) -> object:
    """Return a kernel profile as one text; what the API refuses is quoted, and equals none."""
    if not isinstance(value, str) or ":" in value:
        return f'"{value}"'
    if not isinstance(detail, str):
        return value
    named = f"{value}:{detail}"
    return f'"{named}"' if ".." in detail.split("/") else named


def _plain_leaf(parent: str, last: str) -> Callable[[Mapping], object]:
    """Return the way to a field of one struct, such as `securityContext`: the commonest by far."""

    def leaf(struct: Mapping) -> object:
        node = struct.get(parent)
        if not isinstance(node, dict):
            return UNSET
        value = node.get(last)
        return UNSET if value is None else value

    return leaf
