"""Puts a folder's files onto the disk: all of them, or nothing.

The new folder is written beside the old one, and the two swap names in one step of the kernel's, so
that whatever ends the program leaves the one or the other. Where the system has no such step there
are two, an interrupt waits for both, and after a crash in between the next run puts the old folder
back.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import signal
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from capgen.errors import OutputError

from .bundles import bundles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from capgen.targets.base import Artefact

    from .bundles import Shared
    from .compiled import Compiled

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_EXECUTABLE = ".sh"
# From linux/fcntl.h and linux/fs.h.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
# What renameat2 says where kernel or file system cannot exchange, or not these two folders.
_CANNOT_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EXDEV)


def write(out: Path, compiled: Sequence[Compiled]) -> list[Shared]:
    """Write every target's folder below `out`, as `<profile>/<target>/`, each but once.

    Every new folder is complete on the disk before the first takes its place; the bundles that the
    others need come first.

    Returns:
        The bundles as they were written.

    Raises:
        OutputError: the output folder is none, leads out of itself, or the disk refuses.
    """
    folders = {out / each.profile.name / each.target: each.artefacts for each in compiled}
    named = {out / each.bundle.name for each in compiled if each.bundle is not None}
    try:
        for place in (*named, *folders):
            _check(out, place)
        with ExitStack() as stack:
            # In one order, so that two runs never wait for each other.
            for home in sorted({place.parent for place in (*named, *folders)}):
                home.mkdir(parents=True, exist_ok=True)
                stack.enter_context(_locked(home))
            # Only now does nobody change what decides what a bundle holds.
            shared = bundles(out, compiled)
            folders = {out / each.name: each.artefacts for each in shared} | folders
            staged = {place: _beside(place, f"new-{os.getpid()}") for place in folders}
            for folder in staged.values():
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
            for place, artefacts in folders.items():
                _clear(place)
                _stage(artefacts, staged[place])
            for place, folder in staged.items():
                _swap(place, folder)
            return shared
    except OSError as error:
        where = f" `{error.filename}`" if error.filename else ""
        msg = f"cannot write{where}: {(error.strerror or str(error)).lower()}"
        raise OutputError(msg) from error


def existing(folder: Path) -> dict[str, bytes]:
    """Return the files that stand in a folder, by their path in it."""
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
        if not path.is_dir() or path.is_symlink()
    }


def _check(out: Path, place: Path) -> None:
    """Refuse what is no folder, and links that lead elsewhere."""
    for path in (out, *(() if out.is_absolute() else out.parents)):
        if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
            msg = f"`{path}` is a link out of its folder, to `{path.resolve()}`: name that instead"
            raise OutputError(msg)
    if out.exists() and not out.is_dir():
        msg = f"the output folder `{out}` is a file"
        raise OutputError(msg)
    for path in (place.parent, place) if place.parent != out else (place,):
        if path.is_symlink():
            msg = f"`{path}` is a link: the output folder may not lead out of itself"
            raise OutputError(msg)
        if path.exists() and not path.is_dir():
            msg = f"`{path}` is a file; expected a folder"
            raise OutputError(msg)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Keep another run out of a folder whose folders are replaced."""
    handle = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _beside(place: Path, what: str) -> Path:
    return place.with_name(f".{place.name}.{what}")


def _clear(place: Path) -> None:
    """Take away what a run that was killed has left, and put back what it had set aside."""
    for left in place.parent.glob(f".{place.name}.new-*"):
        shutil.rmtree(left)
    old = _beside(place, "old")
    if old.exists() and place.exists():
        shutil.rmtree(old)
    elif old.exists():
        old.rename(place)


def _stage(artefacts: Sequence[Artefact], new: Path) -> None:
    """Write files into a folder of their own; no files, no folder."""
    for artefact in artefacts:
        path = _inside(new, artefact.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(artefact.text.encode())
        if path.suffix == _EXECUTABLE:
            path.chmod(0o755)


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        msg = f"`{name}` leads out of the output folder"
        raise OutputError(msg)
    return path


def _swap(place: Path, new: Path) -> None:
    """Let the new folder take the old one's place, between two signals."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        # Itself it raises what arrives in that moment.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        if not place.exists():
            if new.exists():
                new.rename(place)
        elif not new.exists() or not _exchange(place, new):
            _replace(place, new)
        # What it holds now is the old folder.
        shutil.rmtree(new, ignore_errors=True)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _exchange(place: Path, new: Path) -> bool:
    """Let two folders swap names in one step; False where the system cannot."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    one, other = os.fsencode(place), os.fsencode(new)
    if renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(place))


def _replace(place: Path, new: Path) -> None:
    """Set the old folder aside, and let the new one, if there is one, take its place."""
    old = _beside(place, "old")
    # Not `rename`: a folder of an image's lower layer can only be copied.
    shutil.move(place, old)
    try:
        if new.exists():
            new.rename(place)
    except OSError:
        shutil.move(old, place)
        raise
    shutil.rmtree(old, ignore_errors=True)
