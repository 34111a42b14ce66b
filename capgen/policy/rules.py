"""A rule with its values: settings in, expression out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, assert_never

from capgen.errors import ProfileError, nearest

from .catalogue import CONDITIONS, Ask, Entry, Part
from .expressions import All, AnyOf, Expression, Test, unset_verdict
from .predicates import Globs, Includes, InRanges, OneOf, Predicate, Under, Within
from .reading import Reading
from .subjects import (
    EACH,
    LOCALHOST,
    Field,
    HandlerHosts,
    HostPaths,
    ProfileAnnotations,
    Subject,
    VolumeTypes,
    plain,
)
from .values import minor

if TYPE_CHECKING:
    from collections.abc import Iterable

# A rule's settings at one minor version: the keys of its parts to lists of values, and `unset`,
# `unless`, `default`, `add`, `reading`.
Settings: TypeAlias = dict[str, Any]

_LARGEST: Final = 2**63 - 1
_RANGE: Final = re.compile(r"(0|[1-9][0-9]{0,18})(?:(-)(0|[1-9][0-9]{0,18})?)?")


class Rule(NamedTuple):
    """A rule that holds in a profile.

    Attributes:
        entry: what the catalogue says of it.
        expression: what it asks of a pod.
        settings: the settings that it was made of, symbols resolved.
    """

    entry: Entry
    expression: Expression
    settings: Settings

    @property
    def id(self) -> str:
        """The rule's name in a profile."""
        return self.entry.id


def build(entry: Entry, settings: Settings, span: range) -> Rule:
    """Make a rule of settings whose symbols are resolved, for all minor versions of the span.

    Raises:
        ProfileError: a setting is none that the rule could have.
    """
    reading = Reading(settings.get("reading", "declared"))
    tests: list[Test] = []
    for part in parts_of(entry, span):
        values = settings.get(part.key)
        if values is None:
            continue
        if part.ask is Ask.UNDER_WRITABLE and not any(map(_is_read_only, values)):
            continue
        covers = part.cover if settings.get("allCovers") else None
        subject, predicate = _judged(part, values, covers)
        unset = settings.get("unset")
        if unset is not None and _is_of_items(subject):
            msg = f"`unset` says nothing of `{entry.id}`: only what is there is judged"
            raise ProfileError(msg)
        verdict = unset_verdict(subject, predicate) if unset is None else unset == "allow"
        tests.append(Test(subject, predicate, verdict, reading))
    if not tests:
        msg = f"the rule `{entry.id}` says nothing; expected one of {_keys(entry)}"
        raise ProfileError(msg)
    body: Expression = tests[0] if len(tests) == 1 else All(tuple(tests))
    known = [name for name in settings.get("unless", ()) if CONDITIONS[name].since <= span[0]]
    lifts = tuple(CONDITIONS[name].test for name in known)
    said = {**settings, "unless": known} if "unless" in settings else settings
    return Rule(entry, AnyOf((*lifts, body)) if lifts else body, said)


def parts_of(entry: Entry, span: range) -> Iterable[Part]:
    """Return the parts of a rule that hold at some minor version of the span."""
    return [part for part in entry.parts if part.since <= span[-1] and part.until >= span[0]]


def keys_of(entry: Entry) -> tuple[str, ...]:
    """Return the keys of a rule's settings that list values, each once."""
    return tuple(dict.fromkeys(part.key for part in entry.parts))


def resolve_symbols(entry: Entry, settings: Settings, version: int) -> Settings:
    """Put a symbolic set's members at the minor version in the place of its name."""
    resolved = dict(settings)
    for part in entry.parts:
        if part.symbols is None or part.key not in settings:
            continue
        family = _sets()[part.symbols]
        members: list[str] = []
        for value in settings[part.key]:
            members += _members(family[value], version) if value in family else [value]
        resolved[part.key] = list(dict.fromkeys(members))
    return resolved


def read_range(text: str | int) -> tuple[int, int | None]:
    """Read `5`, `1-9` or `1-` as the lowest and the highest value that it holds.

    Raises:
        ProfileError: it is no range, or runs backwards.
    """
    found = _RANGE.fullmatch(str(text))
    if found is None or isinstance(text, bool):
        msg = f"`{text}` is no range; expected one like `5`, `1-9` or `1-`"
        raise ProfileError(msg)
    low = int(found[1])
    high = low if found[2] is None else int(found[3]) if found[3] is not None else None
    if max(low, high or 0) > _LARGEST:
        msg = f"the range `{text}` goes beyond {_LARGEST}, the largest integer of the API"
        raise ProfileError(msg)
    if high is not None and high < low:
        msg = f"the range `{text}` runs backwards"
        raise ProfileError(msg)
    return low, high


def condition(name: str) -> str:
    """Return the name of a condition that may lift a rule.

    Raises:
        ProfileError: there is none of this name.
    """
    if name not in CONDITIONS:
        msg = f"`{name}` lifts no rule{nearest(name, CONDITIONS)}; known: {', '.join(CONDITIONS)}"
        raise ProfileError(msg)
    return name


def part_of(rule: Rule, subject: Subject) -> Part:
    """Return the part of a rule that judges a subject of its tests."""
    return next(part for part in rule.entry.parts if part.subject == plain(subject))


def prefix_of(value: str | Settings) -> str:
    """Return the path of a host path's prefix."""
    return value if isinstance(value, str) else str(value["prefix"])


def _is_read_only(value: str | Settings) -> bool:
    return isinstance(value, dict) and value.get("readOnly") is True


def _is_of_items(subject: Subject) -> bool:
    """Tell whether what is judged stands in items of a list, and is nothing where there is none."""
    if isinstance(subject, Field):
        return EACH in subject.path[:-1]
    return isinstance(subject, (VolumeTypes, HandlerHosts, HostPaths))


def _judged(part: Part, values: list[Any], cover: str | None) -> tuple[Subject, Predicate]:
    """Return what a part judges, and with which predicate."""
    match part.ask:
        case Ask.ONE_OF:
            return part.subject, OneOf(tuple(values))
        case Ask.IN_RANGES:
            return part.subject, InRanges(tuple(read_range(value) for value in values))
        case Ask.WITHIN:
            return part.subject, Within(tuple(values), cover)
        case Ask.INCLUDES:
            return part.subject, Includes(tuple(values), cover)
        case Ask.GLOBS:
            return _matched(part.subject, values)
        case Ask.UNDER:
            return part.subject, Under(tuple(map(prefix_of, values)))
        case Ask.UNDER_WRITABLE:
            # Where a path is under several prefixes, one that lets it be written wins.
            writable = [value for value in values if not _is_read_only(value)]
            return part.subject, Under(tuple(map(prefix_of, writable)))
        case _:
            assert_never(part.ask)


def _matched(subject: Subject, values: list[str]) -> tuple[Subject, Predicate]:
    """Return a test of texts that may be globs, and may name a local profile's file."""
    if isinstance(subject, (Field, ProfileAnnotations)) and LOCALHOST not in values:
        joined = any(value.startswith(f"{LOCALHOST}:") for value in values)
        subject = replace(subject, joined=True) if joined else subject
    elif LOCALHOST in values:
        # Any file is allowed: to name one says nothing more.
        values = [value for value in values if not value.startswith(f"{LOCALHOST}:")]
    listed = tuple(values)
    return subject, Globs(listed) if any("*" in value for value in listed) else OneOf(listed)


def _keys(entry: Entry) -> str:
    return ", ".join(f"`{key}`" for key in keys_of(entry))


def _members(symbol: dict[str, Any], version: int) -> list[str]:
    return [
        member
        for since, members in symbol["since"].items()
        if minor(since) <= version
        for member in members
    ]


@cache
def _sets() -> dict[str, dict[str, dict[str, Any]]]:
    text = (Path(__file__).parent.parent / "data" / "sets.json").read_text("utf-8")
    loaded: dict[str, dict[str, dict[str, Any]]] = json.loads(text)
    return loaded
