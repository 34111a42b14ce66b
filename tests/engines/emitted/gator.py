"""`gator verify` on the suites that capgen writes for it, and on templates that lost their rule.

It passes a suite with a misspelt key, or without cases, in silence: what it says is counted.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Final

from tests.engines import lab
from tests.engines.emitted.folders import SOURCES, Command, Folder, Said, lose, proved
from tests.engines.proving import Lab, Row
from tests.loading import loaded

if TYPE_CHECKING:
    from pathlib import Path

# It is fast: a profile for Windows, too.
_SOURCES: Final = (*SOURCES, "worked/windows-service")
_CASE: Final = re.compile(r"^    --- (?P<word>PASS|FAIL): (?P<name>\S+)\t", re.MULTILINE)
_SKIPPED: Final = re.compile(r"^.*SKIP.*$", re.MULTILINE)


def gator_tests(_: Lab) -> Row:
    """Runs the suites."""
    cases, differences = proved(Command("gatekeeper", _SOURCES, _run, _written, _spoil))
    version = lab.version("gatekeeper")
    return Row("gatekeeper", "gator verify", version, cases, tuple(differences), "capgen test")


def said(code: int, output: str) -> Said:
    """Return what the command printed, case by case. It does not count."""
    words = {"PASS": list[str](), "FAIL": list[str]()}
    for row in _CASE.finditer(output):
        words[row["word"]].append(row["name"])
    skipped = _SKIPPED.search(output)
    suspicious = skipped[0] if skipped else ""
    return Said(tuple(words["PASS"]), tuple(words["FAIL"]), None, code == 0, suspicious)


def _run(folder: Folder) -> Said:
    done = subprocess.run(
        [str(lab.binary("gator")), "verify", "--verbose", "suite.yaml"],
        cwd=folder.path,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return said(done.returncode, done.stdout)


def _written(path: Path) -> Counter[str]:
    suite = loaded((path / "suite.yaml").read_text("utf-8"))
    return Counter(case["name"] for test in suite["tests"] for case in test["cases"])


def _spoil(path: Path, rules: frozenset[str]) -> None:
    suite = loaded((path / "suite.yaml").read_text("utf-8"))
    for test in suite["tests"]:
        if test["name"] in rules:
            template = path / test["template"]
            lose(template, ["variables.offences.size() == 0"])
