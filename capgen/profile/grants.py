"""The shape of grants in a profile: `syscalls`, `files`, `network` and `writable`.

Null takes out what a parent grants, of a section or of a key in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, TypeVar, cast

from pydantic import (
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictStr,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import core_schema

from capgen.errors import ProfileError, nearest
from capgen.policy import network, paths
from capgen.policy.grants import Op, read_args
from capgen.policy.inheritance import check_files, check_syscalls
from capgen.policy.syscalls import GROUP, check_name, names
from capgen.policy.values import show

from .models import Strict, checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgen.policy.grants import Data

_Section = TypeVar("_Section", bound=Strict)

# seccomp(2): a syscall has six arguments, each of 64 bits.
_PLACES: Final = 6
_WIDTH: Final = 64
_WRITTEN: Final = re.compile("^(0x[0-9A-Fa-f]{1,16}|[0-9]{1,20})$")


def _integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    return "null" if value is None else show(value)


def _index(value: object) -> None:
    if not _integer(value) or value not in range(_PLACES):
        msg = (
            f"`{_shown(value)}` is no argument of a syscall; expected its index, 0 to {_PLACES - 1}"
        )
        raise ProfileError(msg)


def _word(value: object) -> int:
    """Read an unsigned integer; beyond 63 bits as text, since to Kubernetes it is a float there."""
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        value = int(value, 16 if value.startswith("0x") else 10)
    if _integer(value) and value in range(1 << _WIDTH):
        return cast("int", value)
    msg = f"`{_shown(value)}` is no value of an argument; expected 0 to {(1 << _WIDTH) - 1}"
    if isinstance(value, float) and value.is_integer():
        msg += ", in quotes beyond 9223372036854775807"
    raise ValueError(msg)


def _op(value: object) -> None:
    known = [op.value for op in Op]
    if value not in known:
        hint = nearest(str(value), known) or f"; known: {', '.join(known)}"
        msg = f"`{_shown(value)}` is no comparison of seccomp{hint}"
        raise ProfileError(msg)


Word = Annotated[
    Any,
    BeforeValidator(_word),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "pattern": _WRITTEN.pattern}),
]


class Argument(Strict):
    """A condition on one argument of a syscall."""

    index: Annotated[Any, checked(_index), WithJsonSchema({"enum": [*range(_PLACES)]})]
    """Which argument."""
    op: Annotated[
        Any, checked(_op), WithJsonSchema({"type": "string", "enum": [op.value for op in Op]})
    ]
    """How it is compared, unsigned."""
    value: Word
    """What it is compared with, in 64 bits; in quotes where it needs the highest."""
    mask: Word = None
    """The bits that are compared, for `masked_eq`."""

    @model_validator(mode="after")
    def _mask_fits(self) -> Self:
        """A mask goes with masked_eq alone, and leaves something of the value to compare."""
        asked = self.op == Op.MASKED_EQ.value
        if asked != (self.mask is not None):
            needs = "needs a `mask`" if asked else f"takes no `mask`; `{Op.MASKED_EQ.value}` does"
            msg = f"`op: {self.op}` {needs}"
            raise ValueError(msg)
        if self.mask == 0:
            msg = "a `mask` of 0 compares nothing"
            raise ValueError(msg)
        if self.mask is not None and self.value & ~self.mask:
            # Under the mask no argument has these bits: the grant would never hold.
            msg = f"the value `{self.value}` has bits that the mask `{self.mask}` leaves out"
            raise ValueError(msg)
        return self


def _args(args: list[Argument]) -> None:
    if not args:
        msg = "`args` is empty: leave it out to allow every call"
        raise ProfileError(msg)
    seen = set()
    for arg in args:
        if arg.index in seen:
            # seccomp_rule_add(3); runc makes rules of them of which any one would do.
            msg = f"argument `{arg.index}` has two conditions; seccomp takes one in each item"
            raise ProfileError(msg)
        seen.add(arg.index)


_NAME_SCHEMA: dict[str, Any] = {"type": "string", "enum": [*names()]}
Name = Annotated[StrictStr, checked(check_name), WithJsonSchema(_NAME_SCHEMA)]


class _ByName:
    """A name alone reads as an item without conditions; an editor is offered both forms."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Read a name before the model does."""
        return core_schema.no_info_before_validator_function(self._read, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return a schema of both forms."""
        return {"anyOf": [_NAME_SCHEMA, handler(schema)]}

    def _read(self, value: object) -> object:
        if isinstance(value, str):
            return {"name": value}
        if not isinstance(value, dict):
            msg = f"`{_shown(value)}` is no syscall; expected a name, or `{{name: ..., args: ...}}`"
            raise ValueError(msg)  # noqa: TRY004 - pydantic takes a ValueError for a finding
        return value


class Call(Strict):
    """A syscall, or a group of them, that is granted."""

    name: Name
    """A syscall, or the `@group` of some."""
    args: Annotated[list[Argument], checked(_args)] | None = None
    """Conditions that must all hold; without them every call is granted."""

    @model_validator(mode="after")
    def _one_syscall(self) -> Self:
        """Arguments mean something else in each syscall of a group."""
        if self.args is not None and self.name.startswith(GROUP):
            msg = f"`{self.name}` is a group, which takes no `args`: name one of its syscalls"
            raise ValueError(msg)
        return self


def _no_two(items: list[Any]) -> None:
    seen = set()
    for item in items:
        # The order of conditions is nothing.
        shown, key = item, item
        if isinstance(item, Call):
            shown, key = item.name, (item.name, read_args(item.model_dump()))
        if key in seen:
            msg = f"`{shown}` stands here twice"
            raise ProfileError(msg)
        seen.add(key)


def _like(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


def _agreeing(section: _Section, check: Callable[[Data], None]) -> _Section:
    try:
        check(section.model_dump(exclude_unset=True))
    except ProfileError as error:
        raise ValueError(error.message) from error
    return section


Names = Annotated[list[Name], checked(_no_two)]
Calls = Annotated[list[Annotated[Call, _ByName()]], checked(_no_two)]
Globs = Annotated[
    list[Annotated[StrictStr, checked(paths.check_glob), _like(r"^(/|@\{)")]], checked(_no_two)
]


class Syscalls(Strict):
    """What the seccomp profile grants."""

    base: Literal["runtime-default", "empty"] | None = None
    """What is granted besides; a runtime's default unless it is said."""
    allow: Calls | None = None
    """What is granted; with conditions, even of what is denied."""
    deny: Names | None = None
    """What neither the base nor a group grants."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        return _agreeing(self, check_syscalls)


class Files(Strict):
    """What the AppArmor profile grants."""

    base: Literal["container-default", "empty"] | None = None
    """What is granted besides; a runtime's default for containers unless it is said."""
    read: Globs | None = None
    """Globs of AppArmor."""
    write: Globs | None = None
    """Globs of AppArmor."""
    execute: Globs | None = None
    """Globs of AppArmor; what is executed stays under the same profile."""
    deny: Globs | None = None
    """Globs of what may not be touched, whatever else grants it."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        return _agreeing(self, check_files)


Rule = Annotated[StrictStr, checked(network.check_rule), _like("^[a-z0-9]+( [a-z]+)?$")]
Network = Annotated[list[Rule], checked(network.check_apart)]
Folder = Annotated[StrictStr, checked(paths.check_writable), _like("^/[^:]*[^:/]$")]
Writable = Annotated[list[Folder], checked(paths.check_apart)]
