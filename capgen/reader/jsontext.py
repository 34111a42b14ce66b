"""JSON to plain values with the C scanner of the standard library; places only when asked for.

kubectl takes a stream that starts with `{` for JSON values, one after the other, and turns to YAML
where that fails (k8s.io/apimachinery, pkg/util/yaml, YAMLOrJSONDecoder).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from capgen.reader.scalars import ScalarError, number_to_json

if TYPE_CHECKING:
    from capgen.reader.source import Source

_STARTS = re.compile(rb"[ \t\r\n]*[\[{]")
_SPACE = re.compile(r"[ \t\r\n]*")
_ATOM = re.compile(r"[^\s\[\]{},:]+")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SHORT_INT = 18  # digits, sign included, that certainly fit int64


class NotJSONError(ValueError):
    """The text is not JSON; it may be YAML."""


class RefusedError(ValueError):
    """The text is JSON, and refused: `index` says why and where."""


@dataclass(slots=True)
class Place:
    """Where a value stands: character offsets of the value, and of the keys and items in it."""

    offset: int
    keys: dict[str, tuple[int, Place]] | None = None
    items: list[Place] | None = None


def starts_json(data: bytes) -> bool:
    """Say whether the first character that is no space opens a JSON collection."""
    return _STARTS.match(data) is not None


def skip(text: str, at: int) -> int:
    """Return the offset of the first character from `at` on that is no space to JSON."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def skip_comments(text: str, at: int) -> int:
    """Return the offset of the first character from `at` on that is in no YAML comment."""
    while text.startswith("#", at := skip(text, at)):
        end = text.find("\n", at)
        at = len(text) if end < 0 else end
    return at


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise RefusedError
    return out


def _int(text: str) -> int | float:
    if len(text) <= _SHORT_INT:
        return int(text)
    if len(text) <= _SHORT_INT + 2 and -(1 << 63) <= (number := int(text)) < 1 << 63:
        return number
    return _float(text)


def _float(text: str) -> int | float:
    try:
        return number_to_json(float(text), text)
    except ScalarError as error:
        raise RefusedError from error


def _constant(text: str) -> NoReturn:
    # Go's decoder knows none; kubectl then reads the text `NaN` as YAML.
    raise NotJSONError(text)


_STRINGS = json.JSONDecoder()
_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_int, parse_float=_float, parse_constant=_constant
)


def decode(text: str, start: int) -> tuple[object, int]:
    """Return the JSON value that starts at `start`, and the offset behind it.

    Raises:
        NotJSONError: it is no JSON.
        RefusedError: a duplicate key, a number without a finite value, half a surrogate pair.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise NotJSONError from error
    except RecursionError as error:  # broken text, or `check_json` had refused it
        raise NotJSONError from error
    if _SURROGATE.search(text, start, end) is not None:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise RefusedError from error
    return value, end


def index(source: Source, text: str, start: int) -> Place:
    """Return where everything stands in the JSON value at `start`.

    Raises:
        InputError: at whatever `decode` refuses.
    """
    return _Indexer(source, text).value(start)[0]


class _Indexer:
    """Walks through text that is known to be JSON."""

    def __init__(self, source: Source, text: str) -> None:
        self._source = source
        self._text = text

    def _string(self, at: int) -> tuple[str, int]:
        value, end = _STRINGS.raw_decode(self._text, at)
        if not isinstance(value, str):  # pragma: no cover # a quote opens it
            raise TypeError(value)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self._source.error(
                "half of a surrogate pair", self._source.at_character(at)
            ) from None
        return value, end

    def value(self, at: int) -> tuple[Place, int]:
        at = skip(self._text, at)
        match self._text[at]:
            case "{":
                return self._object(at)
            case "[":
                return self._array(at)
            case '"':
                return Place(at), self._string(at)[1]
        atom = _ATOM.match(self._text, at)
        if atom is None:  # pragma: no cover # the text is JSON
            raise AssertionError
        if atom[0][0] in "-0123456789":
            try:
                _int(atom[0]) if atom[0].lstrip("-").isdecimal() else _float(atom[0])
            except RefusedError:
                raise self._source.error(
                    f"number `{atom[0][:40]}` is out of range", self._source.at_character(at)
                ) from None
        return Place(at), atom.end()

    def _object(self, start: int) -> tuple[Place, int]:
        keys: dict[str, tuple[int, Place]] = {}
        at = skip(self._text, start + 1)
        while self._text[at] != "}":
            if self._text[at] == ",":
                at = skip(self._text, at + 1)
            key, end = self._string(at)
            if key in keys:
                line = self._source.at_character(keys[key][0]).line
                raise self._source.error(
                    f"duplicate key `{key}`: first on line {line}", self._source.at_character(at)
                )
            place, end = self.value(skip(self._text, end) + 1)
            keys[key] = (at, place)
            at = skip(self._text, end)
        return Place(start, keys=keys), at + 1

    def _array(self, start: int) -> tuple[Place, int]:
        items: list[Place] = []
        at = skip(self._text, start + 1)
        while self._text[at] != "]":
            if self._text[at] == ",":
                at += 1
            place, end = self.value(at)
            items.append(place)
            at = skip(self._text, end)
        return Place(start, items=items), at + 1
