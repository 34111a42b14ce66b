"""How rules in Rego call what they judge, and how they say the values that a test lists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .parameters import exempt_rows, path_rows, range_rows, selector_rows
from .rego_text import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from capgen.policy.exempt import Exemption
    from capgen.policy.expressions import Test
    from capgen.policy.match import Requirement
    from capgen.policy.values import Scalar

    from .parameters import Given
    from .rego_text import Body


@dataclass(frozen=True, slots=True)
class Constants:
    """The values of a rule: a parameter names them, or they are literals where none can.

    What is returned is an expression of a list.

    Attributes:
        given: the parameters; None: there are only literals.
        root: the expression of the object that has them.
    """

    given: Given | None
    root: str = "input.parameters"

    def of(self, test: Test) -> Constants:
        """Return how a test says its values."""
        return replace(self, given=None if self.given is None else self.given.of(test))

    def values(self, values: Sequence[Scalar], role: str = "") -> str:
        """Say the values of which something may be one."""
        return self._said(lambda given: given.values(values, role), list(values))

    def within(self, values: Sequence[str]) -> str:
        """Say the values that a list may hold."""
        return self._said(lambda given: given.within(values), list(values))

    def includes(self, values: Sequence[str]) -> str:
        """Say the values that a list must hold."""
        return self._said(lambda given: given.includes(values), list(values))

    def ranges(self, ranges: Sequence[tuple[int, int | None]]) -> str:
        """Say ranges."""
        return self._said(lambda given: given.ranges(ranges), range_rows(ranges))

    def globs(self, globs: Sequence[str], role: str = "") -> str:
        """Say globs."""
        return self._said(lambda given: given.globs(globs, role), list(globs))

    def paths(self, tops: Sequence[str], role: str = "") -> str:
        """Say paths; `tops` is what `highest` returns."""
        return self._said(lambda given: given.paths(tops, role), path_rows(tops))

    def exempt(self, exemptions: Sequence[Exemption]) -> str:
        """Say exemptions: rows of `images`, `containers` or both."""
        return self._said(lambda given: given.exempt(exemptions), exempt_rows(exemptions))

    def selector(self, requirements: Sequence[Requirement]) -> str:
        """Say the requirements of a label selector: rows of `key`, `operator` and `values`."""
        return self._said(lambda given: given.selector(requirements), selector_rows(requirements))

    def _said(self, named: Callable[[Given], str | None], rows: object) -> str:
        name = None if self.given is None else named(self.given)
        return literal(rows) if name is None else f"{self.root}.{name}"


@dataclass(frozen=True, slots=True)
class Names:
    """How rules call what they judge. These are rules of the same package, and never undefined.

    Attributes:
        constants: how the values are said that a rule lists.
        containers: the list of containers that are judged.
        exempt: the list of containers that are not judged; "" where there is none.
        standing: holds where only containers that are new are judged, and not the pod itself.
        template: holds where it is a controller's template, to which nothing has been added.
    """

    constants: Constants
    containers: str = "containers"
    exempt: str = ""
    standing: str = "standing"
    template: str = "template"


@dataclass(frozen=True, slots=True)
class Scope:
    """A test in its place.

    Attributes:
        names: how it calls what it judges.
        test: the test.
        number: sets the names of its rules apart from those of other tests.
        guards: what must hold for it to be asked.
    """

    names: Names
    test: Test
    number: str = ""
    guards: Body = ()

    @property
    def constants(self) -> Constants:
        """How the test says its values."""
        return self.names.constants.of(self.test)

    def of_pod(self) -> Body:
        """Return what must hold for the pod itself to be judged."""
        return (*self.guards, f"not {self.names.standing}")
