"""containerd with runc, driven through CRI as the kubelet does it.

The program `cri` translates pods with the kubelet's own packages, see `go/cri`.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.engines import debian, lab
from tests.engines.lab import LabError
from tests.engines.processes import NotYet, Processes
from tests.engines.runtimes import image
from tests.engines.runtimes.room import Room, Started, control_group
from tests.engines.runtimes.seen import SCRIPT, SHELL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.engines.engine import Process, Refusal
    from tests.engines.rest import Object

# A negative score for the sandbox is more than every machine allows: hence `restrict_...`.
_SETTINGS: Final = """\
version = 3
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{socket}"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{pause}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = "{runtime}"
      SystemdCgroup = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    use_internal_loopback = true
    conf_dir = "{folder}/network"
    bin_dirs = ["{folder}/plugins"]
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
"""

# A pod's network is its own only where a plugin says that it has an address; nobody uses it.
_NETWORK: Final = {"cniVersion": "1.0.0", "name": "lab", "plugins": [{"type": "lab"}]}
_ADDRESS: Final = {
    "cniVersion": "1.0.0",
    "interfaces": [{"name": "eth0", "sandbox": "lab"}],
    "ips": [{"address": "198.51.100.2/24", "interface": 0}],
}
_PLUGIN: Final = "#!/bin/sh\ncat >/dev/null\necho '{address}'\n"

# A local profile that the node has.
SECCOMP: Final = "allow.json"
_NAMESPACE: Final = "k8s.io"
_LOG_FIELDS: Final = 3


class UnreadError(LabError):
    """A pod is none that the kubelet's own packages understand."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod.

    Attributes:
        pod: with `metadata` and `spec`; images and commands are overwritten.
        name: the container's.
        image: one of the archive's.
        shell: a command of the image that runs a script; it reports.
    """

    pod: Object
    name: str = "c"
    image: str = image.ROOT
    shell: tuple[str, ...] = SHELL

    @property
    def asked(self) -> Object:
        """What the program `cri` is asked."""
        spec = self.pod["spec"]
        own = {"image": self.image, "command": [*self.shell, SCRIPT]}
        containers = [each | own for each in spec["containers"]]
        return {
            "pod": {**self.pod, "spec": {**spec, "containers": containers}},
            "container": self.name,
        }


class Containerd(Started):
    """A containerd; a context manager.

    Attributes:
        version: as both say it: `v2.4.2 with runc 1.5.2`.
    """

    def _start(self) -> None:
        group = self._stack.enter_context(control_group())
        processes = self._stack.enter_context(Processes())
        binaries = lab.binary("containerd").parent
        # The runtime looks for its shims in PATH, and in the folder of the daemon.
        self._room = room = Room(processes, debian.tree("tini"))
        socket = room.folder / "c.sock"
        runtime = lab.binary("runc")
        settings = room.folder / "containerd.toml"
        settings.write_text(
            _SETTINGS.format(
                folder=room.folder,
                socket=socket,
                pause=image.ROOT,
                runtime=room.recording(runtime),
            ),
            "utf-8",
        )
        _write_network(room.folder / "network", room.folder / "plugins")
        seccomp = room.folder / "seccomp"
        seccomp.mkdir()
        (seccomp / SECCOMP).write_text('{"defaultAction": "SCMP_ACT_ALLOW"}', "utf-8")
        room.open("containerd", binaries / "containerd", "--config", settings)
        self._control = (binaries / "ctr", "--address", socket, "--namespace", _NAMESPACE)
        own = processes.until(self._answer, what="containerd")
        self.version = f"{own} with runc {room.must(runtime, '--version').split()[2]}"
        room.must(*self._control, "images", "import", "--local", room.archive)
        self._client = subprocess.Popen(
            [lab.binary("cri"), socket, room.folder / "logs", seccomp, group],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._stack.callback(_end, self._client)

    def _answer(self) -> str:
        done = self._room.run(*self._control, "version")
        if done.returncode:
            raise NotYet(done.stderr.strip())
        server = done.stdout.partition("Server:")[2].split()
        return server[server.index("Version:") + 1]

    def run(self, cases: Iterable[Container]) -> Iterator[Process | Refusal]:
        """Run containers to their end, in sandboxes as their pods ask for, and yield what they are.

        Raises:
            LabError: one ran and did not report, or was not understood.
        """
        for case in cases:
            self._room.forget()
            answer = self._ask(case)
            if "error" in answer:
                raise UnreadError(f"cri on {json.dumps(case.pod)}: {answer['error']}")
            printed = _unlogged(answer.get("log", ""), "stdout")
            if "refused" in answer:
                yield self._room.refused(answer["refused"])
            elif not printed:
                # A program that could not be executed is seen after the start.
                yield self._room.refused(_unlogged(answer["log"], "stderr"))
            else:
                yield self._room.process(printed)

    def _ask(self, case: Container) -> dict[str, str]:
        assert self._client.stdin is not None
        assert self._client.stdout is not None
        try:
            self._client.stdin.write(json.dumps(case.asked) + "\n")
            line = self._client.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise LabError(f"cri ended before it had answered on {json.dumps(case.pod)}")
        answer: dict[str, str] = json.loads(line)
        return answer


def _write_network(folder: Path, plugins: Path) -> None:
    folder.mkdir()
    plugins.mkdir()
    (folder / "lab.conflist").write_text(json.dumps(_NETWORK), "utf-8")
    plugin = plugins / "lab"
    plugin.write_text(_PLUGIN.format(address=json.dumps(_ADDRESS)), "utf-8")
    plugin.chmod(0o755)


def _unlogged(log: str, stream: str) -> str:
    """Return what was written to a stream: a line has its time, its stream, and a tag first."""
    lines = (line.split(" ", _LOG_FIELDS) for line in log.splitlines(keepends=True))
    return "".join(line[_LOG_FIELDS] for line in lines if line[1] == stream)


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    # What is still buffered for a killed process cannot be delivered on closing.
    with suppress(BrokenPipeError), process:
        pass
