"""The laboratory's own policies, as they stand in their files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.loading import loaded_all

if TYPE_CHECKING:
    from tests.engines.rest import Object

_FOLDER: Final = Path(__file__).resolve().parents[1] / "artefacts"


def artefacts(folder: str, name: str) -> list[Object]:
    """Return the objects of a file."""
    text = (_FOLDER / folder / f"{name}.yaml").read_text("utf-8")
    return loaded_all(text)
