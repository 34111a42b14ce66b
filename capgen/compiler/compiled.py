"""What a compile makes, before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from capgen.policy.profile import Profile, Union
from capgen.targets.base import Status
from capgen.targets.members import accepted_of

if TYPE_CHECKING:
    from capgen.profile.source import Source
    from capgen.targets.base import Artefact, Bundle, Cell, Output, Target


@dataclass(frozen=True, slots=True)
class Gap:
    """A rule that a target cannot say, and that the profile or the set has not accepted."""

    profile: str
    target: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """What one target makes of one profile, or of a set.

    Attributes:
        profile: the profile, or the set.
        target: the target's name, which is also its folder's.
        artefacts: its files.
        cells: how it says each rule.
        gaps: the gaps that are not accepted.
        notes: what its author should know.
        shared: files of the target's bundle that it needs.
        bundle: the folder that those are in; None where the target has none.
    """

    profile: Profile | Union
    target: str
    artefacts: tuple[Artefact, ...]
    cells: dict[str, Cell]
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...] = ()
    shared: tuple[Artefact, ...] = ()
    bundle: Bundle | None = None

    @property
    def one(self) -> Profile:
        """The profile, where it is no set, which is a TypeError."""
        if isinstance(self.profile, Union):
            msg = f"`{self.profile.name}` is a set of profiles"
            raise TypeError(msg)
        return self.profile


def compiled_of(
    source: Source,
    policy: Profile | Union,
    target: Target,
    output: Output,
    notes: tuple[str, ...],
) -> Compiled:
    """Return what a target makes of a policy, with the gaps that are not accepted.

    Raises:
        ProfileError: something is accepted that is no gap.
    """
    accepted = accepted_of(policy, target.name)
    gaps = {rule: cell for rule, cell in output.cells.items() if cell.status is Status.GAP}
    for rule in accepted:
        if rule not in gaps:
            status = output.cells[rule].status.value
            message = f"`{rule}` is accepted as a gap of `{target.name}`, which says it: {status}"
            raise source.error(message, "spec", "accept", target.name, *rule.split("/"))
    left = tuple(
        Gap(policy.name, target.name, rule, cell.note)
        for rule, cell in gaps.items()
        if rule not in accepted
    )
    return Compiled(
        policy,
        target.name,
        output.artefacts,
        output.cells,
        left,
        notes,
        output.shared,
        target.bundle,
    )
