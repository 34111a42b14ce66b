"""What the models of a profile are made of: strict mappings, texts, and checks with a message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictStr,
    TypeAdapter,
)
from pydantic_core import core_schema

from capgen.errors import ProfileError, nearest

from .vocabulary import words

if TYPE_CHECKING:
    from collections.abc import Callable

_Value = TypeVar("_Value")


class Strict(BaseModel):
    """A mapping without unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True)
    # Docstrings stand below its fields.
    described: ClassVar[bool] = True

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the fields by their docstrings."""
        from .documented import fields  # noqa: PLC0415 - of no use to who reads a profile

        found = handler(schema)
        properties = handler.resolve_ref_schema(found)["properties"]
        for name, text in fields(cls).items() if cls.described else ():
            properties[cls.model_fields[name].alias or name]["description"] = text
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Short:
    """A short form that reads as the long one; an editor may offer both.

    Attributes:
        read: makes the long form of the short one, and leaves the long one as it is.
        shape: the JSON Schema of the short form.
    """

    read: Callable[[Any], Any]
    shape: dict[str, Any]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Read the short form before the long one is checked."""
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe both."""
        return {"anyOf": [self.shape, handler(schema)]}


class Later:
    """A type that is made when a value is read by it, or its JSON Schema is asked for.

    A profile says a few of all rules, and to make the types of one takes some milliseconds.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        """Make nothing yet."""
        self._make = make

    @cached_property
    def made(self) -> Any:  # noqa: ANN401 - any annotation
        """The type."""
        return self._make()

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.made)

    def _read(self, value: object) -> object:
        # What it finds pydantic adds to what is found elsewhere.
        return self._adapter.validate_python(value, strict=True)

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Have a value read by the type."""
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the type."""
        # What stands alone in a chain is described with all that its own annotations say.
        return handler(core_schema.chain_schema([self._adapter.core_schema]))


def checked(check: Callable[[Any], object]) -> AfterValidator:
    """Make a validator of a function that raises ProfileError."""

    def run(value: _Value) -> _Value:
        try:
            check(value)
        except ProfileError as error:
            # pydantic takes a ValueError for a finding, and keeps its text.
            raise ValueError(error.message) from error
        return value

    return AfterValidator(run)


def known(vocabulary: str) -> AfterValidator:
    """Make a validator of a list of words: a word that it lacks is refused, with the nearest."""
    return checked(lambda value: check_known(vocabulary, value))


def check_known(vocabulary: str, value: str) -> None:
    """Check that a word is of a vocabulary.

    Raises:
        ProfileError: it is not.
    """
    if value not in words(vocabulary):
        msg = f"`{value}` is not known here{nearest(value, words(vocabulary))}"
        raise ProfileError(msg)


# A message of a policy may not have a line break, nor a field that it speaks of.
LINE = r"^[^\x00-\x1f\x7f]*$"
Text = Annotated[StrictStr, Field(pattern=LINE)]
ABSOLUTE = "^/"
