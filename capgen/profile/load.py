"""Reads a profile file: YAML in, the checked and plain data of it out."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from capgen.errors import CapgenError, ProfileError, SetError
from capgen.policy.catalogue import ENTRIES
from capgen.policy.inheritance import SECTIONS
from capgen.reader import Document, Failure, read_path

from .findings import explain
from .schema import Match, Profile, ProfileSet
from .source import Source

_SET = "ProfileSet"
_Model = TypeVar("_Model", bound=BaseModel)


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
        SetError: it holds a set of profiles.
    """
    source = load_any(path)
    if source.members is not None:
        msg = f"`{source.data['name']}` is a set of profiles; expected one profile"
        raise SetError(msg, file=path, position=source.error("").position)
    return source


def load_any(path: str) -> Source:
    """Read a profile, or a set of profiles, from a file.

    Raises:
        InputError: the file cannot be read.
        InvalidProfileError: it holds neither, or what the language does not know.
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
    value = document.value
    if isinstance(value, dict) and value.get("kind") == _SET:
        return _parse_set(document)
    return Source(_plain(_checked(Profile, document)), document)


def _parse_set(document: Document) -> Source:
    model = _checked(ProfileSet, document)
    data = {
        "name": model.metadata.name,
        "description": model.metadata.description,
        "kubernetes": model.spec.kubernetes,
        "scope": model.spec.scope.model_dump(),
        "enforcement": model.spec.enforcement,
        "targets": _targets(model.spec.targets),
        "accept": model.spec.accept,
        "uses": [member.use for member in model.spec.anyOf],
    }
    return Source(data, document, tuple(member.profile for member in model.spec.anyOf))


def _checked(model: type[_Model], document: Document) -> _Model:
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        found = sorted(explain(error, document, model), key=attrgetter("position"))
        raise InvalidProfileError(found) from None


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
        "reading": spec.reading,
        "mutate": spec.mutate,
        # In the catalogue's order, so that the order of a file changes nothing.
        "rules": {name: rules[name] for name in ENTRIES if name in rules},
        "loosens": spec.loosens,
        "exempt": [row.model_dump() for row in spec.exempt],
        "containers": {
            name: choices.model_dump(exclude_unset=True)
            for name, choices in sorted(spec.containers.items())
        },
        "grants": spec.model_dump(include={*SECTIONS}, exclude_unset=True),
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
