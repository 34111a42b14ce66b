"""What is lowered to Rego: that nothing in it can err into a pass, and how values are quoted.

That it says what the interpreter says is for gator and Gatekeeper to show.
"""

from __future__ import annotations

import json
import re
from typing import Final

import pytest

from capgen.lang import rego, rego_match
from capgen.lang.parameters import Given
from capgen.lang.rego_helpers import helpers
from capgen.lang.rego_names import Constants, Names
from capgen.lang.rego_text import literal, rule
from capgen.policy.exempt import Exemption
from capgen.policy.expressions import AnyOf, Test
from capgen.policy.match import Operator, Requirement
from capgen.policy.predicates import Globs, Includes, InRanges, OneOf, Predicate, Under, Within
from capgen.policy.subjects import Field, Level, VolumeTypes
from capgen.policy.values import Kind

HOSTILE: Final = (
    'a"',
    "a\\",
    'a"] } violation contains {"msg": "x"} if { false } #',
    "a\nb",
    "a`b",
    "%s %v %",
    "{{x}} ${x}",
    "é\u2028\U0001f600",
    "\x00\x1b\x7f",
    r"\E.*",
)
TEXT: Final = Field(Level.POD, ("x",), Kind.STRING)
LIST: Final = Field(Level.CONTAINER, ("x",), Kind.STRINGS)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_literal_says_itself(text: str) -> None:
    """A string of Rego is one of JSON: in one line, and what any reader of it takes it for."""
    quoted = literal(text)
    assert json.loads(quoted) == text
    assert quoted.isascii()
    assert "\n" not in quoted


def lowered(predicate: Predicate, key: str = "") -> str:
    """Return the rules of a test, its values being literals, or a parameter of that name."""
    test = Test(TEXT, predicate, unset_allowed=False)
    return "\n".join(rego.offences(test, Names(Constants(Given({test: key} if key else {})))))


MAKERS: Final[tuple[tuple[type[OneOf | Globs | Under], str], ...]] = (
    (OneOf, "{}"),
    (Globs, "{}*"),
    (Under, "/{}"),
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(("made", "form"), MAKERS)
def test_values_are_quoted_or_parameters(
    text: str, made: type[OneOf | Globs | Under], form: str
) -> None:
    """A user's string stands in no rule but as a literal; a parameter takes it out of them."""
    hostile, plain = form.replace("{}", text), form.replace("{}", "web")
    found = lowered(made((hostile,)))
    assert found.replace(literal([hostile]), literal([plain])) == lowered(made((plain,)))
    if made is Globs and "\\" in text:
        # It is no parameter, so that it is none in any language.
        assert lowered(made((hostile,)), "allow") == found
    else:
        assert lowered(made((hostile,)), "allow") == lowered(made((plain,)), "allow")
        assert "input.parameters.allow" in lowered(made((hostile,)), "allow")


@pytest.mark.parametrize("text", HOSTILE)
def test_selectors_and_exemptions_are_quoted(text: str) -> None:
    """So it is with what selects pods, and with what is exempt."""
    rows = (Exemption(("r",), (f"{text}*",), (text,), text, "9999-12-31"),)
    without = rego_match.excused(rows, Constants(None))
    listed = json.loads(re.findall(r"some e in (.*)$", without, re.MULTILINE)[0])
    assert listed[0]["containers"] == [text]
    requirement = Requirement(text, Operator.IN, (text,))
    selected = rego_match.unselected((requirement,), Constants(None))
    listed = json.loads(re.findall(r"some r in (.*)$", selected, re.MULTILINE)[0])
    assert listed == [{"key": text, "operator": "In", "values": [text]}]


def fine(predicate: Predicate, field: Field, *, unset_allowed: bool) -> list[str]:
    """Return the rules by which a value is fine, values being literals."""
    test = Test(field, predicate, unset_allowed=unset_allowed)
    rules = "\n".join(rego.offences(test, Names(Constants(None)))).splitlines()
    return [each for each in rules if each.startswith("fine")]


FLAG: Final = Field(Level.POD, ("x",), Kind.BOOL, unset=False)
PORT: Final = Field(Level.POD, ("x",), Kind.INT, blank=0)
MUST: Final = Field(Level.POD, ("s", "x"), Kind.STRING, required=True)
ROWS: Final[tuple[tuple[Predicate, Field, bool, list[str]], ...]] = (
    (OneOf((False,)), FLAG, True, ['fine if at(spec, ["x"]) in [null, false]']),
    (OneOf((True,)), FLAG, False, ['fine if at(spec, ["x"]) in [true]']),
    (OneOf(()), FLAG, True, ['fine if at(spec, ["x"]) in [null]']),
    (
        InRanges(((1, None),)),
        PORT,
        True,
        [
            'fine if at(spec, ["x"]) in [null, 0]',
            'fine if inside(at(spec, ["x"]), [{"min": 1}])',
        ],
    ),
    (OneOf(("a",)), TEXT, False, ['fine if at(spec, ["x"]) in ["a"]']),
    (Globs(("a*",)), TEXT, False, ['fine if like(at(spec, ["x"]), ["a*"])']),
    (Under(("/a/", "/a/b")), TEXT, False, ['fine if below(at(spec, ["x"]), ["/a"])']),
    (Under(()), TEXT, False, ["fine if false"]),
    (OneOf(("a",)), MUST, False, ['fine if required(at(spec, ["s"]), "x") in ["a"]']),
    (
        Within(("A",)),
        LIST,
        True,
        ['fine(c) if every x in items(at(c, ["x"])) { x in ["A"] }'],
    ),
    (
        Within(("ALL",), "ALL"),
        LIST,
        True,
        ['fine(c) if every x in items(at(c, ["x"])) { is_string(x) }'],
    ),
    (
        Includes(("A",), "ALL"),
        LIST,
        True,
        [
            'fine(c) if items(at(c, ["x"])) == []',
            'fine(c) if "ALL" in items(at(c, ["x"]))',
            'fine(c) if every x in ["A"] { x in items(at(c, ["x"])) }',
        ],
    ),
)


@pytest.mark.parametrize("row", ROWS)
def test_what_is_fine(row: tuple[Predicate, Field, bool, list[str]]) -> None:
    """A value is fine by one of these rules; unset and blank are asked for where they are fine."""
    predicate, field, unset_allowed, expected = row
    assert fine(predicate, field, unset_allowed=unset_allowed) == expected


def test_blank_counts_as_unset() -> None:
    """A blank value that is in a range is refused where unset is."""
    test = Test(PORT, InRanges(((0, 5),)), unset_allowed=False)
    text = "\n".join(rego.offences(test, Names(Constants(None))))
    assert 'fine if {\n  at(spec, ["x"]) != 0\n  inside(' in text


def test_lifted_by_the_pod_alone() -> None:
    """What lifts a rule is a test of the pod: of a container it would be asked of no new one."""
    body = Test(TEXT, OneOf(("a",)), unset_allowed=False)
    lifted = rego.offences(AnyOf((body, body)), Names(Constants(None)))
    assert lifted[0] == 'lifted if at(spec, ["x"]) in ["a"]'
    assert lifted[1].startswith("offences contains text if {\n  not lifted\n  not standing\n")
    for lift in (Test(LIST, Within(()), unset_allowed=True), Test(VolumeTypes(), OneOf(()), True)):
        with pytest.raises(TypeError, match="lifted by what its pod says"):
            rego.offences(AnyOf((lift, body)), Names(Constants(None)))


@pytest.mark.parametrize(
    ("predicate", "field"), [(Within(()), TEXT), (Includes(()), TEXT), (OneOf(()), LIST)]
)
def test_a_predicate_of_another_kind_is_refused(predicate: Predicate, field: Field) -> None:
    """To ask a list what is asked of values, or a value what is asked of lists, is a mistake."""
    with pytest.raises(TypeError, match="a predicate of"):
        fine(predicate, field, unset_allowed=False)


def test_a_rule_without_bodies_never_holds() -> None:
    """A rule must have a body: what allows nothing has one that never holds."""
    assert rule("fine", []) == "fine if false"
    assert rule("fine", [("a",), ("b", "c")]) == "fine if a\nfine if {\n  b\n  c\n}"


def test_helpers_come_with_what_they_call() -> None:
    """A function is written where it is called, and what it calls after it."""
    assert helpers("x := 1") == []
    names = [
        next(line.partition("(")[0] for line in each.splitlines() if line[0] not in "# ")
        for each in helpers('inherited(c, ["a"])')
    ]
    assert names == ["inherited", "at"]
