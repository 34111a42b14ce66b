"""The real command, run as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
LONGEST = 60


@dataclass(frozen=True)
class Result:
    """What a run of the command left.

    Attributes:
        code: the exit code.
        stdout: what it printed.
        stderr: what else it said.
    """

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was printed
        """What was printed, read as JSON."""
        return json.loads(self.stdout)


class Capgen:
    """Runs `capgen` in a folder, in a process of its own with a bare environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self, *arguments: str | Path, stdin: str | bytes | None = None, **environment: str
    ) -> Result:
        """Run the command to its end; without stdin, there is none."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            self.command(*arguments),
            check=False,
            cwd=self.folder,
            env=self.environment(**environment),
            input=b"" if given is None else given,
            capture_output=True,
            timeout=LONGEST,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def command(self, *arguments: str | Path) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "capgen", *map(str, arguments)]

    def environment(self, **more: str) -> dict[str, str]:
        """Return an environment in which nothing but the code is set."""
        return {"PYTHONPATH": str(ROOT), "PATH": os.defpath, "LC_ALL": "C.UTF-8", **more}

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file into the folder, and return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path


@pytest.fixture
def capgen(tmp_path: Path) -> Capgen:
    """Return the command, to be run in an empty folder."""
    return Capgen(tmp_path)
