"""The JSON Schema and the loader, side by side."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft202012Validator, FormatChecker

from capgen.listing import schema
from capgen.profile.load import InvalidProfileError
from tests.profile.example import read

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of no type, name or pattern that the language knows.
STRANGE: Final = "zz~"


@cache
def validator() -> Any:  # noqa: ANN401 - the library's types are not shipped
    """Return the schema, ready to validate."""
    return Draft202012Validator(json.loads(schema()), format_checker=FormatChecker(["date"]))


def verdicts(document: object) -> tuple[bool, bool]:
    """Tell whether the loader and whether the schema takes a document."""
    try:
        read(json.dumps(document))
    except InvalidProfileError:
        return False, validator().is_valid(document)
    return True, validator().is_valid(document)


def profile(**spec: object) -> Any:  # noqa: ANN401 - a document
    """Return a profile with such a spec."""
    head = {"apiVersion": "capgen/v1", "kind": "Profile", "metadata": {"name": "web"}}
    return head | {"spec": {"kubernetes": "1.34"} | spec}


def a_set(**spec: object) -> Any:  # noqa: ANN401 - a document
    """Return a set of profiles with such a spec."""
    return profile() | {"kind": "ProfileSet", "spec": {"anyOf": ["web"]} | spec}


def at(*steps: str) -> Any:  # noqa: ANN401 - a part of the schema
    """Return the schema of what stands at some keys of a profile: `[]` any item, `*` any key."""
    node: Any = {"$ref": "#/$defs/Profile"}
    for step in steps:
        inner = [found for each in branches(node) for found in _below(each, step)]
        assert inner, (steps, step)
        node = {"anyOf": inner}
    return node


def _below(node: Any, step: str) -> list[Any]:  # noqa: ANN401 - a part of the schema
    if step == "[]":
        return [node["items"]] if "items" in node else []
    if step == "*":
        others = node.get("additionalProperties", False)
        return [*node.get("patternProperties", {}).values(), *([others] if others else [])]
    return [node["properties"][step]] if step in node.get("properties", ()) else []


def branches(node: Any) -> Iterator[Any]:  # noqa: ANN401 - a part of the schema
    """Yield each alternative of a part, references followed."""
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        yield from branches(validator().schema["$defs"][name])
        # Beside a reference there may be words for this place.
        node = {key: value for key, value in node.items() if key != "$ref"}
    for each in node.get("anyOf", ()):
        yield from branches(each)
    if node.keys() - {"anyOf"}:
        yield node


def offered(*steps: str) -> set[object]:
    """Return what an editor offers for the value at some keys."""
    return {value for each in branches(at(*steps)) for value in each.get("enum", ())}


def described(*steps: str) -> list[str]:
    """Return what an editor shows of the value at some keys."""
    return [each["description"] for each in branches(at(*steps)) if "description" in each]
