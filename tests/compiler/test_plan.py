"""What a compile would write where one target sets the values that another only judges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from capgen.compiler.plan import plan
from capgen.errors import ProfileError
from capgen.targets.base import Status

if TYPE_CHECKING:
    from pathlib import Path

SPEC: Final = """\
apiVersion: capgen/v1
kind: Profile
metadata: {name: web}
spec:
  kubernetes: "1.36"
  mutate: true
  targets: [vap, map]
  rules: {hostPID: false, readOnlyRootFilesystem: true}
"""
ACCEPTED: Final = "  accept: {vap: {readOnlyRootFilesystem: set by hand}}\n"


def gaps(folder: Path, text: str, *targets: str) -> dict[str, list[str]]:
    """Return the gaps of each target that would be compiled."""
    (folder / "web.yaml").write_text(text, "utf-8")
    found = plan(str(folder / "web.yaml"), targets, None)
    return {each.target: [gap.rule for gap in each.gaps] for each in found}


def test_what_one_target_judges_another_sets(tmp_path: Path) -> None:
    """The two are whole together, also where one of them is compiled alone."""
    assert gaps(tmp_path, SPEC) == {"vap": [], "map": []}
    assert gaps(tmp_path, SPEC, "vap") == {"vap": []}
    (compiled, _) = plan(str(tmp_path / "web.yaml"), (), None)
    notes = {rule: (cell.status.value, cell.note) for rule, cell in compiled.cells.items()}
    assert notes == {
        "hostPID": ("exact", "a validation in CEL"),
        "readOnlyRootFilesystem": (
            "exact",
            "a validation in CEL; `map` sets what a pod leaves unset",
        ),
    }


def test_only_the_profile_s_own_targets_count(tmp_path: Path) -> None:
    """What is named on the command line is not there the next time."""
    alone = SPEC.replace("[vap, map]", "[vap]")
    assert gaps(tmp_path, alone) == {"vap": ["readOnlyRootFilesystem"]}
    assert gaps(tmp_path, alone, "vap", "map")["vap"] == ["readOnlyRootFilesystem"]
    none = SPEC.replace("  targets: [vap, map]\n", "")
    assert gaps(tmp_path, none, "vap", "map") == {"vap": [], "map": []}
    assert gaps(tmp_path, none, "vap") == {"vap": ["readOnlyRootFilesystem"]}


def test_what_is_accepted_and_no_gap(tmp_path: Path) -> None:
    """To accept what another target sets is stale; without that target it is not."""
    assert gaps(tmp_path, SPEC.replace("[vap, map]", "[vap]") + ACCEPTED) == {"vap": []}
    with pytest.raises(ProfileError, match="accepted as a gap of `vap`, which says it: exact"):
        gaps(tmp_path, SPEC + ACCEPTED)


def test_kyverno_sets_what_it_judges(tmp_path: Path) -> None:
    """It lacks nothing, alone or beside `map`; what others of another engine lack is theirs."""
    for targets, missing in (
        ("[kyverno]", {"kyverno": []}),
        ("[map, kyverno]", {"map": [], "kyverno": []}),
        (
            "[vap, kyverno, kyverno-legacy]",
            {
                "vap": ["readOnlyRootFilesystem"],
                "kyverno": [],
                "kyverno-legacy": ["readOnlyRootFilesystem"],
            },
        ),
        ("[map, kyverno-legacy]", {"map": [], "kyverno-legacy": []}),
    ):
        assert gaps(tmp_path, SPEC.replace("[vap, map]", targets)) == missing


def test_a_profile_that_sets_nothing(tmp_path: Path) -> None:
    """`map` would let pods in that such a profile refuses: an error, with its place."""
    text = SPEC.replace("mutate: true", "mutate: false")
    with pytest.raises(
        ProfileError, match="`map` only sets values, and the profile sets none"
    ) as found:
        gaps(tmp_path, text)
    assert "web.yaml:6:11" in str(found.value)


def test_a_version_that_has_no_such_policies(tmp_path: Path) -> None:
    """They are of 1.36: of a range, all minors must have them."""
    with pytest.raises(ProfileError, match=r"`map` needs Kubernetes 1\.36; .* is for 1\.35 too"):
        gaps(tmp_path, SPEC.replace('"1.36"', '"1.35-1.36"'), "map")


def test_the_readme_says_what_the_compile_says(tmp_path: Path) -> None:
    """What another target sets is no gap on the page either; without that target it is one."""
    for targets, said in (("[vap, map]", "(exact)"), ("[vap]", "(gap)")):
        (tmp_path / "web.yaml").write_text(SPEC.replace("[vap, map]", targets), "utf-8")
        (compiled, *_) = plan(str(tmp_path / "web.yaml"), (), None)
        (page,) = (each.text for each in compiled.artefacts if each.path == "README.md")
        assert f"`readOnlyRootFilesystem` {said}" in page
        assert ("`map` sets what a pod leaves unset" in page) is (said == "(exact)")


def test_labels_judge_what_others_have_set(tmp_path: Path) -> None:
    """Pod Security admission comes after mutation: only what its level misses is a gap."""
    text = SPEC.replace("[vap, map]", "[psa, map]").replace(
        "rules: {hostPID: false, readOnlyRootFilesystem: true}",
        "extends: [pss/restricted]\n  rules: {readOnlyRootFilesystem: true}",
    )
    assert gaps(tmp_path, text)["psa"] == ["readOnlyRootFilesystem"]
    (compiled, _) = plan(str(tmp_path / "web.yaml"), (), None)
    assert compiled.cells["runAsNonRoot"].status is Status.STRICTER
    assert compiled.cells["runAsNonRoot"].note.endswith("; `map` sets what a pod leaves unset")
    assert "runAsNonRoot" in gaps(tmp_path, text.replace("[psa, map]", "[psa]"))["psa"]
