"""The JSON Schema of profile files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from .schema import Profile, ProfileSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def text(targets: Sequence[str], rules: Sequence[str]) -> str:
    """Return the schema of a profile or of a set of profiles: JSON Schema, draft 2020-12.

    Args:
        targets: names that an editor is to complete; others are not refused, as this version of
            capgen need not know them all.
        rules: the same, where a rule is a key.
    """
    schema = _plain(TypeAdapter(Profile | ProfileSet).json_schema())
    one, many = schema.pop("anyOf")
    # Told apart by what it says it is, a file with a mistake is told this mistake alone.
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "capgen profile",
        "type": "object",
        "if": {"properties": {"kind": {"const": "ProfileSet"}}, "required": ["kind"]},
        "then": many,
        "else": one,
    }
    spec, several = (schema["$defs"][name]["properties"] for name in ("Spec", "SetSpec"))
    for each in (spec, several):
        each["targets"]["items"]["anyOf"].insert(0, {"enum": list(targets)})
    of_each = several["accept"]["additionalProperties"]["additionalProperties"]
    for reasons in (spec["loosens"], spec["accept"]["additionalProperties"], of_each):
        _complete(reasons, rules)
    for each in (spec, several):
        _complete(each["accept"], targets)
    return json.dumps(head | schema, indent=1)


def _complete(mapping: dict[str, Any], keys: Iterable[str]) -> None:
    """Name keys of a mapping that may have any, for editors."""
    mapping["properties"] = dict.fromkeys(keys, mapping["additionalProperties"])


def _plain(node: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Leave out what an editor would only show again: titles, and null as a default."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "patternProperties" in node:
        # What fits no pattern is no key.
        node = {"additionalProperties": False, **node}
    return {
        key: _plain(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and value is None)
    }
