"""The values that a rule lists as parameters, whatever language names them.

Each parameter has a schema and the value. What no parameter can hold stays a literal. A language
that asks for the same values gets the same parameters, in whatever order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.match import Operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from capgen.policy.exempt import Exemption
    from capgen.policy.expressions import Test
    from capgen.policy.match import Requirement
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
class Given:
    """The parameters of a rule.

    What is asked for values returns the name of their parameter, or None where they stay literals.

    Attributes:
        keys: what the values of each test are called; those of other tests stay literals.
        known: every parameter that was asked for, by its name.
        key: what the values of the test at hand are called.
    """

    keys: Mapping[Test, str]
    known: dict[str, Parameter] = field(default_factory=dict)
    key: str = ""

    def of(self, test: Test) -> Given | None:
        """Return the parameters with a test at hand; None where its values stay literals."""
        return Given(self.keys, self.known, self.keys[test]) if test in self.keys else None

    def values(self, values: Sequence[Scalar], role: str = "") -> str | None:
        """Name the values of which something may be one."""
        if values and all(isinstance(value, bool) for value in values):
            return None
        items = _NUMBER if any(isinstance(value, int) for value in values) else _TEXT
        return self._list(role, values, items, "What is allowed.")

    def within(self, values: Sequence[str]) -> str:
        """Name the values that a list may hold."""
        return self._list("", values, _TEXT, "What the list may hold.")

    def includes(self, values: Sequence[str]) -> str | None:
        """Name the values that a list must hold."""
        if not values:
            return None
        means = "What the list must hold. Without it everything is refused."
        # It has no default: to ask for nothing would admit everything.
        schema = {"description": means, "type": "array", "items": _TEXT, "minItems": 1}
        return self.name(self.key, schema, list(values))

    def ranges(self, ranges: Sequence[tuple[int, int | None]]) -> str | None:
        """Name ranges, which are rows of `min` and, if they end, `max`."""
        if any(bound > _EXACT for each in ranges for bound in each if bound is not None):
            return None
        means = "The ranges that are allowed, both ends inside."
        return self._list("", range_rows(ranges), _RANGE, means)

    def globs(self, globs: Sequence[str], role: str = "") -> str | None:
        """Name globs."""
        if any("\\" in glob for glob in globs):
            return None
        means = "What is allowed; a `*` is any text without a `/`."
        return self._list(role, globs, _GLOB, means)

    def paths(self, tops: Sequence[str], role: str = "") -> str:
        """Name paths that are allowed with what is below them; `tops` is what `highest` returns."""
        means = "The paths that are allowed, with what is below."
        return self._list(role, path_rows(tops), _TEXT, means)

    def exempt(self, exemptions: Sequence[Exemption]) -> str | None:
        """Name exemptions, which are rows of `images`, `containers` or both."""
        if any("\\" in image for each in exemptions for image in each.images):
            return None
        return self.name("exempt", _EXEMPT, exempt_rows(exemptions))

    def selector(self, requirements: Sequence[Requirement]) -> str:
        """Name the requirements of a label selector: rows of `key`, `operator` and `values`."""
        return self.name("podSelector", _SELECTOR, selector_rows(requirements))

    def name(self, key: str, schema: dict[str, Any], value: object) -> str:
        """Return the name of a parameter that has the value; others keep their names."""
        made = Parameter(schema, value)
        name, number = key, 1
        while self.known.setdefault(name, made) != made:
            number += 1
            name = f"{key}{number}"
        return name

    def _list(self, role: str, values: Sequence[Any], items: dict[str, Any], means: str) -> str:
        schema = {"description": means, "type": "array", "items": items, "default": []}
        return self.name(self.key + role, schema, list(values))


def range_rows(ranges: Sequence[tuple[int, int | None]]) -> list[dict[str, int]]:
    """Write ranges as rows of data; one without an end has no `max`."""
    return [{"min": low} if high is None else {"min": low, "max": high} for low, high in ranges]


def path_rows(tops: Sequence[str]) -> list[str]:
    """Write the paths that `highest` returns as they are written in a manifest."""
    return [path or "/" for path in tops]


def exempt_rows(exemptions: Sequence[Exemption]) -> list[dict[str, Any]]:
    """Write exemptions as rows of data."""
    return [
        {
            **({"images": list(each.images)} if each.images else {}),
            **({"containers": list(each.containers)} if each.containers else {}),
            "reason": each.reason,
            "until": each.until,
        }
        for each in exemptions
    ]


def selector_rows(requirements: Sequence[Requirement]) -> list[dict[str, Any]]:
    """Write the requirements of a label selector as rows of data."""
    return [
        {
            "key": each.key,
            "operator": each.operator.value,
            **({"values": list(each.values)} if each.values else {}),
        }
        for each in requirements
    ]


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
