"""Sets of profiles: any one of them admits the whole pod."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from capgen.errors import CapgenError
from capgen.policy.profile import Enforcement, Scope, Union

from .library import find, open_profile
from .reference import is_path, split
from .resolve import resolve

if TYPE_CHECKING:
    from datetime import date

    from capgen.policy.profile import Profile

    from .source import Source


def open_union(name: str, kubernetes: str | None = None, today: date | None = None) -> Union:
    """Return the policy of a profile, or of a set of them, by its name or path.

    Raises:
        UsageError: the library has no such profile.
        CapgenError: it cannot be read, or says what it may not.
    """
    if not is_path(name):
        return Union((open_profile(name, kubernetes, today),))
    # pydantic, and the reader, only for those who bring a profile of their own.
    from .load import load_any  # noqa: PLC0415 - keeps the cold start of `check` fast

    source = load_any(name)
    if source.members is None:
        return Union((resolve(source, find, kubernetes, today),))
    data = source.data
    profiles = tuple(
        _member(source, place, kubernetes or data["kubernetes"], today)
        for place in range(len(source.members))
    )
    scope = Scope(tuple(data["scope"]["namespaces"]), tuple(data["scope"]["serviceAccounts"]))
    return Union(profiles, data["name"], scope, Enforcement(data["enforcement"]))


def _member(source: Source, place: int, kubernetes: str | None, today: date | None) -> Profile:
    """Return a profile of a set: a file beside it, a path, or a name of the library."""
    name = (source.members or ())[place]
    beside = Path(source.document.file).parent / f"{name}.yaml" if source.document else None
    try:
        if not is_path(name) and beside is not None and beside.is_file():
            return resolve(find(f"./{name}.yaml", source), find, kubernetes, today)
        bare, pin = split(name)
        return resolve(find(bare, source), find, kubernetes or pin, today)
    except CapgenError as error:
        if error.file is not None:
            raise
        message = f"{error.message}; nor is there a file `{name}.yaml` beside this one"
        raise source.error(message, "spec", "anyOf", place) from None
