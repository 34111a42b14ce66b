"""What a compile would write: every target of every profile, before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from capgen.errors import ProfileError, UsageError
from capgen.profile.library import find
from capgen.profile.reference import split
from capgen.profile.resolve import resolve
from capgen.targets.base import Artefact, Cell, Status
from capgen.targets.beside import completed, setting
from capgen.targets.options import listed, with_options
from capgen.targets.registry import DEFAULT, TARGETS, target

from .notes import notes
from .options import from_text

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence
    from datetime import date

    from capgen.policy.profile import Profile
    from capgen.profile.source import Source
    from capgen.targets.base import Bundle, Target
    from capgen.targets.beside import Cells


@dataclass(frozen=True, slots=True)
class Gap:
    """A rule that a target cannot say, and that the profile has not accepted."""

    profile: str
    target: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """What one target makes of one profile.

    Attributes:
        profile: the profile.
        target: the target's name, which is also its folder's.
        artefacts: its files.
        cells: how it says each rule.
        gaps: the gaps that are not accepted.
        notes: what its author should know.
        shared: files of the target's bundle that it needs.
        bundle: the folder that those are in; None where the target has none.
    """

    profile: Profile
    target: str
    artefacts: tuple[Artefact, ...]
    cells: dict[str, Cell]
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...] = ()
    shared: tuple[Artefact, ...] = ()
    bundle: Bundle | None = None


def plan(
    name: str,
    targets: Sequence[str],
    kubernetes: str | None,
    today: date | None = None,
    only: Container[str] | None = None,
) -> list[Compiled]:
    """Compile one profile in memory.

    Args:
        name: a name of the library, or a path.
        targets: the targets to write; none: the profile's own, or the default ones.
        kubernetes: the version or range to compile for; None: the profile's own.
        today: the day, by which exemptions end; None: today.
        only: of the profile's own targets, those to write; None: all.

    Raises:
        CapgenError: the profile, a target or the version is wrong, or `accept` is stale.
    """
    bare, pin = split(name)
    source = find(bare, None)
    profile = resolve(source, find, kubernetes or pin, today)
    for accepted in source.data["accept"]:
        _known(source, accepted, "accept", accepted)
    for each in TARGETS:
        if each.bundle is not None and each.bundle.name == profile.name:
            message = f"`{profile.name}` is the name of a folder that profiles share"
            raise source.error(message, "metadata", "name")
    own = _own(source)
    wanted = [from_text(each) for each in dict.fromkeys(targets)] or own
    wanted = wanted or [target(each) for each in DEFAULT]
    sets = cache(partial(setting, profile, own or wanted))
    chosen = [each for each in wanted if only is None or targets or each.name in only]
    return [_compile(source, profile, each, sets) for each in chosen]


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
    if unfit := wanted.unfit(profile.minors):
        minor = profile.minors[0 if profile.minors[0] < wanted.floor else -1]
        message = f"the target `{wanted.name}` {unfit}; the profile is for 1.{minor} too"
        raise source.error(message, "spec", "kubernetes")
    try:
        output = wanted.emit(profile)
    except ProfileError as error:
        if error.file is not None:
            raise
        raise source.error(error.message, "spec", "rules") from None
    output = completed(output, sets())
    cells = output.cells
    accepted = profile.accept.get(wanted.name, {})
    gaps = {rule: cell for rule, cell in cells.items() if cell.status is Status.GAP}
    for rule in accepted:
        if rule not in gaps:
            status = cells[rule].status.value
            message = f"`{rule}` is accepted as a gap of `{wanted.name}`, which says it: {status}"
            raise source.error(message, "spec", "accept", wanted.name, rule)
    left = tuple(
        Gap(profile.name, wanted.name, rule, cell.note)
        for rule, cell in gaps.items()
        if rule not in accepted
    )
    said = tuple(notes(source, profile))
    return Compiled(
        profile,
        wanted.name,
        output.artefacts,
        cells,
        left,
        said,
        output.shared,
        wanted.bundle,
    )
