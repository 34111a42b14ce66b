"""Programs out of Debian's archive, unpacked into the cache: nothing is installed.

A tree is named by the packages that were asked for and by Debian's release. Which version of them
it holds, the archive decided on the day; `version` says it.
"""

from __future__ import annotations

import hashlib
import os
import platform
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.engines import lab

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIBRARIES: Final = tuple(
    place.format(machine=platform.machine())
    for place in ("usr/lib/{machine}-linux-gnu", "lib/{machine}-linux-gnu", "usr/lib", "lib")
)
_PROGRAMS: Final = ("usr/sbin", "usr/bin", "sbin", "bin")
_VERSIONS: Final = "versions"
_QUIET: Final = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


def tree(*packages: str) -> Path:
    """Return a folder with packages, and with those that they need and this machine lacks.

    It is read-only by agreement. Scripts of packages have not run.

    Raises:
        LabError: this is no Debian, or its archive does not have them.
    """
    asked = sorted(packages)
    text = "\n".join([*asked, _release(), platform.machine()])
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    place = lab.cache() / "debian" / f"{asked[0]}-{key}"
    return lab.kept(place, partial(_unpack, asked))


def program(root: Path, name: str) -> Path:
    """Return a program of a tree.

    Raises:
        LabError: it has none of the name.
    """
    for folder in _PROGRAMS:
        if (found := root / folder / name).exists():
            return found
    raise lab.LabError(f"{root} has no program `{name}`")


def environment(root: Path) -> dict[str, str]:
    """Return the environment in which a tree's programs find its programs and libraries."""
    libraries = [str(root / place) for place in _LIBRARIES if (root / place).is_dir()]
    programs = [str(root / place) for place in _PROGRAMS if (root / place).is_dir()]
    return {
        **os.environ,
        "HOME": str(Path.home()),
        "LD_LIBRARY_PATH": ":".join(libraries),
        "PATH": ":".join([*programs, os.environ.get("PATH", os.defpath)]),
    }


def version(root: Path, package: str) -> str:
    """Return the version of a package in a tree, as Debian writes it.

    Raises:
        LabError: the tree does not hold it.
    """
    for line in (root / _VERSIONS).read_text("utf-8").splitlines():
        name, _, number = line.partition(" ")
        if name == package:
            return number
    raise lab.LabError(f"{root} does not hold the package `{package}`")


def _unpack(packages: Sequence[str], out: Path) -> None:
    archives = out.with_name("archives")
    (archives / "partial").mkdir(parents=True)
    command = [
        *("apt-get", "install", "--download-only", "--yes", "--quiet", "--reinstall"),
        *("--no-install-recommends", "-o", f"Dir::Cache::archives={archives}"),
        *("-o", "APT::Sandbox::User=root", "--", *packages),
    ]
    try:
        lab.run(command, more=_QUIET)
    except lab.LabError:
        # The lists of packages may be missing, or name versions that are no more.
        lab.run(["apt-get", "update", "--quiet"], more=_QUIET)
        lab.run(command, more=_QUIET)
    out.mkdir()
    lines = []
    for each in sorted(archives.glob("*.deb")):
        lab.run(["dpkg-deb", "--extract", str(each), str(out)])
        shown = ["dpkg-deb", "--show", "--showformat=${Package} ${Version}", str(each)]
        lines.append(lab.run(shown))
    (out / _VERSIONS).write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _release() -> str:
    try:
        return Path("/etc/debian_version").read_text("utf-8").strip()
    except OSError as error:
        raise lab.LabError(f"not a Debian: /etc/debian_version: {error.strerror}") from error
