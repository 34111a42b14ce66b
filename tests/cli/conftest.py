"""The real command, run as a user runs it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
LONGEST = 60
BARE = {"PYTHONPATH": str(ROOT), "PATH": os.defpath, "LC_ALL": "C.UTF-8"}


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


class Warm:
    """A process that has imported the code, and of which each run is a fork: see `warm`."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None

    def run(self, folder: Path, arguments: list[str], given: bytes) -> Result:
        """Run the command in a folder to its end."""
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.cli.warm"],
                env=BARE,
                cwd=ROOT,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with tempfile.TemporaryDirectory() as place:
            streams = [Path(place) / each for each in ("in", "out", "err")]
            for path, text in zip(streams, (given, b"", b""), strict=True):
                path.write_bytes(text)
            asked = {
                "arguments": arguments,
                "folder": str(folder),
                "streams": [*map(str, streams)],
            }
            self._server.stdin.write(json.dumps(asked) + "\n")
            self._server.stdin.flush()
            ready, _, _ = select.select([self._server.stdout], [], [], LONGEST)
            if not ready:
                # Its answer would else be taken for that of the next run.
                self.end()
                pytest.fail(f"capgen {arguments} does not end in {LONGEST} s")
            code = int(self._server.stdout.readline())
            return Result(code, *(path.read_bytes().decode() for path in streams[1:]))

    def end(self) -> None:
        """End the process, with a run that has not ended."""
        if self._server is not None:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.communicate()
            self._server = None


class Capgen:
    """Runs `capgen` in a folder, in a process of its own with a bare environment."""

    def __init__(self, folder: Path, warm: Warm) -> None:
        self.folder = folder
        self._warm = warm

    def __call__(
        self, *arguments: str | Path, stdin: str | bytes | None = None, **environment: str
    ) -> Result:
        """Run the command to its end; without stdin, there is none.

        It is a fork of a process that has imported the code, see `warm`: with an environment of its
        own it is started anew.
        """
        given = (stdin.encode() if isinstance(stdin, str) else stdin) or b""
        if not environment:
            return self._warm.run(self.folder, [*map(str, arguments)], given)
        return self.anew(*arguments, stdin=given, **environment)

    def anew(self, *arguments: str | Path, stdin: bytes = b"", **environment: str) -> Result:
        """Start the command, as a user does, and run it to its end."""
        done = subprocess.run(
            self.command(*arguments),
            check=False,
            cwd=self.folder,
            env=self.environment(**environment),
            input=stdin,
            capture_output=True,
            timeout=LONGEST,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def command(self, *arguments: str | Path) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "capgen", *map(str, arguments)]

    def environment(self, **more: str) -> dict[str, str]:
        """Return an environment in which nothing but the code is set."""
        return {**BARE, **more}

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file into the folder, and return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """Return the process of which the command's runs are forks."""
    found = Warm()
    yield found
    found.end()


@pytest.fixture
def capgen(tmp_path: Path, warm: Warm) -> Capgen:
    """Return the command, to be run in an empty folder."""
    return Capgen(tmp_path, warm)
