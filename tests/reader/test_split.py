"""Streams are cut where kubectl cuts them, however they arrive."""

from __future__ import annotations

import io

import pytest

from capgen.reader import Document, read_bytes, read_stream, split
from capgen.reader.split import chunks

CUTS = [
    (b"", [(b"", 1)]),
    (b"a", [(b"a\n", 1)]),
    (b"a\n---\nb\n", [(b"a\n", 1), (b"b\n", 3)]),
    (b"---\na\n---", [(b"", 1), (b"a\n", 2)]),
    (b"---\n---\n--- # c\nx", [(b"", 1), (b"", 2), (b"", 3), (b"x\n", 4)]),
    (b"a: |\n  ---\n ---\n---\t\nb", [(b"a: |\n  ---\n ---\n", 1), (b"b\n", 5)]),
    (b"a\r\n---\r\nb\r\n", [(b"a\n", 1), (b"b\n", 3)]),
    (b"a\r\r\n\rb", [(b"a\r\n\rb\n", 1)]),
    (b"--\n-\n--", [(b"--\n-\n--\n", 1)]),
    (b"x---\n\n\n---\ny", [(b"x---\n\n\n", 1), (b"y\n", 5)]),
]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize(("data", "cuts"), CUTS)
def test_cuts(
    data: bytes, cuts: list[tuple[bytes, int]], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same chunks at the same lines, whatever the size of the blocks read."""
    monkeypatch.setattr(split, "_BLOCK", size)
    found = [(chunk.data, chunk.line) for chunk in chunks(io.BytesIO(data))]
    if found and data.endswith(b"---") and found[-1][0] == b"":
        found.pop()
    assert found == cuts


@pytest.mark.parametrize(
    ("data", "numbers"),
    [
        (b"", []),
        (b"\n\n# only\n", []),
        (b"---\n---\n# c\n---\n", []),
        (b"a: 1", [(1, {"a": 1})]),
        (b"# c\n---\na: 1\n---\n---\n# d\n---\nb: 2\n", [(1, {"a": 1}), (2, {"b": 2})]),
        (b"a: 1\n---\nnull\n---\nb: 2", [(1, {"a": 1}), (2, None), (3, {"b": 2})]),
        (b'{"a": 1}{"b": 2}\n---\nc: 3', [(1, {"a": 1}), (2, {"b": 2}), (3, {"c": 3})]),
        (b"\xef\xbb\xbf---\na: 1\n", [(1, {"a": 1})]),
        (b"1\n---\n[]\n---\n{}\n---\nx\n", [(1, 1), (2, []), (3, {}), (4, "x")]),
    ],
)
def test_numbers(data: bytes, numbers: list[tuple[int, object]]) -> None:
    """Documents are counted from 1 among those that hold more than comments."""
    found = list(read_bytes(data, "f"))
    assert [(item.number, item.value) for item in found if isinstance(item, Document)] == numbers


def test_documents_come_as_they_are_read() -> None:
    """A document is yielded before the stream ends."""
    reads = []

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            del size
            reads.append(1)
            return b"a: 1\n---\n"

    document = next(read_stream(Slow(), "-"))
    assert isinstance(document, Document)
    assert document.file == "-"
    assert len(reads) <= 2
