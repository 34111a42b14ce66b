"""Faults in the scripts of the target `docker`, which a real docker must show.

A script is broken in one place at a time: a flag lost, turned or moved, one too many, the shell's
words around it. The container that it starts must then have something else than the profile wants.
Every script that is used is run as it is, too: what shows a fault is the fault alone.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from tests.engines.faults import Equivalent, Fault, Tally, all_asked
from tests.engines.runtimes import expected as expecting
from tests.engines.runtimes.check import lines
from tests.engines.runtimes.docker import Docker, Line
from tests.engines.runtimes.faulty import Seeded, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.proving import Lab, Row

_NO_LABELS: Final = "this machine has no SELinux: docker drops the label in silence"

EQUIVALENT: Final = (
    Equivalent("run.sh", "--ipc private", "is lost", "it is what this daemon does by itself"),
    Equivalent("run.sh", "--userns host", "is lost", "this daemon remaps no users"),
    Equivalent("run.sh", "", "--security-opt label=", _NO_LABELS),
    Equivalent(
        "run.sh",
        "",
        "--security-opt apparmor=unconfined is one too many",
        "this machine has no AppArmor",
    ),
)

# What loosens a container: none of the profiles asks for all of it.
_TOO_MANY: Final = (
    "--privileged",
    "--cap-add SYS_PTRACE",
    "--security-opt seccomp=unconfined",
    "--security-opt apparmor=unconfined",
    "--security-opt systempaths=unconfined",
    "--network host",
    "--pid host",
    "--ipc host",
    "--group-add 4242",
)
# Flags, and what is said in their place.
_TURNS: Final = {
    "--privileged": ("--privileged=false",),
    "--read-only": ("--read-only=false",),
    "--security-opt no-new-privileges": ("--security-opt no-new-privileges=false",),
    "--security-opt seccomp=unconfined": ("--security-opt systempaths=unconfined",),
    "--security-opt systempaths=unconfined": ("--security-opt seccomp=unconfined",),
    "--network host": ("--network none",),
    "--ipc host": ("--ipc private",),
    "--ipc private": ("--ipc host",),
}
_TURNED: Final = {"--cap-add": "--cap-drop", "--cap-drop": "--cap-add"}
# Of capabilities, one that is there without a word for one that is dropped; or else the opposite.
_OTHERS: Final = {"--cap-add": "SYS_PTRACE", "--cap-drop": "SETFCAP"}
_NUMBER: Final = re.compile(r"\d+")
_NUMBERED: Final = ("--user", "--group-add")
_FLAG: Final = re.compile(r"^  (?P<flag>--.*) \\\n", re.MULTILINE)
_MORE: Final = '"$@"'


def docker_faults(_: Lab) -> Row:
    """Runs each fault in the first script that it can be made in, or in more until it is seen."""
    tally = Tally(EQUIVALENT, whole=all_asked())
    with Docker() as docker:
        ask(docker, tally, "run.sh", _seeded())
    return tally.row("docker", "docker", docker.version)


def _seeded() -> Iterator[Seeded]:
    for asked in lines(expecting.docker, scripts=True):
        for fault in faults(asked.case.script):
            script = fault.artefact
            # What the laboratory adds depends on what stands there.
            words = (word for flag in _FLAG.findall(script) for word in shlex.split(flag))
            line = Line(tuple(words), asked.case.image, script=script)
            yield Seeded(Fault(fault.what, fault.about, line), asked)


def faults(script: str) -> Iterator[Fault[str]]:
    """Yield the faults of a script; each is about a flag, or about the shell's words."""
    for found in _FLAG.finditer(script):
        flag = found["flag"]
        yield Fault(f"{flag} is lost", flag, _put(script, found.span(), ""))
        for other in _instead(flag):
            line = f"  {other} \\\n"
            yield Fault(f"{other} for {flag}", flag, _put(script, found.span(), line))
        cut = _put(script, found.span(), f"  {flag}\n")
        yield Fault("a flag ends the command", "", cut)
    last = script.rindex(f"  {_MORE}")
    for flag in _TOO_MANY:
        if f"  {flag} \\\n" not in script:
            more = _put(script, (last, last), f"  {flag} \\\n")
            yield Fault(f"{flag} is one too many", flag, more)
    for what, words in (("unquoted", "$@"), ("one word", '"$*"'), ("lost", "")):
        yield Fault(f"what is added is {what}", "", script.replace(_MORE, words))


def _put(script: str, span: tuple[int, int], text: str) -> str:
    return script[: span[0]] + text + script[span[1] :]


def _instead(flag: str) -> Iterator[str]:
    """Yield what is said in a flag's place: its opposite, another name, other numbers."""
    yield from _TURNS.get(flag, ())
    name, _, value = flag.partition(" ")
    if name in _TURNED:
        yield f"{_TURNED[name]} {value}"
        yield f"{name} {_OTHERS[name]}"
    if name in _NUMBERED:
        for found in _NUMBER.finditer(value):
            yield f"{name} {_put(value, found.span(), str(int(found[0]) + 1))}"
        user, parted, group = value.partition(":")
        if parted:
            yield f"{name} {user}"
            # docker heeds the second of two.
            yield f"{name} {user} {name} :{group}"
