"""What a profile has of its parents, and how its versions are put together: plain settings."""

from __future__ import annotations

from os.path import realpath
from typing import TYPE_CHECKING, Any

from capgen.errors import CapgenError
from capgen.policy.catalogue import ENTRIES
from capgen.policy.rules import Settings, resolve_symbols
from capgen.policy.values import minor

from .meet import ConflictError, meet
from .reference import split

if TYPE_CHECKING:
    from collections.abc import Callable

    from .source import Source

    Loader = Callable[[str, Source], Source]

# The rules of a profile at one minor version, or over a span of them.
Rules = dict[str, Settings]


def version(source: Source, load: Loader, seen: tuple[str, ...] = ()) -> str | None:
    """Return the version, or range, that a profile is for: its own, or that of its parents.

    Raises:
        ProfileError: the parents' differ.
    """
    if source.data["kubernetes"] is not None:
        return str(source.data["kubernetes"])
    found = {
        f"1.{pin}" if pin is not None else version(parent, load, way)
        for parent, way, pin in parents_of(source, load, seen)
    }
    found.discard(None)
    if len(found) > 1:
        listed = ", ".join(sorted(f"`{text}`" for text in found if text))
        message = f"the parents are for different versions ({listed}): say `kubernetes`"
        raise source.error(message, "spec", "extends")
    return found.pop() if found else None


def parents_of(
    source: Source, load: Loader, seen: tuple[str, ...]
) -> list[tuple[Source, tuple[str, ...], int | None]]:
    """Return each parent, the way that led there, and the version that it is pinned to."""
    found = []
    for place, text in enumerate(source.data["extends"]):
        try:
            name, pin = split(text)
            pinned = minor(pin) if pin is not None else None
            parent = load(name, source)
        except CapgenError as error:
            if error.file is not None:
                raise
            raise source.error(error.message, "spec", "extends", place) from None
        key = realpath(parent.document.file) if parent.document is not None else name
        if key in seen:
            raise source.error(f"`{text}` extends itself", "spec", "extends", place)
        found.append((parent, (*seen, key), pinned))
    return found


def settings_at(source: Source, load: Loader, version: int, seen: tuple[str, ...] = ()) -> Rules:
    """Return the settings of a profile at one minor version."""
    rules = inherited(source, load, version, seen)
    before = set(rules)
    # Rules that say in this profile how they read.
    itself: set[str] = set()
    for name, written in source.data["rules"].items():
        if written is None:
            rules.pop(name, None)
            continue
        if not written:
            message = f"`{name}` says nothing: give it a value, or null to take it out"
            raise source.error(message, "spec", "rules", name)
        own = _own_at(written, version)
        itself |= {name} if own.get("reading") is not None else set()
        merged = _merged(name, rules.pop(name, {}), own, version)
        # A rule of which nothing is left is none.
        rules |= {name: merged} if merged else {}
    reading = source.data["reading"]
    if reading is None:
        # A parent's counts for what is set here first; what is inherited has been read already.
        reading, itself = _reading_above(source, load, seen), itself | before
    if reading is not None:
        rules |= {name: rules[name] | {"reading": reading} for name in rules if name not in itself}
    return rules


def _merged(name: str, inherited_settings: Settings, own: Settings, version: int) -> Settings:
    """Put what a profile says of a rule on top of what it has of its parents; null takes out."""
    set_here = {key: value for key, value in own.items() if value is not None}
    merged = inherited_settings | resolve_symbols(ENTRIES[name], set_here, version)
    return {key: value for key, value in merged.items() if own.get(key, value) is not None}


def _own_at(written: Settings, version: int) -> Settings:
    """Return what a profile itself says of a rule at a minor version."""
    own = {key: value for key, value in written.items() if key != "since"}
    for revision in written.get("since") or ():
        if minor(revision["version"]) <= version:
            own |= {key: value for key, value in revision.items() if key != "version"}
    return own


def _reading_above(source: Source, load: Loader, seen: tuple[str, ...]) -> str | None:
    """Return the reading that the parents set for all their rules; of several the strictest."""
    found = {
        parent.data["reading"] or _reading_above(parent, load, way)
        for parent, way, _ in parents_of(source, load, seen)
    }
    return next((each for each in ("both", "declared", "effective") if each in found), None)


def inherited(source: Source, load: Loader, version: int, seen: tuple[str, ...] = ()) -> Rules:
    """Return what the parents of a profile set at one minor version, put together."""
    rules: Rules = {}
    for parent, way, pin in parents_of(source, load, seen):
        theirs = settings_at(parent, load, version if pin is None else pin, way)
        for name, settings in theirs.items():
            rules[name] = _meet(source, name, rules[name], settings) if name in rules else settings
    return rules


def over(span: range, at: Callable[[int], Rules], source: Source) -> Rules:
    """Put the settings of all minor versions of a span together."""
    merged: Rules = {}
    every: list[Rules] = [at(version) for version in span]
    for rules in every:
        for name, settings in rules.items():
            merged[name] = (
                _meet(source, name, merged[name], settings) if name in merged else settings
            )
    return merged


def _meet(source: Source, name: str, left: Settings, right: Settings) -> Settings:
    own = source.data["rules"].get(name) or {}
    try:
        return meet(left, right, settled=frozenset(own))
    except ConflictError as conflict:
        message = f"`{name}`: {conflict}"
        raise source.error(message, "spec", "rules", name) from None


def granted(source: Source, load: Loader, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what a profile and its parents grant, put together: plain data.

    Raises:
        ProfileError: the parents differ and the profile does not say what counts, or it allows what
            is denied.
    """
    above = granted_above(source, load, seen)
    own = source.data["grants"]
    if not own and not any(above):
        return {}
    # Few profiles grant anything, and the library's need not pay for them.
    from capgen.policy.inheritance import GrantsError, merge  # noqa: PLC0415 - cold start of `check`

    try:
        return merge(above, own)
    except GrantsError as error:
        raise source.error(str(error), "spec", *error.path) from None


def granted_above(source: Source, load: Loader, seen: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return what each parent of a profile grants."""
    return [granted(parent, load, way) for parent, way, _ in parents_of(source, load, seen)]
