"""What a target leaves unsaid, and another one beside it says: the values that one of them sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from capgen.targets.base import Cell, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgen.policy.profile import Profile
    from capgen.targets.base import Output, Target

_SAID: Final = (Status.EXACT, Status.STRICTER)

# What several targets say of each rule: by the target's name, by the rule's id.
Cells: TypeAlias = "dict[str, dict[str, Cell]]"


def setting(profile: Profile, beside: Iterable[Target]) -> Cells:
    """Return what those of some targets say that do nothing but set values, by their names.

    One that judges too sets values for itself alone: it is of another engine than the others, which
    may be another cluster's.

    Args:
        profile: the profile.
        beside: its own targets, so that one is whole or not whichever is compiled alone; of a
            profile that names none, those that are compiled.
    """
    mutates = [each for each in beside if each.mutates and profile.mutate]
    fit = (each for each in mutates if not each.unfit(profile.minors))
    return {each.name: each.emit(profile).cells for each in fit}


def completed(output: Output, sets: Cells) -> Output:
    """Return a target's output where what it does not set is set by targets beside it."""
    return output.with_cells(dict(_filled(output.cells, sets)))


def _filled(cells: dict[str, Cell], sets: Cells) -> Iterator[tuple[str, Cell]]:
    for rule, cell in cells.items():
        setters = (name for name, theirs in sets.items() if theirs[rule].status in _SAID)
        by = next(setters, None)
        if by is None or cell.judged is None:
            yield rule, cell
        else:
            note = f"{cell.judged.note}; `{by}` sets what a pod leaves unset"
            yield rule, Cell(cell.judged.status, note)
