"""From what stands on a command line to the files that it means."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from capgen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUFFIXES = (".yaml", ".yml", ".json")


def find(paths: Sequence[str], passed_over: list[str] | None = None) -> Iterator[str]:
    """Return the files that `paths` mean, in the order given.

    A file is itself, whatever its name; `-` is stdin; a folder is every `*.yaml`, `*.yml` and
    `*.json` in it, folders within included, sorted by path; what else holds a `*`, `?` or `[` is a
    glob (`**` crosses folders), its matches sorted. In a folder, folders that start with a dot are
    passed over, and so are links to folders and links that lead out of the folder given.

    Args:
        paths: what was typed.
        passed_over: takes, as the files are yielded, each folder and link that is not followed.

    Raises:
        InputError: a path does not exist, or a glob matches nothing: before anything is yielded.
    """
    found: list[str] = []
    for path in paths:
        if path == "-" or _exists(path):
            found.append(path)
        elif glob.has_magic(path) and (matches := _matches(path)):
            found += matches
        else:
            kind = "no file matches" if glob.has_magic(path) else "no such file or folder:"
            raise InputError(f"{kind} `{path}`", file=path)
    return _expand(found, [] if passed_over is None else passed_over)


def _exists(path: str) -> bool:
    try:
        return path != "" and Path(path).exists()
    except OSError as error:  # a folder on the way may not be searched
        message = f"cannot read: {error.strerror or error}".lower()
        raise InputError(message, file=path) from error


def _matches(pattern: str) -> list[str]:
    # pathlib's glob refuses absolute patterns.
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 # the reason above


def _expand(paths: Sequence[str], passed_over: list[str]) -> Iterator[str]:
    for path in paths:
        if path != "-" and Path(path).is_dir():
            yield from sorted(_walk(path, passed_over))
        else:
            yield path


def _walk(top: str, passed_over: list[str]) -> Iterator[str]:
    root = Path(top).resolve()
    # A folder that cannot be listed is yielded itself: reading it says why it cannot be read.
    closed: list[str] = []
    for folder, folders, names in os.walk(top, onerror=lambda error: closed.append(error.filename)):
        passed_over += [
            str(Path(folder, name))
            for name in folders
            if name.startswith(".") or Path(folder, name).is_symlink()
        ]
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if path.suffix.lower() not in SUFFIXES:
                continue
            if path.is_symlink() and not _leads_inside(path, root):
                passed_over.append(str(path))
                continue
            if path.is_file():
                yield str(path)
    yield from closed


def _leads_inside(link: Path, root: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # dangling, or a circle
        return False
