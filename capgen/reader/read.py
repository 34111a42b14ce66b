"""Streams, bytes and files to documents."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from yaml.error import YAMLError

from capgen.errors import InputError, Position
from capgen.reader import jsontext
from capgen.reader.bounds import (
    MAX_SCALAR,
    check_depth,
    check_events,
    check_json,
    check_text,
)
from capgen.reader.careful import Constructor, check_bare_tags
from capgen.reader.compose import Odd, Parser, construct, may_alias
from capgen.reader.document import Document, Failure
from capgen.reader.pause import Pause
from capgen.reader.scalars import ScalarError
from capgen.reader.source import Source
from capgen.reader.split import Chunk, chunks
from capgen.reader.yamlerror import AFTER_END, from_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml.nodes import Node

_BLANK = re.compile(rb"[ \r\n]*\Z")


def read_path(path: str) -> Iterator[Document | Failure]:
    """Yield the documents of a file, or of stdin for `-`.

    A file that cannot be opened or read to its end is a failure too: of the document reached.
    """
    if path == "-":
        yield from read_stream(sys.stdin.buffer, path)
        return
    try:
        with Path(path).open("rb") as stream:
            yield from read_stream(stream, path)
    except OSError as error:  # at opening: `read_stream` raises none
        yield Failure(path, 1, _unreadable(path, error))


def read_bytes(data: bytes, name: str) -> Iterator[Document | Failure]:
    """Yield the documents that stand in `data`; `name` is the file they are said to be of."""
    return read_stream(io.BytesIO(data), name)


def read_stream(stream: BinaryIO, name: str) -> Iterator[Document | Failure]:
    """Yield the documents of a binary stream in their order, each as soon as it is complete.

    Empty documents are not yielded. What cannot be read is a `Failure`, and reading goes on behind
    the next separator. The memory is that of one document.
    """
    number = 1
    parts = chunks(stream)
    while True:
        try:
            chunk = next(parts, None)
        except OSError as error:
            yield Failure(name, number, _unreadable(name, error))
            return
        if chunk is None:
            return
        for found in _read_chunk(chunk, name, number):
            yield found
            number += 1


def _unreadable(name: str, error: OSError) -> InputError:
    return InputError(f"cannot read: {error.strerror or error}".lower(), file=name)


def _read_chunk(chunk: Chunk, name: str, number: int) -> Iterator[Document | Failure]:
    if (problem := chunk.problem) is not None:
        error = InputError(problem.message, file=name, position=Position(problem.line, 1))
        yield Failure(name, number, error, problem.text)
        return
    if _BLANK.match(chunk.data) is not None:
        return
    source = Source(name, chunk.data, chunk.line)
    try:
        check_text(source)
        if jsontext.starts_json(chunk.data):
            for value in _read_json(source, number):
                yield value
                number += 1
        elif (document := _read_yaml(source, number)) is not None:
            yield document
    except InputError as error:
        position = error.position
        line = None if position is None else source.source_line(position.line)
        yield Failure(name, number, error, line)


def _read_yaml(source: Source, number: int) -> Document | None:
    """Return the one document, or None where there are only comments.

    Raises:
        InputError: it cannot be read.
    """
    data = source.data
    try:
        check_depth(source)
        check_events(source)
        check_bare_tags(source)
        with Pause():
            root = Parser(data).get_single_node()
            if root is None:
                return None
            return Document(source.file, number, _value(source, root), source, root)
    except YAMLError as error:
        raise from_yaml(source, error) from None


def _value(source: Source, root: Node) -> object:
    if len(source.data) <= MAX_SCALAR and not may_alias(source.data):
        try:
            return construct(root)
        except (Odd, ScalarError):
            pass
    return Constructor(source).value(root)


def _read_json(source: Source, number: int) -> Iterator[Document]:
    """Yield JSON values that follow one another; what does not start as JSON is read as YAML.

    Only mappings may follow one another: kubectl takes no other start for JSON.

    Raises:
        InputError: at what cannot be read; the values before it have been yielded.
    """
    try:
        check_json(source)
    except YAMLError as error:
        raise from_yaml(source, error) from None
    text = source.text()
    start = at = jsontext.skip(text, 0)
    while at == start or text.startswith("{", at):
        try:
            with Pause():
                value, end = jsontext.decode(text, at)
        except jsontext.NotJSONError:
            break
        except jsontext.RefusedError:
            jsontext.index(source, text, at)  # finds it again, with its place
            raise
        yield Document(source.file, number, value, source, None, at)
        number += 1
        at = jsontext.skip(text, end)
        if text[start] == "[":
            break
    if at == start:
        if (document := _read_yaml(source, number)) is not None:
            yield document
    elif (rest := jsontext.skip_comments(text, at)) < len(text):
        raise source.error(AFTER_END, source.at_character(rest))
