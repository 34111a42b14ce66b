"""The JSON Schema of profile files."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from .schema import Profile, ProfileSet


def text() -> str:
    """Return the schema of a profile or of a set of profiles: JSON Schema, draft 2020-12."""
    schema = TypeAdapter(Profile | ProfileSet).json_schema()
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "capgen profile",
    }
    return json.dumps(head | _plain(schema), indent=1)


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
