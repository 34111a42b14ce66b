"""Checks the structs that rules judge: a key that is no field is a finding, never a pass.

The API server drops an unknown field with a warning, so a misspelt `privilegd` would look judged
and not be. Only structs on the way to a rule's subject are looked at.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, assert_never

from capgen.errors import nearest

from .subjects import (
    CONTAINER_LISTS,
    EACH,
    HOST_WAYS,
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
from .values import UNSET, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .pod import Mapping

UNKNOWN_FIELD: Final = "unknownField"
MALFORMED: Final = "malformed"

# The way to each mount of each container.
_MOUNTS: Final = {(listed, EACH, "volumeMounts", EACH, "") for listed in CONTAINER_LISTS}
# Of the unknown keys of one struct, how many are told one by one.
_MOST: Final = 50
_TYPES: Final[dict[str, type]] = {"bool": bool, "int": int, "string": str}
_TYPE_NAMES: Final = {bool: "true or false", int: "an integer", str: "a string", list: "a list"}


class Fault(NamedTuple):
    """A place where a pod is not what the API says a pod is.

    Attributes:
        rule: `unknownField` or `malformed`.
        path: the way down to the place from the pod.
        value: what stands there.
        message: what is wrong, in words.
    """

    rule: str
    path: Path
    value: object
    message: str


class Struct(NamedTuple):
    """What is known of a struct: its fields, and those of them that hold structs to look into.

    `types` gives the type of each field that holds a plain value and that no rule judges (a rule
    refuses a value of another type by itself); `nested` gives for a field the struct in it, and
    whether it is a list of them; `looked_at` is both, for the one walk over a struct's keys.
    """

    fields: frozenset[str]
    types: dict[str, type]
    nested: dict[str, tuple[Struct, bool]]
    looked_at: dict[str, type | tuple[Struct, bool]]


_Ways: TypeAlias = "set[tuple[str, ...]]"


def shape_of(subjects: Iterable[Subject]) -> Struct:
    """Return what has to be checked of a pod's spec for rules on these subjects."""
    return _shape(frozenset(subjects))


# Many profiles are on the same subjects, and to compare some is to make each ready many times.
@lru_cache(maxsize=256)
def _shape(subjects: frozenset[Subject]) -> Struct:
    # Whatever is judged, a container list of another shape would hide containers.
    ways: _Ways = {(listed, EACH, "") for listed in CONTAINER_LISTS}
    for subject in subjects:
        ways |= _ways(subject)
    return _struct("PodSpec", ways)


def faults(struct: Struct, pod: Mapping) -> list[Fault]:
    """Find what is wrong with a pod's spec."""
    found: list[Fault] = []
    spec = pod.get("spec", UNSET)
    if not isinstance(spec, dict):
        return [_malformed(("spec",), spec, "a mapping")]
    _walk(struct, spec, ("spec",), found)
    containers = spec.get("containers", UNSET)
    if containers in (None, UNSET, []):
        found.append(_malformed(("spec", "containers"), containers, "a list of containers"))
    metadata = pod.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        found.append(_malformed(("metadata",), metadata, "a mapping"))
    elif metadata:
        found += [
            _malformed(("metadata", key), metadata[key], "a mapping")
            for key in ("annotations", "labels")
            if not isinstance(metadata.get(key) or {}, dict)
        ]
    return found


def _walk(struct: Struct, node: Mapping, path: Path, found: list[Fault]) -> None:
    if not node.keys() <= struct.fields:
        found += _unknown(struct, node, path)
    looked_at = struct.looked_at
    for key, value in node.items():
        what = looked_at.get(key)
        if what is None or value is None:
            continue
        if isinstance(what, type):
            if type(value) is not what:
                found.append(_malformed((*path, key), value, _TYPE_NAMES[what]))
            continue
        inner, many = what
        if not many:
            _enter(inner, value, (*path, key), found)
        elif not isinstance(value, list):
            found.append(_malformed((*path, key), value, "a list"))
        else:
            for place, item in enumerate(value):
                _enter(inner, item, (*path, key, place), found)


def _enter(struct: Struct, value: object, path: Path, found: list[Fault]) -> None:
    if isinstance(value, dict):
        _walk(struct, value, path, found)
    else:
        found.append(_malformed(path, value, "a mapping"))


def _unknown(struct: Struct, node: Mapping, path: Path) -> Iterator[Fault]:
    strangers = sorted(node.keys() - struct.fields)
    for key in strangers[:_MOST]:
        hint = nearest(str(key), struct.fields)
        message = f"`{key}` is no field that Kubernetes knows here{hint}"
        yield Fault(UNKNOWN_FIELD, (*path, key), node[key], message)
    if len(strangers) > _MOST:
        message = f"{len(strangers) - _MOST} more keys are no fields that Kubernetes knows here"
        yield Fault(UNKNOWN_FIELD, path, node, message)


def _malformed(path: Path, value: object, expected: str) -> Fault:
    text = "it unset" if value is UNSET else show("null" if value is None else value)
    found = (
        text if isinstance(value, (bool, int, str)) or value in (None, UNSET) else "another type"
    )
    return Fault(MALFORMED, path, value, f"must be {expected}; found {found}")


def _ways(subject: Subject) -> _Ways:
    match subject:
        case Field(level=level, path=path):
            above = {path} if level is not Level.CONTAINER else set()
            lists = CONTAINER_LISTS if level is not Level.POD else ()
            return above | {(listed, EACH, *path) for listed in lists}
        case VolumeTypes():
            return _MOUNTS | {("volumes", EACH, "")}
        case HandlerHosts():
            return {(listed, EACH, *path) for listed in CONTAINER_LISTS for path in HOST_WAYS}
        case HostPaths():
            return _MOUNTS | {("volumes", EACH, "hostPath", "path")}
        case TokenMount():
            return _MOUNTS | {("automountServiceAccountToken",)}
        case ProfileAnnotations():
            return set()
        case _:
            assert_never(subject)


def _struct(name: str, ways: _Ways) -> Struct:
    """Return what is to be checked of a struct for the ways that lead on from it."""
    fields = _structs()[name]
    nested: dict[str, tuple[Struct, bool]] = {}
    plain_lists: set[str] = set()
    for key in sorted({way[0] for way in ways if len(way) > 1}):
        kind = fields[key]
        many = kind.startswith("[")
        inner = kind.strip("[]")
        if inner not in _structs():
            plain_lists.add(key)
        else:
            on = {way[2:] if many else way[1:] for way in ways if way[0] == key and len(way) > 1}
            nested[key] = (_struct(inner, on), many)
    judged = {way[0] for way in ways if len(way) == 1}
    types = {
        key: _TYPES[kind] for key, kind in fields.items() if kind in _TYPES and key not in judged
    }
    types |= dict.fromkeys(plain_lists, list)
    return Struct(frozenset(fields), types, nested, {**types, **nested})


@cache
def _structs() -> dict[str, dict[str, Any]]:
    text = (FilePath(__file__).parent.parent / "data" / "pod.json").read_text("utf-8")
    structs: dict[str, dict[str, Any]] = json.loads(text)["structs"]
    return structs
