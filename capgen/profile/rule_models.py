"""The models of rules, made of the catalogue: a rule is spelt in one place."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    WithJsonSchema,
    create_model,
)

from capgen.errors import ProfileError
from capgen.policy.catalogue import CATALOGUE, CONDITIONS, ENTRIES, Ask, Entry, Part
from capgen.policy.rules import condition, keys_of, read_range
from capgen.policy.subjects import LOCALHOST, Level, settable
from capgen.policy.subjects import Field as PodField
from capgen.policy.values import Kind, minor

from .models import ABSOLUTE, LINE, Later, Short, Strict, Text, check_known, checked, known
from .vocabulary import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RANGE = r"^(0|[1-9][0-9]{0,18})(-(0|[1-9][0-9]{0,18})?)?$"
# An ID or a port: no pod can have another.
_Number = Annotated[StrictInt, Field(ge=0)]
_VERSION = WithJsonSchema({"type": "string", "pattern": r"^v?1\.[0-9]+$"})
_RANGE_SHAPE = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": RANGE},
    ]
}
_RANGE = WithJsonSchema(_RANGE_SHAPE)


def _absolute(path: str) -> None:
    if not path.startswith("/") or ".." in path.split("/"):
        msg = f"`{path}` is no prefix; expected an absolute path without `..`"
        raise ProfileError(msg)


_PREFIX = {"type": "string", "pattern": r"^/(?!(.*/)?\.\.(/|$))[^\x00-\x1f\x7f]*$"}
Absolute = Annotated[Text, checked(_absolute), Field(pattern=ABSOLUTE), WithJsonSchema(_PREFIX)]


class _Made(Strict):
    """What is made of data has no source in which docstrings could stand."""

    described: ClassVar[bool] = False


class HostPathPrefix(Strict):
    """A path of the node that may be mounted, with all that is below it."""

    prefix: Absolute
    readOnly: StrictBool = False


def _local(vocabulary: str) -> Any:
    """Return the type of a kernel profile: a word, or `Localhost:` and its file."""

    def check(value: str) -> None:
        kind, colon, name = value.partition(":")
        if colon and kind == LOCALHOST:
            if not name or ".." in name.split("/"):
                msg = f"`{value}` names no profile; expected one like `{LOCALHOST}:profiles/*`"
                raise ProfileError(msg)
        else:
            check_known(vocabulary, value)

    return Annotated[Text, checked(check), WithJsonSchema(_shape_of_local(vocabulary))]


def _shape_of_local(vocabulary: str) -> dict[str, Any]:
    path = f"^{LOCALHOST}:(?!(.*/)?\\.\\.(/|$))[^\\x00-\\x1f\\x7f]+$"
    return {"type": "string", "anyOf": [{"enum": list(words(vocabulary))}, {"pattern": path}]}


def _shape(part: Part) -> dict[str, Any]:
    """Return the JSON Schema of one value of a rule's part."""
    field = settable(part.subject)
    if part.ask is Ask.IN_RANGES:
        return _RANGE_SHAPE
    if part.ask in (Ask.UNDER, Ask.UNDER_WRITABLE):
        return _PREFIX
    if isinstance(field, PodField) and field.kind is Kind.BOOL:
        return {"type": "boolean"}
    if part.known is None:
        return {"type": "string", "pattern": LINE}
    if part.ask is Ask.GLOBS:
        return _shape_of_local(part.known)
    return {"type": "string", "enum": list(words(part.known))}


def item(part: Part) -> Any:
    """Return the type of one value of a rule's part."""
    subject = part.subject
    if part.ask is Ask.IN_RANGES:
        # A range without a dash is an integer in YAML.
        return Annotated[Any, checked(read_range), _RANGE]
    if part.ask in (Ask.UNDER, Ask.UNDER_WRITABLE):
        return Annotated[HostPathPrefix, Short(_prefix, _PREFIX)]
    field = settable(subject)
    if isinstance(field, PodField) and field.kind is Kind.BOOL:
        return StrictBool
    if part.known is None:
        return Text
    if part.ask is Ask.GLOBS:
        return _local(part.known)
    return Annotated[StrictStr, known(part.known), WithJsonSchema(_shape(part))]


def _prefix(value: Any) -> Any:
    return {"prefix": value} if isinstance(value, str) else value


def _settings(entry: Entry) -> dict[str, Any]:
    """Return the fields of a rule's model: its parts' keys, and what any rule may say."""
    fields: dict[str, Any] = {}
    for part in entry.parts:
        fields[part.key] = (list[item(part)] | None, None)  # type: ignore[misc]  # built of data
    names = Annotated[
        StrictStr, checked(condition), WithJsonSchema({"type": "string", "enum": [*CONDITIONS]})
    ]
    fields["unset"] = (Literal["allow", "refuse"] | None, None)
    fields["unless"] = (list[names] | None, None)
    fields["reading"] = (Literal["declared", "effective", "both"] | None, None)
    if any(part.cover for part in entry.parts):
        fields["allCovers"] = (StrictBool | None, None)
    if entry.parts[0].ask is Ask.WITHIN:
        fields["add"] = (list[item(entry.parts[0])] | None, None)  # type: ignore[misc]
    else:
        fields["default"] = (_default(entry) | None, None)
    return fields


def _default(entry: Entry) -> Any:
    """Return the type of the value that a rule chooses: one, or one for each of its keys."""
    keys = keys_of(entry)
    if len(keys) > 1:
        values = {part.key: (_concrete(part) | None, None) for part in entry.parts}
        return create_model(f"{_title(entry)}Default", __base__=_Made, **values)  # type: ignore[call-overload]
    part = entry.parts[0]
    return _Number if part.ask is Ask.IN_RANGES else _concrete(part)


def _concrete(part: Part) -> Any:
    """Return the type of a value that can be set: a pattern cannot."""
    if part.ask is not Ask.GLOBS:
        return item(part)
    shape = {**_shape(part), "not": {"pattern": r"\*"}}
    return Annotated[item(part), checked(_no_pattern), WithJsonSchema(shape)]


def _no_pattern(value: str) -> None:
    if "*" in value:
        msg = f"`{value}` is a pattern; expected one value that can be set"
        raise ProfileError(msg)


def _title(entry: Entry) -> str:
    return entry.id[0].upper() + entry.id[1:]


def _in_order(revisions: list[Any]) -> list[Any]:
    for earlier, later in pairwise(revisions):
        if minor(later.version) <= minor(earlier.version):
            msg = f"`{later.version}` stands after `{earlier.version}`: `since` goes up"
            raise ValueError(msg)
    return revisions


def _rule_model(entry: Entry) -> Any:
    fields = _settings(entry)
    revision: Any = create_model(
        f"{_title(entry)}Revision",
        __base__=_Made,
        version=(Annotated[StrictStr, checked(minor), _VERSION], ...),
        **fields,
    )
    model: Any = create_model(
        _title(entry),
        __base__=_Made,
        __doc__=entry.means,
        since=(Annotated[list[revision], AfterValidator(_in_order)] | None, None),
        **fields,
    )
    first = keys_of(entry)[0]

    def read(value: Any) -> Any:
        return value if isinstance(value, dict) or value is None else {first: [value]}

    return Annotated[model | None, Short(read, _shape(entry.parts[0]))]


class Capabilities(Strict):
    """The capabilities that one container adds."""

    add: list[item(ENTRIES["capabilities"].parts[0])]  # type: ignore[valid-type]  # built of data


def _can_choose(entry: Entry) -> bool:
    """Tell whether a rule can choose a value for one container."""
    fields = [settable(part.subject) for part in entry.parts]
    return any(field is not None and field.level is not Level.POD for field in fields)


def _choice(entry: Entry) -> Any:
    """Return the type of the value that a rule chooses for one container."""
    return Capabilities if entry.parts[0].ask is Ask.WITHIN else _default(entry)


def _table(name: str, make: Callable[[Entry], Any], entries: Iterable[Entry]) -> Any:
    """Return a model with a field for each of some rules."""
    fields: dict[str, Any] = {
        entry.id: (Annotated[Any, Later(partial(make, entry))], None) for entry in entries
    }
    return create_model(name, __base__=_Made, **fields)


if TYPE_CHECKING:
    # What a type checker can know of a model that is made of data.
    class Rules(Strict):
        """The rules of a profile."""

    class Choices(Strict):
        """The values that are chosen for one container."""
else:
    Rules = _table("Rules", _rule_model, CATALOGUE)
    Choices = _table("Choices", _choice, filter(_can_choose, CATALOGUE))
