"""The files of a virtual machine: the archive that its kernel unpacks as its root file system."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from tests.engines import debian
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from typing import BinaryIO

# Of the header's thirteen numbers all are written as eight hexadecimal digits, see
# Documentation/driver-api/early-userspace/buffer-format.rst in the kernel's source.
_MAGIC: Final = b"070701"
_END: Final = "TRAILER!!!"
_PROGRAM: Final = 0o755
_FILE: Final = 0o644


class Initramfs:
    """Files by their absolute paths; the folders above them come by themselves.

    Nothing is compressed: the emulated processor would need longer to unpack it than it saves.
    """

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, bytes | Path]] = {}

    def text(self, path: str, text: str, *, program: bool = False) -> None:
        """Add a file that holds a text, such as a script."""
        self._add(path, stat.S_IFREG | (_PROGRAM if program else _FILE), text.encode())

    def data(self, path: str, data: bytes) -> None:
        """Add a file that holds bytes."""
        self._add(path, stat.S_IFREG | _FILE, data)

    def file(self, path: str, source: Path) -> None:
        """Add a copy of a file, executable if that is."""
        executable = source.stat().st_mode & stat.S_IXUSR
        self._add(path, stat.S_IFREG | (_PROGRAM if executable else _FILE), source)

    def tree(self, path: str, source: Path) -> None:
        """Add copies of all files and folders below a folder."""
        for each in sorted(source.rglob("*")):
            place = str(PurePosixPath(path, each.relative_to(source).as_posix()))
            if each.is_dir():
                self.folder(place)
            else:
                self.file(place, each)

    def folder(self, path: str) -> None:
        """Add a folder, which may stay empty."""
        self._add(path, stat.S_IFDIR | _PROGRAM, b"")

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def program(self, path: str, source: Path, tree: Path | None = None) -> None:
        """Add a program with the shared libraries that it needs.

        Args:
            path: where it shall be.
            source: the program.
            tree: the folder of `debian.tree` whose libraries it may need.

        Raises:
            LabError: a library of it is on this machine nowhere.
        """
        self.file(path, source)
        env = debian.environment(tree) if tree else None
        listed = subprocess.run(
            ["ldd", source], env=env, capture_output=True, text=True, check=False
        )
        # A static program has nothing to list, which is an error to ldd.
        for line in listed.stdout.splitlines() if not listed.returncode else ():
            if "not found" in line:
                raise LabError(f"{source} needs a library that is missing: {line.strip()}")
            if found := re.search(r"(/\S+) \(", line):
                library = Path(found[1])
                # The loader has to be where the program says, the others are found by name.
                loader = " => " not in line
                self.file(str(library) if loader else f"/lib/{library.name}", library)

    def save(self, place: Path) -> None:
        """Write the archive."""
        with place.open("wb") as archive:
            for number, path in enumerate(sorted(self._entries), start=1):
                mode, content = self._entries[path]
                size = len(content) if isinstance(content, bytes) else content.stat().st_size
                _head(archive, number, mode, path.removeprefix("/"), size)
                if isinstance(content, bytes):
                    archive.write(content)
                else:
                    with content.open("rb") as source:
                        shutil.copyfileobj(source, archive)
                _pad(archive)
            _head(archive, 0, 0, _END, 0)

    def _add(self, path: str, mode: int, content: bytes | Path) -> None:
        self._entries[path] = mode, content
        for above in map(str, PurePosixPath(path).parents):
            if above != "/":
                self._entries.setdefault(above, (stat.S_IFDIR | _PROGRAM, b""))


def _head(archive: BinaryIO, number: int, mode: int, name: str, size: int) -> None:
    """Write what stands before a file's content: all belongs to root, and to no time."""
    owner, group, links, time, device, checksum = 0, 0, 1, 0, (0, 0, 0, 0), 0
    text = name.encode() + b"\0"
    fields = (number, mode, owner, group, links, time, size, *device, len(text), checksum)
    archive.write(_MAGIC + b"".join(b"%08x" % each for each in fields) + text)
    _pad(archive)


def _pad(archive: BinaryIO) -> None:
    archive.write(b"\0" * (-archive.tell() % 4))
