"""The folders that several profiles share, as a compile leaves them.

A bundle holds what the compiled profiles need, and what the folders of other profiles, which are
left alone, need of what stands there already. What nobody needs any more goes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from capgen.targets.base import Artefact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from capgen.targets.base import Bundle

    from .compiled import Compiled


class Shared(NamedTuple):
    """A bundle.

    Attributes:
        name: of its folder.
        artefacts: all its files.
        missing: for each file that another profile's folder needs and that is not there, the path
            of what needs it, and its own name.
    """

    name: str
    artefacts: tuple[Artefact, ...]
    missing: tuple[tuple[Path, str], ...]


def bundles(out: Path, compiled: Sequence[Compiled]) -> list[Shared]:
    """Return the bundles of what is compiled, by what stands below `out`.

    One that nobody needs is none, unless it stands there: then it has no files any more.

    Raises:
        OSError: a file there cannot be read.
    """
    targets = {each.target: each.bundle for each in compiled if each.bundle is not None}
    found = (_bundle(out, target, bundle, compiled) for target, bundle in targets.items())
    return [
        each for each in found if each.artefacts or each.missing or os.path.lexists(out / each.name)
    ]


def _bundle(out: Path, target: str, bundle: Bundle, compiled: Sequence[Compiled]) -> Shared:
    ours = [each for each in compiled if each.target == target]
    files = {artefact.path: artefact for each in ours for artefact in each.shared}
    missing = []
    for path, needed in _needed(out, target, bundle, {each.profile.name for each in ours}):
        standing = out / bundle.name / needed
        if needed in files:
            continue
        if standing.is_file():
            # Its object is written where it is compiled: here it is a file like any other.
            files[needed] = Artefact(needed, standing.read_text("utf-8", "replace"))
        else:
            missing.append((path, needed))
    return Shared(bundle.name, bundle.dress(tuple(files.values())), tuple(missing))


def _needed(
    out: Path, target: str, bundle: Bundle, compiled: set[str]
) -> Iterator[tuple[Path, str]]:
    """Yield what needs a file of the bundle, in the folders of other profiles, and which."""
    for folder in sorted(out.glob(f"*/{target}")):
        if folder.parent.name in compiled:
            continue
        for path in sorted(folder.rglob("*")):
            needed = bundle.needs(path.read_text("utf-8", "replace")) if path.is_file() else ""
            if needed:
                yield path, needed
