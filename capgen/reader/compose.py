"""YAML to plain values, fast: composed in C, constructed here.

The usual document has no tags, anchors, merge keys or odd scalars. It takes the short way of this
module, which does as little as possible a node; whatever it does not know raises `Odd`, and the
document takes the way of `careful`, which does everything and knows where everything stands.
"""

from __future__ import annotations

import gc
import operator
import re
from collections.abc import Sequence
from typing import Any

from yaml._yaml import CParser
from yaml.nodes import MappingNode, ScalarNode

from capgen.reader.scalars import key_text, resolve, to_json

# mypy cannot follow `__class__`, and isinstance costs a tenth of the time.
Node = Any
Kind = Any
Plain = dict[str, object] | Sequence[object] | str | int | float | bool | None

# A cache holds short texts only, and is emptied when full: memory stays flat.
_CACHE_TEXT = 64
_CACHE_SIZE = 1 << 16

# Only where both can be is there an alias. What scripts hold in a ConfigMap (`a && b`, `2>&1`) is
# told apart, or else takes the long way to the same value.
_ANCHOR = re.compile(rb"&(?<![0-9A-Za-z>&|$=/.;()]&)[0-9A-Za-z_-]")


class Odd(Exception):  # noqa: N818 # not an error: the document takes the other way
    """The short way does not know this document."""


class Parser(CParser):
    """PyYAML's composer, which calls Python three times a node, with calls that do next to nothing.

    A node that has no tag gets the empty text for one; its style tells plain from quoted.
    """

    # Called as descend_resolver(parent, index) and ascend_resolver(): C functions that take as
    # many arguments and are not bound as methods.
    descend_resolver = operator.is_
    ascend_resolver = gc.isenabled

    @staticmethod
    def resolve(kind: type, value: object, implicit: object) -> str:  # noqa: ARG004 # called by C
        """Return the tag of a node that has none."""
        return ""


class _Values(dict[str, Plain]):
    """Plain scalars by their text, resolved once."""

    def __missing__(self, text: str) -> Plain:
        value = to_json(resolve(text), text)
        if len(text) <= _CACHE_TEXT:
            if len(self) >= _CACHE_SIZE:
                self.clear()
            self[text] = value
        return value


class _Keys(dict[str, str]):
    """Plain keys by their text, as JSON has them."""

    def __missing__(self, text: str) -> str:
        if text == "<<":
            raise Odd
        key = key_text(resolve(text), text)
        if len(text) <= _CACHE_TEXT:
            if len(self) >= _CACHE_SIZE:
                self.clear()
            self[text] = key
        return key


_VALUES = _Values()
_KEYS = _Keys()


def may_alias(data: bytes) -> bool:
    """Say whether the document may hold an anchor and an alias; False is certain."""
    return b"*" in data and b"&" in data and _ANCHOR.search(data) is not None


def construct(node: Node) -> Plain:
    """Return the value of a tree that `Parser` composed from a document without aliases.

    Raises:
        Odd: where `careful` must look.
        ScalarError: for a scalar without a JSON form; `careful` finds it again, with its position.
    """
    return _sequence([node])[0]


def _mapping(
    pairs: list[tuple[Node, Node]],
    # Globals and class lookups cost a third of the time here.
    scalar: Kind = ScalarNode,
    mapping: Kind = MappingNode,
    values: _Values = _VALUES,
    keys: _Keys = _KEYS,
) -> dict[str, object]:
    out: dict[str, object] = {}
    for key, node in pairs:
        if key.tag or key.__class__ is not scalar:
            raise Odd
        text: str = key.value if key.style else keys[key.value]
        if node.tag:
            raise Odd
        kind = node.__class__
        if kind is scalar:
            out[text] = node.value if node.style else values[node.value]
        elif kind is mapping:
            out[text] = _mapping(node.value)
        else:
            out[text] = _sequence(node.value)
    if len(out) != len(pairs):
        raise Odd
    return out


def _sequence(
    items: list[Node],
    scalar: Kind = ScalarNode,
    mapping: Kind = MappingNode,
    values: _Values = _VALUES,
) -> list[Plain]:
    out: list[Plain] = []
    for node in items:
        if node.tag:
            raise Odd
        kind = node.__class__
        if kind is mapping:
            out.append(_mapping(node.value))
        elif kind is scalar:
            out.append(node.value if node.style else values[node.value])
        else:
            out.append(_sequence(node.value))
    return out
