"""Pod Security admission, the API server's own library, as a judge of pods in bulk."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from tests.engines import lab
from tests.loading import loaded

if TYPE_CHECKING:
    from pathlib import Path

Pod = Mapping[str, Any]

# Each ForbiddenReason of the library, and its capgen rules; if several, the detail tells which.
REASONS: dict[str, frozenset[str]] = {
    "host namespaces": frozenset({"hostNetwork", "hostPID", "hostIPC"}),
    "hostPath volumes": frozenset({"hostPath"}),
    "hostPort": frozenset({"hostPorts"}),
    "privileged": frozenset({"privileged"}),
    "procMount": frozenset({"procMount"}),
    "restricted volume types": frozenset({"volumes"}),
    "runAsNonRoot != true": frozenset({"runAsNonRoot"}),
    "runAsUser=0": frozenset({"runAsUser"}),
    "seLinuxOptions": frozenset({"seLinuxOptions"}),
    "seccompProfile": frozenset({"seccompProfile"}),
    "forbidden sysctls": frozenset({"sysctls"}),
    "hostProcess": frozenset({"hostProcess"}),
    "allowPrivilegeEscalation != false": frozenset({"allowPrivilegeEscalation"}),
    "non-default capabilities": frozenset({"capabilities"}),
    "unrestricted capabilities": frozenset({"capabilities"}),
    "forbidden AppArmor profile": frozenset({"appArmorProfile"}),
    "forbidden AppArmor profiles": frozenset({"appArmorProfile"}),
    "probe or lifecycle host": frozenset({"hostProbes"}),
}


@dataclass(frozen=True, slots=True)
class Request:
    """A pod and where to judge it.

    Attributes:
        pod: `metadata` and `spec`, defaulted as the API server would (see `defaulted`).
        at: Pairs of level (`baseline`, `restricted`, `privileged`) and version (`v1.24`, `latest`).
    """

    pod: Pod
    at: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the library says of one pod at one level and version.

    Attributes:
        allowed: Whether the pod may run.
        reasons: The library's reason for each failed check: keys of `REASONS`.
        details: For each reason, containers and values in the library's words; may be empty.
    """

    allowed: bool
    reasons: tuple[str, ...] = ()
    details: tuple[str, ...] = ()

    @property
    def rules(self) -> frozenset[str]:
        """The broken capgen rules.

        Raises:
            LabError: The library gave a reason that `REASONS` does not know.
        """
        found: set[str] = set()
        for reason, detail in zip(self.reasons, self.details, strict=True):
            if (rules := REASONS.get(reason)) is None:
                raise lab.LabError(f"pod-security-admission gave an unknown reason `{reason}`")
            found |= {rule for rule in rules if len(rules) == 1 or f"{rule}=true" in detail}
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Fixture:
    """A pod of the library's own tests with the verdict that they expect.

    Attributes:
        path: The file below the library's `test/testdata`, for messages.
        pod: The pod as written, shared between fixtures of one content: not to be changed.
        level: `baseline` or `restricted`.
        version: `v1.0` to the library's own minor.
        allowed: The expected verdict.
        check: The library's id of the check under test, in lower case; `base` for a minimal pod.
    """

    path: str
    pod: Pod
    level: str
    version: str
    allowed: bool
    check: str


class PodSecurity:
    """The judge as a running process; a context manager, for one thread at a time.

    Attributes:
        version: Version of `k8s.io/pod-security-admission`, such as `v0.37.2`.
    """

    def __init__(self) -> None:
        self._binary = lab.binary("psa")
        done = subprocess.run(
            [str(self._binary), "-version"], capture_output=True, text=True, check=True
        )
        self.version = done.stdout.strip()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            _end(self._process)
            self._process = None

    def judge(self, requests: Iterable[Request]) -> Iterator[tuple[Verdict, ...]]:
        """Judges pods in bulk.

        Args:
            requests: Consumed by another thread, ahead of the answers: it must not wait for them.

        Yields:
            For each request, in order, the verdict at each place of its `at`.

        Raises:
            LabError: A pod does not decode, a level or version is unknown, or the judge ended.
        """
        process = self._process or subprocess.Popen(
            [str(self._binary)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1 << 18
        )
        self._process = None
        sent: SimpleQueue[Request | BaseException | None] = SimpleQueue()
        sender = threading.Thread(target=_send, args=(process, requests, sent), daemon=True)
        sender.start()
        try:
            assert process.stdout is not None
            while (request := sent.get()) is not None:
                if isinstance(request, BaseException):
                    raise request
                yield _verdicts(process.stdout.readline(), request)
            # Only a process that has answered everything can serve again.
            self._process = process
        finally:
            if self._process is None:
                process.kill()  # a sender that is blocked in a write sees its pipe break
            sender.join()
            if self._process is None:
                _end(process)


def defaulted(pod: Pod) -> Pod:
    """Returns the pod with each volume that has no source made an `emptyDir`, as the server does.

    The library judges what admission sees; a volume without a source it would refuse.
    """
    spec = pod.get("spec") or {}
    volumes = spec.get("volumes") or []
    if all(len(volume) > 1 for volume in volumes):
        return pod
    filled = [volume if len(volume) > 1 else {**volume, "emptyDir": {}} for volume in volumes]
    return {**pod, "spec": {**spec, "volumes": filled}}


def fixtures() -> Iterator[Fixture]:
    """Yields the library's own 4,537 test pods by level, version and file."""
    root = lab.data("psa", "fixtures")
    for path in sorted(root.glob("*/*/*/*.yaml"), key=_order):
        level, number, expected, file = path.relative_to(root).parts
        yield Fixture(
            path=str(path.relative_to(root)),
            pod=_parse(path.read_bytes()),
            level=level,
            version=number,
            allowed={"pass": True, "fail": False}[expected],
            check=file.removesuffix(".yaml").rstrip("0123456789"),
        )


def _order(path: Path) -> tuple[str, int, str, str]:
    *_, level, number, expected, file = path.parts
    return level, int(re.sub(r"^v1\.", "", number)), expected, file


@functools.cache  # 380 distinct contents: the rest is repetition from version to version
def _parse(content: bytes) -> Pod:
    pod: Pod = loaded(content)
    return pod


def _send(
    process: subprocess.Popen[bytes],
    requests: Iterable[Request],
    sent: SimpleQueue[Request | BaseException | None],
) -> None:
    """Writes requests, each announced in `sent`, which ends with None or with what went wrong."""
    assert process.stdin is not None
    encode = json.JSONEncoder(separators=(",", ":")).encode
    try:
        for request in requests:
            line = encode({"pod": request.pod, "at": request.at})
            sent.put(request)
            process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
        sent.put(None)
    except BrokenPipeError:
        sent.put(None)  # the reader has seen, or caused, the end of the process
    except BaseException as error:  # noqa: BLE001 - it is raised again in the reading thread
        sent.put(error)


def _verdicts(line: bytes, request: Request) -> tuple[Verdict, ...]:
    answer = _decode(line) if line else "it ended before it had answered"
    if isinstance(answer, str):
        raise lab.LabError(f"the Pod Security judge on {json.dumps(request.pod)}: {answer}")
    return answer


@functools.lru_cache(maxsize=1 << 16)  # most pods near an edge are answered in the same words
def _decode(line: bytes) -> tuple[Verdict, ...] | str:
    answer = json.loads(line)
    if "error" in answer:
        return str(answer["error"])
    return tuple(
        Verdict(v["allowed"], tuple(v["reasons"]), tuple(v["details"])) for v in answer["verdicts"]
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    # What is still buffered for a killed process cannot be delivered on closing.
    with contextlib.suppress(BrokenPipeError), process:
        pass
