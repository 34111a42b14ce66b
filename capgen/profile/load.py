"""Reads a profile file: YAML in, the checked and plain data of it out."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from capgen.errors import CapgenError, ProfileError, nearest
from capgen.policy.catalogue import ENTRIES
from capgen.policy.values import UNSET, member, show
from capgen.reader import Document, Failure, read_path

from .schema import LABEL, Match, Profile
from .source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

# pydantic's types of findings, in the words of a profile's author.
_KINDS = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_too_short": "a reason, in words",
    "string_type": "text",
}
_QUOTED = re.compile("'([^']*)'")


class InvalidProfileError(CapgenError):
    """Everything that is wrong with a profile, each with its place."""

    def __init__(self, errors: list[ProfileError]) -> None:
        """Hold the errors, in the order of the file."""
        first = errors[0]
        super().__init__(first.message, file=first.file, position=first.position)
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


def load(path: str) -> Source:
    """Read a profile from a file.

    Raises:
        InputError: the file cannot be read.
        InvalidProfileError: it holds no profile, or one that says what the language does not know.
    """
    documents: list[Document] = []
    for document in read_path(path):
        if isinstance(document, Failure):
            raise document.error
        documents.append(document)
    if len(documents) != 1:
        msg = f"expected one profile; found {len(documents)} documents"
        raise ProfileError(msg, file=path)
    return parse(documents[0])


def parse(document: Document) -> Source:
    """Check a document that was read, and return what it says.

    Raises:
        InvalidProfileError: it holds no profile, or one that says what the language does not know.
    """
    try:
        model = Profile.model_validate(document.value)
    except ValidationError as error:
        found = sorted(_explain(error, document), key=attrgetter("position"))
        raise InvalidProfileError(found) from None
    return Source(_plain(model), document)


def _plain(model: Profile) -> dict[str, Any]:
    spec = model.spec
    rules = {}
    for name in spec.rules.model_fields_set:
        rule = getattr(spec.rules, name)
        rules[name] = None if rule is None else rule.model_dump(exclude_unset=True)
    return {
        "name": model.metadata.name,
        "description": model.metadata.description,
        "extends": spec.extends,
        "kubernetes": spec.kubernetes,
        "targets": _targets(spec.targets),
        "enforcement": spec.enforcement,
        "pods": "pods" in spec.enforceOn,
        "controllers": "controllers" in spec.enforceOn,
        "match": _match(spec.match),
        # In the catalogue's order, so that the order of a file changes nothing.
        "rules": {name: rules[name] for name in ENTRIES if name in rules},
        "loosens": spec.loosens,
        "accept": spec.accept,
    }


def _match(match: Match) -> dict[str, Any]:
    data = match.model_dump()
    # As with the rules: the order of a file's keys changes nothing.
    for selector in ("namespaceSelector", "podSelector"):
        data[selector]["matchLabels"] = dict(sorted(data[selector]["matchLabels"].items()))
    return data


def _targets(listed: list[Any]) -> dict[str, dict[str, Any]]:
    targets: dict[str, dict[str, Any]] = {}
    for item in listed:
        targets.update({item: {}} if isinstance(item, str) else item)
    return targets


def _explain(error: ValidationError, document: Document) -> Iterator[ProfileError]:
    """Say each of pydantic's findings in our words, once for each place."""
    seen = set()
    for finding in error.errors(include_url=False):
        path = _real_path(finding["loc"], document.value)
        if finding["type"] == "extra_forbidden":
            key = str(finding["loc"][-1])
            message = f"`{key}` is no key here{nearest(key, _siblings(finding['loc'][:-1]))}"
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
        case "string_pattern_mismatch":
            return f"`{given}` is no namespace; a `*` may stand at the end of a name only"
        case "literal_error":
            known = _QUOTED.findall(context["expected"])
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


def _siblings(loc: tuple[str | int, ...]) -> list[str]:
    """Return the keys that could have stood at a location."""
    models: list[type[BaseModel]] = [Profile]
    for step in loc:
        inner = [
            model.model_fields[step].annotation for model in models if step in model.model_fields
        ]
        # A step that is no field is a place in a list, or a name of a type: the model stays.
        models = [found for kind in inner for found in _models(kind)] or models
    return [key for model in models for key in model.model_fields]


def _models(annotation: object) -> list[type[BaseModel]]:
    """Return the models in a type: of an optional, a list, an annotated one, or itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]
