"""On every doubt the stricter reading, or an error: parents, versions, selectors, objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capgen.compiler import run
from capgen.errors import CapgenError, UsageError
from capgen.policy.expressions import tests as judged
from capgen.policy.reading import Reading
from capgen.profile.library import open_profile

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, name: str, spec: str, kubernetes: str | None = "1.34") -> str:
    """Write a profile and return its path."""
    version = f'  kubernetes: "{kubernetes}"\n' if kubernetes else ""
    head = f"apiVersion: capgen/v1\nkind: Profile\nmetadata: {{name: {name}}}\nspec:\n"
    path = folder / f"{name}.yaml"
    path.write_text(f"{head}{version}{spec}")
    return str(path)


def readings(path: str) -> set[Reading]:
    """Return the readings of a profile's tests."""
    return {test.reading for rule in open_profile(path).rules for test in judged(rule.expression)}


@pytest.mark.parametrize("order", ["[./one.yaml, ./two.yaml]", "[./two.yaml, ./one.yaml]"])
def test_readings_of_parents_meet_at_the_declared_one(tmp_path: Path, order: str) -> None:
    """The declared reading refuses all that the effective one does, and is what is not written."""
    write(tmp_path, "one", "  rules: {runAsUser: {ranges: ['1-']}}\n")
    write(tmp_path, "two", "  rules: {runAsUser: {ranges: ['1-'], reading: effective}}\n")
    assert readings(write(tmp_path, "web", f"  extends: {order}\n")) == {Reading.DECLARED}


def test_readings_of_versions_meet_at_the_declared_one(tmp_path: Path) -> None:
    """A reading that only some versions of a range have is not the range's."""
    spec = (
        "  rules:\n    runAsUser:\n      ranges: ['1-']\n"
        "      since: [{version: '1.36', reading: effective}]\n"
    )
    assert readings(write(tmp_path, "web", spec, "1.30-1.36")) == {Reading.DECLARED}
    assert readings(write(tmp_path, "web", spec, "1.36")) == {Reading.EFFECTIVE}


def test_pinned_parent_brings_its_version(tmp_path: Path) -> None:
    """Without a version of its own a profile is for the one that its parent is pinned to."""
    path = write(tmp_path, "web", "  extends: [pss/restricted@1.29]\n", None)
    assert open_profile(path).minors == range(29, 30)


@pytest.mark.parametrize(
    "spec",
    [
        "  match: {podSelector: {matchLabels: {'a b': c}}}\n",
        "  match: {podSelector: {matchLabels: {a: 'c d'}}}\n",
        "  match: {namespaceSelector: {matchExpressions: [{key: a, operator: In}]}}\n",
        "  match: {podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}\n",
        "  enforceOn: []\n",
        "  rules: {runAsUser: {ranges: ['1-'], default: {range: 5}}}\n",
        "  rules: {hostProbes: {allow: ['10.0.0.1'], unset: refuse}}\n",
        "  rules: {volumes: {allow: [secret], unset: refuse}}\n",
        '  rules: {sysctls: {allow: ["a\\nb"]}}\n',
        "  rules: {procMount: {}}\n",
        "  rules: {runAsUser: {ranges: ['1-'], default: 0}}\n",
    ],
)
def test_what_could_not_mean_what_it_says_is_refused(tmp_path: Path, spec: str) -> None:
    """A selector that never matches, an empty list, a value of another shape: each is an error."""
    with pytest.raises(CapgenError):
        open_profile(write(tmp_path, "web", spec))


def test_only_controllers(tmp_path: Path) -> None:
    """`enforceOn: [controllers]` writes no policy for pods."""
    path = write(tmp_path, "web", "  enforceOn: [controllers]\n  rules: {hostPID: false}\n")
    out = tmp_path / "out"
    assert run.run(run.Request([path], ["vap"], str(out), None)) == 0
    written = {file.name.partition("-")[0] for file in (out / "web" / "vap").glob("*-*.yaml")}
    assert written == {"controllers", "cronjobs", "podtemplates"}


def test_two_profiles_never_write_one_object(tmp_path: Path) -> None:
    """A name that another profile's part has would be lost when both are applied."""
    rules = "  rules: {hostPID: false}\n"
    web = write(tmp_path, "web", f"  enforceOn: [pods, controllers]\n{rules}")
    other = write(tmp_path, "web-controllers", rules)
    with pytest.raises(UsageError, match="would both write the object"):
        run.run(run.Request([web, other], ["vap"], str(tmp_path / "out"), None))
    assert not (tmp_path / "out").exists()


def test_null_takes_a_setting_out(tmp_path: Path) -> None:
    """A child may take out what a parent sets, and has to say why."""
    spec = "  extends: [pss/restricted]\n  rules: {capabilities: {drop: null}}\n"
    with pytest.raises(CapgenError, match="`capabilities` is looser than its parent's"):
        open_profile(write(tmp_path, "web", spec))
    reason = "  loosens: {capabilities: the runtime's default set is needed}\n"
    profile = open_profile(write(tmp_path, "web", spec + reason))
    (rule,) = (rule for rule in profile.rules if rule.id == "capabilities")
    assert "drop" not in rule.settings
