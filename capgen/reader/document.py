"""What reading yields: documents, and the failures between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yaml.nodes import MappingNode, SequenceNode

from capgen.reader import jsontext
from capgen.reader.careful import Constructor, is_merge
from capgen.reader.pause import Pause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yaml.nodes import Node

    from capgen.errors import InputError, Position
    from capgen.reader.source import Source


@dataclass(slots=True)
class Document:
    """One document, read as kubectl reads it.

    Attributes:
        file: The name as given; `-` is stdin.
        number: 1-based among the documents of the file that are not empty: comments, blank lines
            and bare separators do not count, a document that cannot be read does.
        value: Plain dict, list, str, int, float, bool or None; keys are str, integers fit int64.
    """

    file: str
    number: int
    value: object
    _source: Source = field(repr=False, compare=False)
    _root: Node | None = field(default=None, repr=False, compare=False)
    _offset: int = field(default=0, repr=False, compare=False)
    _index: jsontext.Place | None = field(default=None, repr=False, compare=False)

    def locate(self, path: Sequence[str | int]) -> Position:
        """Return the position in the file of the value at `path`, from 1, in characters.

        Where the path leads nowhere it is the position of the nearest ancestor that exists; that
        of a block mapping is its first key's. A value that an alias or a merge key brings in stands
        where it is written.
        """
        return self._find(path)[1]

    def locate_key(self, path: Sequence[str | int]) -> Position:
        """Return the position of the key that `path` ends in, or else what `locate` returns."""
        key, value = self._find(path)
        return value if key is None else key

    def source_line(self, line: int) -> str | None:
        """Return the text of a line of the file if it lies in this document."""
        return self._source.source_line(line)

    def _find(self, path: Sequence[str | int]) -> tuple[Position | None, Position]:
        if self._root is not None:
            return self._find_node(self._root, path)
        if self._index is None:
            with Pause():
                self._index = jsontext.index(self._source, self._source.text(), self._offset)
        return self._find_place(self._index, path)

    def _find_node(self, node: Node, path: Sequence[str | int]) -> tuple[Position | None, Position]:
        key: Node | None = None
        for step in path:
            found = _child(self._source, node, step)
            if found is None:
                key = None
                break
            key, node = found
        at = self._source.at_mark
        return (None if key is None else at(key.start_mark)), at(node.start_mark)

    def _find_place(
        self, place: jsontext.Place, path: Sequence[str | int]
    ) -> tuple[Position | None, Position]:
        key: int | None = None
        for step in path:
            if isinstance(step, str) and place.keys is not None and step in place.keys:
                key, place = place.keys[step]
            elif isinstance(step, int) and place.items and 0 <= step < len(place.items):
                key, place = None, place.items[step]
            else:
                key = None
                break
        at = self._source.at_character
        return (None if key is None else at(key)), at(place.offset)


def _child(source: Source, node: Node, step: str | int) -> tuple[Node | None, Node] | None:
    """Return key and value of one step down, or None where there is none."""
    if isinstance(node, SequenceNode):
        found = isinstance(step, int) and 0 <= step < len(node.value)
        return (None, node.value[step]) if found else None
    if not isinstance(node, MappingNode) or isinstance(step, int):
        return None
    constructor = Constructor(source)
    # As the value was built, the last one wins, be it a key's or a merge's.
    for key, value in reversed(node.value):
        if is_merge(key):
            parts = value.value if isinstance(value, SequenceNode) else [value]
            for part in parts:
                if (merged := _child(source, part, step)) is not None:
                    return merged
        elif constructor.key(key) == step:
            return key, value
    return None


@dataclass(slots=True)
class Failure:
    """A document that cannot be read.

    Attributes:
        file: The name as given.
        number: As a document's.
        error: What is wrong: `message`, `file` and, where there is one place, `position`.
        text: The line of the file that the position is on, for a caret.
    """

    file: str
    number: int
    error: InputError
    text: str | None = None
