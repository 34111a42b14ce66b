"""A room in which a runtime is alone: its own mounts, its own `/run`, and its own processes.

What it starts, detached or not, ends with the room, and what it mounts is gone.
"""

from __future__ import annotations

import json
import re
import secrets
import shlex
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tests.engines import debian, lab
from tests.engines.engine import Refusal
from tests.engines.lab import LabError
from tests.engines.runtimes import image, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.engine import Process
    from tests.engines.processes import Processes

# The first argument has the folders to hide, each as `ITS_NAME=WHAT_IS_THERE_INSTEAD`.
_MOUNTED: Final = """\
set -e
for pair in $1; do mount --bind "${pair#*=}" "${pair%%=*}"; done
shift
exec "$@"
"""

# Puts the specification of the container that was made last where the laboratory finds it.
_RECORDING: Final = """\
#!/bin/sh
for word; do
  if [ "$before" = --bundle ] || [ "$before" = -b ]; then cp "$word/config.json" {place}; fi
  before=$word
done
exec env {environment} {runtime} "$@"
"""

# The machine's folders in whose place a room has empty ones: runtimes write there, told or not.
_HIDDEN: Final = ("/run", "/var/lib", "/opt")
# How long a command may take, in seconds.
_PATIENCE: Final = 60
_GROUPS: Final = Path("/sys/fs/cgroup")
# How runtimes say that a container asks for a capability that this machine has not.
_TOO_MUCH: Final = re.compile("unable to apply caps: .*operation not permitted")


@contextmanager
def control_group() -> Iterator[str]:
    """Give the control group of a room's containers, which is removed when they have ended."""
    name = f"capgen-lab-{secrets.token_hex(4)}"
    try:
        yield f"/{name}"
    finally:
        for top in (*_GROUPS.glob(name), *_GROUPS.glob(f"*/{name}")):
            # The kernel takes a while to see that a group is empty.
            end = time.monotonic() + _PATIENCE
            while top.exists() and time.monotonic() < end:
                _remove(top)


def _remove(group: Path) -> None:
    for inner in group.iterdir():
        if inner.is_dir():
            _remove(inner)
    with suppress(OSError):
        group.rmdir()


class Started(ABC):
    """An engine that starts piece by piece, and whose pieces all end with it; a context manager.

    Attributes:
        version: as the engine says it, once it runs.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.version = ""

    def __enter__(self) -> Self:
        with self._stack:
            self._start()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @abstractmethod
    def _start(self) -> None:
        """Start it, with all that must end on the stack, and learn its version."""


class Room:
    """The room of one runtime.

    Attributes:
        folder: its own folder, removed with the room.
        archive: the images, see `image`.
    """

    def __init__(self, processes: Processes, tree: Path) -> None:
        """Prepare it.

        Args:
            processes: those of the run.
            tree: where the runtime's programs and libraries are, see `debian.tree`.

        Raises:
            LabError: what every room needs cannot be had.
        """
        self._processes = processes
        environment = debian.environment(tree)
        self._own = [f"{name}={environment[name]}" for name in ("LD_LIBRARY_PATH", "PATH")]
        self._process = 0
        self.folder = processes.state
        self.archive = self.folder / "images.tar"
        self._specification = self.folder / "config.json"
        # Root of a user namespace is somebody else here, and must get to its file system.
        self.folder.chmod(0o711)
        image.write(self.archive)

    def recording(self, runtime: Path) -> Path:
        """Return a low-level runtime that keeps what it is asked for, and is another otherwise."""
        script = self.folder / f"recording-{runtime.name}"
        # What calls it may have dropped its environment.
        own = shlex.join(self._own)
        text = _RECORDING.format(place=self._specification, environment=own, runtime=runtime)
        script.write_text(text, "utf-8")
        script.chmod(0o755)
        return script

    def open(self, name: str, *command: str | Path) -> None:
        """Start a command with the room around it.

        Args:
            name: what it is called.
            command: its words.
        """
        pairs: list[str] = []
        for place in _HIDDEN:
            # The programs themselves must stay.
            if not lab.cache().is_relative_to(place):
                empty = self.folder / "hidden" / place.strip("/")
                empty.mkdir(parents=True)
                pairs.append(f"{place}={empty}")
        # Containers outlive what started them, and somebody must collect them.
        parent = str(debian.program(debian.tree("tini"), "tini-static"))
        self._process = self._processes.start(
            name,
            *("unshare", "--mount", "--propagation", "private"),
            *("--pid", "--fork", "--kill-child", "--mount-proc"),
            *("env", *self._own, parent, "--", "sh", "-c", _MOUNTED, "sh", " ".join(pairs)),
            *command,
        )

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the room to its end.

        Args:
            command: its words.
            environment: variables that it gets.

        Raises:
            LabError: it does not end.
        """
        self.forget()
        inside = f"/proc/{self._process}/ns"
        more = [f"{name}={value}" for name, value in environment.items()]
        words = [
            *("nsenter", f"--mount={inside}/mnt", f"--pid={inside}/pid_for_children"),
            *("env", *self._own, *more, *map(str, command)),
        ]
        try:
            return subprocess.run(
                words,
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
                timeout=_PATIENCE,
            )
        except subprocess.TimeoutExpired as error:
            raise LabError(f"`{' '.join(words)}` did not end in {_PATIENCE} s") from error

    def must(self, *command: str | Path, **environment: str) -> str:
        """Run a command in the room that must succeed, and return what it prints.

        Raises:
            LabError: it fails.
        """
        done = self.run(*command, **environment)
        if done.returncode:
            said = (done.stderr + done.stdout).strip()
            raise LabError(f"`{' '.join(map(str, command))}` failed:\n{said}")
        return done.stdout.strip()

    def forget(self) -> None:
        """Forget what the last container asked for: a command that is run forgets it, too."""
        self._specification.unlink(missing_ok=True)

    @cached_property
    def _node(self) -> dict[str, str]:
        return seen.namespaces(self._process)

    def process(self, printed: str) -> Process:
        """Return what a container printed of itself, see `seen.SCRIPT`."""
        return seen.parse(printed, self._node)

    def refused(self, message: str) -> Process | Refusal:
        """Return why a container did not start, or what it asked for where it cannot start here."""
        if self._specification.exists() and _TOO_MUCH.search(message):
            return seen.from_specification(json.loads(self._specification.read_text("utf-8")))
        return Refusal(message.strip())
