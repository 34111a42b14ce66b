"""The values that a rule lists as parameters: one expression for all rules of one structure.

An expression names `params.allow`, say, where it would have a list of literals, and the parameter
has a schema and the value. What the values do not change is written as ever: that a boolean must be
false, what lifts a rule, how a value that is not there is judged.

A parameter that is missing allows nothing, or is an error, which an engine that fails closed
refuses: it admits nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.match import Operator
from capgen.policy.values import Kind

from .cel_constants import LITERALS, Constants, literal, satisfied

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from capgen.policy.exempt import Exemption
    from capgen.policy.expressions import Test
    from capgen.policy.match import Requirement
    from capgen.policy.subjects import Field
    from capgen.policy.values import Scalar

# The largest integer that every reader of JSON keeps.
_EXACT: Final = 2**53 - 1
_TEXT: Final = {"type": "string"}
# A backslash would end the quotation of a glob in a regular expression.
_GLOB: Final = {"type": "string", "pattern": r"^[^\\]*$"}
_NUMBER: Final = {"type": "integer", "format": "int64"}
_RANGE: Final = {
    "type": "object",
    "required": ["min"],
    "properties": {"min": _NUMBER, "max": _NUMBER},
}


class Parameter(NamedTuple):
    """A parameter.

    Attributes:
        schema: its type, as OpenAPI says it.
        value: plain data.
    """

    schema: dict[str, Any]
    value: Any


@dataclass(frozen=True, slots=True)
class Parameters:
    """The values of a rule as parameters.

    Attributes:
        keys: what the values of each test are called; those of other tests stay literals.
        root: the expression of the object that has the parameters.
        given: every parameter that expressions name, by its name: filled while they are lowered.
        key: what the values of the test at hand are called.
    """

    keys: Mapping[Test, str]
    root: str = "variables.params"
    given: dict[str, Parameter] = field(default_factory=dict)
    key: str = ""

    def of(self, test: Test) -> Constants:
        """Return how a test says its values."""
        if test not in self.keys:
            return LITERALS
        return Parameters(self.keys, self.root, self.given, self.keys[test])

    def settle(self, field: Field) -> bool:
        """Tell whether the values never change: those of a boolean do not."""
        return field.kind is Kind.BOOL

    def among(
        self, read: str, values: Sequence[Scalar], role: str = "", also: Sequence[str] = ()
    ) -> str:
        """Lower "it is one of the values"."""
        if values and all(isinstance(value, bool) for value in values):
            return LITERALS.among(read, values)
        items = _NUMBER if any(isinstance(value, int) for value in values) else _TEXT
        named = f"{read} in {self._list(role, values, items, 'What is allowed.')}"
        return f"({LITERALS.among(read, also)} || {named})" if also else named

    def within(self, read: str, values: Sequence[str]) -> str:
        """Lower "each item of the list is one of the values"."""
        allowed = self._list("", values, _TEXT, "What the list may hold.")
        return f"{read}.all(x, x in {allowed})"

    def includes(self, read: str, values: Sequence[str]) -> str:
        """Lower "each of the values is an item of the list"."""
        if not values:
            return LITERALS.includes(read, values)
        means = "What the list must hold. Without it everything is refused."
        # It has no default: to ask for nothing would admit everything.
        schema = {"description": means, "type": "array", "items": _TEXT, "minItems": 1}
        required = self.name(self.key, schema, list(values))
        return f"{required}.all(x, x in {read})"

    def in_ranges(self, read: str, ranges: Sequence[tuple[int, int | None]]) -> str:
        """Lower "the number lies in one of the ranges"."""
        if any(bound > _EXACT for each in ranges for bound in each if bound is not None):
            return LITERALS.in_ranges(read, ranges)
        rows = [{"min": low} if high is None else {"min": low, "max": high} for low, high in ranges]
        named = self._list("", rows, _RANGE, "The ranges that are allowed, both ends inside.")
        return f"{named}.exists(r, {read} >= r.min && (!has(r.max) || {read} <= r.max))"

    def like(self, read: str, globs: Sequence[str], role: str = "") -> str:
        """Lower "the text matches one of the globs"."""
        if any("\\" in glob for glob in globs):
            return LITERALS.like(read, globs, role)
        means = "What is allowed; a `*` is any text without a `/`."
        return _like(self._list(role, globs, _GLOB, means), read)

    def under(self, read: str, tops: Sequence[str], role: str = "") -> str:
        """Lower "the path is one of these or below one"."""
        paths = [path or "/" for path in tops]
        named = self._list(role, paths, _TEXT, "The paths that are allowed, with what is below.")
        below = f"{read}.startsWith(p.endsWith('/') ? p : p + '/')"
        return f"{named}.exists(p, {read} == p || {below})"

    def exempt(self, exemptions: Sequence[Exemption], container: str) -> str:
        """Lower "one of these exemptions holds for the container"."""
        if any("\\" in image for each in exemptions for image in each.images):
            return LITERALS.exempt(exemptions, container)
        rows = [
            {
                **({"images": list(each.images)} if each.images else {}),
                **({"containers": list(each.containers)} if each.containers else {}),
                "reason": each.reason,
                "until": each.until,
            }
            for each in exemptions
        ]
        named = self.name("exempt", _EXEMPT, rows)
        image = _like("e.images", f"{container}.?image.orValue('')")
        return (
            f"{named}.exists(e,\n"
            f"    (!has(e.images) || {image})\n"
            f"    && (!has(e.containers) || {container}.name in e.containers))"
        )

    def selected(self, requirements: Sequence[Requirement], labels: str) -> str:
        """Lower "the labels satisfy each requirement"."""
        rows = [
            {
                "key": each.key,
                "operator": each.operator.value,
                **({"values": list(each.values)} if each.values else {}),
            }
            for each in requirements
        ]
        *first, last = ((each, satisfied(each, "r.key", "r.values", labels)) for each in Operator)
        cases = [f"r.operator == {literal(each.value)} ? {held} :" for each, held in first]
        text = "\n    ".join([*cases, last[1]])
        return f"{self.name('podSelector', _SELECTOR, rows)}.all(r,\n    {text})"

    def name(self, key: str, schema: dict[str, Any], value: object) -> str:
        """Return the expression of a parameter, which has the value; others keep their names."""
        made = Parameter(schema, value)
        name, number = key, 1
        while self.given.setdefault(name, made) != made:
            number += 1
            name = f"{key}{number}"
        return f"{self.root}.{name}"

    def _list(self, role: str, values: Sequence[Any], items: dict[str, Any], means: str) -> str:
        schema = {"description": means, "type": "array", "items": items, "default": []}
        return self.name(self.key + role, schema, list(values))


def _like(globs: str, read: str) -> str:
    r"""Lower "the text matches one of the globs", these being an expression.

    What is between `\Q` and `\E` a regular expression takes to the letter.
    """
    quoted = r"'^\\Q' + g.replace('*', '\\E[^/]*\\Q') + '\\E$'"
    return f"{globs}.exists(g, {read}.matches({quoted}))"


_EXEMPT: Final = {
    "description": "Containers that the rule does not hold for.",
    "type": "array",
    "default": [],
    "items": {
        "type": "object",
        # One that names neither would exempt all.
        "anyOf": [{"required": ["images"]}, {"required": ["containers"]}],
        "properties": {
            "images": {
                "description": "Globs; a `*` is any text without a `/`.",
                "type": "array",
                "items": _GLOB,
            },
            "containers": {
                "description": "Names; where images are given too, both must fit.",
                "type": "array",
                "items": _TEXT,
            },
            "reason": {"description": "Why, for people.", **_TEXT},
            "until": {
                "description": "The last day, for people: the compiler ends it.",
                **_TEXT,
            },
        },
    },
}
_SELECTOR: Final = {
    "description": "What the labels of the pod, or of the pod template, must satisfy.",
    "type": "array",
    "default": [],
    "items": {
        "type": "object",
        "required": ["key", "operator"],
        "properties": {
            "key": _TEXT,
            "operator": {"type": "string", "enum": [each.value for each in Operator]},
            "values": {"type": "array", "items": _TEXT, "default": []},
        },
    },
}
