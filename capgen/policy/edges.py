"""The edges of a test: values just inside and just outside of what it allows.

What is expected of a value follows from how it was made, never from the interpreter that it will be
held against.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple, assert_never

from .predicates import Includes, InRanges, OneOf, Predicate, Within
from .subjects import EACH, Field, Scheme
from .values import UNSET, Kind, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .expressions import Test

_LARGEST: Final = {"hostPort": 65535}
_LARGEST_USER: Final = 2**31 - 1
# Of many allowed values the first ones and the last stand for all.
_FEW: Final = 3
# Values that the API takes, of each vocabulary: one of them may stand outside of what is allowed.
_WORDS: Final[dict[str | None, tuple[str, ...]]] = {
    "profiles": ("RuntimeDefault", "Localhost", "Unconfined"),
    "procMounts": ("Default", "Unmasked"),
    "capabilities": ("NET_BIND_SERVICE", "NET_RAW", "SYS_ADMIN", "ALL"),
}
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
    for label, value, fine in _values(test.predicate, field, known):
        yield Edge(label, field.path, value, fine)
    unset = test.unset_allowed
    if not field.required:
        # What is unset in a struct that takes the pod's place stays unset.
        inherits = not field.whole
        if field.whole:
            yield Edge("no-struct", field.path[:-1], UNSET, unset, inherits=True)
        yield Edge("unset", field.path, UNSET, unset, inherits)
        yield Edge("null", field.path, None, unset, inherits)
        if field.blank is not None:
            yield Edge("blank", field.path, field.blank, unset, inherits)
        return
    empty = _member("", test.predicate)
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
        yield text, text, _member(kind, test.predicate)
        yield f"{text} wrong case", text.title(), False
    for text, kind in scheme.prefixes:
        yield f"{text} profile", f"{text}web.json", _member(kind, test.predicate)
        yield f"{text} bare", text.rstrip("/"), False
        # The word of the field is none of the annotation's.
        yield f"field word {kind}", kind, False
    for label, blank in (("empty", ""), ("null", None)):
        yield label, blank, scheme.blank_is_unset
    yield "unknown", "other/default", False


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
        if value == "Localhost":
            struct["localhostProfile"] = "profiles/web.json"


def _item_edges(test: Test, field: Field, known: str | None) -> Iterator[Edge]:
    """Yield lists whose items have the field at its edges."""
    cut = field.path.index(EACH)
    listed, inner = field.path[:cut], field.path[cut + 1 :]

    def item(value: object, path: tuple[str, ...] = inner, number: int = 0) -> dict[str, Any]:
        made = dict(_ITEMS[listed[-1]])
        if "name" in made:
            made["name"] += str(number)
        put(made, path, value)
        return made

    absent = _member("", test.predicate) if field.required else test.unset_allowed
    fine = None
    for label, value, allowed in _values(test.predicate, field, known):
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


def _values(
    predicate: Predicate, field: Field, known: str | None
) -> Iterator[tuple[str, object, bool]]:
    """Yield values that stand there: a label, the value, and whether the predicate admits it."""
    match predicate:
        case OneOf(values) if field.kind is Kind.BOOL:
            for flag in (True, False):
                yield str(flag), flag, any(value is flag for value in values)
        case OneOf(values):
            yield from _texts(tuple(str(value) for value in values), field, known)
        case InRanges(ranges):
            numbers = {0, 1, _LARGEST.get(field.path[-1], _LARGEST_USER)}
            for low, high in ranges:
                numbers |= {max(low - 1, 0), low}
                numbers |= set() if high is None else {high, high + 1}
            for number in sorted(numbers - {field.blank}):
                yield str(number), number, _inside(number, ranges)
        case Within(values):
            yield "empty", [], True
            yield from _lists(values, known)
        case Includes(values):
            yield "all", list(values), True
            yield "more", ["NET_RAW", *reversed(values), *values], True
            for value in values:
                yield f"without {value}", [other for other in values if other != value], False
            yield "wrong case", [value.lower() for value in values], not values
            yield "prefixed", [f"CAP_{value}" for value in values], not values
            yield "other", ["NET_RAW"], not values
        case _:
            assert_never(predicate)


def _texts(
    values: tuple[str, ...], field: Field, known: str | None
) -> Iterator[tuple[str, object, bool]]:
    for value in dict.fromkeys((*values[:_FEW], *values[-1:])):
        yield value, value, True
        for label, other in (("case", value.swapcase()), ("longer", value + "x")):
            yield f"{value} {label}", other, other in values
    words = (*_WORDS.get(known, ()), field.unset, "other")
    for word in dict.fromkeys(str(word) for word in words if word and word not in values):
        yield word, word, False
    if field.blank is None:
        yield "empty", "", "" in values


def _lists(values: tuple[str, ...], known: str | None) -> Iterator[tuple[str, object, bool]]:
    for value in dict.fromkeys((*values[:_FEW], *values[-1:])):
        yield value, [value], True
        prefixed = f"CAP_{value}"
        yield f"prefixed {value}", [prefixed], prefixed in values
        yield f"lower {value}", [value.lower()], value.lower() in values
    if values:
        yield "all allowed", list(values), True
    for word in (word for word in _WORDS.get(known, ()) if word not in values):
        yield word, [word], False
        yield f"{word} last", [*values[:1], word], False
    yield "empty text", [""], "" in values
    # Go reads null in a list of texts as "".
    yield "null item", [None], "" in values


def _inside(number: int, ranges: tuple[tuple[int, int | None], ...]) -> bool:
    return any(low <= number and (high is None or number <= high) for low, high in ranges)


def _member(text: str, predicate: Predicate) -> bool:
    values: tuple[Scalar, ...] = predicate.values if isinstance(predicate, OneOf) else ()
    return any(type(value) is str and value == text for value in values)
