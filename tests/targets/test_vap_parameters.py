"""Values as parameters, evaluated: what the interpreter says, and nothing where they are wrong."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.compiler.plan import plan
from capgen.errors import CapgenError, UsageError
from capgen.policy.admit import Admission, Request
from capgen.policy.profile import Profile, Union
from capgen.policy.witness import witnesses
from capgen.profile.library import open_profile
from capgen.targets.vap import emit, emit_parameters
from tests import exempted
from tests.lang.cel_engine import EvaluationError, Policies
from tests.loading import loaded
from tests.pods import good, tweak
from tests.policy.made import profile
from tests.policy.test_witness import ODD
from tests.profiles import EVERY_RULE

if TYPE_CHECKING:
    from pathlib import Path


def policies(made: Profile) -> Policies:
    """Return the policies of a profile, with the object that has its values."""
    return Policies(made, emit_parameters(made))


PROFILES: Final = {
    "restricted": open_profile("pss/restricted@1.36"),
    "exempted": profile(exempted.SPEC),
    **{name: profile(spec) for name, spec in EVERY_RULE.items()},
    **{name: profile(ODD[name]) for name in sorted(ODD.keys() - {"old", "range"})},
}
# Their globs and ranges are several: an `exists` that ends before its last item is what the package
# that evaluates here gets wrong (see `tests/lang/cel_engine.py`). A real API server is asked.
ASKED_ELSEWHERE: Final = {"exempted", "all-plain", "all-turned", "all-both", "required"}


@pytest.mark.parametrize("name", sorted(PROFILES.keys() - ASKED_ELSEWHERE))
def test_every_witness(name: str) -> None:
    """Verdict and rules are the interpreter's, as they are with literals."""
    made = PROFILES[name]
    judging, admission = policies(made), Admission(Union((made,)))
    wrong = []
    for witness in witnesses(made):
        theirs = {refusal.rule for refusal in judging.refusals(witness.request)}
        ours = {each.rule for each in admission.admit(witness.request).violations}
        if theirs != ours:
            wrong.append((witness.name, sorted(ours), sorted(theirs)))
    assert wrong == []


def test_what_is_written() -> None:
    """The values come first; who names one names their object, without which all is refused."""
    (compiled,) = plan("pss/restricted@1.36", ["vap:parameters=crd"], None)
    values, *others = (loaded(each.text) for each in compiled.artefacts if each.object)
    (definition,) = (loaded(each.text) for each in compiled.shared)
    spec = definition["spec"]
    kind = values["kind"]
    assert compiled.artefacts[0].path == "parameters.yaml"
    assert values["rules"]["runAsUser"]["ranges"] == [{"min": 1}]
    assert spec["names"]["kind"] == kind
    assert values["apiVersion"] == f"{spec['group']}/{spec['versions'][0]['name']}"
    assert definition["metadata"]["name"] == f"{spec['names']['plural']}.{spec['group']}"
    place = {"name": "capgen-pss-restricted", "parameterNotFoundAction": "Deny"}
    for each in others:
        if each["kind"].endswith("Binding"):
            assert each["spec"]["paramRef"] == place
        else:
            known = {"apiVersion": values["apiVersion"], "kind": kind}
            assert each["spec"]["paramKind"] == known
    assert "NET_BIND_SERVICE" not in str(others)
    (page,) = (each.text for each in compiled.artefacts if each.path == "README.md")
    assert f"an object of the kind `{kind}`" in page


def test_a_schema_is_of_what_is_written() -> None:
    """Every field has a type there, every one is required, and nothing else is."""
    for name, made in PROFILES.items():
        output = emit_parameters(made)
        found = [loaded(each.text) for each in (*output.shared, *output.objects)]
        if found[0]["kind"] != "CustomResourceDefinition":
            continue
        top = found[0]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        values = {key: value for key, value in found[1].items() if key not in _HEAD}
        assert top["required"] == list(top["properties"]) == list(values), name
        for rule, said in values.get("rules", {}).items():
            schema = top["properties"]["rules"]["properties"][rule]
            assert schema["required"] == list(schema["properties"]) == list(said), (name, rule)


_HEAD: Final = ("apiVersion", "kind", "metadata")


def test_one_definition_for_the_same_structure() -> None:
    """Other values are of the same kind; other settings are of another."""
    spec = 'kubernetes: "1.36"\nrules: {{runAsUser: {{ranges: {0}{1}}}}}'
    kinds = [
        emit_parameters(profile(spec.format(*each))).shared[0].path
        for each in (("[1-5]", ""), ("[7]", ""), ("[7]", ", unset: refuse"))
    ]
    assert kinds[0] == kinds[1] == kinds[2]
    other = 'kubernetes: "1.36"\nrules: {runAsGroup: {ranges: [7]}}'
    assert emit_parameters(profile(other)).shared[0].path != kinds[0]


WRONG: Final = {
    "parameter=crd": (
        "the target `vap` has no option `parameter`; did you mean `parameters`?; known:"
        " `parameters`"
    ),
    "parameters=configmap": "`vap` has no parameters in a `configmap`; known: crd",
    "parameters=crd,": "`vap` has no parameters in a ``; known: crd",
}


@pytest.mark.parametrize("option", WRONG)
def test_wrong_options(option: str) -> None:
    """What is unknown is refused, with what is known."""
    with pytest.raises(UsageError) as caught:
        plan("pss/restricted", [f"vap:{option}"], None)
    assert str(caught.value) == WRONG[option]


def test_nothing_to_say() -> None:
    """A profile whose values are all booleans has no parameters: it is as without the option."""
    made = profile('kubernetes: "1.36"\nrules: {hostPID: false}')
    assert emit_parameters(made) == emit(made)


def test_policies_that_name_no_value() -> None:
    """One of several policies that asks for no value has no parameters that could be missing."""
    made = profile('kubernetes: "1.36"\nrules: {privileged: false, fsGroup: {ranges: [7]}}')
    found = [loaded(each.text) for each in emit_parameters(made).objects]
    asking = {
        each["metadata"]["name"]: "paramKind" in each["spec"] or "paramRef" in each["spec"]
        for each in found[1:]
    }
    name = f"capgen-{made.name}"
    assert asking == {name: True, f"{name}-ephemeralcontainers": False}


def test_no_options_for_sets(tmp_path: Path) -> None:
    """A set has its values in its policies."""
    head = "apiVersion: capgen/v1\nkind: ProfileSet\nmetadata: {name: a}\nspec:\n"
    path = tmp_path / "set.yaml"
    path.write_text(f'{head}  kubernetes: "1.36"\n  anyOf: [pss/baseline]\n', "utf-8")
    with pytest.raises(CapgenError, match="the options of `vap` are for one profile, not for a"):
        plan(str(path), ["vap:parameters=crd"], None)


SPEC: Final = """
kubernetes: "1.36"
rules:
  privileged: false
  runAsUser: {ranges: ["10-20", "1000-"]}
  capabilities: {drop: [ALL], allow: [CHOWN]}
  seccompProfile: {allow: [RuntimeDefault, Localhost]}
  volumes: {allow: [emptyDir, projected, hostPath]}
  hostPath: {allow: [/var/log]}
"""
_SECURITY: Final = "spec.containers.0.securityContext"
USER: Final = f"{_SECURITY}.runAsUser"
ADDS: Final = f"{_SECURITY}.capabilities.add"
DROPS: Final = f"{_SECURITY}.capabilities.drop"
_PATH: Final = {"spec.volumes": [{"name": "v", "hostPath": {"path": "/var/log/x"}}]}
_LOCAL: Final = {
    "spec.securityContext.seccompProfile": {
        "type": "Localhost",
        "localhostProfile": "profiles/a.json",
    }
}

# Where a value stands, what it is instead (None: nothing), what a pod does, and the rules that then
# refuse it; None: an error does.
CHANGED: Final[list[tuple[str, Any, Any, list[str] | None]]] = [
    ("runAsUser.ranges", [{"min": 10, "max": 20}, {"min": 1000}], {USER: 5}, ["runAsUser"]),
    ("runAsUser.ranges", [{"min": 1, "max": 5}], {USER: 5}, []),
    ("runAsUser.ranges", [{"min": 6}, {"min": 1, "max": 5}], {USER: 5}, []),
    ("runAsUser.ranges", [{"min": 6}], {USER: 5}, ["runAsUser"]),
    ("runAsUser.ranges", [], {USER: 5}, ["runAsUser"]),
    ("runAsUser.ranges", [{}], {USER: 5}, None),
    ("runAsUser.ranges", None, {USER: 5}, None),
    ("capabilities.allow", ["CHOWN"], {ADDS: ["CHOWN"]}, []),
    ("capabilities.allow", ["CHOWN", "KILL"], {ADDS: ["KILL"]}, []),
    ("capabilities.allow", ["CHOWN, KILL"], {ADDS: ["KILL"]}, ["capabilities"]),
    ("capabilities.allow", None, {ADDS: ["CHOWN"]}, None),
    ("capabilities.drop", ["KILL"], {}, ["capabilities"]),
    ("capabilities.drop", ["ALL"], {DROPS: ["KILL"]}, ["capabilities"]),
    ("capabilities.drop", ["ALL"], {}, []),
    ("seccompProfile.allow", ["RuntimeDefault"], _LOCAL, ["seccompProfile"]),
    ("seccompProfile.allow", ["RuntimeDefault", "Localhost"], _LOCAL, []),
    ("capabilities.drop", None, {}, None),
    ("hostPath.allow", ["/var/lo"], _PATH, ["hostPath"]),
    ("hostPath.allow", ["/var/log/x/"], _PATH, ["hostPath"]),
    ("hostPath.allow", ["/var/log/x"], _PATH, []),
    ("hostPath.allow", ["/"], _PATH, []),
    ("hostPath.allow", ["var"], _PATH, ["hostPath"]),
    ("volumes.allow", ["emptyDir", "projected"], _PATH, ["volumes"]),
]


@pytest.mark.parametrize(("place", "value", "changes", "rules"), CHANGED)
def test_changed(place: str, value: object, changes: Any, rules: list[str] | None) -> None:  # noqa: ANN401 - JSON
    """A changed value changes the verdict; what is missing allows nothing."""
    judging = policies(profile(SPEC))
    judging.params = copy.deepcopy(judging.params)
    rule, name = place.split(".")
    values = judging.params["rules"][rule]
    named = next(key for key in values if key.startswith(name))
    if value is None:
        del values[named]
    else:
        values[named] = value
    request = Request(tweak(good(), changes))
    if rules is None:
        with pytest.raises(EvaluationError):
            judging.refusals(request)
    else:
        assert list(dict.fromkeys(each.rule for each in judging.refusals(request))) == rules
