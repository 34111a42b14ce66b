"""PodSecurityPolicy's own code without a server, for judging pods in bulk: `PspBulk`."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Any, Self

from capgen.policy.admit import Operation
from capgen.policy.pod import mapping
from tests.engines import lab
from tests.engines.lab import LabError
from tests.engines.psp import objects as psp_objects
from tests.engines.psp.live import NAMESPACE, verdict
from tests.engines.rest import classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgen.policy.admit import Request
    from tests.engines.engine import Verdict
    from tests.engines.rest import Object


class PspBulk:
    """The admission plugin of 1.24 as a running process; an `Admission`, for one thread at a time.

    It judges new pods alone, of the user `plain`: what they become otherwise, `PspCluster` tells.
    Around the plugin the server's own code does what changes a verdict: policies are stored without
    `allowedProcMountTypes`; pods get their token's volume and, after the plugin, the seccomp field
    of their annotation; and they are validated.

    Attributes:
        version: the version of Kubernetes that the module pins.
    """

    def __init__(self) -> None:
        self._binary = lab.binary("psp")
        self._process: subprocess.Popen[bytes] | None = None
        self._load = b""
        self.version = lab.version("psp")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            _end(self._process)
            self._process = None

    def load(self, artefacts: Sequence[Object]) -> None:
        """Put PodSecurityPolicies, ClusterRoles and ClusterRoleBindings in the place of others.

        Raises:
            LabError: the server would not take one, or it is of another kind.
        """
        psp_objects.check(artefacts)
        kinds: dict[str, list[Object]] = {kind: [] for kind in psp_objects.KINDS}
        for each in artefacts:
            kinds[each["kind"]].append(each)
        policies, roles, bindings = kinds.values()
        self._load = b""
        load = _line({"policies": policies, "roles": roles, "bindings": bindings})
        self._process = self._process or self._started()
        _tell(self._process, load)
        self._load = load

    def judge(self, requests: Iterable[Request]) -> Iterator[Verdict]:
        """Yield the verdict on each request, in order.

        Raises:
            LabError: a request is not to create a pod, or does not decode; or nothing is loaded.
        """
        if not self._load:
            raise LabError("no PodSecurityPolicies are loaded")
        lines = [_line(_asked(request)) for request in requests]
        if self._process is None:
            self._process = self._started()
            _tell(self._process, self._load)
        # Who does not read all answers leaves the process behind: only after all it serves again.
        process, self._process = self._process, None
        assert process.stdin is not None
        writer = threading.Thread(target=_write, args=(process.stdin, lines), daemon=True)
        writer.start()
        try:
            for line in lines:
                found = _read(process, line)
                answer = classify(found["code"], found["object"], (), ())
                if answer is None:
                    raise LabError(f"HTTP {found['code']}: {found['object'].get('message')}")
                yield verdict(answer)
            self._process = process
        finally:
            if self._process is None:
                process.kill()
            writer.join()
            if self._process is None:
                _end(process)

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(self._binary)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1 << 18
        )


def _tell(process: subprocess.Popen[bytes], load: bytes) -> None:
    assert process.stdin is not None
    _write(process.stdin, [load])
    _read(process, load)


def _asked(request: Request) -> Object:
    if request.operation is not Operation.CREATE or request.workload.path or request.subresource:
        raise LabError("only the creation of pods is judged in bulk")
    namespace = request.namespace or NAMESPACE
    pod = request.object
    metadata = {**mapping(pod.get("metadata")), "name": "judged"}
    return {
        "pod": {"metadata": metadata, "spec": pod["spec"]},
        "namespace": namespace,
        "user": "plain",
        "automount": request.automount,
    }


def _line(value: Object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _write(stream: IO[bytes], lines: list[bytes]) -> None:
    # Whoever reads the answers sees that there are none.
    with contextlib.suppress(BrokenPipeError):
        stream.writelines(lines)
        stream.flush()


def _read(process: subprocess.Popen[bytes], asked: bytes) -> Any:  # noqa: ANN401 - any JSON
    assert process.stdout is not None
    line = process.stdout.readline()
    found = json.loads(line) if line else {"error": "it ended before it had answered"}
    if "error" in found:
        raise LabError(f"the judge of PodSecurityPolicy on {asked.decode()}: {found['error']}")
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    # What is still buffered for a killed process cannot be delivered on closing.
    with contextlib.suppress(BrokenPipeError), process:
        pass
