"""What the README shows is what the commands print."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


def _shown() -> list[tuple[str, str]]:
    """Return each command that the README shows, and the output below it."""
    found = []
    for block in BLOCKS:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.parametrize(("command", "output"), _shown())
def test_example(command: str, output: str) -> None:
    """The command prints what the README says that it prints."""
    program, *arguments = shlex.split(command)
    assert program == "capgen"
    done = subprocess.run(
        [sys.executable, "-m", "capgen", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == output


def test_there_are_examples() -> None:
    """The README shows commands at all."""
    assert len(_shown()) >= 2
