"""ValidatingAdmissionPolicies: which there are, what they name, and what they cannot do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.compiler.plan import plan
from capgen.errors import CapgenError
from capgen.targets.base import Status
from capgen.targets.vap import TARGET
from tests.loading import loaded
from tests.policy.made import profile

if TYPE_CHECKING:
    from pathlib import Path

HEAD: Final = """
kubernetes: "1.36"
rules:
  privileged: false
  hostPID: false
  runAsUser: {ranges: ["1-"], default: 5}
  capabilities: {drop: [ALL]}
  volumes: {allow: [secret, projected]}
"""
PODS: Final = {"pods", "ephemeralcontainers"}
OWNERS: Final = {"controllers", "cronjobs", "podtemplates"}


def row(rules: str, images: str = "", containers: str = "") -> str:
    """Return an exemption."""
    who = f"images: [{images}], containers: [{containers}]"
    return f"\n  - {{{who}, rules: [{rules}], reason: seen, until: 9999-12-31}}"


def emitted(spec: str) -> dict[str, Any]:
    """Return what is emitted, by the name of its file without its ending."""
    files = TARGET.emit(profile(HEAD + spec)).objects
    return {each.path.removesuffix(".yaml"): loaded(each.text) for each in files}


IMAGE: Final = "exempt:" + row("privileged", images="'a:*'")
NAME: Final = "exempt:" + row("privileged", containers="a")
BOTH: Final = "exempt:" + row("privileged", images="'a:*'", containers="a")
ON: Final = "\nenforceOn: "
# What a profile says besides, and the policies that are written for it.
WRITTEN: Final = {
    "": PODS,
    NAME: PODS,
    IMAGE: PODS | {"updates"},
    BOTH: PODS | {"updates"},
    NAME + row("runAsUser", images="b"): PODS | {"updates"},
    IMAGE + ON + "[pods, controllers]": PODS | OWNERS | {"updates"},
    NAME + ON + "[pods, controllers]": PODS | OWNERS,
    IMAGE + ON + "[controllers]": OWNERS,
    ON + "[controllers]": OWNERS,
}


@pytest.mark.parametrize("spec", WRITTEN)
def test_which_policies(spec: str) -> None:
    """Updates are asked about only where an exemption of pods rests on an image; each is bound."""
    files = emitted(spec)
    assert set(files) == {
        f"{part}-{role}" for part in WRITTEN[spec] for role in ("policy", "binding")
    }
    for part in WRITTEN[spec]:
        name = "capgen-made" if part == "pods" else f"capgen-made-{part}"
        assert files[f"{part}-policy"]["metadata"]["name"] == name
        assert files[f"{part}-binding"]["spec"]["policyName"] == name


@pytest.mark.parametrize(
    ("part", "operation", "resource"),
    [
        ("pods", "CREATE", "pods"),
        ("updates", "UPDATE", "pods"),
        ("ephemeralcontainers", "UPDATE", "pods/ephemeralcontainers"),
    ],
)
def test_what_is_asked_about(part: str, operation: str, resource: str) -> None:
    """Of a pod: its creation, its update, and what `kubectl debug` adds."""
    spec = emitted(IMAGE + "\nenforcement: warn")[f"{part}-policy"]["spec"]
    assert spec["matchConstraints"]["resourceRules"] == [
        {
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "operations": [operation],
            "resources": [resource],
        }
    ]
    assert spec["failurePolicy"] == "Fail"
    binding = emitted(IMAGE + "\nenforcement: warn")[f"{part}-binding"]["spec"]
    assert binding["validationActions"] == ["Warn"]


MATCH: Final = """
match:
  namespaces: {include: ["team-*"], exclude: [team-a]}
  namespaceSelector: {matchLabels: {a: b}}
  podSelector: {matchLabels: {c: d}}
"""
SELECTOR: Final = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}
CONDITIONS: Final = ["namespace-included", "namespace-not-excluded", "pod-selected"]


@pytest.mark.parametrize("part", sorted(PODS | OWNERS | {"updates"}))
def test_match_holds_for_every_policy(part: str) -> None:
    """Each policy is asked about the objects that the profile matches, and about no others."""
    files = emitted(MATCH + IMAGE + ON + "[pods, controllers]")
    spec = files[f"{part}-policy"]["spec"]
    assert spec["matchConstraints"]["namespaceSelector"] == SELECTOR
    changed = ["template-changed"] if part in OWNERS else []
    assert [each["name"] for each in spec["matchConditions"]] == CONDITIONS + changed
    plain = emitted(IMAGE + ON + "[pods, controllers]")[f"{part}-policy"]["spec"]
    assert "namespaceSelector" not in plain["matchConstraints"]
    assert [each["name"] for each in plain.get("matchConditions", ())] == changed


def variables(spec: str, part: str = "pods") -> list[str]:
    """Return the names of a policy's variables."""
    return [each["name"] for each in emitted(spec)[f"{part}-policy"]["spec"]["variables"]]


_FIRST: Final = ["spec", "annotations", "containers"]
_RULES: Final = ["privileged", "capabilities", "runAsUser", "hostPID", "volumes"]
_TWO: Final = "exempt:" + row("privileged, runAsUser", images="a") + row("capabilities", images="b")
_OVERLAP: Final = (
    "exempt:" + row("privileged, runAsUser", images="a") + row("runAsUser", images="b")
)
_SECCOMP: Final = "  appArmorProfile: RuntimeDefault\n"
NAMES: Final = {
    ("", "pods"): [*_FIRST, *_RULES],
    (IMAGE, "pods"): [*_FIRST, "held1", *_RULES],
    (IMAGE, "ephemeralcontainers"): [
        *(*_FIRST, "held1", "privileged", "capabilities", "runAsUser", "volumes"),
    ],
    (IMAGE, "updates"): ["spec", "annotations", "held1", "privileged"],
    # Rules that the same exemptions lift share a list; the others have their own.
    (_TWO, "pods"): [*_FIRST, "held1", "held2", *_RULES],
    (_OVERLAP, "pods"): [*_FIRST, "held1", "held2", *_RULES],
    (_TWO, "updates"): [*_FIRST[:2], "held1", "held2", "privileged", "capabilities", "runAsUser"],
    (NAME + row("capabilities", images="b"), "updates"): [*_FIRST[:2], "held1", "capabilities"],
    # Who is exempt is named only where an annotation may speak of them.
    (_SECCOMP + "exempt:" + row("appArmorProfile", images="a"), "pods"): [
        *_FIRST, "exempt1", "held1", *_RULES[:3], "appArmorProfile", *_RULES[3:],
    ],
}  # fmt: skip


@pytest.mark.parametrize(("spec", "part"), NAMES)
def test_variables(spec: str, part: str) -> None:
    """A policy has the variables that something in it names, and no others."""
    assert variables(spec, part) == NAMES[spec, part]
    validations = emitted(spec)[f"{part}-policy"]["spec"]["validations"]
    rules = [name for name in NAMES[spec, part] if name in {*_RULES, "appArmorProfile"}]
    assert [each["expression"] for each in validations] == [
        f"variables.{rule}.size() == 0" for rule in rules
    ]


def test_exemptions_change_no_cell() -> None:
    """An exemption is said in CEL as it is meant."""
    cells = TARGET.emit(profile(HEAD + IMAGE)).cells
    assert {cell.status for cell in cells.values()} == {Status.EXACT}


def test_mutation_is_a_gap() -> None:
    """A rule that chooses a value is a gap where it is set first; the others are exact."""
    cells = TARGET.emit(profile(HEAD + "mutate: true")).cells
    assert {rule: cell.status.value for rule, cell in cells.items()} == {
        "privileged": "gap",
        "hostPID": "exact",
        "runAsUser": "gap",
        "capabilities": "gap",
        "volumes": "exact",
    }
    assert cells["runAsUser"].note == (
        "a ValidatingAdmissionPolicy sets nothing: `5` must be set by other means, such as the"
        " target `map` among the profile's"
    )
    exact = TARGET.emit(profile(HEAD)).cells
    assert {cell.status for cell in exact.values()} == {Status.EXACT}


def test_what_only_windows_pods_get_is_a_gap() -> None:
    """A value that is set on Windows alone is not set here either; the pod's `os` is none."""
    spec = (
        'kubernetes: "1.36"\nmutate: true\nrules:\n'
        "  windowsOptions: {runAsUserName: [App], default: {runAsUserName: App}}\n"
        "  procMount: {allow: [Default], unless: [windows]}\n"
    )
    cells = TARGET.emit(profile(spec)).cells
    assert {rule: cell.status.value for rule, cell in cells.items()} == {
        "windowsOptions": "gap",
        "procMount": "exact",
    }


ACCEPTED: Final = "".join(
    f"\n    {rule}: set by another webhook" for rule in ("privileged", "runAsUser", "capabilities")
)


@pytest.mark.parametrize(
    ("mutate", "accept", "gaps"),
    [
        (True, "", ["capabilities", "privileged", "runAsUser"]),
        (True, ACCEPTED, []),
        (True, ACCEPTED.replace("\n    runAsUser: set by another webhook", ""), ["runAsUser"]),
        (False, "", []),
    ],
)
def test_accepted(tmp_path: Path, mutate: bool, accept: str, gaps: list[str]) -> None:
    """What is not set needs a word of the author."""
    path = tmp_path / "web.yaml"
    path.write_text(document(mutate=mutate, accept=accept))
    (compiled,) = plan(str(path), ["vap"], None)
    assert sorted(gap.rule for gap in compiled.gaps) == gaps


def test_stale_accept(tmp_path: Path) -> None:
    """What was accepted for a mutation is stale without it."""
    path = tmp_path / "web.yaml"
    path.write_text(document(mutate=False, accept=ACCEPTED))
    with pytest.raises(CapgenError, match="is accepted as a gap of `vap`, which says it: exact"):
        plan(str(path), ["vap"], None)


def document(*, mutate: bool, accept: str) -> str:
    """Return a profile's file."""
    spec = HEAD + f"mutate: {str(mutate).lower()}\n"
    spec += f"accept:\n  vap:{accept}\n" if accept else ""
    body = "".join(f"  {line}\n" for line in spec.strip().splitlines())
    return f"apiVersion: capgen/v1\nkind: Profile\nmetadata: {{name: web}}\nspec:\n{body}"


@pytest.mark.parametrize(
    ("enforcement", "does", "then"),
    [
        ("deny", "itself refuses", "with `enforcement: audit`, apply it"),
        ("warn", "itself warns of", "Then compile with `enforcement: deny`"),
        ("audit", "itself notes in its audit log", "Then compile with `enforcement: warn`"),
    ],
)
def test_the_readme_says_what_the_folder_does(enforcement: str, does: str, then: str) -> None:
    """What it does now, and how to bring it in, follow the profile's enforcement."""
    files = {
        each.path: each.text
        for each in TARGET.emit(profile(f"{HEAD}enforcement: {enforcement}")).artefacts
    }
    assert does in files["README.md"]
    assert then in files["README.md"]
    objects = [path for path in files if path not in ("README.md", "kustomization.yaml")]
    assert loaded(files["kustomization.yaml"])["resources"] == objects


def test_the_readme_speaks_of_templates_where_these_are_judged() -> None:
    """A profile of pods alone says nothing of controllers."""
    for judged, said in (("[pods]", False), ("[pods, controllers]", True)):
        (page,) = (
            each.text
            for each in TARGET.emit(profile(f"{HEAD}enforceOn: {judged}")).artefacts
            if each.path == "README.md"
        )
        assert ("a template of a controller" in page) is said
