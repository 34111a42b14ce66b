"""AppArmor: Debian's parser compiles profiles, and Debian's kernel enforces them.

The parser says whether a profile means anything, and the line of a mistake. What it allows, only a
kernel with AppArmor says: that of a virtual machine, as this machine's may have none.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines import debian
from tests.engines.kernel import machine
from tests.engines.kernel.initramfs import Initramfs
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PACKAGE: Final = "apparmor"
# Where the parser looks, below the root of a machine: what Debian's package has there.
_PROFILES: Final = "etc/apparmor.d"
_FEATURES: Final = "usr/share/apparmor-features/features"

# What a denied process is told, and what it says then.
_DENIED: Final = re.compile("permission denied|operation not permitted", re.IGNORECASE)
# From this exit status on, a command could not be run, or was ended by a signal.
_BROKEN: Final = 126
_SECONDS: Final = 120
_MEGABYTES: Final = 256


class RefusedError(LabError):
    """The parser refuses a profile.

    Attributes:
        line: of the mistake, from 1; 0 if the parser tells none.
        words: the parser's.
    """

    def __init__(self, line: int, words: str) -> None:
        super().__init__(f"line {line}: {words}")
        self.line = line
        self.words = words


class Access(NamedTuple):
    """What a process does.

    Attributes:
        profile: the name of the one that confines it.
        command: a line for the shell, whose exit status or words tell whether it could.
    """

    profile: str
    command: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an access.

    Attributes:
        confined: the exit status, and all that was said.
        unconfined: the same without any profile.
    """

    confined: tuple[int, str]
    unconfined: tuple[int, str]

    @property
    def verdict(self) -> str:
        """`allowed`, `denied`, or what else the difference is."""
        sound = self.unconfined[0] < _BROKEN and not _DENIED.search(self.unconfined[1])
        if sound and self.confined == self.unconfined:
            return "allowed"
        if sound and self.confined[0] and _DENIED.search(self.confined[1]):
            return "denied"
        return f"confined {self.confined}, else {self.unconfined}"


def version() -> str:
    """Return AppArmor's version, as Debian writes it."""
    return debian.version(debian.tree(_PACKAGE), _PACKAGE)


def check(profile: str) -> None:
    """Compile the text of a profile.

    Raises:
        RefusedError: it does not compile.
    """
    tree = debian.tree(_PACKAGE)
    parser = str(debian.program(tree, "apparmor_parser"))
    includes = str(tree / _PROFILES)
    with tempfile.NamedTemporaryFile("w", prefix="capgen-lab-", encoding="utf-8") as file:
        file.write(profile)
        file.flush()
        # Without a kernel and without a cache, and with Debian's files in place of this machine's.
        done = subprocess.run(
            [
                *(parser, "--config-file", "/dev/null", "-QTK"),
                *("--policy-features", str(tree / _FEATURES)),
                *("--base", includes, "--Include", includes, file.name),
            ],
            env={**debian.environment(tree), "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        found = re.search(r"parser error.* at line (\d+): (.*)", done.stderr)
        if found is None:
            raise RefusedError(0, done.stderr.strip())
        raise RefusedError(int(found[1]), found[2])


def enforce(
    profiles: Sequence[str], accesses: Sequence[Access], there: Mapping[str, str]
) -> list[Answer]:
    """Load texts of profiles into a kernel, and return what becomes of each access, in order.

    Args:
        profiles: the texts.
        accesses: may lean upon what earlier ones left behind.
        there: texts of files for them, by path; all may be executed.

    Raises:
        LabError: the machine does not run, or the kernel does not take a profile.
    """
    files = base()
    for path, text in there.items():
        files.text(path, text, program=True)
    for number, text in enumerate(profiles):
        files.text(f"/profiles/{number:04}", text)
    for number, access in enumerate(accesses):
        files.text(f"/accesses/{number:04}/profile", access.profile)
        files.text(f"/accesses/{number:04}/command", access.command)
    files.text("/init", _INIT, program=True)
    found = machine.run(files, seconds=_SECONDS, megabytes=_MEGABYTES)
    # One record an access and way to run it: the exit status, and what was said.
    seen = [(int(each.name), each.text.strip()) for each in found]
    return [Answer(*pair) for pair in zip(seen[::2], seen[1::2], strict=True)]


def base() -> Initramfs:
    """Return the files of a machine that can load profiles: a shell, the parser, what it reads."""
    tree = debian.tree(_PACKAGE)
    files = Initramfs()
    files.file("/bin/busybox", machine.busybox())
    # Where containerd looks for it, too: elsewhere it holds that there is no AppArmor.
    files.program("/sbin/apparmor_parser", debian.program(tree, "apparmor_parser"), tree)
    for folder in ("abi", "abstractions", "tunables"):
        files.tree(f"/{_PROFILES}/{folder}", tree / _PROFILES / folder)
    files.file("/etc/apparmor/parser.conf", tree / "etc/apparmor/parser.conf")
    files.file(f"/{_FEATURES}", tree / _FEATURES)
    return files


# A command runs confined first: so what it leaves behind unconfined cannot help it.
_INIT: Final = f"""{machine.PROLOGUE}
for each in /profiles/*; do
    apparmor_parser --replace --skip-cache $each || fail
done
for each in /accesses/*; do
    for way in confined unconfined; do
        (
            test $way = confined && printf 'exec %s' "$(cat $each/profile)" >/proc/self/attr/exec
            exec sh $each/command
        ) >/words 2>&1 </dev/null
        record $? /words
    done
done
end
"""
