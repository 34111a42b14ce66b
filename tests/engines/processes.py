"""Processes of one run: on loopback, with a temporary state folder, gone when the run ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# Pause between two probes, in seconds: short against all that is waited for.
PAUSE = 0.04
# Of the time that was waited: who probes takes a core from what is waited for.
_SHARE = 0.25


class NotYet(Exception):  # noqa: N818 - no error: a probe's way to say what it saw instead
    """What a probe saw, which is not yet what it waits for."""


class Processes:
    """Runs engines and ends them, with all their children; a context manager.

    Attributes:
        state: A folder of the run's own, removed at its end; `NAME.log` in it holds what the engine
            NAME prints.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: set[subprocess.Popen[bytes]] = set()
        self.state = Path()

    def __enter__(self) -> Self:
        self.state = Path(
            self._stack.enter_context(
                # An engine that is being killed may still write a file into the folder.
                tempfile.TemporaryDirectory(prefix="capgen-lab-", ignore_cleanup_errors=True)
            )
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, name: str, *command: str | Path) -> int:
        """Starts an engine in the background, to be ended with the run; returns its process id."""
        with (self.state / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.state,
                # A group of its own can be ended with its children, and an interrupt at the
                # keyboard reaches it only through us, last started first.
                start_new_session=True,
            )
        self._stack.callback(self._end, process)
        self._running[name] = process
        return process.pid

    def end(self, name: str) -> None:
        """Ends an engine before the run does."""
        self._end(self._running.pop(name))

    def until(
        self, probe: Callable[[], T], *, what: str, seconds: float = 30, pause: float = PAUSE
    ) -> T:
        """Probes until it succeeds, and returns what the probe returns.

        Args:
            probe: Raises `NotYet` as long as the wait must go on.
            what: What is waited for, to end the sentence "waited 30 s for ...".
            seconds: When to give up.
            pause: Between two probes, in seconds; more as the wait gets long.

        Raises:
            LabError: Time is up, with what was last seen, or an engine ended, with its last output.
        """
        start = time.monotonic()
        while True:
            for name, process in self._running.items():
                if process.poll() is not None:
                    said = self._tail(name)
                    raise LabError(f"{name} ended with {process.returncode}:\n{said}")
            try:
                return probe()
            except NotYet as seen:
                waited = time.monotonic() - start
                if waited > seconds:
                    raise LabError(f"waited {seconds} s for {what}; last seen: {seen}") from seen
            time.sleep(max(pause, waited * _SHARE))

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Kills a process with its group, once: its state is thrown away, nothing needs tidying."""
        if process in self._ended:
            return
        self._ended.add(process)
        with suppress(ProcessLookupError):
            # The leader's id stays the group's as long as a member lives, even if it ended itself.
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _tail(self, name: str) -> str:
        lines = (self.state / f"{name}.log").read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-20:])


def free_ports(count: int) -> list[int]:
    """Returns ports of 127.0.0.1 that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
