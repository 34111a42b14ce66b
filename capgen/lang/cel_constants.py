"""How an expression says the values that a rule lists: here by literals, where they are used.

`cel_parameters.py` has the other way, by parameters. All else of the lowering is the same for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, assert_never

from capgen.policy.match import Operator, Requirement
from capgen.policy.predicates import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capgen.policy.exempt import Exemption
    from capgen.policy.expressions import Test
    from capgen.policy.subjects import Field
    from capgen.policy.values import Scalar

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_FIRST_PRINTABLE = 0x20
_DELETE = 0x7F


class Constants(Protocol):
    """How the tests of an expression say the values that they list.

    What is read (`read`) is an expression, and what is returned a boolean one.
    """

    def of(self, test: Test) -> Constants:
        """Return how a test says its values."""
        ...

    def settle(self, field: Field) -> bool:
        """Tell whether an expression on a field may be shaped by the values, which never change."""
        ...

    def among(
        self, read: str, values: Sequence[Scalar], role: str = "", also: Sequence[str] = ()
    ) -> str:
        """Lower "it is one of the values, or of a few that do not change"."""
        ...

    def within(self, read: str, values: Sequence[str]) -> str:
        """Lower "each item of the list is one of the values"."""
        ...

    def includes(self, read: str, values: Sequence[str]) -> str:
        """Lower "each of the values is an item of the list"."""
        ...

    def in_ranges(self, read: str, ranges: Sequence[tuple[int, int | None]]) -> str:
        """Lower "the number lies in one of the ranges"."""
        ...

    def like(self, read: str, globs: Sequence[str], role: str = "") -> str:
        """Lower "the text matches one of the globs"."""
        ...

    def under(self, read: str, tops: Sequence[str], role: str = "") -> str:
        """Lower "the path is one of these or below one"; `tops` is what `highest` returns."""
        ...

    def exempt(self, exemptions: Sequence[Exemption], container: str) -> str:
        """Lower "one of these exemptions holds for the container"; there is at least one."""
        ...

    def selected(self, requirements: Sequence[Requirement], labels: str) -> str:
        """Lower "the labels satisfy each requirement"; there is at least one."""
        ...


class Literals:
    """The values themselves, as literals of CEL."""

    def of(self, test: Test) -> Constants:  # noqa: ARG002 - of every test the same
        """Return how a test says its values."""
        return self

    def settle(self, field: Field) -> bool:  # noqa: ARG002 - of every field the same
        """Tell that the values never change: an expression is for these alone."""
        return True

    def among(
        self,
        read: str,
        values: Sequence[Scalar],
        role: str = "",  # noqa: ARG002 - a literal has no name
        also: Sequence[str] = (),
    ) -> str:
        """Lower "it is one of the values"."""
        match (*also, *values):
            case ():
                return "false"
            case (True,):
                return read
            case (False,):
                return f"!{read}"
            case (value,):
                return f"{read} == {literal(value)}"
            case several:
                return f"{read} in {listed(several)}"

    def within(self, read: str, values: Sequence[str]) -> str:
        """Lower "each item of the list is one of the values"."""
        return f"{read}.all(x, x in {listed(values)})"

    def includes(self, read: str, values: Sequence[str]) -> str:
        """Lower "each of the values is an item of the list"."""
        return " && ".join(f"{literal(value)} in {read}" for value in values) or "true"

    def in_ranges(self, read: str, ranges: Sequence[tuple[int, int | None]]) -> str:
        """Lower "the number lies in one of the ranges"."""
        inside = [_between(low, high, read) for low, high in ranges]
        return _some(inside)

    def like(self, read: str, globs: Sequence[str], role: str = "") -> str:  # noqa: ARG002 - as above
        """Lower "the text matches one of the globs"."""
        exact = [glob for glob in globs if "*" not in glob]
        fine = [self.among(read, exact)] if exact else []
        patterns = (glob for glob in globs if "*" in glob)
        fine += [f"{read}.matches({literal(f'^{regex(glob)}$')})" for glob in patterns]
        return _some(fine)

    def under(self, read: str, tops: Sequence[str], role: str = "") -> str:  # noqa: ARG002 - as above
        """Lower "the path is one of these or below one"."""
        if "" in tops:
            return f"{read}.startsWith('/')"
        if len(tops) > 1:
            # Each path once: with a dozen of them nobody could read the other way.
            return f"{listed(tops)}.exists(p, {read} == p || {read}.startsWith(p + '/'))"
        (path,) = tops
        return f"({read} == {literal(path)} || {read}.startsWith({literal(path + '/')}))"

    def exempt(self, exemptions: Sequence[Exemption], container: str) -> str:
        """Lower "one of these exemptions holds for the container"."""
        each = [self._exempt(exemption, container) for exemption in exemptions]
        return each[0] if len(each) == 1 else " || ".join(f"({one})" for one in each)

    def _exempt(self, exemption: Exemption, container: str) -> str:
        parts = []
        if exemption.images:
            parts.append(self.like(f"{container}.?image.orValue('')", exemption.images))
        if exemption.containers:
            parts.append(f"{container}.name in {listed(exemption.containers)}")
        return " && ".join(parts)

    def selected(self, requirements: Sequence[Requirement], labels: str) -> str:
        """Lower "the labels satisfy each requirement"."""
        return "\n&& ".join(
            satisfied(
                requirement.operator,
                literal(requirement.key),
                listed(requirement.values),
                labels,
            )
            for requirement in requirements
        )


LITERALS = Literals()


def literal(value: Scalar) -> str:
    """Quote a value for CEL. Nothing else makes source text of a user's string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "'" + "".join(_escaped(character) for character in value) + "'"


def listed(values: Iterable[Scalar]) -> str:
    """Write a list of literals."""
    return f"[{', '.join(map(literal, values))}]"


def satisfied(operator: Operator, key: str, values: str, labels: str) -> str:
    """Lower a requirement of a label selector, key and values being expressions."""
    match operator:
        case Operator.IN:
            return f"({key} in {labels} && {labels}[{key}] in {values})"
        case Operator.NOT_IN:
            return f"!({key} in {labels} && {labels}[{key}] in {values})"
        case Operator.EXISTS:
            return f"{key} in {labels}"
        case Operator.DOES_NOT_EXIST:
            return f"!({key} in {labels})"
        case _:
            assert_never(operator)


def _some(fine: Sequence[str]) -> str:
    if not fine:
        return "false"
    return fine[0] if len(fine) == 1 else f"({' || '.join(fine)})"


def _between(low: int, high: int | None, read: str) -> str:
    if high is None:
        return f"{read} >= {low}"
    return f"{read} == {low}" if low == high else f"({read} >= {low} && {read} <= {high})"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    if code < _FIRST_PRINTABLE or code == _DELETE:
        return f"\\u{code:04x}"
    return character
