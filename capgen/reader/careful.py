"""YAML to plain values, whole: tags, anchors, merge keys, and an exact place for each refusal.

What is read is what kubectl reads (sigs.k8s.io/yaml on go-yaml v2). It is deliberately stricter,
so that nothing is judged otherwise than its author meant:

===============================  ================================================
here an error                    kubectl
===============================  ================================================
duplicate keys                   takes the last; of `1` and `"1"` either one
two merge keys in a mapping      applies both
one anchor defined twice         an alias means the last one before it
tags but those of JSON           ignores the tag, decodes `!!binary`, reads `! 1` as text
a tag on the wrong kind          ignores it
text after `...`, or a root      ignores it up to the next `---`
half of a surrogate pair (JSON)  puts U+FFFD in its place
a byte order mark on a line      takes it for the first character of the key
documents after a broken one     stops; here they are read, the broken one fails
===============================  ================================================
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yaml._yaml import CParser
from yaml.nodes import MappingNode, ScalarNode, SequenceNode
from yaml.tokens import TagToken

from capgen.reader.bounds import MAX_NODES, MAX_SCALAR, too_many_nodes
from capgen.reader.scalars import ScalarError, key_text, resolve, to_json

if TYPE_CHECKING:
    from yaml.nodes import Node

    from capgen.reader.compose import Plain
    from capgen.reader.source import Source

# A bare `!`, which libyaml does not report, unlike any other tag.
_BARE_TAG = re.compile(rb"!(?<![^\s\[\]{},:?\"'\xbf-]!)(?![^\s\[\]{},])")
_YAML = "tag:yaml.org,2002:"
_STR, _MERGE = _YAML + "str", _YAML + "merge"
_SCALAR_TAGS = {_YAML + name: name for name in ("str", "int", "float", "bool", "null")}
_COLLECTION_TAGS = {"", _YAML + "map"}, {"", _YAML + "seq"}


def check_bare_tags(source: Source) -> None:
    """Refuse `!` as a tag: go-yaml makes it a string, libyaml drops it without a trace.

    Raises:
        InputError: at the tag.
        YAMLError: the YAML is broken.
    """
    if b"!" not in source.data or _BARE_TAG.search(source.data) is None:
        return
    parser = CParser(source.data)
    while (token := parser.get_token()) is not None:
        if isinstance(token, TagToken) and token.value == (None, "!"):
            raise source.error("unknown tag `!`", source.at_mark(token.start_mark))


def is_merge(key: Node) -> bool:
    """Say whether a key is go-yaml's merge key: `<<`, plain or tagged `!!merge`."""
    if not isinstance(key, ScalarNode) or key.value != "<<":
        return False
    return key.tag == _MERGE or not (key.tag or key.style)


class Constructor:
    """Builds the value of one tree that `Parser` composed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._count = 0
        self._open: set[int] = set()

    def value(self, node: Node) -> Plain:
        """Return the value of a node, a new one wherever an alias stands.

        Raises:
            InputError: at the node that cannot be read.
        """
        self._count += 1
        if self._count > MAX_NODES:
            raise too_many_nodes(self._source)
        if isinstance(node, ScalarNode):
            resolved = self._scalar(node)
            try:
                return to_json(resolved, node.value)
            except ScalarError as error:
                raise self._error(str(error), node) from None
        self._enter(node)
        out: Plain
        if isinstance(node, MappingNode):
            out = {}
            self._fill(out, node)
        else:
            self._check_tag(node)
            out = [self.value(item) for item in node.value]
        self._open.discard(id(node))
        return out

    def key(self, key: Node) -> str:
        """Return the text that a key has in JSON.

        Raises:
            InputError: where it has none.
        """
        if not isinstance(key, ScalarNode):
            kind = "sequence" if isinstance(key, SequenceNode) else "mapping"
            raise self._error(f"a {kind} as a key", key)
        try:
            return key_text(self._scalar(key), key.value)
        except ScalarError as error:
            raise self._error(str(error), key) from None

    def _fill(self, out: dict[str, object], node: MappingNode) -> None:
        """Add a mapping's pairs in their order: go-yaml v2 lets a later merge win over a key."""
        self._check_tag(node)
        first: dict[str | None, Node] = {}
        for key_node, value_node in node.value:
            merge = is_merge(key_node)
            key = None if merge else self.key(key_node)
            if (earlier := first.setdefault(key, key_node)) is not key_node:
                line = self._source.at_mark(earlier.start_mark).line
                raise self._error(f"duplicate key `{key or '<<'}`: first on line {line}", key_node)
            if key is None:
                self._merge(out, value_node)
            else:
                out[key] = self.value(value_node)

    def _merge(self, out: dict[str, object], node: Node) -> None:
        # Of a sequence the earlier mappings win: go-yaml steps backwards.
        parts = reversed(node.value) if isinstance(node, SequenceNode) else [node]
        for part in parts:
            if not isinstance(part, MappingNode):
                raise self._error("`<<` takes a mapping or a sequence of mappings", part)
            self._count += 1
            self._enter(part)
            self._fill(out, part)
            self._open.discard(id(part))

    def _enter(self, node: Node) -> None:
        if id(node) in self._open:
            raise self._error("an alias within the value that it stands for", node)
        self._open.add(id(node))

    def _check_tag(self, node: Node) -> None:
        if node.tag not in _COLLECTION_TAGS[isinstance(node, SequenceNode)]:
            raise self._error(f"tag `{_short(node.tag)}` on a collection", node)

    def _scalar(self, node: ScalarNode) -> str | int | float | bool | None:
        """Return what a scalar means to YAML (go-yaml v2, resolve.go)."""
        text: str = node.value
        if len(text) > MAX_SCALAR:
            raise self._error(f"a scalar of more than {MAX_SCALAR} characters", node)
        tag = node.tag
        if not tag:
            return text if node.style else resolve(text)
        if tag == _STR:
            return text
        if tag not in _SCALAR_TAGS:
            raise self._error(f"unknown tag `{_short(tag)}`", node)
        value = resolve(text)
        found = {str: "str", int: "int", float: "float", bool: "bool"}.get(type(value), "null")
        if found == "int" and _SCALAR_TAGS[tag] == "float" and -(1 << 63) <= value < 1 << 63:  # type: ignore[operator] # an int
            return float(value)  # type: ignore[arg-type] # an int
        if found != _SCALAR_TAGS[tag]:
            raise self._error(f"`{text}` is no `{_short(tag)}`", node)
        return value

    def _error(self, message: str, node: Node) -> Exception:
        return self._source.error(message, self._source.at_mark(node.start_mark))


def _short(tag: str) -> str:
    return "!!" + tag.removeprefix(_YAML) if tag.startswith(_YAML) else tag
