"""Predicates, values and selectors in CEL, one by one: what they say, and how it is written."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capgen.lang import cel, cel_match
from capgen.lang.cel_constants import literal
from capgen.lang.cel_names import NOTHING, Names
from capgen.lang.cel_values import Value, holds, on_scalar, refuses
from capgen.policy.annotations import Annotation
from capgen.policy.expressions import All, AnyOf, Expression, Test, judge
from capgen.policy.match import Match, Operator, Requirement
from capgen.policy.pod import view
from capgen.policy.predicates import Globs, Includes, InRanges, OneOf, Predicate, Under, Within
from capgen.policy.predicates import holds as satisfied
from capgen.policy.subjects import (
    Field,
    Level,
    ProfileAnnotations,
    VolumeTypes,
)
from capgen.policy.values import Kind, Scalar
from tests.lang.cel_engine import compiled, run
from tests.pods import Pod, annotation, good, tweak


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_literal_is_the_text(text: str) -> None:
    """Whatever a user writes, its literal evaluates to it and to nothing else."""
    assert run(compiled(literal(text)), {}, text) == text


@pytest.mark.parametrize("value", [True, False, 0, -1, 2**63 - 1])
def test_literal_is_the_value(value: bool | int) -> None:
    """Booleans and integers keep their type."""
    found = run(compiled(literal(value)), {}, "")
    assert (type(found), found) == (type(value), value)


def field(kind: Kind, unset: Scalar | None = None, blank: Scalar | None = None) -> Field:
    """Make a field of a kind."""
    return Field(Level.POD, ("x",), kind, unset, blank=blank)


GRID: tuple[tuple[list[Field], list[Predicate], list[object]], ...] = (
    (
        [field(Kind.BOOL), field(Kind.BOOL, False), field(Kind.BOOL, True)],
        [OneOf(()), OneOf((True,)), OneOf((False,)), OneOf((True, False))],
        [None, True, False],
    ),
    (
        [field(Kind.INT), field(Kind.INT, blank=0)],
        [
            InRanges(()),
            InRanges(((0, None),)),
            InRanges(((1, None),)),
            InRanges(((5, 5),)),
            InRanges(((2, 4), (7, 9))),
            OneOf((3, 0)),
        ],
        [None, *range(11), -1],
    ),
    (
        [field(Kind.STRING), field(Kind.STRING, "a"), field(Kind.STRING, blank="")],
        [
            OneOf(()),
            OneOf(("a",)),
            OneOf(("a", "b")),
            OneOf(("",)),
            OneOf(("", "b")),
            OneOf(("'",)),
        ],
        [None, "", "a", "b", "A", "'", "ab"],
    ),
    (
        [field(Kind.STRINGS)],
        [
            Within(()),
            Within(("A",)),
            Within(("A", "B")),
            Includes(()),
            Includes(("A",)),
            Includes(("A", "B")),
        ],
        [None, [], ["A"], ["B"], ["A", "B"], ["B", "A", "C"], [""], ["a"]],
    ),
)


@pytest.mark.parametrize("unset_allowed", [True, False])
@pytest.mark.parametrize("row", range(len(GRID)))
def test_predicates(row: int, unset_allowed: bool) -> None:
    """A predicate in CEL allows what the interpreter's allows, unset and blank included."""
    for judged, predicate, value in product(*GRID[row]):
        found = Value("v.?x", judged)
        data = {"v": {} if value is None else {"x": value}}
        absent = value is None or (judged.blank is not None and value == judged.blank)
        expected = unset_allowed if absent else satisfied(predicate, value)
        for lower, verdict in ((holds, expected), (refuses, not expected)):
            text = lower(predicate, found, unset_allowed=unset_allowed)
            assert run(compiled(text), data, text) is verdict, (text, data)


@pytest.mark.parametrize("operator", Operator)
def test_match_conditions(operator: Operator) -> None:
    """The conditions of a match say what the interpreter's match says."""
    values = ("a", "b'") if operator in (Operator.IN, Operator.NOT_IN) else ()
    match = Match(
        include=("shop-*", "web"),
        exclude=("shop-test", "web-*"),
        pod_selector=(Requirement("k", operator, values),),
    )
    conditions = list(cel_match.conditions(match, "object"))
    namespaces = ("shop-", "shop-test", "shop", "web", "web-1", "other")
    for namespace, labels in product(namespaces, ({}, {"k": "a"}, {"k": "b'"}, {"k": "c"})):
        data = {"object": {"metadata": {"labels": labels}}, "request": {"namespace": namespace}}
        found = all(run(compiled(text), data, text) for _, text in conditions)
        assert found == match.matches(namespace, None, labels), (namespace, labels)
    row = {"key": "k", "operator": operator.value} | ({"values": ["a", "b'"]} if values else {})
    assert cel_match.selector(match.pod_selector) == {"matchExpressions": [row]}
    assert cel_match.selector(()) == {}


def test_all_requirements_of_a_match_count() -> None:
    """Requirements AND, in CEL too."""
    both = (Requirement("a", Operator.EXISTS), Requirement("b", Operator.EXISTS))
    ((_, text),) = cel_match.conditions(Match(pod_selector=both), "object")
    for labels in ({}, {"a": ""}, {"b": ""}, {"a": "", "b": ""}):
        data = {"object": {"metadata": {"labels": labels}}}
        assert run(compiled(text), data, text) is (len(labels) == 2)


@pytest.mark.parametrize(
    ("predicate", "judged", "unset_allowed", "expected"),
    [
        (OneOf((False,)), field(Kind.BOOL, False), True, "!v.?x.orValue(false)"),
        (OneOf((True,)), field(Kind.BOOL, False), False, "v.?x.orValue(false)"),
        (OneOf((False,)), field(Kind.BOOL), False, "!v.?x.orValue(true)"),
        (OneOf((True,)), field(Kind.BOOL), False, "v.?x.orValue(false)"),
        (OneOf(()), field(Kind.BOOL), True, "!v.?x.hasValue()"),
        (OneOf(("a",)), field(Kind.STRING, "b"), True, "v.?x.orValue('a') == 'a'"),
        (OneOf(("a",)), field(Kind.STRING, "b"), False, "v.?x.orValue('b') == 'a'"),
        (OneOf(("a",)), field(Kind.STRING), False, "v.?x.orValue('') == 'a'"),
        (OneOf(("a",)), field(Kind.STRING, blank=""), True, "v.?x.orValue('') in ['', 'a']"),
        (OneOf(("a",)), field(Kind.STRING, blank=""), False, "v.?x.orValue('') == 'a'"),
        (OneOf(()), field(Kind.STRING, blank=""), True, "v.?x.orValue('') == ''"),
        (InRanges(()), field(Kind.INT, blank=0), True, "v.?x.orValue(0) == 0"),
        (InRanges(((1, None),)), field(Kind.INT), True, "v.?x.orValue(1) >= 1"),
        (InRanges(((1, None),)), field(Kind.INT), False, "v.?x.orValue(-1) >= 1"),
        (
            InRanges(((0, 9),)),
            field(Kind.INT, blank=0),
            False,
            "(v.?x.orValue(0) != 0 && (v.?x.orValue(0) >= 0 && v.?x.orValue(0) <= 9))",
        ),
        (Within(("A",)), field(Kind.STRINGS), True, "v.?x.orValue([]).all(x, x in ['A'])"),
        (Includes(("A",)), field(Kind.STRINGS), False, "'A' in v.?x.orValue([])"),
    ],
)
def test_spelling(predicate: Predicate, judged: Field, unset_allowed: bool, expected: str) -> None:
    """CEL is written as short as it can be: a value that means unset stands for it."""
    assert holds(predicate, Value("v.?x", judged), unset_allowed=unset_allowed) == expected


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (OneOf((False,)), "v.?x.orValue(false)"),
        (OneOf((True,)), "!(v.?x.orValue(true))"),
        (OneOf(()), "v.?x.hasValue()"),
    ],
)
def test_spelling_of_a_refusal(predicate: Predicate, expected: str) -> None:
    """A negation is not negated again."""
    value = Value("v.?x", field(Kind.BOOL))
    assert refuses(predicate, value, unset_allowed=True) == expected
    text = Value("v.?x", field(Kind.STRING, "a"))
    assert refuses(OneOf(("a",)), text, unset_allowed=True) == "v.?x.orValue('a') != 'a'"


def test_spelling_of_literals() -> None:
    """What could end a literal, or cannot be seen, is escaped; nothing else is."""
    assert literal("a 'b' \\ \n\t\r~\x1f\x7f\x80") == (
        "'a \\'b\\' \\\\ \\n\\t\\r~\\u001f\\u007f\x80'"
    )


CONTAINER = Field(Level.CONTAINER, ("stdin",), Kind.BOOL)
HOST = Field(Level.POD, ("hostPID",), Kind.BOOL, unset=False)
SECCOMP = ProfileAnnotations(Annotation.SECCOMP)
POD_NOTE = annotation("seccomp.security.alpha.kubernetes.io/pod")
WEB_NOTE = annotation("container.seccomp.security.alpha.kubernetes.io/web")
NO_NOTE = annotation("container.seccomp.security.alpha.kubernetes.io/nobody")
TEXTS = ("runtime/default", "docker/default", "localhost/x", "localhost", "unconfined", "", "x")
PODS: tuple[Pod, ...] = (
    good(),
    *(tweak(good(), {key: text}) for key in (POD_NOTE, WEB_NOTE, NO_NOTE) for text in TEXTS),
    tweak(good(), {POD_NOTE: "unconfined", WEB_NOTE: "runtime/default"}),
    tweak(good(), {"spec.containers.0.stdin": True, "spec.hostPID": True}),
    tweak(good(), {"spec.volumes": [{"name": "a", "nfs": {}}]}),
)
EXPRESSIONS: tuple[Expression, ...] = (
    Test(SECCOMP, OneOf(("RuntimeDefault", "Localhost")), unset_allowed=True),
    Test(SECCOMP, OneOf(("Unconfined",)), unset_allowed=True),
    Test(SECCOMP, OneOf(()), unset_allowed=True),
    Test(VolumeTypes(), OneOf(()), unset_allowed=True),
    # Lifted where no container has stdin: a condition that is no field of the pod.
    AnyOf(
        (
            Test(CONTAINER, OneOf((False,)), unset_allowed=True),
            Test(HOST, OneOf((False,)), unset_allowed=True),
        )
    ),
)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions_that_no_profile_of_today_has(expression: Expression) -> None:
    """They are lowered like the others: what the interpreter refuses, and no more."""
    text = cel.offences(expression, Names())
    for pod in PODS:
        notes = pod["metadata"].get("annotations", {})
        listed = [*pod["spec"]["initContainers"], *pod["spec"]["containers"]]
        variables = {"spec": pod["spec"], "annotations": notes, "containers": listed}
        found = run(compiled(text), {"variables": variables}, text)
        assert bool(found) is bool(judge(expression)(view(pod))), (pod, text)


def test_nothing_to_judge() -> None:
    """Where only new containers are judged, what is the pod's own lowers to nothing."""
    names = Names(pod_level=False)
    host = Test(HOST, OneOf((False,)), unset_allowed=True)
    for expression in (host, All((host, host)), AnyOf((host, host))):
        assert cel.offences(expression, names) == NOTHING


def test_words_of_an_offence() -> None:
    """A list has what it has, a value is what it is, and the pod is named where it is the pod."""
    lists = Field(Level.CONTAINER, ("args",), Kind.STRINGS)
    text = cel.offences(Test(lists, Within(("a",)), unset_allowed=True), Names())
    web = {"name": "web", "args": ["a", "b"]}
    variables = {"spec": {"x": "y"}, "containers": [web]}
    assert run(compiled(text), {"variables": variables}, text) == ["web: args has [a, b]"]
    text = cel.offences(Test(VolumeTypes(), OneOf(()), unset_allowed=True), Names())
    volumes = {"volumes": [{"name": "data", "nfs": {}}]}
    found = run(compiled(text), {"variables": {"spec": volumes}}, text)
    assert found == ["volume data: its type is nfs"]
    for level in (Level.POD, Level.INHERITED):
        judged = Field(level, ("x",), Kind.STRING)
        text = cel.offences(Test(judged, OneOf(("z",)), unset_allowed=True), Names())
        found = run(compiled(text), {"variables": variables}, text)
        assert found[0] == "pod: spec.x is y"


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (
            Under(("/log", "/log/app")),
            "((r == '/log' || r.startsWith('/log/')) && !r.contains('\\\\'))",
        ),
        (Under(("/", "/log")), "(r.startsWith('/') && !r.contains('\\\\'))"),
        (
            Under(("/log/", "/run")),
            "(['/log', '/run'].exists(p, r == p || r.startsWith(p + '/')) && !r.contains('\\\\'))",
        ),
        (Globs(("b", "a*", "c")), "(r in ['b', 'c'] || r.matches('^a[^/]*$'))"),
        (Globs(("a*",)), "r.matches('^a[^/]*$')"),
        (Globs(("b",)), "r == 'b'"),
    ],
)
def test_what_says_nothing_more_is_left_out(predicate: Predicate, expected: str) -> None:
    """A prefix below another one is not written, and plain words among globs are one list."""
    assert on_scalar(predicate, "r") == expected
