"""`explain PROFILE` says of each rule and target what a compile of the profile says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capgen.compiler.plan import plan
from capgen.errors import UsageError
from capgen.explain import explain

if TYPE_CHECKING:
    from pathlib import Path

_PROFILE = """\
apiVersion: capgen/v1
kind: Profile
metadata: {name: web}
spec:
  kubernetes: "KUBERNETES"
  targets: TARGETS
  mutate: true
  rules:
    privileged: false
    capabilities: {drop: [ALL]}
    volumes: {allow: [configMap]}
"""
_JUDGES = ("vap", "kyverno", "kyverno-legacy", "gatekeeper", "psa")


def _written(folder: Path, targets: str, kubernetes: str = "1.36") -> str:
    path = folder / "web.yaml"
    text = _PROFILE.replace("TARGETS", targets).replace("KUBERNETES", kubernetes)
    path.write_text(text, "utf-8")
    return str(path)


def _said(text: str) -> set[tuple[str, str, str]]:
    """Return what is said of each rule by each target: the rule, the target, the words."""
    found = set()
    rule = ""
    for line in text.splitlines():
        if line and not line.startswith(" "):
            rule = line.partition(":")[0]
        name, _, words = line.strip().partition(" ")
        if line.startswith("    ") and words:
            found.add((rule, name, words.strip()))
    return found


@pytest.mark.parametrize("targets", ["[vap, map, psa]", "[vap, kyverno]", "[]", "[map]"])
def test_the_words_are_those_of_a_compile(tmp_path: Path, targets: str) -> None:
    """Also of a target that the profile does not name, as `compile -t` writes it."""
    path = _written(tmp_path, targets)
    said = _said(explain(path, None))
    own = [each.strip() for each in targets.strip("[]").split(",") if each]
    for name in {*own, *(_JUDGES if own else ())}:
        (compiled,) = plan(path, [name], None)
        for rule, cell in compiled.cells.items():
            assert (rule, name, f"{cell.status.value}: {cell.note}") in said


def test_what_map_sets_is_no_gap_of_a_target_beside_it(tmp_path: Path) -> None:
    """It is one where nothing sets it; and it was seen to be one that a compile does not know."""
    alone = explain(_written(tmp_path, "[vap]"), None)
    assert "vap               gap: a ValidatingAdmissionPolicy sets nothing" in alone
    beside = explain(_written(tmp_path, "[vap, map]"), None)
    assert "vap               exact: a validation in CEL; `map` sets what a pod" in beside
    assert "gap: a ValidatingAdmissionPolicy sets nothing" not in beside


def test_a_target_that_is_not_for_the_versions_sets_nothing(tmp_path: Path) -> None:
    """In a cluster of 1.30 there is no MutatingAdmissionPolicy."""
    text = explain(_written(tmp_path, "[vap, map]", "1.30-1.36"), None)
    assert "map               needs Kubernetes 1.36" in text
    assert "vap               gap: a ValidatingAdmissionPolicy sets nothing" in text


def test_an_unknown_target_is_refused(tmp_path: Path) -> None:
    """What a compile would not take is not explained as if it were not there."""
    with pytest.raises(UsageError, match="`vop` is no target"):
        explain(_written(tmp_path, "[vop]"), None)


def test_a_targets_options_are_taken(tmp_path: Path) -> None:
    """They decide what is written, and so what is said."""
    with pytest.raises(UsageError, match="the target `map` has no options"):
        explain(_written(tmp_path, "[{map: {engines: cel}}]"), None)
    with pytest.raises(UsageError, match="the target `vap` has no option `engines`"):
        explain(_written(tmp_path, "[{vap: {engines: cel}}]"), None)
