r"""A stream cut into documents as kubectl cuts it, before any YAML is parsed.

k8s.io/apimachinery, pkg/util/yaml, YAMLReader: a line that starts with `---` separates, whatever
stands around it, and nothing but a comment may follow it on its line. Lines end with `\n`; a `\r`
before it goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from capgen.reader.bounds import MAX_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1 << 18
_SEPARATOR = 1 << 12  # bytes kept of a separator's line: its start says enough
# Go's strings.TrimSpace trims more of Unicode's spaces; those are refused here.
_SPACES = " \t\r\n\v\f\x85\xa0"


@dataclass(slots=True)
class Problem:
    """Why a document is not to be read, known before reading it.

    Attributes:
        message: What is wrong.
        line: The line of the file, from 1.
        text: That line, where it is at hand.
    """

    message: str
    line: int
    text: str | None = None


@dataclass(slots=True)
class Chunk:
    r"""What stands between two separators.

    Attributes:
        data: The bytes, line ends made `\n`; empty where there is a problem.
        line: The line of the file, from 1, on which they start.
        problem: What keeps them from being read.
    """

    data: bytes
    line: int
    problem: Problem | None = None


def chunks(stream: BinaryIO) -> Iterator[Chunk]:
    """Yield what stands between separators, empty or not; the memory is that of one document.

    Raises:
        OSError: the stream cannot be read.
    """
    # The buffer starts with the line end before the chunk, so that every separator has one.
    buffer = bytearray(b"\n")
    first = 1  # where the chunk's own bytes start in it
    line, dropped = 1, 0
    problem: Problem | None = None
    searched = 0
    ended = False
    while True:
        at = buffer.find(b"\n---", searched)
        end = buffer.find(b"\n", at + 1) if at >= 0 else -1
        if end < 0 and ended:
            at, end = (at, len(buffer)) if at >= 0 else (len(buffer) - 1, len(buffer))
        if end >= 0:
            yield _chunk(buffer[first : at + 1], line, problem)
            line += dropped + buffer.count(b"\n", first, at + 1)
            problem = _judge(bytes(buffer[at + 1 : end]), line)
            if end == len(buffer) and ended:
                if problem is not None:
                    yield Chunk(b"", line, problem)
                return
            del buffer[:end]
            first, line, dropped, searched = 1, line + 1, 0, 0
            continue
        searched = at if at >= 0 else max(len(buffer) - 3, 0)
        if at >= 0:
            del buffer[at + _SEPARATOR :]
        elif problem is not None or len(buffer) > MAX_DOCUMENT:
            if problem is None:
                problem = Problem(f"a document of more than {MAX_DOCUMENT >> 20} MiB", line)
            if searched > first:
                dropped += buffer.count(b"\n", first, searched)
                del buffer[:searched]
                first = searched = 0
        block = stream.read(_BLOCK)
        ended = not block
        buffer += block


def _chunk(data: bytearray, line: int, problem: Problem | None) -> Chunk:
    if problem is not None:
        return Chunk(b"", line, problem)
    if len(data) > MAX_DOCUMENT:
        message = f"a document of more than {MAX_DOCUMENT >> 20} MiB"
        return Chunk(b"", line, Problem(message, line))
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if data and not data.endswith(b"\n"):
        data += b"\n"  # as kubectl: a block scalar at the very end then ends with a line end
    return Chunk(bytes(data), line)


def _judge(separator: bytes, line: int) -> Problem | None:
    """Return what is wrong with a separator's line."""
    text = separator.decode(errors="replace").rstrip("\r")
    rest = text[3:].strip(_SPACES)
    if not rest or rest.startswith("#"):
        return None
    return Problem(f"only a comment may follow `---`, not `{rest[:40]}`", line, text[:400])
