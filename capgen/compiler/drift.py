"""Says where a folder differs from what a compile would write."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from capgen.targets.base import Artefact

from .write import existing


def drift(folder: Path, artefacts: Sequence[Artefact]) -> Iterator[str]:
    """Yield a description of each file of a folder that is missing, stray or different."""
    found = existing(folder)
    expected = {artefact.path: artefact.text.encode() for artefact in artefacts}
    for path in sorted(found.keys() | expected.keys()):
        if path not in found:
            yield f"{folder / path}: missing"
        elif path not in expected:
            yield f"{folder / path}: stray: no compile writes it"
        elif found[path] != expected[path]:
            yield _difference(str(folder / path), found[path], expected[path])


def _difference(name: str, found: bytes, expected: bytes) -> str:
    try:
        before = found.decode()
    except UnicodeDecodeError:
        return f"{name}: differs: it is no text in UTF-8"
    after = expected.decode()
    structure = _structure(name, before, after)
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), name, f"{name} (compiled)", lineterm="", n=1
    )
    return "\n".join([f"{name}: differs{structure}", *lines])


def _structure(name: str, before: str, after: str) -> str:
    """Say which values differ, where both sides are YAML or JSON."""
    if not name.endswith((".yaml", ".json")):
        return ""
    # Needed only where something has drifted, and slow to import.
    from deepdiff import DeepDiff  # noqa: PLC0415 - as said

    from capgen.reader import Document, read_bytes  # noqa: PLC0415 - as said

    values = []
    for text in (before, after):
        documents = list(read_bytes(text.encode(), name))
        if not all(isinstance(document, Document) for document in documents):
            return ": it cannot be read"
        values.append([document.value for document in documents if isinstance(document, Document)])
    changes = DeepDiff(values[0], values[1]).pretty().splitlines()
    return "".join(f"\n  {line}" for line in changes) or " in its layout only"
