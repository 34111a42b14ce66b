"""docker: containers of a daemon of the run's own, out of Debian's packages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.engines import debian
from tests.engines.processes import NotYet, Processes
from tests.engines.runtimes import image
from tests.engines.runtimes.room import Room, Started, control_group
from tests.engines.runtimes.seen import SCRIPT, SHELL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.engines.engine import Process, Refusal


@dataclass(frozen=True, slots=True)
class Line:
    """What is asked of docker or of podman: one container.

    Attributes:
        flags: those of `run`, without the image and its command.
        image: one of the archive's.
        shell: a command of the image that runs a script; it reports.
        script: a shell script that is run in the place of `docker run`; it takes more flags, the
            image, and the command. "" for none.
    """

    flags: tuple[str, ...]
    image: str = image.ROOT
    shell: tuple[str, ...] = SHELL
    script: str = ""

    @property
    def rest(self) -> tuple[str, ...]:
        """What follows the flags."""
        return (self.image, *self.shell, SCRIPT)


class Docker(Started):
    """A daemon; a context manager.

    Attributes:
        version: as the daemon says it, such as `20.10.24+dfsg1`.
    """

    def _start(self) -> None:
        group = self._stack.enter_context(control_group())
        processes = self._stack.enter_context(Processes())
        tree = debian.tree("docker.io")
        self._room = room = Room(processes, tree)
        self._client = debian.program(tree, "docker")
        self._socket = f"unix://{room.folder}/docker.sock"
        recording = room.recording(debian.program(tree, "runc"))
        settings = room.folder / "daemon.json"
        key = str(room.folder / "key.json")
        settings.write_text(json.dumps({"deprecated-key-path": key}), "utf-8")
        room.open(
            "dockerd",
            debian.program(tree, "dockerd"),
            *("--data-root", room.folder / "data", "--exec-root", room.folder / "exec"),
            *("--pidfile", room.folder / "docker.pid", "--host", self._socket),
            *("--add-runtime", f"recording={recording}", "--default-runtime", "recording"),
            *("--cgroup-parent", group),
            # Nothing of the machine's network is touched.
            *("--iptables=false", "--ip6tables=false", "--bridge=none"),
            *("--ip-forward=false", "--ip-masq=false"),
            # What it would else read and write in /etc.
            *("--config-file", settings),
        )
        self.version = processes.until(self._answer, what="dockerd")
        room.must(self._client, "load", "--input", room.archive, DOCKER_HOST=self._socket)

    def _answer(self) -> str:
        command = (self._client, "version", "--format", "{{.Server.Version}}")
        done = self._room.run(*command, DOCKER_HOST=self._socket)
        if done.returncode:
            raise NotYet(done.stderr.strip())
        return done.stdout.strip()

    def run(self, cases: Iterable[Line]) -> Iterator[Process | Refusal]:
        """Run containers to their end and yield what they are.

        Raises:
            LabError: one ran and did not report.
        """
        for case in cases:
            added = ["--rm"]
            if "--network" not in case.flags:
                added += ["--network", "none"]
            start = ("sh", "-c", case.script, "sh") if case.script else (self._client, "run")
            flags = () if case.script else case.flags
            words = (*start, *flags, *added, *case.rest)
            done = self._room.run(*words, DOCKER_HOST=self._socket)
            if done.returncode:
                yield self._room.refused(done.stderr)
            else:
                yield self._room.process(done.stdout)
