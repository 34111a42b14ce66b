"""Constraints of Gatekeeper and their templates: what is shared, what is matched, what is said."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.policy.catalogue import ENTRIES
from capgen.policy.profile import Enforcement
from capgen.profile.library import names, open_profile
from capgen.targets.base import Status
from capgen.targets.gatekeeper import TARGET, emit
from capgen.targets.gatekeeper.asked import Asked
from capgen.targets.gatekeeper.bundle import dress, needs
from tests.exempted_everywhere import by_image, by_name
from tests.loading import loaded
from tests.policy.made import profile
from tests.profiles import EVERY_RULE

if TYPE_CHECKING:
    from capgen.policy.profile import Profile

HEAD: Final = """
kubernetes: "1.36"
rules:
  privileged: false
  runAsUser: {{ranges: [{0}], default: 7}}
  capabilities: {{drop: [{1}]}}
"""
SPEC: Final = HEAD.format(7, "ALL")
EXEMPT: Final = """
exempt:
  - {images: ['a:*'], rules: [privileged], reason: seen, until: 9999-12-31}
"""
_KIND: Final = re.compile("Capgen[A-Za-z]+[0-9a-f]{8}")


def constraints(made: Profile) -> dict[str, Any]:
    """Return the constraints, by the names of their files without their endings."""
    files = TARGET.emit(made).objects
    return {each.path.removesuffix(".yaml"): loaded(each.text) for each in files}


def templates(made: Profile) -> dict[str, Any]:
    """Return the templates, by their kinds."""
    found = [loaded(each.text) for each in TARGET.emit(made).shared]
    return {each["spec"]["crd"]["spec"]["names"]["kind"]: each for each in found}


@pytest.mark.parametrize("name", [*names(), *EVERY_RULE])
def test_a_constraint_a_rule(name: str) -> None:
    """Each rule has a constraint, and its template by the name that Gatekeeper wants."""
    made = profile(EVERY_RULE[name]) if name in EVERY_RULE else open_profile(name, "1.36")
    found, known = constraints(made), templates(made)
    assert list(found) == [rule.id for rule in made.rules]
    assert {each["kind"] for each in found.values()} == known.keys()
    for kind, template in known.items():
        assert _KIND.fullmatch(kind)
        assert template["metadata"]["name"] == kind.lower()
        assert len(kind) <= 63
    for rule, each in found.items():
        assert each["kind"].startswith(f"Capgen{rule[:1].upper()}{rule[1:]}")
        schema = known[each["kind"]]["spec"]["crd"]["spec"].get("validation")
        given = each["spec"].get("parameters", {})
        declared = schema["openAPIV3Schema"] if schema else {"properties": {}, "default": {}}
        assert given.keys() == declared["properties"].keys()
        assert declared["default"] == {}


def test_profiles_share_templates() -> None:
    """Values are the constraint's: the same rule with other values has the same template."""
    one, other = profile(SPEC), profile(HEAD.format("7-9, 4321", "NET_RAW, KILL"))
    assert TARGET.emit(one).shared == TARGET.emit(other).shared
    assert constraints(one)["runAsUser"]["spec"]["parameters"]["ranges"] == [{"min": 7, "max": 7}]
    given = constraints(other)["capabilities"]["spec"]["parameters"]
    assert given["drop"] == ["NET_RAW", "KILL"]
    text = "".join(each.text for each in TARGET.emit(other).shared)
    assert "NET_RAW" not in text
    assert "4321" not in text


def test_another_structure_has_another_template() -> None:
    """What values do not say (unset, exemptions, a selector of pods) is in the kind's digest."""
    kinds = [constraints(profile(SPEC))["privileged"]["kind"]]
    kinds += [
        constraints(profile(SPEC + more))["privileged"]["kind"]
        for more in (EXEMPT, "match: {podSelector: {matchLabels: {a: b}}}")
    ]
    refused = SPEC.replace("privileged: false", "privileged: {allow: [false], unset: refuse}")
    kinds.append(constraints(profile(refused))["privileged"]["kind"])
    assert len(set(kinds)) == len(kinds)
    # Who is exempt, and what is selected, are values.
    other = EXEMPT.replace("a:*", "b/*").replace("9999-12-31", "9999-01-01")
    assert constraints(profile(SPEC + other))["privileged"]["kind"] == kinds[1]
    other = "match: {podSelector: {matchExpressions: [{key: c, operator: Exists}]}}"
    assert constraints(profile(SPEC + other))["privileged"]["kind"] == kinds[2]
    # Where pods are, and what becomes of bad ones, no template knows.
    other = "enforcement: warn\nenforceOn: [controllers]\nmatch: {namespaces: {exclude: [a]}}"
    assert constraints(profile(SPEC + other))["privileged"]["kind"] == kinds[0]


@pytest.mark.parametrize(
    ("enforcement", "action"),
    [(Enforcement.DENY, "deny"), (Enforcement.WARN, "warn"), (Enforcement.AUDIT, "dryrun")],
)
def test_actions(enforcement: Enforcement, action: str) -> None:
    """What is only audited is a dry run: an action unknown to Gatekeeper would do nothing."""
    made = profile(SPEC)._replace(enforcement=enforcement)
    assert {each["spec"]["enforcementAction"] for each in constraints(made).values()} == {action}


MATCH: Final = """
match:
  namespaces: {include: ["team-*", web], exclude: [team-a]}
  namespaceSelector: {matchLabels: {a: b}}
  podSelector: {matchLabels: {c: d}}
"""
PODS: Final = [{"apiGroups": [""], "kinds": ["Pod"]}]
CONTROLLERS: Final = [
    {"apiGroups": [""], "kinds": ["PodTemplate", "ReplicationController"]},
    {"apiGroups": ["apps"], "kinds": ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]},
    {"apiGroups": ["batch"], "kinds": ["Job", "CronJob"]},
]


def test_match() -> None:
    """Namespaces are the match's; labels of pods are a parameter, as templates have them too."""
    for each in constraints(profile(SPEC + MATCH)).values():
        spec = each["spec"]
        assert spec["match"] == {
            "kinds": PODS,
            "source": "Original",
            "namespaces": ["team-*", "web"],
            "excludedNamespaces": ["team-a"],
            "namespaceSelector": {
                "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]
            },
        }
        row = {"key": "c", "operator": "In", "values": ["d"]}
        assert spec["parameters"]["podSelector"] == [row]
    everywhere = constraints(profile(SPEC + "match: {namespaces: {include: ['*']}}"))
    assert everywhere["privileged"]["spec"]["match"] == {"kinds": PODS, "source": "Original"}


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("[pods]", PODS),
        ("[controllers]", CONTROLLERS),
        (
            "[pods, controllers]",
            [{**PODS[0], "kinds": ["Pod", *CONTROLLERS[0]["kinds"]]}, *CONTROLLERS[1:]],
        ),
    ],
)
def test_kinds(kinds: str, expected: object) -> None:
    """Controllers are matched themselves: what Gatekeeper expands of them has lost its past."""
    found = constraints(profile(SPEC + f"enforceOn: {kinds}"))
    assert found["privileged"]["spec"]["match"]["kinds"] == expected


def test_templates_fail_closed() -> None:
    """A template that errs refuses, and none names an operation, which not every caller tells."""
    for name in names():
        for template in templates(open_profile(name, "1.36")).values():
            (target,) = template["spec"]["targets"]
            assert target["target"] == "admission.k8s.gatekeeper.sh"
            (code,) = target["code"]
            assert code["engine"] == "K8sNativeValidation"
            assert code["source"]["failurePolicy"] == "Fail"
            assert "request." not in str(code["source"])
            named = [each["name"] for each in code["source"]["variables"]]
            assert len(named) == len(set(named))
            # Gatekeeper gives these names a meaning of their own.
            assert not {"params", "anyObject"}.intersection(named)


def test_messages() -> None:
    """A message begins with its rule, and says what is allowed."""
    found = templates(profile(SPEC))
    for kind, template in found.items():
        source = template["spec"]["targets"][0]["code"][0]["source"]
        (validation,) = source["validations"]
        rule = template["metadata"]["annotations"]["metadata.gatekeeper.sh/title"]
        assert rule in ENTRIES
        assert kind.lower().startswith(f"capgen{rule.lower()}")
        assert validation["message"].startswith(f"{rule}: allowed is ")
        assert validation["messageExpression"].startswith(f"'{rule}: ' + variables.offences")
    given = constraints(profile(SPEC))["runAsUser"]["spec"]["parameters"]
    assert given["words"] == "securityContext.runAsUser: 7 or unset"


def test_cells() -> None:
    """Each rule is a validation; what is set besides, mutators set."""
    found = TARGET.emit(profile(SPEC)).cells
    assert {cell.status for cell in found.values()} == {Status.EXACT}
    assert {cell.note for cell in found.values()} == {"a validation in CEL"}


def test_which_template_a_file_needs() -> None:
    """A constraint needs the file of its template; what else is in its folder needs none."""
    output = TARGET.emit(profile(SPEC))
    needed = [needs(each.text) for each in output.artefacts]
    assert [each for each in needed if each] == [each.path for each in output.shared]
    assert needed[-2:] == ["", ""]
    assert [needs(each.text) for each in dress(output.shared)] == [""] * (len(output.shared) + 2)
    assert dress(()) == ()


def written(made: Profile, *engines: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each constraint, and its template."""
    output = emit(made, Asked(engines))
    files = [loaded(each.text) for each in output.objects]
    shared = [loaded(each.text) for each in output.shared]
    return list(zip(files, shared, strict=True))


def code(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template's sources, by the engine."""
    (target,) = template["spec"]["targets"]
    return {each["engine"]: each["source"] for each in target["code"]}


PROFILES: Final = (*names(), *EVERY_RULE, "by image", "by name", "selected")


def named(name: str) -> Profile:
    """Return a profile of `PROFILES`."""
    match name:
        case "by image":
            return by_image(profile(EVERY_RULE["all-plain"], "1.36"))
        case "by name":
            return by_name(profile(EVERY_RULE["all-turned"], "1.36"))
        case "selected":
            return profile(SPEC + MATCH)
        case _ if name in EVERY_RULE:
            return profile(EVERY_RULE[name], "1.36")
        case _:
            return open_profile(name, "1.36")


@cache
def written_of(name: str, *engines: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each constraint, and its template, of one of `PROFILES`."""
    return written(named(name), *engines)


@pytest.mark.parametrize("name", PROFILES)
def test_a_constraint_is_the_same_for_each_engine(name: str) -> None:
    """Values are the same parameters: only the kind says which engines its template is for."""
    cel, rego, both = (written_of(name, *each) for each in (("cel",), ("rego",), ("cel", "rego")))
    for rows in zip(cel, rego, both, strict=True):
        assert len({constraint["kind"] for constraint, _ in rows}) == len(rows)
        assert len({json.dumps(constraint["spec"]) for constraint, _ in rows}) == 1
        schemas = [template["spec"]["crd"]["spec"].get("validation") for _, template in rows]
        assert schemas[0] == schemas[1] == schemas[2]
        one, other, together = (code(template) for _, template in rows)
        assert [*one] == ["K8sNativeValidation"]
        assert [*other] == ["Rego"]
        assert together == one | other


# After a `not`: a rule, or a call on variables; what may be undefined stands in no other place.
_NOT: Final = re.compile(
    r"\bnot (?P<rest>.*?)(?= if \{|; |\]|$)",
    re.MULTILINE,
)
_PLAIN: Final = re.compile(r'\w+(\.\w+)*|\w+\((\w+|"")(, (\w+|""))*\)|\w+ in \w+')
_BUILT_IN: Final = {
    *("count", "sprintf", "concat", "replace", "format_int", "startswith", "trim_suffix"),
    *("is_object", "is_array", "is_string", "is_number", "contains"),
    *("object.get", "object.keys", "array.slice", "array.concat", "regex.match"),
}
_CALL: Final = re.compile(r"(?<![\w.])([a-z_]+[0-9]*(?:\.[a-z]+)?)\(")


@pytest.mark.parametrize("name", PROFILES)
def test_rego_fails_closed(name: str) -> None:
    """No `not` stands before what may be undefined, and every function is one that was looked at.

    Rego passes over what is undefined: then nothing must be fine that is not proven to be.
    """
    for _, template in written_of(name, "rego"):
        source = code(template)["Rego"]
        assert source["version"] == "v1"
        text = re.sub("^#.*$", "", source["rego"], flags=re.MULTILINE)
        assert text.startswith("package capgen\n\nviolation contains {")
        # Version 1 refuses the import of itself.
        assert "import" not in text
        bare = re.sub(r"\"(?:[^\"\\]|\\.)*\"|`[^`]*`", '""', text)
        for found in _NOT.finditer(bare):
            assert _PLAIN.fullmatch(found["rest"]), found[0]
        made = set(re.findall(r"^([a-z_]+[0-9]*)\(", bare, re.MULTILINE))
        assert set(_CALL.findall(bare)) <= made | _BUILT_IN
        # Gatekeeper's own command line tells no operation.
        assert "operation" not in source["rego"]


def test_templates_of_other_engines_stand_beside() -> None:
    """Profiles that share a structure, and not their engines, have templates of their own."""
    made = profile(SPEC)
    files = [
        {each.path for each in emit(made, Asked(engines)).shared}
        for engines in (("cel",), ("rego",), ("cel", "rego"))
    ]
    assert len(set.union(*files)) == sum(map(len, files))


@pytest.mark.parametrize(
    ("engines", "judges", "on", "means"),
    [
        (("cel",), "It does so by CEL; 3.18 is", True, "a validation in CEL"),
        (("rego",), "It does so by Rego; 3.19 is", False, "a violation in Rego"),
        (
            ("cel", "rego"),
            "It does so by CEL, and where that is turned off",
            False,
            "a validation in CEL, and a violation in Rego",
        ),
    ],
)
def test_the_page_says_which_engine_judges(
    engines: tuple[str, ...], judges: str, on: bool, means: str
) -> None:
    """Gatekeeper judges by one of two engines: which, and what that needs, is on the page."""
    output = emit(profile(SPEC), Asked(engines))
    (page,) = (each.text for each in output.artefacts if each.path == "README.md")
    assert judges in page
    assert ("and with CEL on" in page) is on
    assert {cell.note for cell in output.cells.values()} == {means}
