"""`kyverno test` on the tests that capgen writes for it, and on policies that lost some rules.

That command passes on mistakes: what it was not asked it does not miss, and an expected failure of
what no policy matches it calls Excluded. So what it says is counted, case by case.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Final

from tests.engines import lab
from tests.engines.emitted.folders import (
    EVEN_ONES,
    ODD_ONES,
    SOURCES,
    Command,
    Folder,
    Said,
    lose,
    proved,
)
from tests.engines.proving import Difference, Lab, Row
from tests.loading import loaded

if TYPE_CHECKING:
    from pathlib import Path

_ROW: Final = re.compile(
    r"^│ \d+ +│ \S+ +│ \S* +│ (?:\S+/)(?P<name>[a-z0-9-]+) +│ (?P<word>\w+) +│ (?P<why>.*?) +│$",
    re.MULTILINE,
)
_SUMMARY: Final = re.compile(
    r"^Test Summary: (\d+) tests passed and (\d+) tests failed$", re.MULTILINE
)
_EXCLUDED: Final = "Excluded"


def kyverno_tests(_: Lab) -> Row:
    """Runs the tests of both kinds of policies."""
    cases, differences = 0, list[Difference]()
    # The names of rules are the same for both: each kind loses one half of them.
    for target, lost in (("kyverno", ODD_ONES), ("kyverno-legacy", EVEN_ONES)):
        count, found = proved(Command(target, SOURCES, _run, _written, _spoil, (lost,)))
        cases += count
        differences += found
    version = lab.version("kyverno")
    return Row("kyverno", "kyverno test", version, cases, tuple(differences), "capgen test")


def said(code: int, output: str) -> Said:
    """Return what the command printed, case by case."""
    words = {"Pass": list[str](), "Fail": list[str]()}
    for row in _ROW.finditer(output):
        words[row["word"]].append(row["name"])
    summary = _SUMMARY.search(output)
    count = sum(map(int, summary.groups())) if summary else 0
    excluded = _EXCLUDED if _EXCLUDED in output else ""
    return Said(tuple(words["Pass"]), tuple(words["Fail"]), count, code == 0, excluded)


def _run(folder: Folder) -> Said:
    command = [str(lab.binary("kubectl-kyverno")), "test", ".", "--remove-color"]
    # It looks for no cluster of the user's.
    env = {"HOME": str(folder.path), "PATH": "", **lab.COLLECTED}
    done = subprocess.run(
        command,
        cwd=folder.path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return said(done.returncode, done.stdout)


def _written(path: Path) -> Counter[str]:
    test = loaded((path / "kyverno-test.yaml").read_text("utf-8"))
    named = [each.rpartition("/")[2] for row in test["results"] for each in row["resources"]]
    return Counter(named)


def _spoil(path: Path, rules: frozenset[str]) -> None:
    lose(path / "policies", [f"variables.{rule}.size() == 0" for rule in sorted(rules)])
