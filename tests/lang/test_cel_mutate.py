"""The JSON patch in CEL: what it asks for before it sets a value. The API server runs it."""

from __future__ import annotations

import re
from typing import Final

import pytest

from capgen.lang.cel_data import data
from capgen.lang.cel_mutate import Mutation, mutation
from tests.mutated_profiles import MUTATED
from tests.policy.made import profile

SPEC: Final = """
kubernetes: "1.36"
rules:
  capabilities: {drop: [ALL, KILL], allow: [CHOWN], add: [CHOWN]}
  runAsUser: {ranges: ["1-"], default: 5}
  hostNetwork: {allow: [true], default: true}
  automountServiceAccountToken: false
"""


def lowered(spec: str, *path: str, mounted: bool = True) -> Mutation:
    """Return what a profile's values are lowered to."""
    found = mutation(profile(spec), path or ("spec",), mounted=mounted)
    assert found is not None
    return found


def variables(spec: str) -> dict[str, str]:
    """Return the variables of a mutation of pods, each on one line."""
    return {name: " ".join(text.split()) for name, text in lowered(spec).variables}


def test_where_a_value_is_set() -> None:
    """In Linux pods and where it is missing; blank is missing, too."""
    found = variables(SPEC)
    assert found["runAsUser"] == (
        "!variables.windows && !variables.spec.?securityContext.?runAsUser.hasValue() ?"
        " ['/spec/securityContext/runAsUser'] : []"
    )
    assert found["hostNetwork"] == (
        "variables.spec.?hostNetwork.orValue(false) == false ? ['/spec/hostNetwork'] : []"
    )


def test_a_list_has_what_it_lacks_added() -> None:
    """Item by item, at its end; and nothing that the container drops."""
    found = variables(SPEC)
    have = "c.?securityContext.?capabilities.?{}.orValue([])"
    assert f"!('KILL' in {have.format('drop')})" in found["capabilitiesDrop2"]
    assert "capabilities/drop/-" in found["capabilitiesDrop2"]
    assert f"!('CHOWN' in {have.format('add')})" in found["capabilitiesAdd"]
    assert f"!('CHOWN' in {have.format('drop')})" in found["capabilitiesAdd"]


def test_structs_come_first_and_are_not_overwritten() -> None:
    """What stands on the way to a value is made where it is missing, from above to below."""
    found = lowered(SPEC)
    made = [line.split(".map(")[0].removeprefix("+ ") for line in found.patch.split("\n")]
    assert made[:2] == ["variables.structs", "variables.lists"]
    structs = dict(found.variables)["structs"]
    assert structs.index("pointers[i] + '/securityContext'") < structs.index("/capabilities'")
    assert structs.count("hasValue()") == structs.count("securityContext'") + structs.count(
        "capabilities'"
    )


@pytest.mark.parametrize("name", MUTATED)
def test_every_place_has_its_condition(name: str) -> None:
    """Nothing is set unasked, and each variable that is asked for comes before."""
    known: set[str] = set()
    for variable, text in lowered(MUTATED[name]).variables:
        assert set(re.findall(r"variables\.(\w+)", text)) <= known, variable
        known.add(variable)
        for place in re.findall(r"'/[\w/-]+'\]|pointers\[i\] \+ '/[\w/-]+'", text):
            assert re.search(r"hasValue\(\)|orValue\(|startsWith", text), place
    patch = lowered(MUTATED[name]).patch
    assert set(re.findall(r"variables\.(\w+)", patch)) <= known


def test_templates() -> None:
    """Pointers begin at the template, and no token is mounted there."""
    found = lowered(SPEC, "spec", "template", "spec", mounted=False)
    assert dict(found.variables)["spec"] == "object.spec.template.spec"
    assert "'/spec/template/spec/containers/'" in dict(found.variables)["pointers"]
    assert "token" not in found.patch


def test_the_token_goes_where_the_pod_does_not_speak_of_it() -> None:
    """Its mounts and its volume, in pods alone."""
    found = variables(SPEC)
    unsaid = "variables.automountServiceAccountToken.size() == 0 ? [] : "
    assert found["tokenMounts"].startswith(unsaid)
    assert found["tokenVolumes"].startswith(unsaid)
    assert "JSONPatch{op: 'remove', path: p}" in lowered(SPEC).patch
    kept = SPEC.replace("Token: false", "Token: {allow: [true], default: true}")
    assert "remove" not in lowered(kept).patch


def test_exempt_containers() -> None:
    """A value is not set in a container that is exempt from its rule, nor a struct for it alone."""
    found = variables(MUTATED["set-exempt"])
    assert "variables.held1[i]" in found["privileged"]
    assert "variables.held1[i]" not in found["readOnlyRootFilesystem"]
    structs = found["structs"].partition("'/securityContext'")[2]
    assert "held" in structs
    assert "matches('^registry\\\\.example\\\\.com/mesh/" in found["held1"]


def test_a_struct_for_every_system() -> None:
    """What one value needs on Linux and another on Windows is needed everywhere."""
    structs = variables(MUTATED["set-host"])["structs"]
    assert structs.startswith("(!variables.spec.?securityContext.hasValue() ?")


def test_names_are_quoted() -> None:
    """A container's name is a text, whatever it looks like."""
    assert "c.name in ['1', 'agent']" in variables(MUTATED["set-linux"])["runAsUser2"]


def test_nothing_is_chosen() -> None:
    """Then there is no mutation."""
    made = profile('kubernetes: "1.36"\nrules: {hostPID: false, volumes: {allow: [secret]}}')
    assert mutation(made, ("spec",), mounted=True) is None


def test_data() -> None:
    """Plain data is written with the one function that quotes."""
    assert data({"type": "it's", "n": "x"}) == "{'type': 'it\\'s', 'n': 'x'}"
    assert data([1, 2]) == "[1, 2]"
    with pytest.raises(TypeError, match="no literal for a float"):
        data(0.5)
