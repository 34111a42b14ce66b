"""The values that a rule lists as parameters: one expression for all rules of one structure.

An expression names `params.allow`, say, where it would have a list of literals. What the values do
not change is written as ever: that a boolean must be false, what lifts a rule, how a value that is
not there is judged.

A parameter that is missing allows nothing, or is an error, which an engine that fails closed
refuses: it admits nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from capgen.policy.match import Operator
from capgen.policy.values import Kind

from .cel_constants import LITERALS, Constants, literal, satisfied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgen.policy.exempt import Exemption
    from capgen.policy.expressions import Test
    from capgen.policy.match import Requirement
    from capgen.policy.subjects import Field
    from capgen.policy.values import Scalar

    from .parameters import Given


@dataclass(frozen=True, slots=True)
class Parameters:
    """The values of a rule as parameters.

    Attributes:
        given: the parameters.
        root: the expression of the object that has them.
    """

    given: Given
    root: str = "variables.params"

    def of(self, test: Test) -> Constants:
        """Return how a test says its values."""
        given = self.given.of(test)
        return LITERALS if given is None else Parameters(given, self.root)

    def settle(self, field: Field) -> bool:
        """Tell whether the values never change: those of a boolean do not."""
        return field.kind is Kind.BOOL

    def among(
        self, read: str, values: Sequence[Scalar], role: str = "", also: Sequence[str] = ()
    ) -> str:
        """Lower "it is one of the values"."""
        name = self.given.values(values, role)
        if name is None:
            return LITERALS.among(read, values)
        named = f"{read} in {self.root}.{name}"
        return f"({LITERALS.among(read, also)} || {named})" if also else named

    def within(self, read: str, values: Sequence[str]) -> str:
        """Lower "each item of the list is one of the values"."""
        return f"{read}.all(x, x in {self.root}.{self.given.within(values)})"

    def includes(self, read: str, values: Sequence[str]) -> str:
        """Lower "each of the values is an item of the list"."""
        name = self.given.includes(values)
        if name is None:
            return LITERALS.includes(read, values)
        return f"{self.root}.{name}.all(x, x in {read})"

    def in_ranges(self, read: str, ranges: Sequence[tuple[int, int | None]]) -> str:
        """Lower "the number lies in one of the ranges"."""
        name = self.given.ranges(ranges)
        if name is None:
            return LITERALS.in_ranges(read, ranges)
        inside = f"{read} >= r.min && (!has(r.max) || {read} <= r.max)"
        return f"{self.root}.{name}.exists(r, {inside})"

    def like(self, read: str, globs: Sequence[str], role: str = "") -> str:
        """Lower "the text matches one of the globs"."""
        name = self.given.globs(globs, role)
        return (
            LITERALS.like(read, globs, role) if name is None else _like(f"{self.root}.{name}", read)
        )

    def under(self, read: str, tops: Sequence[str], role: str = "") -> str:
        """Lower "the path is one of these or below one"."""
        named = f"{self.root}.{self.given.paths(tops, role)}"
        below = f"{read}.startsWith(p.endsWith('/') ? p : p + '/')"
        return f"{named}.exists(p, {read} == p || {below})"

    def exempt(self, exemptions: Sequence[Exemption], container: str) -> str:
        """Lower "one of these exemptions holds for the container"."""
        name = self.given.exempt(exemptions)
        if name is None:
            return LITERALS.exempt(exemptions, container)
        image = _like("e.images", f"{container}.?image.orValue('')")
        return (
            f"{self.root}.{name}.exists(e,\n"
            f"    (!has(e.images) || {image})\n"
            f"    && (!has(e.containers) || {container}.name in e.containers))"
        )

    def selected(self, requirements: Sequence[Requirement], labels: str) -> str:
        """Lower "the labels satisfy each requirement"."""
        *first, last = ((each, satisfied(each, "r.key", "r.values", labels)) for each in Operator)
        cases = [f"r.operator == {literal(each.value)} ? {held} :" for each, held in first]
        text = "\n    ".join([*cases, last[1]])
        return f"{self.root}.{self.given.selector(requirements)}.all(r,\n    {text})"


def _like(globs: str, read: str) -> str:
    r"""Lower "the text matches one of the globs", these being an expression.

    What is between `\Q` and `\E` a regular expression takes to the letter.
    """
    quoted = r"'^\\Q' + g.replace('*', '\\E[^/]*\\Q') + '\\E$'"
    return f"{globs}.exists(g, {read}.matches({quoted}))"
