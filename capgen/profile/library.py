"""Where profiles come from: the library, which travels with capgen, or a path.

The library's profiles are kept checked and as JSON (`data/library.json`), so that to use one needs
neither a YAML reader nor pydantic. `python -m capgen.profile.library` writes that file anew.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from capgen.errors import UsageError, nearest

from .reference import is_path, split
from .resolve import resolve
from .source import Source

if TYPE_CHECKING:
    from datetime import date

    from capgen.policy.profile import Profile

_PACKAGE: Final = Path(__file__).parent.parent
_PRECOMPILED: Final = _PACKAGE / "data" / "library.json"


def open_profile(name: str, kubernetes: str | None = None, today: date | None = None) -> Profile:
    """Return the policy of a profile of the library, `name` or `name@1.29`, or of a path.

    Raises:
        UsageError: the library has no such profile.
        CapgenError: the profile cannot be read, or says what it may not.
    """
    bare, pin = split(name)
    return resolve(find(bare, None), find, kubernetes or pin, today)


def find(name: str, child: Source | None) -> Source:
    """Return the profile of a name, or at a path that is taken from the folder of its child."""
    if not is_path(name):
        return library(name)
    # pydantic, and the reader, only for those who bring a profile of their own.
    from .load import load  # noqa: PLC0415 - keeps the cold start of `check` fast

    above = child.document.file if child is not None and child.document is not None else None
    return load(str(Path(above).parent / name) if above else name)


def library(name: str) -> Source:
    """Return a profile of the library.

    Raises:
        UsageError: it has none of this name.
    """
    profiles = _load()
    if name not in profiles:
        hint = nearest(name, profiles) or f"; known: {', '.join(profiles)}"
        msg = f"the library has no profile `{name}`{hint}"
        raise UsageError(msg)
    return Source(profiles[name])


def names() -> tuple[str, ...]:
    """Return the name of every profile of the library."""
    return tuple(_load())


def folder() -> Path:
    """Return the folder with the library's YAML: in a wheel beside the code, else in the tree."""
    shared = _PACKAGE / "share" / "profiles"
    return shared if shared.is_dir() else _PACKAGE.parent / "profiles"


def precompile() -> str:
    """Return the text of `data/library.json` for the profiles in the folder."""
    from .load import load  # noqa: PLC0415 - keeps the cold start of `check` fast

    top = folder()
    files = sorted(top.rglob("*.yaml"))
    profiles = {
        file.relative_to(top).with_suffix("").as_posix(): load(str(file)).data for file in files
    }
    return json.dumps(profiles, indent=1) + "\n"


@cache
def _load() -> dict[str, dict[str, Any]]:
    profiles: dict[str, dict[str, Any]] = json.loads(_PRECOMPILED.read_text("utf-8"))
    return profiles


if __name__ == "__main__":
    _PRECOMPILED.write_text(precompile(), "utf-8")
