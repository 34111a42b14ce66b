"""Where policies have the values that a profile's rules list: in themselves, or as parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from capgen.lang import cel_constants
from capgen.lang.cel_parameters import Parameters
from capgen.lang.parameters import Given
from capgen.policy.expressions import tests
from capgen.policy.rules import part_of

if TYPE_CHECKING:
    from capgen.lang.cel_constants import Constants
    from capgen.policy.rules import Rule


class Values:
    """Values as literals."""

    def of(self, rule: Rule) -> Constants:
        """Return how the expressions of a rule say its values."""
        return self.parameters(rule) or cel_constants.LITERALS

    def of_exemptions(self) -> Constants:
        """Return how images and names of containers are said that are exempt."""
        return cel_constants.LITERALS

    def parameters(self, _: Rule) -> Parameters | None:
        """Return the parameters of a rule; None where its values are literals."""
        return None


LITERALS: Final = Values()


@dataclass(frozen=True, slots=True)
class InParameters(Values):
    """Values as parameters, of one object for all rules.

    Attributes:
        root: the expression of the object.
        rules: the parameters of each rule that was asked for, by its id.
        exempt: those of exemptions.
    """

    root: str
    rules: dict[str, Given] = field(default_factory=dict)
    exempt: Given = field(default_factory=lambda: Given({}))

    def of_exemptions(self) -> Constants:
        """Return how images and names of containers are said that are exempt."""
        return Parameters(self.exempt, self.root)

    def parameters(self, rule: Rule) -> Parameters | None:
        """Return the parameters of a rule, which are the same on every occasion."""
        keys = {test: part_of(rule, test.subject).key for test in tests(rule.expression)}
        given = self.rules.setdefault(rule.id, Given(keys))
        return Parameters(given, f"{self.root}.rules.{rule.id}")

    def schema(self) -> dict[str, Any]:
        """Return the type of the object's fields, as OpenAPI says it; nothing is known of none."""
        rules = {rule: _object(given) for rule, given in self.rules.items() if given.known}
        found = {"rules": _required(rules)} if rules else {}
        return found | _schemas(self.exempt)

    def data(self) -> dict[str, Any]:
        """Return the object's fields."""
        rules = {rule: _values(given) for rule, given in self.rules.items() if given.known}
        return ({"rules": rules} if rules else {}) | _values(self.exempt)


def _object(given: Given) -> dict[str, Any]:
    return _required(_schemas(given))


def _required(properties: dict[str, Any]) -> dict[str, Any]:
    # What is missing would be an error in every request that asks for it.
    return {"type": "object", "required": list(properties), "properties": properties}


def _schemas(given: Given) -> dict[str, Any]:
    return {name: each.schema for name, each in given.known.items()}


def _values(given: Given) -> dict[str, Any]:
    return {name: each.value for name, each in given.known.items()}
