"""Says pydantic's findings in the words of a profile's author, each with its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel, ValidationError

from capgen.errors import ProfileError, nearest
from capgen.policy.values import UNSET, member, show

from .models import ABSOLUTE, LINE, Later
from .schema import ACCOUNT, IMAGE, LABEL, POLICY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from capgen.reader import Document

# pydantic's types of findings, in the words of a profile's author.
_KINDS = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "list_type": "a list",
    "model_type": "a mapping",
    "int_type": "an integer",
    "greater_than_equal": "0 or more",
    "string_too_short": "a reason, in words",
    "too_short": "a list of at least one",
    "string_type": "text",
}
# What a text that does not fit is told, by the pattern.
_PATTERNS = {
    IMAGE: "is no image; expected one like `registry.example.com/app:*`",
    ACCOUNT: "is no service account: lower-case letters, digits, `-` and `.`",
    POLICY: "is no PodSecurityPolicy: lower-case letters, digits, `-` and `.`",
    LINE: "has a character that no line of text may hold",
    ABSOLUTE: "is no absolute path",
}
# So many keys are listed where none is near to what was written; `rules` has more.
_FEW = 16
_QUOTED = re.compile("'([^']*)'")


def explain(
    error: ValidationError, document: Document, model: type[BaseModel]
) -> Iterator[ProfileError]:
    """Say each of pydantic's findings in our words, once for each place."""
    seen = set()
    for finding in error.errors(include_url=False):
        path = _real_path(finding["loc"], document.value)
        if finding["type"] == "extra_forbidden":
            key = str(finding["loc"][-1])
            known = _siblings(model, finding["loc"][:-1])
            message = f"`{key}` is no key here{nearest(key, known) or _listed(known)}"
            position = document.locate_key((*path,))
        else:
            message = _say(finding, _last(path))
            if isinstance(finding["input"], list) and path and isinstance(path[-1], int):
                # The short form takes one value; of a list the model sees a list in a list.
                path, given = path[:-1], f"{{{finding['loc'][-2]}: [...]}}"
                message = f"`{_last(path)}` must be one value, or `{given}`; found a list"
            position = document.locate(path)
        if (position, message) not in seen:
            seen.add((position, message))
            yield ProfileError(message, file=document.file, position=position)


def _listed(known: list[str]) -> str:
    """Return `; expected ...` with what is known, if that is short enough to be read."""
    names = [f"`{name}`" for name in dict.fromkeys(known)]
    return f"; expected {', '.join(names)}" if len(names) <= _FEW else ""


def _say(finding: ErrorDetails, text: str) -> str:
    """Say in our words what is wrong with a value, whose key or place is `text`."""
    given, context = finding["input"], finding.get("ctx", {})
    match finding["type"]:
        case "missing":
            return f"`{finding['loc'][-1]}` is required here"
        case "value_error":
            return finding["msg"].removeprefix("Value error, ")
        case "string_type" if isinstance(given, (int, float)) and not isinstance(given, bool):
            return f"`{text}` must be text: quote it; found the number `{given}`"
        case "string_pattern_mismatch" if context["pattern"] == LABEL:
            return f"`{given}` is no name: lower-case letters, digits and `-`, at most 63"
        case "string_pattern_mismatch" if context["pattern"] in _PATTERNS:
            return f"`{given}` {_PATTERNS[context['pattern']]}"
        case "string_pattern_mismatch":
            return f"`{given}` is no namespace; a `*` may stand at the end of a name only"
        case "literal_error":
            known = _QUOTED.findall(context["expected"])
            if finding["loc"] == ("kind",):
                known = ["Profile", "ProfileSet"]
            listed = " or ".join(f"`{word}`" for word in known)
            return f"`{text}` must be {listed}; found {_shape(given)}{nearest(str(given), known)}"
        case kind:
            return f"`{text}` must be {_KINDS.get(kind, finding['msg'])}; found {_shape(given)}"


def _shape(value: object) -> str:
    match value:
        case None:
            return "null"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return f"the text `{value}`"
        case _:
            return f"`{show(value)}`"


def _last(path: tuple[str | int, ...]) -> str:
    """Name the end of a path: `allow`, or `allow[2]` for an item."""
    names = [place for place, step in enumerate(path) if isinstance(step, str)]
    if not names:
        return "profile"
    return str(path[names[-1]]) + "".join(f"[{step}]" for step in path[names[-1] + 1 :])


def _real_path(loc: tuple[str | int, ...], value: object) -> tuple[str | int, ...]:
    """Keep of pydantic's location the steps that the document has (it adds names of types)."""
    path: list[str | int] = []
    node = value
    for step in loc:
        found = member(node, step)
        if found is not UNSET:
            node = found
            path.append(step)
    return tuple(path)


def _siblings(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """Return the keys that could have stood at a location."""
    models: list[type[BaseModel]] = [model]
    for step in loc:
        fields = [model.model_fields[step] for model in models if step in model.model_fields]
        inner = [kind for field in fields for kind in _types(field)]
        # A step that is no field is a place in a list, or a name of a type: the model stays.
        models = [found for kind in inner for found in _models(kind)] or models
    return [key for model in models for key in model.model_fields]


def _types(field: FieldInfo) -> list[object]:
    """Return the types of a field: those that are made later stand beside it."""
    later = [each.made for each in field.metadata if isinstance(each, Later)]
    return [field.annotation, *later]


def _models(annotation: object) -> list[type[BaseModel]]:
    """Return the models in a type: of an optional, a list, an annotated one, or itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]
