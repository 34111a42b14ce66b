"""The edges of a test: values just inside and just outside of what it allows.

What is expected of a value follows from how it was made, never from the interpreter that it will be
held against.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .edge_values import listed_in, member, values_of
from .subjects import (
    EACH,
    LOCALHOST,
    Field,
    ProfileAnnotations,
)
from .values import UNSET, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .annotations import Scheme
    from .expressions import Test

# What an item needs beside the field that is judged, by the list that it stands in.
_ITEMS: Final[dict[str, dict[str, Any]]] = {
    "ports": {"containerPort": 8080},
    "sysctls": {"value": "0"},
    "volumes": {"name": "data"},
}


class Edge(NamedTuple):
    """A value at an edge.

    Attributes:
        label: what it is, in a word or two.
        path: the way down to it from the struct that the subject starts at.
        value: what stands there; UNSET: nothing does.
        allowed: whether the test admits it.
        inherits: a container with it has the pod's value instead.
    """

    label: str
    path: tuple[str, ...]
    value: object
    allowed: bool
    inherits: bool = False


def edges(test: Test, field: Field, known: str | None) -> Iterator[Edge]:
    """Yield the edges of a test of a field.

    Args:
        test: the test.
        field: its subject.
        known: the vocabulary that the values come from.
    """
    if EACH in field.path:
        yield from _item_edges(test, field, known)
        return
    for label, value, fine in values_of(test.predicate, field, known):
        yield Edge(label, field.path, value, fine)
    unset = test.unset_allowed
    if not field.required:
        # What is unset in a struct that takes the pod's place stays unset.
        inherits = not field.whole
        if field.whole:
            yield Edge("no-struct", field.path[:-1], UNSET, unset, inherits=True)
        yield Edge("unset", field.path, UNSET, unset, inherits)
        yield Edge("null", field.path, None, unset, inherits)
        if field.kind is Kind.STRINGS:
            yield Edge("empty list", field.path, [], unset, inherits)
        if field.blank is not None:
            yield Edge("blank", field.path, field.blank, unset, inherits)
        return
    empty = member("", test.predicate)
    yield Edge("unset", field.path[:-1], UNSET, unset, inherits=True)
    yield Edge("null", field.path[:-1], None, unset, inherits=True)
    yield Edge("empty-struct", field.path[:-1], {}, empty)
    yield Edge("null-inside", field.path, None, empty)


def good(test: Test, field: Field, known: str | None) -> Edge | None:
    """Return an allowed value that stands there, or None where there is none."""
    return next(
        (
            edge
            for edge in edges(test, field, known)
            if edge.allowed
            and not edge.inherits
            and edge.value not in (None, UNSET, {}, field.blank)
        ),
        None,
    )


def annotation_edges(test: Test, scheme: Scheme) -> Iterator[tuple[str, object, bool]]:
    """Yield texts of an annotation: a label, the text, and whether the test admits it."""
    for text, kind in scheme.exact:
        yield text, text, member(kind, test.predicate)
        yield f"{text} wrong case", text.title(), False
    for text, kind in scheme.prefixes:
        for label, name, fine in _names(kind, test):
            yield f"{text} {label}", f"{text}{name}", fine
        yield f"{text} bare", text.rstrip("/"), False
        # The word of the field is none of the annotation's.
        yield f"field word {kind}", kind, False
    for label, blank in (("empty", ""), ("null", None)):
        yield label, blank, scheme.blank_is_unset
    yield "unknown", "other/default", False


def _names(kind: str, test: Test) -> Iterator[tuple[str, str, bool]]:
    """Yield names of a local profile: a label, the name, and whether the test admits it."""
    if not isinstance(test.subject, ProfileAnnotations) or not test.subject.joined:
        yield "profile", "web.json", member(kind, test.predicate)
        return
    yield "another profile", "no/such/profile.json", False
    for value in listed_in(test.predicate):
        if value.startswith(f"{kind}:"):
            yield value, value.removeprefix(f"{kind}:").replace("*", "web"), True


@cache
def volume_sources() -> dict[str, dict[str, Any]]:
    """Return each type of volume with the smallest source that the API takes."""
    text = (FilePath(__file__).parent.parent / "data" / "volumes.json").read_text("utf-8")
    sources: dict[str, dict[str, Any]] = json.loads(text)["smallest"]
    return sources


def put(struct: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Set a value in plain data, or take it away, with the structs on the way to it."""
    *parents, last = path
    for step in parents:
        struct = struct.setdefault(step, {})
    if value is UNSET:
        struct.pop(last, None)
        return
    struct[last] = value
    if last == "type":
        # The API wants to know which, and not to be told where there is none.
        struct.pop("localhostProfile", None)
        kind, colon, name = str(value).partition(":")
        if kind == LOCALHOST:
            struct[last] = kind
            struct["localhostProfile"] = name if colon else "profiles/web.json"


def _item_edges(test: Test, field: Field, known: str | None) -> Iterator[Edge]:
    """Yield lists whose items have the field at its edges."""
    cut = field.path.index(EACH)
    listed, inner = field.path[:cut], field.path[cut + 1 :]
    if not inner:
        yield from _plain_items(test, field, listed, known)
        return

    def item(value: object, path: tuple[str, ...] = inner, number: int = 0) -> dict[str, Any]:
        made = dict(_ITEMS[listed[-1]])
        if "name" in made:
            made["name"] += str(number)
        put(made, path, value)
        return made

    absent = member("", test.predicate) if field.required else test.unset_allowed
    fine = None
    for label, value, allowed in values_of(test.predicate, field, known):
        fine = value if allowed and fine is None else fine
        yield Edge(label, listed, [item(value)], allowed)
        if not allowed and fine is not None:
            yield Edge(f"{label} last", listed, [item(fine), item(value, number=1)], allowed=False)
            yield Edge(f"{label} first", listed, [item(value), item(fine, number=1)], allowed=False)
    yield Edge("without", listed, [item(UNSET)], absent)
    yield Edge("null", listed, [item(None)], absent)
    if field.blank is not None:
        yield Edge("blank", listed, [item(field.blank)], test.unset_allowed)
    if field.required and len(inner) > 1:
        yield Edge("struct-null", listed, [item(None, inner[:-1])], test.unset_allowed)
    for label, nothing in (("no list", UNSET), ("null list", None), ("empty list", [])):
        yield Edge(label, listed, nothing, allowed=True)


def _plain_items(
    test: Test, field: Field, listed: tuple[str, ...], known: str | None
) -> Iterator[Edge]:
    """Yield lists of plain items at the field's edges."""
    fine = None
    for label, value, allowed in values_of(test.predicate, field, known):
        fine = value if allowed and fine is None else fine
        yield Edge(label, listed, [value], allowed)
        if not allowed and fine is not None:
            yield Edge(f"{label} last", listed, [fine, value], allowed=False)
            yield Edge(f"{label} first", listed, [value, fine], allowed=False)
    for label, nothing in (("no list", UNSET), ("null list", None), ("empty list", [])):
        yield Edge(label, listed, nothing, test.unset_allowed)
