"""What is refused before it can hurt: size, encoding, depth.

libyaml's composer is recursive (100,000 open brackets end the process) and its scanner takes time
quadratic in the depth of flow collections, so depth is judged on the bytes before either sees them.
Cheap tests that can only overestimate come first; what they cannot clear is measured with events,
which libyaml makes without recursion, and only until the bound is passed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yaml._yaml import CParser
from yaml.error import MarkedYAMLError
from yaml.events import CollectionEndEvent, CollectionStartEvent

from capgen.reader.source import OTHER_BREAKS

if TYPE_CHECKING:
    from capgen.errors import InputError
    from capgen.reader.source import Source

MAX_DOCUMENT = 64 * 1024 * 1024
"""Bytes of one document. The API server takes 3 MiB; a dumped List of a large cluster is bigger."""

MAX_SCALAR = 16 * 1024 * 1024
"""Characters of one scalar. etcd refuses objects of more than 1.5 MiB."""

MAX_DEPTH = 256
"""Collections within collections. The deepest published CRDs stay below 100; the limit keeps the
recursion of composing and constructing far from Python's own."""

MAX_NODES = 1_000_000
"""Scalars and collections of one document, aliases expanded: some 64 MiB of ordinary YAML."""

MAX_EVENTS = 2 * MAX_NODES
"""A collection is two parse events, a scalar is one."""

_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
# A block collection stands at a column of its own, save that a sequence may share its parent's: a
# document in which no line starts with this many of the characters that indent, or that open a
# nested collection on the same line, is less than twice as deep.
_INDENT = 60
_INDENTED = re.compile(rb"\n[ \t?:-]{%d}" % _INDENT)
_FIRST_INDENTED = re.compile(rb"[ \t?:-]{%d}" % _INDENT)
_LATE_MARK = re.compile(rb"(?:[\n\r\x85\xa8\xa9]|\A\xef\xbb\xbf)\xef\xbb\xbf")
_FLOW_BUDGET = MAX_DEPTH - 2 * (_INDENT + 1)
_JSON_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')


def check_text(source: Source) -> None:
    """Refuse bytes that are not UTF-8, and a byte order mark at the start of a later line.

    libyaml drops such a mark; to go-yaml it is the first character of a key or a value.

    Raises:
        InputError: at the first bad byte, or at the mark.
    """
    data = source.data
    if data.isascii():
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte `0x{data[error.start]:02x}`"
        raise source.error(message, source.at_byte(error.start)) from None
    if (found := _LATE_MARK.search(data)) is not None:
        raise source.error("a byte order mark within the text", source.at_byte(found.end() - 3))


def check_depth(source: Source) -> None:
    """Refuse a document nested deeper than `MAX_DEPTH`, without recursion.

    Raises:
        InputError: at the first collection that is too deep, or where the YAML is broken.
    """
    data = source.data
    if (
        _flow_depth(data) <= _FLOW_BUDGET
        and _INDENTED.search(data) is None
        and _FIRST_INDENTED.match(data) is None
        and (data.isascii() or OTHER_BREAKS.search(data) is None)  # they would hide an indent
        and b"\r" not in data
    ):
        return
    try:
        _measure(source, data)
    except MarkedYAMLError as error:
        # Newer builds of libyaml end here by a bound of their own, which is wider than ours, but
        # they look ahead: what stands before their mark passes our bound and not theirs.
        if error.problem_mark is None or "nesting depth" not in str(error.problem):
            raise
        _measure(source, data.decode()[: error.problem_mark.index].encode())
        raise


def _measure(source: Source, data: bytes) -> None:
    """Raise InputError at the first collection of the source's first `data` that is too deep."""
    parser = CParser(data)
    depth = 0
    while (event := parser.get_event()) is not None:
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise source.error(
                    f"more than {MAX_DEPTH} collections within each other",
                    source.at_mark(event.start_mark),
                )
        elif isinstance(event, CollectionEndEvent):
            depth -= 1


def check_json(source: Source) -> None:
    """Refuse JSON that is too deep or has too many values; what is no JSON is left to the others.

    Raises:
        InputError: as `check_depth` and `check_events`.
        YAMLError: where brackets suggest depth and the text is broken.
    """
    data = source.data
    if _flow_depth(data) > MAX_DEPTH and _flow_depth(_JSON_STRING.sub(b"", data)) > MAX_DEPTH:
        check_depth(source)
    if len(data) > MAX_NODES and _json_nodes(data) > MAX_NODES:
        raise too_many_nodes(source)


def _json_nodes(data: bytes) -> int:
    """Return the number of keys and values, as YAML counts nodes, or somewhat more."""
    bare = _JSON_STRING.sub(b"", data)
    return 1 + sum(map(bare.count, (b",", b":", b"[", b"{")))


def _flow_depth(data: bytes, rounds: int = 64) -> int:
    """Return the depth of brackets or more: it counts those in text and comments too."""
    total = data.count(b"[") + data.count(b"{")
    if total <= rounds:
        return total
    brackets = data.translate(None, _NOT_BRACKETS)
    peeled = 0
    while peeled < rounds:
        rest = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(rest) == len(brackets):
            break
        brackets = rest
        peeled += 1
    return 2 * peeled + brackets.count(b"[") + brackets.count(b"{")


def check_events(source: Source) -> None:
    """Refuse a document with too many nodes, counted by libyaml in C.

    A node takes at least a byte, so a shorter document needs no count.

    Raises:
        InputError: without a position: there is no one place to blame.
    """
    if len(source.data) <= MAX_NODES:
        return
    if CParser(source.data).raw_parse() > MAX_EVENTS:
        raise too_many_nodes(source)


def too_many_nodes(source: Source) -> InputError:
    """Return the error of a document with more than `MAX_NODES` nodes."""
    return source.error(f"more than {MAX_NODES} values in one document", source.start())
