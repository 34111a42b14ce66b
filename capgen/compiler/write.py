"""Puts a target's files onto the disk: the whole folder, or nothing of it.

The new folder is written beside the old one and takes its place by renaming. An interrupt waits
until the names are right again; after a crash in between, the next run puts the old folder back.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from capgen.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .plan import Compiled

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_EXECUTABLE = ".sh"


def write(out: Path, compiled: list[Compiled]) -> None:
    """Write every target's folder below `out`, as `<profile>/<target>/`.

    Every new folder is complete on the disk before the first takes its place.

    Raises:
        OutputError: the output folder is none, leads out of itself, or the disk refuses.
    """
    try:
        staged = []
        try:
            for each in compiled:
                home = _home(out, each.profile.name)
                with _locked(home):
                    staged.append((home, each.target, _stage(home, each)))
            for home, name, new in staged:
                with _locked(home):
                    _swap(home / name, new, home / f".{name}.old")
        finally:
            for _, _, new in staged:
                shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        where = f" `{error.filename}`" if error.filename else ""
        msg = f"cannot write{where}: {(error.strerror or str(error)).lower()}"
        raise OutputError(msg) from error


def existing(out: Path, compiled: Compiled) -> dict[str, bytes]:
    """Return the files that stand in a target's folder, by their path in it."""
    folder = out / compiled.profile.name / compiled.target
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
        if not path.is_dir() or path.is_symlink()
    }


def _home(out: Path, profile: str) -> Path:
    """Return the profile's folder, made if need be; refuse what is no folder or leads elsewhere."""
    if out.exists() and not out.is_dir():
        msg = f"the output folder `{out}` is a file"
        raise OutputError(msg)
    home = out / profile
    for path in (home, *(child for child in _children(home) if child.is_symlink())):
        if path.is_symlink():
            msg = f"`{path}` is a link: the output folder may not lead out of itself"
            raise OutputError(msg)
    if home.exists() and not home.is_dir():
        msg = f"`{home}` is a file; expected a folder"
        raise OutputError(msg)
    home.mkdir(parents=True, exist_ok=True)
    return home


def _children(home: Path) -> list[Path]:
    return list(home.iterdir()) if home.is_dir() and not home.is_symlink() else []


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Keep another run out of the profile's folder."""
    handle = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _stage(home: Path, compiled: Compiled) -> Path:
    """Write a target's files into a folder of their own beside its place."""
    place = home / compiled.target
    old = home / f".{compiled.target}.old"
    if place.exists() and not place.is_dir():
        msg = f"`{place}` is a file; expected a folder"
        raise OutputError(msg)
    if old.exists():
        # A run before this one was killed between two renames.
        if place.exists():
            shutil.rmtree(old)
        else:
            old.rename(place)
    new = home / f".{compiled.target}.new-{os.getpid()}"
    shutil.rmtree(new, ignore_errors=True)
    try:
        for artefact in compiled.artefacts:
            path = _inside(new, artefact.path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(artefact.text.encode())
            if path.suffix == _EXECUTABLE:
                path.chmod(0o755)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return new


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        msg = f"`{name}` leads out of the output folder"
        raise OutputError(msg)
    return path


def _swap(place: Path, new: Path, old: Path) -> None:
    """Let the new folder take the old one's place, between two signals."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        if place.exists():
            place.rename(old)
        try:
            if new.exists():
                new.rename(place)
        except OSError:
            if old.exists():
                old.rename(place)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
