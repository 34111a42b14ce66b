"""`capgen schema`: it takes what the loader takes, refuses what it refuses, and completes it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from capgen.policy.catalogue import ENTRIES
from capgen.policy.rules import keys_of
from capgen.reader import Document, read_path
from capgen.targets.registry import TARGETS
from tests.profile.example import data
from tests.profile.schema import (
    STRANGE,
    a_set,
    profile,
    validator,
    verdicts,
)
from tests.profile.test_language import places

ROOT: Final = Path(__file__).parents[2]
FILES: Final = [
    path.relative_to(ROOT).as_posix()
    for folder in ("profiles", "examples")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
    if "kind: Profile" in path.read_text()
]


def test_it_is_a_schema() -> None:
    """Of draft 2020-12, and says so."""
    Draft202012Validator.check_schema(validator().schema)
    assert validator().schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    ("model", "field", "words"),
    [
        ("Spec", "match", "Which pods are judged."),
        ("Spec", "reading", "The rules' reading, where they do not say one themselves."),
        ("Argument", "index", "Which argument."),
    ],
)
def test_fields_are_described(model: str, field: str, words: str) -> None:
    """An editor shows what stands below a field in its model, whatever the field's type."""
    said = validator().schema["$defs"][model]["properties"][field]["description"]
    assert said == words


@pytest.mark.parametrize("path", FILES)
def test_profiles_of_the_repository(path: str) -> None:
    """Every profile that is shipped is taken."""
    (document,) = read_path(str(ROOT / path))
    assert isinstance(document, Document)
    assert [error.message for error in validator().iter_errors(document.value)] == []


def test_the_example() -> None:
    """The documentation's example is taken, and so is one of a set."""
    assert verdicts(data()) == (True, True)
    scope = {"namespaces": ["team-*"], "serviceAccounts": ["builder"]}
    assert verdicts(a_set(scope=scope, enforcement="warn", kubernetes="1.30-1.36")) == (True, True)


WRONG: Final[tuple[Any, ...]] = (None, True, 7, STRANGE, [], {}, [STRANGE], {STRANGE: 1})


@pytest.mark.parametrize("place", list(places(data())))
def test_another_value(place: str) -> None:
    """Whatever stands in the place of a value, both take it or neither does."""
    *above, last = place.split(".")
    differ = []
    for value in WRONG:
        document = deepcopy(data())
        node = document
        for step in above:
            node = node[int(step)] if isinstance(node, list) else node[step]
        node[last] = value
        loads, fits = verdicts(document)
        if loads != fits:
            differ.append((value, loads, fits))
    assert differ == []


@pytest.mark.parametrize("place", ["", *places(data())])
def test_an_unknown_key(place: str) -> None:
    """A key more, in any mapping: both refuse it, unless the names there are the author's."""
    document = deepcopy(data())
    node = document
    for step in filter(None, place.split(".")):
        node = node[int(step)] if isinstance(node, list) else node[step]
    for each in node if isinstance(node, list) else [node]:
        if isinstance(each, dict):
            each["zz"] = "zz"
    # Which options a target has a compile knows, as it does which targets there are.
    free = place.endswith(("matchLabels", "loosens", "accept.docker", "targets.2.gatekeeper"))
    fine = free or document == data()
    assert verdicts(document) == (fine, fine)


NOT_A_RULE: Final[list[Any]] = [
    {"zz": 1}, {"default": {"zz": 1}}, {"since": [{"version": "1.30", "zz": 1}]}, {"since": [{}]},
    {"unset": "maybe"}, {"unless": ["linux"]}, {"reading": "zz"}, {"FIRST": [{"zz": 1}]}, [], [[]],
]  # fmt: skip
A_RULE: Final[list[Any]] = [
    None, {}, {"unset": None}, {"unset": "allow", "reading": "both"}, {"FIRST": []},
    {"since": [{"version": "1.30", "unless": ["windows"]}]},
]  # fmt: skip


@pytest.mark.parametrize("rule", ENTRIES)
def test_each_rule(rule: str) -> None:
    """A rule's mapping has its keys and no others; null takes it out."""
    first = keys_of(ENTRIES[rule])[0]
    for fine, rows in ((False, NOT_A_RULE), (True, A_RULE)):
        for row in rows:
            written = {first: row["FIRST"]} if isinstance(row, dict) and "FIRST" in row else row
            assert verdicts(profile(rules={rule: written})) == (fine, fine), written


VALUES: Final = st.sampled_from(
    [None, True, False, 0, 5, -1, "5", "5-9", "1-", "ALL", "CHOWN", "secret", "RuntimeDefault",
     "Localhost:p/*", "Localhost", "/var", "Default", "Strict", "zz", {"prefix": "/var"},
     {"prefix": "/var", "readOnly": True}, {"type": "a_t"}, {"runAsUserName": "App"}]
)  # fmt: skip


@st.composite
def written(draw: st.DrawFn) -> dict[str, object]:
    """Return a rule with some of its keys, and values that may fit them."""
    entry = ENTRIES[draw(st.sampled_from(sorted(ENTRIES)))]
    keys = [*keys_of(entry), "unset", "unless", "reading", "default", "add", "allCovers"]
    values = VALUES | st.lists(VALUES, max_size=3)
    return {entry.id: draw(st.dictionaries(st.sampled_from(keys), values, min_size=1, max_size=3))}


@settings(max_examples=400, deadline=None)
@given(written())
@example({"appArmorProfile": {"default": "Localhost:p/*"}})
@example({"seccompProfile": {"default": "Localhost:p/*"}})
@example({"sysctls": {"default": "kernel.*"}})
def test_any_rule(rules: dict[str, object]) -> None:
    """The schema takes a rule's mapping where the loader does, and nowhere else."""
    loads, fits = verdicts(profile(rules=rules))
    assert loads == fits


SHORT: Final = [
    {"privileged": False}, {"capabilities": "CHOWN"}, {"runAsUser": 5}, {"runAsUser": "5-9"},
    {"hostPorts": "1-"}, {"seccompProfile": "RuntimeDefault"}, {"appArmorProfile": "Localhost:w-*"},
    {"volumes": "secret"}, {"hostPath": "/var"}, {"procMount": "Default"},
    {"sysctls": "safe"},
    {"hostPath": {"allow": ["/var", {"prefix": "/a"}]}}, {"csiDrivers": "a.example.com"},
]  # fmt: skip
NOT_SHORT: Final = [
    {"privileged": 0}, {"privileged": "no"}, {"capabilities": "CHOWNED"}, {"runAsUser": "root"},
    {"runAsUser": -1}, {"runAsUser": True}, {"hostPorts": "a-b"}, {"seccompProfile": "Runtime"},
    {"seccompProfile": "Localhost:"}, {"volumes": "secrets"}, {"hostPath": "var"}, {"hostPath": 1},
    {"hostPath": {"allow": ["var"]}}, {"hostPath": {"allow": [{"prefix": "var"}]}},
    {"procMount": "default"}, {"sysctls": 1}, {"hostProcess": "false"}, {"fsGroup": []},
]  # fmt: skip


@pytest.mark.parametrize("rules", SHORT, ids=repr)
def test_short_form(rules: dict[str, object]) -> None:
    """A value alone is taken, and in `extends` a name alone."""
    assert verdicts(profile(rules=rules)) == (True, True)
    assert verdicts(profile(extends="pss/baseline", rules=rules)) == (True, True)


@pytest.mark.parametrize("rules", NOT_SHORT, ids=repr)
def test_no_short_form(rules: dict[str, object]) -> None:
    """A value alone is of the type, and of the words, that the list has."""
    assert verdicts(profile(rules=rules)) == (False, False)


SETS: Final[list[tuple[dict[str, object], bool]]] = [
    ({}, True),
    ({"anyOf": []}, False),
    ({"anyOf": "web"}, False),
    ({"anyOf": [3]}, False),
    ({"rules": {}}, False),
    ({"scope": {"namespace": ["a"]}}, False),
    ({"scope": {"namespaces": ["a*b"]}}, False),
    ({"scope": {"serviceAccounts": ["A b"]}}, False),
    ({"enforcement": "block"}, False),
    ({"kubernetes": 1.3}, False),
]


@pytest.mark.parametrize(("spec", "fine"), SETS, ids=repr)
def test_sets(spec: dict[str, object], fine: bool) -> None:
    """A set has its own keys."""
    assert verdicts(a_set(**spec)) == (fine, fine)


def test_a_mistake_is_told_alone() -> None:
    """What is wrong is said of the kind that the file has, where it stands, and of no other."""
    for document, path in (
        (profile(enforcment="deny"), ["spec"]),
        (a_set(enforcment="deny"), ["spec"]),
        (profile() | {"kind": "Prophile"}, ["kind"]),
    ):
        errors = list(validator().iter_errors(document))
        assert [list(error.absolute_path) for error in errors] == [path]


def test_what_an_editor_completes() -> None:
    """Names of targets and rules are offered where they are keys or items; others are taken."""
    spec = validator().schema["$defs"]["Spec"]["properties"]
    offered = [each["enum"] for each in spec["targets"]["items"]["anyOf"] if "enum" in each]
    assert offered == [[each.name for each in TARGETS]]
    assert list(spec["accept"]["properties"]) == offered[0]
    assert list(spec["loosens"]["properties"]) == list(ENTRIES)
    assert list(spec["accept"]["properties"]["vap"]["properties"]) == list(ENTRIES)
    later = profile(targets=["gatekeeper"], accept={"gatekeeper": {"later": "why"}})
    assert verdicts(later) == (True, True)
