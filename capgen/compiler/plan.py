"""What a compile would write: every target of every profile, before anything is touched."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from capgen.errors import ProfileError, UsageError
from capgen.profile.library import find
from capgen.profile.reference import split
from capgen.profile.resolve import resolve
from capgen.profile.sets import read, union_of
from capgen.targets.beside import completed, setting
from capgen.targets.options import listed, with_options
from capgen.targets.registry import DEFAULT, DEFAULT_OF_SETS, TARGETS, target

from .compiled import Compiled, compiled_of
from .notes import notes, set_notes
from .options import from_text

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence
    from datetime import date

    from capgen.policy.profile import Profile, Union
    from capgen.profile.source import Source
    from capgen.targets.base import Target
    from capgen.targets.beside import Cells


def plan(
    name: str,
    targets: Sequence[str],
    kubernetes: str | None,
    today: date | None = None,
    only: Container[str] | None = None,
) -> list[Compiled]:
    """Compile one profile, or one set of profiles, in memory.

    Args:
        name: a name of the library, or a path.
        targets: the targets to write; none: its own, or the default ones.
        kubernetes: the version or range to compile for; None: the profile's own.
        today: the day, by which exemptions end; None: today.
        only: of the profile's own targets, those to write; None: all.

    Raises:
        CapgenError: the profile, a target or the version is wrong, or `accept` is stale.
    """
    bare, pin = split(name)
    source = read(bare)
    if source.members is not None:
        return _plan_set(source, union_of(source, kubernetes, today), targets)
    profile = resolve(source, find, kubernetes or pin, today)
    own, wanted = _wanted(source, profile.name, targets, DEFAULT)
    sets = cache(partial(setting, profile, own or wanted))
    chosen = [each for each in wanted if only is None or targets or each.name in only]
    return [_compile(source, profile, each, sets) for each in chosen]


def _plan_set(source: Source, union: Union, targets: Sequence[str]) -> list[Compiled]:
    rules = {each.name: {rule.id for rule in each.rules} for each in union.any_of}
    for target_name, profiles in union.accept.items():
        for profile, accepted in profiles.items():
            for rule in ("", *accepted):
                if profile not in rules or (rule and rule not in rules[profile]):
                    what = f"`{rule}` of `{profile}`" if rule else f"a gap of `{profile}`"
                    message = f"{what} is accepted, but the set has none of this name"
                    at = (target_name, profile, rule) if rule else (target_name, profile)
                    raise source.error(message, "spec", "accept", *at)
    _, wanted = _wanted(source, union.name, targets, DEFAULT_OF_SETS)
    return [_compile_set(source, union, each) for each in wanted]


def _compile_set(source: Source, union: Union, wanted: Target) -> Compiled:
    if wanted.emit_set is None:
        takes = [each.name for each in TARGETS if each.emit_set is not None]
        message = f"the options of `{wanted.name}` are for one profile, not for a set"
        if wanted.name not in takes:
            message = (
                f"the target `{wanted.name}` says one profile, not that one of several must admit"
                f" the pod; a set is taken by {', '.join(f'`{name}`' for name in takes)}"
            )
        raise source.error(message, "spec")
    for place, each in enumerate(union.any_of):
        _check_version(source, each, wanted, "spec", "anyOf", place)
    try:
        output = wanted.emit_set(union)
    except ProfileError as error:
        raise source.error(error.message, "spec", "anyOf") from None
    return compiled_of(source, union, wanted, output, tuple(set_notes(source, union)))


def _wanted(
    source: Source, name: str, targets: Sequence[str], default: Sequence[str]
) -> tuple[list[Target], list[Target]]:
    """Return the targets that a profile or set itself names, and those that are to be written."""
    for accepted in source.data["accept"]:
        _known(source, accepted, "accept", accepted)
    for each in TARGETS:
        if each.bundle is not None and each.bundle.name == name:
            message = f"`{name}` is the name of a folder that profiles share"
            raise source.error(message, "metadata", "name")
    own = _own(source)
    wanted = [from_text(each) for each in dict.fromkeys(targets)] or own
    return own, wanted or [target(each) for each in default]


def _own(source: Source) -> list[Target]:
    """Return the targets that the profile itself names, with its options."""
    found = []
    for name, options in source.data["targets"].items():
        _known(source, name, "targets")
        try:
            found.append(with_options(target(name), listed(options)))
        except UsageError as error:
            raise source.error(error.message, "spec", "targets") from None
    return found


def _known(source: Source, name: str, *path: str) -> None:
    try:
        target(name)
    except UsageError as error:
        raise source.error(error.message, "spec", *path) from None


def _compile(
    source: Source, profile: Profile, wanted: Target, sets: Callable[[], Cells]
) -> Compiled:
    if wanted.mutates and not profile.mutate:
        message = (
            f"the target `{wanted.name}` only sets values, and the profile sets none: pods would be"
            " admitted that it refuses; say `mutate: true` if they are to be"
        )
        raise source.error(message, "spec", "mutate")
    _check_version(source, profile, wanted, "spec", "kubernetes")
    try:
        output = wanted.emit(profile)
    except ProfileError as error:
        if error.file is not None:
            raise
        raise source.error(error.message, "spec", "rules") from None
    output = completed(output, sets())
    return compiled_of(source, profile, wanted, output, tuple(notes(source, profile)))


def _check_version(source: Source, profile: Profile, wanted: Target, *path: str | int) -> None:
    if unfit := wanted.unfit(profile.minors):
        minor = profile.minors[0 if profile.minors[0] < wanted.floor else -1]
        message = f"the target `{wanted.name}` {unfit}; the profile is for 1.{minor} too"
        raise source.error(message, *path)
