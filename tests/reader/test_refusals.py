"""What cannot be read is refused with its reason and its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capgen.errors import Position
from capgen.reader import Document, Failure, read_bytes, read_path

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = [
    (b"a: 1\nb: 2\na: 3\n", "duplicate key `a`: first on line 1", 3, 1),
    (b"a: {b: 1, b: 2}", "duplicate key `b`: first on line 1", 1, 11),
    (b"a: 1\n---\n\nb:\n  c: 1\n  'c': 2", "duplicate key `c`: first on line 5", 6, 3),
    (b'1: a\n"1": b', "duplicate key `1`: first on line 1", 2, 1),
    (b"yes: a\non: b", "duplicate key `true`: first on line 1", 2, 1),
    (b"a: &x {}\nb: {<<: *x, <<: *x}", "duplicate key `<<`: first on line 2", 2, 13),
    (b'{"a": 1,\n "a": 2}', "duplicate key `a`: first on line 1", 2, 2),
    (b'{"a": [{"b": 1, "\\u0062": 2}]}', "duplicate key `b`: first on line 1", 1, 17),
    (b'{"a": 1e999}', "number `1e999` is out of range", 1, 7),
    (b'["\\ud800"]', "half of a surrogate pair", 1, 2),
    (b'{"\\udc00": 1}', "half of a surrogate pair", 1, 2),
    (b"a: .inf", "`.inf` has no JSON form", 1, 4),
    (b"a: [x, .NaN]", "`.NaN` has no JSON form", 1, 8),
    (b"~: 1", "null `~` as a key", 1, 1),
    (b"9223372036854775808: 1", "`9223372036854775808` as a key: beyond 64 bits with a sign", 1, 1),
    (b"? [a]\n: 1", "a sequence as a key", 1, 3),
    (b"{{a: 1}: 1}", "a mapping as a key", 1, 2),
    (b"a: !foo x", "unknown tag `!foo`", 1, 4),
    (b"a: !!binary aGk=", "unknown tag `!!binary`", 1, 4),
    (b"a: !!timestamp 2001-01-01", "unknown tag `!!timestamp`", 1, 4),
    (b"a: ! yes", "unknown tag `!`", 1, 4),
    (b"a: !!int x", "`x` is no `!!int`", 1, 4),
    (b"a: !!float 18446744073709551615", "`18446744073709551615` is no `!!float`", 1, 4),
    (b"a: !!seq {}", "tag `!!seq` on a collection", 1, 4),
    (b"a: !x [1]", "tag `!x` on a collection", 1, 4),
    (b"a: {<<: 1}", "`<<` takes a mapping or a sequence of mappings", 1, 9),
    (b"a: &x [*x]", "an alias within the value that it stands for", 1, 4),
    (b"a: &x {<<: *x}", "an alias within the value that it stands for", 1, 4),
    (b"a: &x 1\nb: &x 2", "an anchor is defined twice", 2, 4),
    (b"a: *x", "found undefined alias", 1, 4),
    (b"a: [1, 2", "did not find expected ',' or ']' while parsing a flow sequence", 1, 9),
    (b"a: 'x\n---\nb: 1", "found unexpected end of stream while scanning a quoted scalar", 1, 6),
    (b"a:\n\t- b", "a tab: YAML indents with spaces", 2, 1),
    (b"a: 1\n...\nb: 2", "text after the end of the document: separate documents with `---`", 3, 1),
    (b'{"a": 1}\nb', "text after the end of the document: separate documents with `---`", 2, 1),
    (b"[1] [2]", "text after the end of the document: separate documents with `---`", 1, 5),
    (
        b"%YAML 1.1\n---\na: 1",
        "a directive: kubectl cuts the text at `---`, and cannot read one before it",
        1,
        10,
    ),
    (b"a: 1\n--- b: 2\n", "only a comment may follow `---`, not `b: 2`", 2, 1),
    (b"a: 1\n---x", "only a comment may follow `---`, not `x`", 2, 1),
    (b"a: \xff", "not UTF-8: byte `0xff`", 1, 4),
    ("a: é".encode() + b"\xc3", "not UTF-8: byte `0xc3`", 1, 5),
    ("a: x".encode("utf-16"), "not UTF-8: byte `0xff`", 1, 1),
    (b"a: \x00", "the character U+0000 may not stand in YAML", 1, 4),
    (b'{"a": 1}\x00', "text after the end of the document: separate documents with `---`", 1, 9),
    ("é: 1\nb: \x07".encode(), "the character U+0007 may not stand in YAML", 2, 4),
    ("a: 1\n\ufeffb: 2".encode(), "a byte order mark within the text", 2, 1),
]


@pytest.mark.parametrize(("data", "message", "line", "column"), REFUSED)
def test_refusal(data: bytes, message: str, line: int, column: int) -> None:
    """Exactly one failure, with this message at this place, and the line for the caret."""
    (failure,) = [found for found in read_bytes(data, "f.yaml") if isinstance(found, Failure)]
    assert failure.error.message == message
    assert failure.error.file == failure.file == "f.yaml"
    assert failure.error.position == Position(line, column)
    lines = data.decode(errors="replace").split("\n")
    assert failure.text == lines[line - 1]


def test_reading_goes_on() -> None:
    """A broken document takes its number and leaves the others alone."""
    data = b"a: 1\n---\nb: [\n---\n# nothing\n--- x\nc: 1\n---\n\xff\n---\nd: 4\n"
    found = list(read_bytes(data, "f"))
    assert [item.number for item in found] == [1, 2, 3, 4, 5]
    assert [type(item) for item in found] == [Document, Failure, Failure, Failure, Document]
    assert [item.value for item in found if isinstance(item, Document)] == [{"a": 1}, {"d": 4}]


def test_values_before_broken_json_are_kept() -> None:
    """JSON values in a row are documents of their own, up to the one that is broken."""
    first, second = read_bytes(b'{"a": 1} {"b": }', "f")
    assert isinstance(first, Document)
    assert first.value == {"a": 1}
    assert isinstance(second, Failure)
    assert second.number == 2


def test_failed_stream_is_a_failure(tmp_path: Path) -> None:
    """A file that cannot be opened is a failure, not an exception."""
    (missing,) = read_path(f"{tmp_path}/none.yaml")
    (folder,) = read_path(str(tmp_path))
    assert isinstance(missing, Failure)
    assert missing.error.message == "cannot read: no such file or directory"
    assert isinstance(folder, Failure)
    assert folder.error.message == "cannot read: is a directory"
