"""A fork of what has imported the code is what a process of its own is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Capgen

BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: bad}
spec:
  hostPID: true
  containers: [{name: c, image: i}]
"""


@pytest.mark.parametrize(
    "line",
    [
        "",
        "--version",
        "check --help",
        "check -p pss/baseline bad.yaml",
        "check -p pss/baseline -",
        "check -p pss/baseline gone.yaml",
        "check -p pss/privileged bad.yaml",
        "compile pss/baseline --stdout -t psa",
        "explain nothing",
        "chek",
    ],
)
def test_the_same(capgen: Capgen, line: str) -> None:
    """It prints the same, and ends with the same code."""
    capgen.write("bad.yaml", BAD)
    assert capgen(*line.split(), stdin=BAD) == capgen.anew(*line.split(), stdin=BAD.encode())


def test_nothing_is_left_of_a_run(capgen: Capgen) -> None:
    """What one run reads or sets is not the next one's."""
    capgen.write("bad.yaml", BAD)
    judged = capgen("check", "-p", "pss/baseline", "-", stdin=BAD)
    assert judged.code == 1
    assert capgen("check", "-p", "pss/baseline", "-", stdin="").code != 1
    assert capgen("check", "-p", "pss/baseline", "-", stdin=BAD) == judged
