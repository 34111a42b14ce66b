"""The shape of a profile, checked with pydantic: unknown keys and wrong types are refused.

The rules' own models are made of the catalogue, so a rule is spelt in one place. Every model reads
strictly: `1.30` without quotes is a number, and lost its zero before anybody could see it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    create_model,
    model_validator,
)

from capgen.errors import ProfileError, nearest
from capgen.policy.catalogue import CATALOGUE, Ask, Entry, Part
from capgen.policy.rules import condition, keys_of, read_range
from capgen.policy.subjects import Field as PodField
from capgen.policy.values import Kind, minor, minors

from .vocabulary import words

LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"


class Strict(BaseModel):
    """A mapping without unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _checked(check: Any) -> AfterValidator:
    """Make a validator of a function that raises ProfileError."""

    def run(value: Any) -> Any:
        try:
            check(value)
        except ProfileError as error:
            raise ValueError(error.message) from error
        return value

    return AfterValidator(run)


def _known(vocabulary: str) -> AfterValidator:
    def check(value: str) -> None:
        if value not in words(vocabulary):
            msg = f"`{value}` is not known here{nearest(value, words(vocabulary))}"
            raise ProfileError(msg)

    return _checked(check)


# A message of a policy may not have a line break, nor a field that it speaks of.
Text = Annotated[StrictStr, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) or value is None else [value]


def _short(first: str) -> BeforeValidator:
    """Read the short form, the only value allowed, as the rule's first key."""
    return BeforeValidator(
        lambda value: value if isinstance(value, dict) or value is None else {first: [value]}
    )


def _item(part: Part) -> Any:
    if part.ask is Ask.IN_RANGES:
        # A range without a dash is an integer in YAML.
        return Annotated[Any, _checked(read_range)]
    if isinstance(part.subject, PodField) and part.subject.kind is Kind.BOOL:
        return StrictBool
    return Annotated[StrictStr, _known(part.known)] if part.known else Text


def _settings(entry: Entry) -> dict[str, Any]:
    """Return the fields of a rule's model: its parts' keys, and what any rule may say."""
    fields: dict[str, Any] = {}
    for part in entry.parts:
        fields[part.key] = (list[_item(part)] | None, None)  # type: ignore[misc]  # built of data
    fields["unset"] = (Literal["allow", "refuse"] | None, None)
    fields["unless"] = (list[Annotated[StrictStr, _checked(condition)]] | None, None)
    fields["reading"] = (Literal["declared", "effective"] | None, None)
    if entry.parts[0].ask is Ask.WITHIN:
        fields["add"] = (list[_item(entry.parts[0])] | None, None)  # type: ignore[misc]
    else:
        fields["default"] = (_default(entry) | None, None)
    return fields


def _default(entry: Entry) -> Any:
    """Return the type of the value that a rule chooses: one, or one for each of its keys."""
    keys = keys_of(entry)
    if len(keys) > 1:
        return dict[Literal[keys], Text]  # type: ignore[valid-type]  # built of data
    part = entry.parts[0]
    return StrictInt if part.ask is Ask.IN_RANGES else _item(part)


def _rule_model(entry: Entry) -> Any:
    title = entry.id[0].upper() + entry.id[1:]
    fields = _settings(entry)
    revision: Any = create_model(
        f"{title}Revision",
        __base__=Strict,
        version=(Annotated[StrictStr, _checked(minor)], ...),
        **fields,
    )
    model: Any = create_model(
        title,
        __base__=Strict,
        __doc__=entry.means,
        since=(list[revision] | None, None),
        **fields,
    )
    return Annotated[model | None, _short(keys_of(entry)[0])]


if TYPE_CHECKING:
    # What a type checker can know of a model that is made of data.
    Rules = Strict
else:
    Rules = create_model(
        "Rules", __base__=Strict, **{entry.id: (_rule_model(entry), None) for entry in CATALOGUE}
    )


# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_PREFIX = r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?"
LabelKey = Annotated[StrictStr, Field(pattern=f"^{_PREFIX}{_NAME}$")]
LabelValue = Annotated[StrictStr, Field(pattern=f"^(?:{_NAME})?$")]


class Names(Strict):
    """Names of namespaces; a trailing `*` is a prefix."""

    include: list[Annotated[StrictStr, Field(pattern=r"^[a-z0-9-]*\*?$", min_length=1)]] = []
    exclude: list[Annotated[StrictStr, Field(pattern=r"^[a-z0-9-]*\*?$", min_length=1)]] = []


class Expression(Strict):
    """One requirement of a label selector."""

    key: LabelKey
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: list[LabelValue] = []

    @model_validator(mode="after")
    def _values_fit(self) -> Self:
        """As in Kubernetes: a list for In and NotIn, none for the others."""
        if bool(self.values) != (self.operator in ("In", "NotIn")):
            needs = "no values" if self.values else "values"
            msg = f"the operator `{self.operator}` takes {needs}"
            raise ValueError(msg)
        return self


class Selector(Strict):
    """A label selector, as in Kubernetes."""

    matchLabels: dict[LabelKey, LabelValue] = {}
    matchExpressions: list[Expression] = []


class Match(Strict):
    """Which pods are judged."""

    namespaces: Names = Names()
    namespaceSelector: Selector = Selector()
    podSelector: Selector = Selector()


class Metadata(Strict):
    """What a profile is called."""

    name: Annotated[StrictStr, Field(pattern=LABEL)]
    description: StrictStr = ""


class Spec(Strict):
    """What a profile says."""

    extends: Annotated[list[StrictStr], BeforeValidator(_listed)] = []
    kubernetes: Annotated[StrictStr, _checked(minors)] | None = None
    targets: list[StrictStr | dict[StrictStr, dict[StrictStr, Any]]] = []
    enforcement: Literal["deny", "warn", "audit"] = "deny"
    enforceOn: Annotated[list[Literal["pods", "controllers"]], Field(min_length=1)] = ["pods"]
    match: Match = Match()
    rules: Rules = Rules()
    loosens: dict[StrictStr, Annotated[StrictStr, Field(min_length=1)]] = {}
    accept: dict[StrictStr, dict[StrictStr, Annotated[StrictStr, Field(min_length=1)]]] = {}


class Profile(Strict):
    """A profile file."""

    apiVersion: Literal["capgen/v1"]
    kind: Literal["Profile"]
    metadata: Metadata
    spec: Spec
