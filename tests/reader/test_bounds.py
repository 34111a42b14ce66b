"""What would hurt is refused in time and in flat memory."""

from __future__ import annotations

import gc
import io
import time
import tracemalloc
from typing import TYPE_CHECKING, BinaryIO

import pytest

from capgen.reader import Document, Failure, bounds, careful, read_bytes, read_stream, split
from capgen.reader.bounds import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEP = f"more than {MAX_DEPTH} collections within each other"


def _only(data: bytes) -> Document | Failure:
    (found,) = read_bytes(data, "f")
    return found


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b"{" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"{a: " * 100_000,
        b"- " * 100_000,
        b"a: 1\rb: " + b"\r" + b"- " * 100_000,
        b"? " * 100_000,
        b"".join(b" " * n + b"a:\n" for n in range(2000)),
        b"".join(b" " * n + b"-\n" for n in range(2000)),
        b"".join(b"\xe2\x80\xa8" + b" " * n + b"-" for n in range(2000)),
        b"# [\n" * 300 + b"- " * 300 + b"a",
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b"- " * MAX_DEPTH + b"[]",
    ],
)
def test_depth(data: bytes) -> None:
    """Nesting of every kind is refused beyond the bound, and soon."""
    start = time.process_time()
    found = _only(data)
    assert isinstance(found, Failure)
    assert found.error.message == DEEP
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "data",
    [
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        b"- " * MAX_DEPTH + b"a",
        b"{a: " * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH,
        b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH,
        b'["' + b"[" * 1000 + b'"]',
        b"a: |\n" + b"  [[[[[[[[[[{{{{{{{{\n" * 100,
        b"a: |\n  " + b" " * 200 + b"x\n",
        b"a: '" + b"- " * 500 + b"'",
        b"".join(b" " * n + b"a:\n" for n in range(MAX_DEPTH - 1)),
    ],
)
def test_depth_within(data: bytes) -> None:
    """What only looks deep, or is as deep as allowed, is read."""
    assert isinstance(_only(data), Document)


@pytest.mark.parametrize("size", [10, 30])
def test_alias_bomb(size: int) -> None:
    """Aliases of aliases are refused before they are expanded."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, size)]
    found = _only("\n".join(lines).encode())
    assert isinstance(found, Failure)
    assert found.error.message == "more than 1000000 values in one document"


def test_merge_bomb() -> None:
    """Merge keys of merge keys, too."""
    lines = ["a0: &a0 {k: x}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    found = _only("\n".join(lines).encode())
    assert isinstance(found, Failure)
    assert found.error.message == "more than 1000000 values in one document"


@pytest.mark.parametrize("data", [b"- \n" * 1_100_000, b"[" + b"1," * 1_100_000 + b"1]"])
def test_nodes(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many values are counted before they are built."""
    monkeypatch.setattr(bounds, "MAX_EVENTS", 1_000_000)
    found = _only(data)
    assert isinstance(found, Failure)
    assert found.error.message == "more than 1000000 values in one document"


def test_scalar(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scalar beyond the bound is refused where it stands."""
    monkeypatch.setattr(careful, "MAX_SCALAR", 100)
    found = _only(b"a: &x 1\nb: *x\nc: " + b"x" * 101)
    assert isinstance(found, Failure)
    assert found.error.message == "a scalar of more than 100 characters"
    assert isinstance(_only(b"a: &x 1\nb: *x\nc: " + b"x" * 100), Document)


class _Endless(io.RawIOBase):
    """Reads as its parts, one after the other, without holding them."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def read(self, size: int = -1) -> bytes:
        del size
        return next(self._parts, b"")


def test_large_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document beyond the bound is passed over without being held, and its lines are counted."""
    monkeypatch.setattr(split, "MAX_DOCUMENT", 1 << 20)
    line = b"a: " + b"x" * 1020 + b"\n"
    parts = iter([b"a: 1\n---\n", *[line] * 40_000, b"---\nb: [\n"])
    tracemalloc.start()
    stream: BinaryIO = _Endless(parts)  # type: ignore[assignment] # `read` is all it takes
    first, second, third = read_stream(stream, "f")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(first, Document)
    assert isinstance(second, Failure)
    assert second.error.message == "a document of more than 1 MiB"
    assert second.error.position is not None
    assert second.error.position.line == 3
    assert isinstance(third, Failure)
    assert third.error.position is not None
    assert third.error.position.line == 40_004
    assert peak < 16 << 20


@pytest.mark.parametrize("data", [b"a: 1", b"a: [", b"{}", b"a: 1\na: 2", b'{"a": 1, "a": 2}'])
def test_garbage_collection_is_only_paused(data: bytes) -> None:
    """The collector is left as it was, after a failure too."""
    list(read_bytes(data, "f"))
    assert gc.isenabled()
    gc.disable()
    try:
        list(read_bytes(data, "f"))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_memory_is_flat() -> None:
    """Ten times the documents take no more memory."""
    document = b"kind: Pod\nspec: {containers: [{name: a, image: b}]}\n---\n"

    def peak(count: int) -> int:
        tracemalloc.start()
        parts = iter([document * 10] * count)
        stream: BinaryIO = _Endless(parts)  # type: ignore[assignment] # `read` is all it takes
        assert sum(1 for _ in read_stream(stream, "f")) == 10 * count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)  # fills the caches
    assert peak(1000) < peak(100) + (64 << 10)
