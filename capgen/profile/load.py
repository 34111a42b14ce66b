"""Reads a profile file: YAML in, the checked and plain data of it out."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from capgen.errors import CapgenError, ProfileError, nearest
from capgen.policy.catalogue import ENTRIES
from capgen.policy.values import UNSET, member
from capgen.reader import Document, Failure, read_path

from .schema import Profile
from .source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator


class InvalidProfileError(CapgenError):
    """Everything that is wrong with a profile, each with its place."""

    def __init__(self, errors: list[ProfileError]) -> None:
        """Hold the errors, in the order of the file."""
        super().__init__(errors[0].message)
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
        "controllers": "controllers" in spec.enforceOn,
        "match": spec.match.model_dump(),
        # In the catalogue's order, so that the order of a file changes nothing.
        "rules": {name: rules[name] for name in ENTRIES if name in rules},
        "loosens": spec.loosens,
        "accept": spec.accept,
    }


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
        kind = finding["type"]
        text = path[-1] if path else "profile"
        if kind == "extra_forbidden":
            key = str(finding["loc"][-1])
            message = f"`{key}` is no key here{nearest(key, _siblings(finding['loc'][:-1]))}"
            position = document.locate_key((*path,))
        else:
            given = finding["input"]
            shown = f"; found `{given}`" if isinstance(given, (str, int, float, bool)) else ""
            reason = finding["msg"].removeprefix("Value error, ")
            position = document.locate(path)
            message = f"`{text}`: {reason[0].lower()}{reason[1:]}{shown}"
            if kind == "missing":
                message = f"`{finding['loc'][-1]}` is required here"
            elif kind == "value_error":
                message = reason
            elif kind == "string_type" and isinstance(given, (int, float)):
                message = f"`{text}` must be text: quote it; found the number `{given}`"
        if (position, message) not in seen:
            seen.add((position, message))
            yield ProfileError(message, file=document.file, position=position)


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
