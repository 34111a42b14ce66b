"""podman: containers without a daemon, out of Debian's packages."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Final

from tests.engines import debian
from tests.engines.processes import NotYet, Processes
from tests.engines.runtimes.room import Room, Started, control_group
from tests.engines.runtimes.seen import LAST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from subprocess import CompletedProcess

    from tests.engines.engine import Process, Refusal
    from tests.engines.runtimes.docker import Line

# podman's own default set: a distribution's containers.conf may have another, as Debian's has.
_DEFAULT: Final = (
    *("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP"),
    *("SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "AUDIT_WRITE", "MKNOD", "NET_RAW"),
)
_ENDED: Final = ("stopped", "exited")
_LIMITS: Final = ("nofile=1024:1024", "nproc=1024:1024")

_SETTINGS: Final = """\
[containers]
default_capabilities = {capabilities}
default_ulimits = {limits}
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "recording"
conmon_path = [{conmon}]
lock_type = "file"
[engine.runtimes]
recording = [{runtime}]
[network]
network_config_dir = "{folder}/networks"
"""

_STORAGE: Final = """\
[storage]
driver = "overlay"
graphroot = "{folder}/root"
runroot = "{folder}/runroot"
"""


class Podman(Started):
    """podman with a storage of its own; a context manager.

    Attributes:
        version: as it says it, such as `4.3.1`.
    """

    def _start(self) -> None:
        self._group = self._stack.enter_context(control_group())
        self._processes = processes = self._stack.enter_context(Processes())
        # Its own crun wants a machine without cgroups in hybrid mode; runc runs on any.
        tree = debian.tree("podman", "runc")
        self._room = room = Room(processes, tree)
        settings = room.folder / "containers.conf"
        settings.write_text(
            _SETTINGS.format(
                folder=room.folder,
                capabilities=json.dumps([f"CAP_{name}" for name in _DEFAULT]),
                limits=json.dumps(_LIMITS),
                conmon=json.dumps(str(debian.program(tree, "conmon"))),
                runtime=json.dumps(str(room.recording(debian.program(tree, "runc")))),
            ),
            "utf-8",
        )
        storage = room.folder / "storage.conf"
        storage.write_text(_STORAGE.format(folder=room.folder), "utf-8")
        trust = room.folder / "policy.json"
        trust.write_text(json.dumps({"default": [{"type": "insecureAcceptAnything"}]}), "utf-8")
        self._environment = {
            "CONTAINERS_CONF": str(settings),
            "CONTAINERS_STORAGE_CONF": str(storage),
        }
        self._command = (
            debian.program(tree, "podman"),
            *("--tmpdir", room.folder / "tmp"),
        )
        # There is no daemon; the room needs somebody in it.
        room.open("podman", "sleep", "infinity")
        self.version = processes.until(self._answer, what="podman")
        load = ("load", "--quiet", "--signature-policy", trust, "--input", room.archive)
        room.must(*self._command, *load, **self._environment)

    def _answer(self) -> str:
        words = ("version", "--format", "{{.Client.Version}}")
        done = self._call(*words)
        if done.returncode:
            raise NotYet(done.stderr.strip())
        return done.stdout.strip()

    def run(self, cases: Iterable[Line]) -> Iterator[Process | Refusal]:
        """Run containers to their end and yield what they are.

        What is left of them ends with the room.

        Raises:
            LabError: one ran and did not report.
        """
        for case in cases:
            added = ["--cgroup-parent", self._group]
            if "--network" not in case.flags:
                added += ["--network", "none"]
            made = self._call("create", *case.flags, *added, *case.rest)
            if made.returncode:
                yield self._room.refused(made.stderr)
                continue
            name = made.stdout.strip()
            started = self._call("start", name)
            if started.returncode:
                yield self._room.refused(started.stderr)
            else:
                # `run` and `wait` take 20 s to believe that a container has ended.
                probe = partial(self._ended, name)
                log = self._processes.until(probe, what=f"the container of {case.flags}")
                # A program that could not be executed is seen after the start.
                printed, said = log.stdout, log.stderr
                yield self._room.process(printed) if printed else self._room.refused(said)

    def _ended(self, name: str) -> CompletedProcess[str]:
        """Return a container's log, which is whole."""
        log = self._call("logs", name)
        lines = log.stdout.splitlines()
        if lines and lines[-1].startswith(LAST):
            return log
        state = self._call("inspect", "--format", "{{.State.Status}}", name).stdout.strip()
        if state not in _ENDED:
            raise NotYet(state)
        # What it printed last may have come after the first look.
        return self._call("logs", name)

    def _call(self, *words: str) -> CompletedProcess[str]:
        return self._room.run(*self._command, *words, **self._environment)
