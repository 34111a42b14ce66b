"""Sets of profiles: any one of them admits the whole pod."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from capgen.errors import CapgenError
from capgen.policy.profile import Enforcement, Scope, Union

from .library import find, library, open_profile
from .reference import is_path, split
from .resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    source = read(name)
    if source.members is None:
        return Union((resolve(source, find, kubernetes, today),))
    return union_of(source, kubernetes, today)


def read(name: str) -> Source:
    """Return the profile of a name of the library, or the profile or set at a path.

    Raises:
        UsageError: the library has no such profile.
        CapgenError: it cannot be read, or says what it may not.
    """
    if not is_path(name):
        return library(name)
    # pydantic, and the reader, only for those who bring a profile of their own.
    from .load import load_any  # noqa: PLC0415 - keeps the cold start of `check` fast

    return load_any(name)


def union_of(source: Source, kubernetes: str | None = None, today: date | None = None) -> Union:
    """Return the policy that a set of profiles means.

    Args:
        source: the set as it is written.
        kubernetes: the version, or range, that all its profiles are for; None: their own.
        today: the day, by which an exemption may have ended; None: today, UTC.

    Raises:
        CapgenError: a profile cannot be found, or read, or says what it may not.
    """
    data = source.data
    profiles: list[Profile] = []
    for place, (member, pin) in enumerate(members(source)):
        profile = resolve(member, find, kubernetes or pin or data["kubernetes"], today)
        if profile.name in {each.name for each in profiles}:
            message = f"two profiles of the set are called `{profile.name}`: rename one of them"
            raise source.error(message, "spec", "anyOf", place)
        profiles.append(profile)
    scope = Scope(tuple(data["scope"]["namespaces"]), tuple(data["scope"]["serviceAccounts"]))
    return Union(
        tuple(profiles),
        data["name"],
        scope,
        Enforcement(data["enforcement"]),
        data["description"],
        data["accept"],
        {each.name: use for each, use in zip(profiles, data["uses"], strict=True) if use},
    )


def members(source: Source) -> Iterator[tuple[Source, str | None]]:
    """Yield each profile of a set as it is written, and the version that the set pins it to.

    Raises:
        CapgenError: a profile cannot be found, or read.
    """
    for place, name in enumerate(source.members or ()):
        yield _member(source, place, name)


def _member(source: Source, place: int, name: str) -> tuple[Source, str | None]:
    """Return a profile of a set: a file beside it, a path, or a name of the library."""
    beside = Path(source.document.file).parent / f"{name}.yaml" if source.document else None
    try:
        if not is_path(name) and beside is not None and beside.is_file():
            return find(f"./{name}.yaml", source), None
        bare, pin = split(name)
        return find(bare, source), pin
    except CapgenError as error:
        if error.file is not None:
            raise
        message = f"{error.message}; nor is there a file `{name}.yaml` beside this one"
        raise source.error(message, "spec", "anyOf", place) from None
