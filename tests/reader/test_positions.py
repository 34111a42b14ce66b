"""Where values and keys stand in the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from capgen.errors import Position
from capgen.reader import Document, read_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

POD = b"""\
# a comment
apiVersion: v1
---
# another
kind: Pod
spec:
  containers:
  - name: app
    image: "x"
    securityContext:
      privileged: yes
    ports: [{containerPort: 80}, 8080]
  - {name: side, image: y}
  empty:
  "quoted": 1
  1: int
"""
JSON = b"""{"kind": "Pod",
 "spec": {"containers": [{"name": "app", "image": "x"},
   {"name":"side"}], "e": {}, "f": []}}
{"kind": "List", "items": [1, [2, "\\u00e9"], null]}
"""


def _document(data: bytes, number: int) -> Document:
    found = list(read_bytes(data, "f"))[number - 1]
    assert isinstance(found, Document)
    assert found.number == number
    return found


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ([], (5, 1), (5, 1)),
        (["kind"], (5, 1), (5, 7)),
        (["spec"], (6, 1), (7, 3)),
        (["spec", "containers"], (7, 3), (8, 3)),
        (["spec", "containers", 0], (8, 5), (8, 5)),
        (["spec", "containers", 0, "image"], (9, 5), (9, 12)),
        (["spec", "containers", 0, "securityContext"], (10, 5), (11, 7)),
        (["spec", "containers", 0, "securityContext", "privileged"], (11, 7), (11, 19)),
        (["spec", "containers", 0, "ports", 0, "containerPort"], (12, 14), (12, 29)),
        (["spec", "containers", 0, "ports", 1], (12, 34), (12, 34)),
        (["spec", "containers", 1, "image"], (13, 18), (13, 25)),
        (["spec", "empty"], (14, 3), (14, 9)),
        (["spec", "quoted"], (15, 3), (15, 13)),
        (["spec", "1"], (16, 3), (16, 6)),
        (["spec", "containers", 0, "securityContext", "missing"], (11, 7), (11, 7)),
        (["spec", "containers", 9, "image"], (8, 3), (8, 3)),
        (["spec", "empty", "x", 0, "y"], (14, 9), (14, 9)),
        (["kind", 0], (5, 7), (5, 7)),
        (["spec", 0], (7, 3), (7, 3)),
        (["spec", "containers", "name"], (8, 3), (8, 3)),
    ],
)
def test_yaml(path: Sequence[str | int], key: tuple[int, int], value: tuple[int, int]) -> None:
    """Key and value of a path in block and flow YAML; a missing one's nearest ancestor."""
    document = _document(POD, 2)
    assert document.locate(path) == Position(*value)
    assert document.locate_key(path) == Position(*key)


@pytest.mark.parametrize(
    ("number", "path", "key", "value"),
    [
        (1, [], (1, 1), (1, 1)),
        (1, ["kind"], (1, 2), (1, 10)),
        (1, ["spec", "containers"], (2, 11), (2, 25)),
        (1, ["spec", "containers", 0, "image"], (2, 42), (2, 51)),
        (1, ["spec", "containers", 1, "name"], (3, 5), (3, 12)),
        (1, ["spec", "containers", 2, "name"], (2, 25), (2, 25)),
        (1, ["spec", "e", "x"], (3, 27), (3, 27)),
        (1, ["spec", "f", 0], (3, 36), (3, 36)),
        (2, [], (4, 1), (4, 1)),
        (2, ["items", 1, 1], (4, 35), (4, 35)),
        (2, ["items", 2], (4, 46), (4, 46)),
    ],
)
def test_json(
    number: int, path: Sequence[str | int], key: tuple[int, int], value: tuple[int, int]
) -> None:
    """The same in JSON, where the second of two values has its own places."""
    document = _document(JSON, number)
    assert document.locate(path) == Position(*value)
    assert document.locate_key(path) == Position(*key)


@pytest.mark.parametrize(
    ("data", "path", "line", "column"),
    [
        ("é: 1\n'é': ü\n", ["é"], 1, 4),
        ("a: é é\nb: {é: x, c: y}\n", ["b", "c"], 2, 14),
        ("a: 1\r\nb: 2\r\n", ["b"], 2, 4),
        ("\ufeffa: 1\nb: 2", ["a"], 1, 4),
        ("a: x\u2028b: 1\nc: 2\n", ["c"], 2, 4),
        ("\ufeffa: 1 #\x85\nc: 2\n", ["c"], 2, 4),
        ("a: 1\rb: 2\n", ["b"], 1, 9),
        ("a: &x {k: 1}\nb: *x\n", ["b", "k"], 1, 11),
        ("a: &x {k: 1}\nb:\n  j: 2\n  <<: *x\n", ["b", "k"], 1, 11),
        ("a: &x {k: 1}\nb:\n  <<: *x\n  k: 2\n", ["b", "k"], 4, 6),
        ("a: &x {k: 1}\nb:\n  k: 2\n  <<: *x\n", ["b", "k"], 1, 11),
        ("b:\n  <<: [{k: 1}, {k: 2}]\n", ["b", "k"], 2, 12),
    ],
)
def test_odd_text(data: str, path: list[str], line: int, column: int) -> None:
    """Columns are characters, lines end where editors end them, merged values stand elsewhere."""
    if path == ["é"]:
        data = data.replace("'é'", "'ä'")
    assert _document(data.encode(), 1).locate(path) == Position(line, column)


def test_source_line() -> None:
    """A line is given only by the document that it lies in."""
    first, second = _document(POD, 1), _document(POD, 2)
    assert first.source_line(2) == "apiVersion: v1"
    assert second.source_line(11) == "      privileged: yes"
    assert [first.source_line(n) for n in (0, 4)] == [None, None]
    assert [second.source_line(n) for n in (2, 99)] == [None, None]
    assert _document(b"a: 1\r\nb: 2\r\n", 1).source_line(1) == "a: 1"


def test_every_value_of_json_has_its_place() -> None:
    """The text at a scalar's position starts with that scalar."""
    value: object = {"a": [1, -2.5, True, None, "x", {"b": {"c": []}, "d e": {}}], "": 'é\\"\n'}
    for indent in (None, 1):
        text = json.dumps(value, indent=indent, ensure_ascii=False)
        document = _document(text.encode(), 1)
        lines = text.split("\n")
        for path, leaf in _leaves(document.value, ()):
            at = document.locate(path)
            rest = lines[at.line - 1][at.column - 1 :]
            assert rest.startswith(json.dumps(leaf, ensure_ascii=False)), path


def _leaves(
    value: object, path: tuple[str | int, ...]
) -> list[tuple[tuple[str | int, ...], object]]:
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for index, item in enumerate(value) for leaf in _leaves(item, (*path, index))]
    return [(path, value)]
