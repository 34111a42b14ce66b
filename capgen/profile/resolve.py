"""Makes a policy of a profile: its parents, its versions and its rules put together.

Plain data in, policy objects out, without pydantic: a profile of the library goes this way on every
run of `check`.
"""

from __future__ import annotations

from os.path import realpath
from typing import TYPE_CHECKING, Any

from capgen.errors import CapgenError, ProfileError, nearest
from capgen.policy.catalogue import ENTRIES, Entry
from capgen.policy.match import Match, Operator, Requirement
from capgen.policy.profile import Enforcement, Profile
from capgen.policy.rules import Rule, Settings, build, resolve_symbols
from capgen.policy.values import minor, minors

from .meet import ConflictError, meet
from .reference import split

if TYPE_CHECKING:
    from collections.abc import Callable

    from .source import Source

    Loader = Callable[[str, Source], Source]

# The rules of a profile at one minor version, or over a span of them.
_Rules = dict[str, Settings]


def resolve(source: Source, load: Loader, kubernetes: str | None = None) -> Profile:
    """Make the policy that a profile means.

    Args:
        source: the profile as it is written.
        load: finds the parent of a name for a profile that names it.
        kubernetes: the version, or range, to compile for; None: the profile's own, or its parents'.

    Raises:
        ProfileError: the profile contradicts itself, or loosens a parent without a reason.
    """
    text = kubernetes or _version(source, load, ())
    if text is None:
        raise source.error(
            "`kubernetes` is required: neither it nor a parent says a version", "spec"
        )
    span = minors(text)
    settings = _over(span, lambda version: _at(source, load, version, ()), source)
    rules = tuple(
        _built(source, ENTRIES[name], settings[name], span) for name in ENTRIES if name in settings
    )
    # The library's own profiles were checked when it was precompiled.
    if source.document is not None:
        _check_loosening(source, load, span, rules)
    data = source.data
    profile = Profile(
        name=data["name"],
        description=data["description"],
        minors=span,
        rules=rules,
        enforcement=Enforcement(data["enforcement"]),
        pods=data["pods"],
        controllers=data["controllers"],
        match=_match(data["match"]),
        accept=data["accept"],
    )
    for target, rows in profile.accept.items():
        for name in rows:
            if name not in settings:
                message = f"`{name}` is accepted as a gap, but no rule of this name is set"
                raise source.error(message, "spec", "accept", target, name)
    if any("default" in rule.settings or "add" in rule.settings for rule in rules):
        _check_choices(source, profile)
    return profile


def _check_choices(source: Source, profile: Profile) -> None:
    """Refuse a value to choose that the rules do not allow, whatever is compiled."""
    from capgen.policy.choice import wanted  # noqa: PLC0415 - the library's profiles choose nothing

    try:
        wanted(profile, "linux")
    except ProfileError as error:
        raise source.error(error.message, "spec", "rules") from None


def _version(source: Source, load: Loader, seen: tuple[str, ...]) -> str | None:
    if source.data["kubernetes"] is not None:
        return str(source.data["kubernetes"])
    found = {
        f"1.{pin}" if pin is not None else _version(parent, load, way)
        for parent, way, pin in _parents(source, load, seen)
    }
    found.discard(None)
    if len(found) > 1:
        listed = ", ".join(sorted(f"`{text}`" for text in found if text))
        message = f"the parents are for different versions ({listed}): say `kubernetes`"
        raise source.error(message, "spec", "extends")
    return found.pop() if found else None


def _parents(
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


def _at(source: Source, load: Loader, version: int, seen: tuple[str, ...]) -> _Rules:
    """Return the settings of a profile at one minor version."""
    rules = _inherited(source, load, version, seen)
    for name, written in source.data["rules"].items():
        if written is None:
            rules.pop(name, None)
            continue
        if not written:
            message = f"`{name}` says nothing: give it a value, or null to take it out"
            raise source.error(message, "spec", "rules", name)
        own = {key: value for key, value in written.items() if key != "since"}
        for revision in written.get("since") or ():
            if minor(revision["version"]) <= version:
                own |= {key: value for key, value in revision.items() if key != "version"}
        # Null takes out what a parent has; and a rule of which nothing is left is none.
        set_here = {key: value for key, value in own.items() if value is not None}
        merged = rules.get(name, {}) | resolve_symbols(ENTRIES[name], set_here, version)
        rules[name] = {
            key: value for key, value in merged.items() if own.get(key, value) is not None
        }
        if not rules[name]:
            del rules[name]
    return rules


def _inherited(source: Source, load: Loader, version: int, seen: tuple[str, ...]) -> _Rules:
    rules: _Rules = {}
    for parent, way, pin in _parents(source, load, seen):
        theirs = _at(parent, load, version if pin is None else pin, way)
        for name, settings in theirs.items():
            rules[name] = _meet(source, name, rules[name], settings) if name in rules else settings
    return rules


def _over(span: range, at: Callable[[int], _Rules], source: Source) -> _Rules:
    """Put the settings of all minor versions of a span together."""
    merged: _Rules = {}
    every: list[_Rules] = [at(version) for version in span]
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


def _built(source: Source, entry: Entry, settings: Settings, span: range) -> Rule:
    try:
        return build(entry, settings, span)
    except ProfileError as error:
        raise source.error(error.message, "spec", "rules", entry.id) from None


def _check_loosening(source: Source, load: Loader, span: range, rules: tuple[Rule, ...]) -> None:
    """Refuse a child that is looser than a parent without saying why."""
    from capgen.policy.order import looser  # noqa: PLC0415 - the library's profiles do not need it

    loosens = source.data["loosens"]
    for name in loosens:
        if name not in source.data["rules"]:
            hint = nearest(name, source.data["rules"])
            message = f"`{name}` loosens nothing: the profile does not set it{hint}"
            raise source.error(message, "spec", "loosens", name)
    ours = {rule.id: rule for rule in rules}
    above = _over(span, lambda version: _inherited(source, load, version, ()), source)
    for name, settings in above.items():
        if name in loosens:
            continue
        parent = _built(source, ENTRIES[name], settings, span)
        reason = looser(parent, ours.get(name))
        if reason is not None:
            message = f"`{name}` is looser than its parent's: {reason}; say why in `loosens`"
            raise source.error(message, "spec", "rules", name)


def _match(data: dict[str, Any]) -> Match:
    return Match(
        include=tuple(data["namespaces"]["include"]),
        exclude=tuple(data["namespaces"]["exclude"]),
        namespace_selector=_requirements(data["namespaceSelector"]),
        pod_selector=_requirements(data["podSelector"]),
    )


def _requirements(selector: dict[str, Any]) -> tuple[Requirement, ...]:
    labels = [
        Requirement(key, Operator.IN, (value,)) for key, value in selector["matchLabels"].items()
    ]
    expressions = [
        Requirement(row["key"], Operator(row["operator"]), tuple(row["values"]))
        for row in selector["matchExpressions"]
    ]
    return (*labels, *expressions)
