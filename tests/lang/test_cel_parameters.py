"""Values as parameters: the expression says the same of them as one with literals does."""

from __future__ import annotations

from itertools import product
from typing import Any, Final

import pytest

from capgen.lang import cel_match
from capgen.lang.cel_exempt import excused
from capgen.lang.cel_parameters import Parameters
from capgen.lang.cel_values import Value, holds, on_scalar, refuses
from capgen.lang.parameters import Given
from capgen.policy.exempt import Exemption, excuse
from capgen.policy.expressions import Test
from capgen.policy.match import Match, Operator, Requirement
from capgen.policy.predicates import Globs, InRanges, OneOf, Predicate, Under, Within
from capgen.policy.predicates import holds as satisfied
from capgen.policy.subjects import Field, Level
from capgen.policy.values import Kind
from tests.lang.cel_engine import compiled, run
from tests.lang.test_cel_parts import GRID

FIELD: Final = Field(Level.POD, ("x",), Kind.STRING)


def of(predicate: Predicate, field: Field = FIELD) -> tuple[Any, Parameters]:
    """Return how a test says its values, and where they go."""
    test = Test(field, predicate, unset_allowed=True)
    constants = Parameters(Given({test: "allow"}), root="params")
    return constants.of(test), constants


def judged(text: str, constants: Parameters, **data: object) -> object:
    """Evaluate an expression with its parameters: they are `variables.params`, as it is asked."""
    values = {name: each.value for name, each in constants.given.known.items()}
    return run(
        compiled(text.replace("params.", "variables.params.")),
        {"variables": {"params": values}, **data},
        text,
    )


@pytest.mark.parametrize("unset_allowed", [True, False])
@pytest.mark.parametrize("row", range(len(GRID)))
def test_predicates(row: int, unset_allowed: bool) -> None:
    """A predicate on parameters allows what the interpreter's allows, unset and blank included."""
    for field, predicate, value in product(*GRID[row]):
        found = Value("v.?x", field)
        data = {"v": {} if value is None else {"x": value}}
        absent = value is None or (field.blank is not None and value == field.blank)
        expected = unset_allowed if absent else satisfied(predicate, value)
        for lower, verdict in ((holds, expected), (refuses, not expected)):
            constants, whole = of(predicate, field)
            text = lower(predicate, found, unset_allowed=unset_allowed, constants=constants)
            assert judged(text, whole, **data) is verdict, (text, data, whole.given.known)


GLOBS: Final = ("a", "b/*", "a.*", "*:1", "x+", "(", "*", "a b", "é*")
TEXTS: Final = (
    "",
    "a",
    "b/",
    "b/c",
    "b/c/d",
    "a.",
    "a.b",
    "ab",
    "x:1",
    "x+",
    "xx",
    "(",
    "a b",
    "éa",
)


@pytest.mark.parametrize("glob", GLOBS)
def test_globs(glob: str) -> None:
    """What a regular expression would take for more than a letter is taken to the letter."""
    predicate = Globs((glob, "never"))
    constants, whole = of(predicate)
    text = on_scalar(predicate, "v", constants)
    for each in (*TEXTS, *GLOBS):
        assert judged(text, whole, v=each) is satisfied(predicate, each), (glob, each)


PREFIXES: Final = (("/var/log",), ("/var/log/", "/var/log/app"), ("/",), ("/a b", "/é"), ())
PATHS: Final = (
    *("", "/", "/var/log", "/var/log/", "/var/logs", "/var/log/app", "/var", "/a b/c", "/é", "x"),
    *("/var/log\\x", "/var/log/x\\..", "/var/log/.."[:-2]),
)


@pytest.mark.parametrize("prefixes", PREFIXES)
def test_paths(prefixes: tuple[str, ...]) -> None:
    """Paths lie below a prefix by whole segments; of the root all do."""
    predicate = Under(prefixes)
    constants, whole = of(predicate)
    text = on_scalar(predicate, "v", constants)
    for each in PATHS:
        assert judged(text, whole, v=each) is satisfied(predicate, each), (prefixes, each)


def test_one_expression_for_all_values() -> None:
    """Expressions of one structure are equal, whatever and however many the values are."""
    for several in (
        [OneOf(("a",)), OneOf(("b", "c")), OneOf(())],
        [InRanges(((1, 2),)), InRanges(((5, None), (7, 7))), InRanges(())],
        [Globs(("a*",)), Globs(("*", "b"))],
        [Under(("/a",)), Under(("/", "/b"))],
    ):
        texts = {on_scalar(each, "v", of(each)[0]) for each in several}
        assert len(texts) == 1, texts


def test_what_no_parameter_can_hold_is_a_literal() -> None:
    """Integers beyond what JSON keeps, and globs with a backslash, stay in the expression."""
    big, edge = InRanges(((2**53, None),)), InRanges(((0, 2**53 - 1),))
    assert on_scalar(big, "v", of(big)[0]) == f"v >= {2**53}"
    assert "params.allow" in on_scalar(edge, "v", of(edge)[0])
    glob = Globs((r"a\E.*",))
    constants, whole = of(glob)
    text = on_scalar(glob, "v", constants)
    assert whole.given.known == {}
    assert judged(text, whole, v="axx") is False


def test_values_that_differ_have_names_of_their_own() -> None:
    """A name stands for one value: the same is named once, another beside it."""
    _, whole = of(OneOf(()))
    text = {"type": "string"}
    assert [whole.given.name("a", text, each) for each in ("x", "y", "x", "z")] == [
        *("a", "a2", "a", "a3"),
    ]
    assert {name: each.value for name, each in whole.given.known.items()} == {
        "a": "x",
        "a2": "y",
        "a3": "z",
    }


def test_types() -> None:
    """The schema of a parameter is of the type of its values."""
    for predicate, items in (
        (OneOf(("a",)), "string"),
        (OneOf((1,)), "integer"),
        (InRanges(((1, 2),)), "object"),
        (Globs(("a*",)), "string"),
        (Under(("/a",)), "string"),
    ):
        constants, whole = of(predicate)
        on_scalar(predicate, "v", constants)
        (given,) = whole.given.known.values()
        assert (given.schema["type"], given.schema["items"]["type"]) == ("array", items)
        # Left out it allows nothing.
        assert given.schema["default"] == []
    constants, whole = of(Within(("A",)))
    constants.includes("v", ("ALL",))
    assert "default" not in whole.given.known["allow"].schema


ROWS: Final = (
    Exemption(("r",), ("reg/*:1.*", "x(y"), (), "why", "2027-03-31"),
    Exemption(("r",), (), ("side", "it's"), "why", "2027-03-31"),
    Exemption(("r",), ("reg/agent*",), ("agent",), "why", "2027-03-31"),
)


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], ROWS[1:2], ROWS[2:]])
def test_exemptions(rows: tuple[Exemption, ...]) -> None:
    """Who is exempt by parameters is who the interpreter excuses."""
    constants = Parameters(Given({}), root="params")
    text = excused(rows, "v", constants)
    expected = excuse(rows)
    images = ("reg/a:1.2", "reg/a/b:1.2", "x(y", "xxy", "reg/agent1", "", None)
    for image, name in product(images, ("side", "it's", "agent", "c")):
        container = {"name": name} | ({} if image is None else {"image": image})
        assert judged(text, constants, v=container) is expected(container), container
    rows_given = constants.given.known["exempt"].value
    assert [each["until"] for each in rows_given] == [each.until for each in rows]


@pytest.mark.parametrize("operator", Operator)
def test_selectors(operator: Operator) -> None:
    """Which pods are selected by parameters is what the interpreter's match says."""
    values = ("a", "b'") if operator in (Operator.IN, Operator.NOT_IN) else ()
    match = Match(pod_selector=(Requirement("k", operator, values),))
    constants = Parameters(Given({}), root="params")
    text = cel_match.selected(match, "object", constants)
    for labels in ({}, {"k": "a"}, {"k": "b'"}, {"k": "c"}, {"l": "a"}):
        found = judged(text, constants, object={"metadata": {"labels": labels}})
        assert found is match.matches(None, None, labels), labels
