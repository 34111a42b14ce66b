"""Whether the judges of syscalls and of accesses judge as the kernel does."""

from __future__ import annotations

import json
import platform
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.engines.kernel import apparmor, libseccomp, machine, seccomp
from tests.engines.kernel.apparmor import Access
from tests.engines.kernel.apparmor_cases import ACCESSES, ENFORCED, FILES, MISTAKES
from tests.engines.kernel.seccomp import Node
from tests.engines.kernel.seccomp_cases import CASES, REFUSED
from tests.engines.lab import LabError
from tests.engines.proving import Difference, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.engines.kernel.seccomp import Filter
    from tests.engines.kernel.seccomp_cases import Expected
    from tests.engines.proving import Lab

ARTEFACTS: Final = Path(__file__).resolve().parents[1] / "artefacts"
_ROOT: Final = Path(__file__).resolve().parents[3]
_PASSING: Final = ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG")
# A process that does not handle SIGSYS sees them as its own death.
_DEADLY: Final = ("SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP")
_NOTE: Final = "interpreted, and by this machine's kernel"


def seccomp_filters(_: Lab) -> Row:
    """Judges syscalls by profiles: by the interpreter, and those of this machine by its kernel."""
    cases, differing = 0, []
    of_machine: dict[bytes, list[tuple[Expected, int]]] = defaultdict(list)
    for expected in CASES:
        for architecture in expected.nodes:
            cases += 1
            filtered, call = _loaded(expected, architecture), expected.call(architecture)
            (action,) = filtered.judge([call])
            if action != expected.action:
                about = [architecture, expected._asdict()]
                differing.append(Difference(about, expected.action, action))
            elif call.architecture == platform.machine():
                of_machine[filtered.program].append((expected, call.number))
    for program, calls in of_machine.items():
        syscalls = [(number, *expected.syscall[1:]) for expected, number in calls]
        for (expected, _number), seen in zip(calls, _asked(program, syscalls), strict=True):
            cases += 1
            if wrong := _unlike(expected.action, *seen):
                about = ["this kernel", expected._asdict()]
                differing.append(Difference(about, expected.action, wrong))
    for part, words in REFUSED:
        cases += 1
        if words not in (said := _refusal(part)):
            differing.append(Difference(part, words, said))
    return Row("(engine)", "libseccomp", libseccomp.version(), cases, tuple(differing), _NOTE)


def _loaded(expected: Expected, architecture: str) -> Filter:
    text = (ARTEFACTS / "seccomp" / f"{expected.profile}.json").read_text("utf-8")
    filtered = seccomp.load(json.loads(text), expected.node(architecture), expected.reader)
    if filtered is None:
        raise LabError(f"the profile `{expected.profile}` switches seccomp off")
    return filtered


def _refusal(part: dict[str, Any]) -> str:
    """Return why a profile with a mistake is refused."""
    try:
        seccomp.load({"defaultAction": "SCMP_ACT_ERRNO", **part}, Node("x86_64"))
    except libseccomp.RefusedError as error:
        return str(error)
    return "accepted"


def _asked(program: bytes, syscalls: Sequence[Sequence[int | str]]) -> list[tuple[int, int]]:
    """Have this machine's kernel answer syscalls, without a filter and under it.

    Raises:
        LabError: the kernel takes no filter.
    """
    command = [sys.executable, "-m", "tests.engines.kernel.seccomp_process"]
    asked = json.dumps({"filter": program.hex(), "syscalls": syscalls})
    done = subprocess.run(
        command, input=asked, cwd=_ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LabError(f"a process under a seccomp filter: {done.stderr.strip()}")
    return [(bare, filtered) for bare, filtered in json.loads(done.stdout)]


def _unlike(action: str, bare: int, filtered: int) -> str:
    """Return how a kernel's answers differ from an action, or nothing."""
    if action in _PASSING:
        return "" if filtered == bare else f"answered {filtered}, without the filter {bare}"
    number = -signal.SIGSYS if action in _DEADLY else int(action[:-1].partition("(")[2])
    if bare == number:
        return f"answered {bare} without the filter, too"
    return "" if filtered == number else f"answered {filtered}"


def apparmor_profiles(_: Lab) -> Row:
    """Compiles profiles, good and bad, and has a kernel enforce the good ones."""
    cases, differing = 0, []
    for text, line, words in [*_compiled(), *MISTAKES]:
        cases += 1
        seen = _mistake(text)
        if seen[0] != line or words not in seen[1]:
            differing.append(
                Difference(text, f"line {line}: {words}", f"line {seen[0]}: {seen[1]}")
            )
    texts = [_profile(name) for name in ENFORCED]
    accesses = [(f"lab-{name}", access) for name in ENFORCED for access in ACCESSES]
    asked = [Access(profile, command) for profile, (command, _) in accesses]
    answers = apparmor.enforce(texts, asked, FILES)
    for (profile, (command, verdict)), answer in zip(accesses, answers, strict=True):
        cases += 1
        # Who only complains denies nothing.
        wanted = verdict if profile == "lab-container" else "allowed"
        if answer.verdict != wanted:
            differing.append(Difference([profile, command], wanted, answer.verdict))
    note = f"and Linux {machine.kernel_version()} in QEMU"
    return Row("(engine)", "AppArmor", apparmor.version(), cases, tuple(differing), note)


def _compiled() -> Iterator[tuple[str, int, str]]:
    """Yield the artefacts, with line and words of the mistake."""
    for name in ENFORCED:
        yield _profile(name), 0, ""
    yield _profile("misspelt"), 6, "Invalid capability net_bind_servce."


def _profile(name: str) -> str:
    return (ARTEFACTS / "apparmor" / f"{name}.profile").read_text("utf-8")


def _mistake(profile: str) -> tuple[int, str]:
    """Return line and words of a profile's mistake, or nothing."""
    try:
        apparmor.check(profile)
    except apparmor.RefusedError as error:
        return error.line, error.words
    return 0, ""
