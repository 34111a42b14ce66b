"""The faults in a ConstraintTemplate, one at a time, in either language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines.vap.seeds import turned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.rest import Object

# An operator of Rego, and what it is turned into.
_TURNS: Final = (
    (" == ", " != "), (" != ", " == "), (" >= ", " > "), (" <= ", " < "), (" > ", " >= "),
    ("not ", ""), ("null, ", ""), ("[null", "[0"), ("is_array", "is_object"),
    ("is_object", "is_array"), ("startswith", "endswith"),
)  # fmt: skip
# What decides nothing: what is said of what offends.
_SAID: Final = re.compile(
    r"^ *(?:#.*|(?:found|text|msg) := .*|.*sprintf.*|words := .*|default words .*)$"
)
_LIST: Final = re.compile(r'\[("[^"\]]*"(?:, "[^"\]]*")+)\]')
_HEAD: Final = re.compile(r"^(?P<head>[a-z_0-9]+(?:\([^)]*\))?(?: :=.*?)?) if (?P<body>.*)$")
# What a text of a message is made of.
_TEXTS: Final = ("called", "show")


class Seed(NamedTuple):
    """A fault.

    Attributes:
        what: was done.
        shared: what it was done to, as other templates may have it too.
        template: with the fault.
    """

    what: str
    shared: str
    template: Object


def seeds(template: Object) -> Iterator[Seed]:
    """Yield the faults of a template in the language that it has."""
    spec = template["spec"]
    (target,) = spec["targets"]
    (code,) = target["code"]
    found = _cel(code["source"]) if code["engine"] != "Rego" else _rego(code["source"])
    for what, shared, source in found:
        # What is not changed is shared: of all that are made few are asked about.
        changed = target | {"code": [code | {"source": source}]}
        yield Seed(what, shared, template | {"spec": spec | {"targets": [changed]}})


def _cel(source: Object) -> Iterator[tuple[str, str, Object]]:
    for field in ("variables", "validations"):
        listed = source[field]
        for place, each in enumerate(listed):
            about = each.get("name", "validation")
            for what, text in turned(each["expression"]):
                changed = [*listed[:place], each | {"expression": text}, *listed[place + 1 :]]
                yield f"{about}: {what}", each["expression"], source | {field: changed}


def _rego(source: Object) -> Iterator[tuple[str, str, Object]]:
    blocks = source["rego"].split("\n\n")
    for place, block in enumerate(blocks):
        if block.startswith("package "):
            continue
        for what, text in turned_rego(block):
            rego = "\n\n".join([*blocks[:place], text, *blocks[place + 1 :]])
            yield what, block, source | {"rego": rego}


def turned_rego(block: str) -> Iterator[tuple[str, str]]:
    """Yield rules in Rego with one fault at a time: what it is, and the text."""
    lines = block.split("\n")
    heads = [line for line in lines if not line.startswith((" ", "#", "}", "]"))]
    name = re.split(r"[ (]", heads[0])[0]
    if name in _TEXTS:
        return
    for place, line in enumerate(lines):
        if _SAID.match(line):
            continue
        for what, other in _line(line):
            changed = [*lines[:place], *other, *lines[place + 1 :]]
            yield f"{name}: {what} in: {line.strip()}", "\n".join(changed)


def _line(line: str) -> Iterator[tuple[str, list[str]]]:
    for old, new in _TURNS:
        for found in re.finditer(re.escape(old), line):
            text = line[: found.start()] + new + line[found.end() :]
            yield f"`{new.strip()}` for `{old.strip()}`", [text]
    for found in _LIST.finditer(line):
        for item in found[1].split(", "):
            rest = ", ".join(each for each in found[1].split(", ") if each != item)
            text = f"{line[: found.start()]}[{rest}]{line[found.end() :]}"
            yield f"{item} is left out", [text]
    if line.startswith("  ") and not line.rstrip().endswith(("[", "{", "]", "},", ",")):
        yield "left out", []
    if line.startswith("else") or (" if " in line and not line.endswith("{")):
        yield "left out", []
    one = _HEAD.match(line)
    if one is not None and one["body"] not in ("{", "false"):
        yield "it always holds", [f"{one['head']} if true"]
