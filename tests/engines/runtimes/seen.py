"""What the first process of a container tells of itself, and what a specification says of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from capgen.capabilities.table import is_name, to_bitmap
from tests.engines.engine import Process
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The namespaces that a container may share with its node.
NAMESPACES: Final = ("ipc", "net", "pid", "user")

SHELL: Final = ("/bin/sh", "-c")

# With what the last line that is printed begins.
LAST: Final = "confinement"

# The shell is the container's first process; `$$` is its number, also among those of the node.
SCRIPT: Final = f"""\
cat /proc/$$/status
echo mounts; cat /proc/$$/mountinfo
for name in {" ".join(NAMESPACES)}; do echo namespace $(readlink /proc/$$/ns/$name); done
echo {LAST} $(cat /proc/$$/attr/current 2>/dev/null)
"""

_SETS: Final = ("inheritable", "permitted", "effective", "bounding", "ambient")
_STATUS: Final = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
# A mount's number, its parent's, its device, its root, where it is, and its own options.
_MOUNT: Final = re.compile(r"\d+ \d+ \S+ \S+ (?P<place>\S+) (?P<options>\S+)")


class UnreportedError(LabError):
    """A container ran and did not print what it is."""


def parse(text: str, node: Mapping[str, str]) -> Process:
    """Return what `SCRIPT` printed.

    Args:
        text: its standard output, whole.
        node: the namespaces of the node, see `namespaces`.

    Raises:
        UnreportedError: a part is missing.
    """
    status, found, rest = text.partition("mounts\n")
    lines = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.MULTILINE))
    _, confined, confinement = rest.partition(LAST)
    options = {each["place"]: each["options"].split(",") for each in _MOUNT.finditer(rest)}
    if not (found and confined and "/" in options and "Groups" in lines):
        raise UnreportedError(f"a container printed no status:\n{text[-2000:]}")
    # A process that gained capabilities is no business of others: its namespaces cannot be read.
    own = re.findall(r"^namespace (\w+:\[\d+\])$", rest, re.MULTILINE)
    sets: Any = {name: int(lines[key], 16) for name, key in zip(_SETS, _STATUS, strict=True)}
    return Process(
        user=int(lines["Uid"].split()[1]),
        group=int(lines["Gid"].split()[1]),
        groups=tuple(sorted(map(int, lines["Groups"].split()))),
        no_new_privs=lines["NoNewPrivs"] == "1",
        seccomp=int(lines["Seccomp"]),
        read_only="ro" in options["/"],
        masked=sum(_is_masked(place) for place in options),
        confinement=confinement.strip(),
        shares=frozenset(name for name, link in node.items() if link in own),
        **sets,
    )


def from_specification(specification: Mapping[str, Any]) -> Process:
    """Return what the OCI specification of a container asks for, for one that cannot start."""
    process, linux = specification["process"], specification["linux"]
    capabilities = process.get("capabilities", {})
    own = {{"network": "net"}.get(each["type"], each["type"]) for each in linux["namespaces"]}
    paths = (*linux.get("maskedPaths", ()), *linux.get("readonlyPaths", ()))
    user = process["user"]
    return Process(
        user=user["uid"],
        group=user["gid"],
        groups=tuple(sorted({user["gid"], *user.get("additionalGids", ())})),
        no_new_privs=process.get("noNewPrivileges", False),
        seccomp=2 if linux.get("seccomp") else 0,
        read_only=specification["root"].get("readonly", False),
        # Those that the kernel does not have count as well.
        masked=len(paths),
        confinement=process.get("apparmorProfile", ""),
        shares=frozenset(NAMESPACES) - own,
        started=False,
        # What is no name the runtime passes over.
        **{name: to_bitmap(filter(is_name, capabilities.get(name, ()))) for name in _SETS},
    )


def namespaces(process: int) -> dict[str, str]:
    """Return the namespaces of the processes that a process would start, by their kind.

    Raises:
        LabError: there is no such process.
    """
    found = {}
    for name in NAMESPACES:
        inner = "pid_for_children" if name == "pid" else name
        link = Path(f"/proc/{process}/ns/{inner}")
        try:
            found[name] = str(link.readlink())
        except OSError as error:
            raise LabError(f"{link}: {error.strerror}") from error
    return found


def own_capabilities() -> int:
    """Return the capabilities of the laboratory itself: all that a container can be given."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(re.findall(r"^CapBnd:\s*(\w+)$", status, re.MULTILINE)[0], 16)


def _is_masked(place: str) -> bool:
    """Tell whether a mount hides, or protects, a path of the kernel's own file systems."""
    return place.startswith(("/proc/", "/sys/")) and not place.startswith("/sys/fs/")
