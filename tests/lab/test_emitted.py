"""How what the engines' commands say of our tests is read, and held against what was written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.engines.emitted import gator, kyverno, vap
from tests.engines.emitted.folders import Folder, Said, lose
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from pathlib import Path

_KYVERNO = """\
  Checking results ...

│────│──────────│──────│───────────────────────────────────────│────────│─────────────────────│
│ ID │ POLICY   │ RULE │ RESOURCE                              │ RESULT │ REASON              │
│────│──────────│──────│───────────────────────────────────────│────────│─────────────────────│
│ 1  │ capgen-u │      │ v1/Pod/capgen-test/good               │ Pass   │ Ok                  │
│ 2  │ capgen-u │ pods │ apps/v1/Deployment/capgen-test/bad    │ Fail   │ Want fail, got pass │
│ 3  │ capgen-u │      │ v1/Pod/capgen-test/host-pid-pod-blank │ Pass   │ {}                  │
│────│──────────│──────│───────────────────────────────────────│────────│─────────────────────│


Test Summary: 2 tests passed and 1 tests failed
"""
_GATOR = """\
=== RUN   hostPID
    === RUN   good
    --- PASS: good	(0.186s)
    === RUN   bad
    --- FAIL: bad	(0.139s)
        unexpected number of violations: got 0 violations but want at least 1: got messages []
--- FAIL: hostPID	(1.129s)
=== RUN   privileged
    === RUN   good
    --- PASS: good	(0.186s)
--- PASS: privileged	(0.129s)
FAIL	suite.yaml	1.129s
FAIL
"""
_SCRIPT = """\
ok: admitted/good.yaml
not as expected: refused/bad.yaml: expected hostPID; exit 0: pod/bad created (server dry run)
ok: refused/debugger.json
3 of 3 cases: 2 as expected, 1 not
"""


def test_kyverno() -> None:
    """Each row is a case; the summary counts them; the word Excluded is noticed."""
    ok = _KYVERNO.format("Ok")
    assert kyverno.said(1, ok) == Said(("good", "host-pid-pod-blank"), ("bad",), 3, passes=False)
    assert kyverno.said(0, _KYVERNO.format("Excluded")).suspicious == "Excluded"
    assert kyverno.said(0, "No test yamls available") == Said((), (), 0, passes=True)


def test_gator() -> None:
    """Each case of each test counts; the tests themselves do not."""
    assert gator.said(1, _GATOR) == Said(("good", "good"), ("bad",), None, passes=False)
    skipped = _GATOR.replace("--- PASS: good", "--- SKIP: good")
    assert "SKIP: good" in gator.said(0, skipped).suspicious


def test_script() -> None:
    """Each line is a case, and the last one must have come."""
    said = Said(("good", "debugger"), ("bad",), 3, passes=False)
    assert vap.said(1, _SCRIPT) == said
    assert vap.said(1, _SCRIPT.replace("3 of 3", "3 of 4")).suspicious
    assert vap.said(2, "").suspicious


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"suspicious": "Excluded"}, ["Excluded"]),
        ({"reported": 3}, ["3 cases"]),
        ({"passes": False}, ["passes: False"]),
        ({"passed": ("good",)}, ["Counter()"]),
        ({"passed": ("good", "bad", "bad")}, ["Counter({'bad': 1})"]),
        ({"passed": ("good",), "failed": ("bad",)}, ["['bad']"]),
        ({"passed": ("good", "other")}, ["Counter({'other': 1})"]),
    ],
)
def test_differences(change: dict[str, object], found: list[str]) -> None:
    """A case that is missing, said twice, strange, or fails is a difference; so is each mistake."""
    folder = Folder("pss/baseline", "vap")
    said = Said(("good", "bad"), (), 2, passes=True)._replace(**change)  # type: ignore[arg-type]  # a row changes any of its fields
    expected = Counter(("good", "bad"))
    folder.cases = dict.fromkeys(expected, _Unbroken())  # type: ignore[arg-type]  # nothing else is asked of a case
    assert [each.actual for each in folder.differences(said, expected)] == found


class _Unbroken:
    broken: tuple[str, ...] = ()


def test_lose(tmp_path: Path) -> None:
    """An expression is lost wherever it stands; that it stands nowhere is an error."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("x: a == 0\n", "utf-8")
    lose(tmp_path, ["a == 0"])
    assert (tmp_path / "b.yaml").read_text("utf-8") == "x: true\n"
    with pytest.raises(LabError, match="stands nowhere"):
        lose(tmp_path, ["a == 0"])
