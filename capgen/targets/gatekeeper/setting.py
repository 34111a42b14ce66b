"""What Gatekeeper sets of a profile with `mutate: true`, and what no mutator can say.

A rule whose values cannot all be set is a gap, and nothing is set for it: `_GAPS` is the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.exempt import lifting
from capgen.policy.placed import placed
from capgen.policy.subjects import dotted
from capgen.policy.values import show_all
from capgen.targets.base import Cell, Status

from .mutators import in_order, mutators

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from capgen.policy.placed import Placed
    from capgen.policy.profile import Profile
    from capgen.targets.base import Artefact


@dataclass(frozen=True, slots=True)
class Setting:
    """What mutators do for a profile.

    Attributes:
        artefacts: the mutators.
        cells: for each of the profile's rules, by id, how it is said by them and the constraints.
    """

    artefacts: tuple[Artefact, ...]
    cells: dict[str, Cell]


def setting(profile: Profile, judged: Mapping[str, Cell]) -> Setting:
    """Return what mutators do for a profile.

    Args:
        profile: the profile; one that does not say `mutate: true` has none.
        judged: for each of its rules, by id, how the constraints say it.

    Raises:
        ProfileError: a default is not allowed, or the API would refuse the values together.
    """
    values: dict[str, list[Placed]] = {}
    for each in placed(profile) if profile.mutate else ():
        values.setdefault(each.rule, []).append(each)
    artefacts: list[Artefact] = []
    cells = dict(judged)
    for rule, own in values.items():
        if why := _lacking(profile, own):
            cells[rule] = Cell(Status.GAP, why, judged[rule])
        else:
            cells[rule] = _cell(own, judged[rule])
            artefacts += (made for each in own for made in mutators(profile, each))
    return Setting(tuple(artefacts), cells)


def _cell(own: list[Placed], judged: Cell) -> Cell:
    said = ", ".join(dict.fromkeys(f"{dotted(each.path)}: {show_all(each.value)}" for each in own))
    note = f"{judged.note}; where it is unset mutators set {said}"
    if any(each.system for each in own):
        # All are fields that such a pod may not have: see `_GAPS`.
        note += "; a pod that says that it runs on Windows gets it too, and the API refuses that"
        return Cell(Status.STRICTER, note)
    return Cell(judged.status, note)


class _Gap(NamedTuple):
    """What no mutator can say.

    Attributes:
        holds: tells whether a value of a profile is such.
        why: it, in words, with the value's place as `{}`.
    """

    holds: Callable[[Profile, Placed], bool]
    why: str


_GAPS: Final = (
    _Gap(
        lambda profile, one: one.unmounts and profile.pods,
        "the token is mounted before Gatekeeper is asked, and no mutator takes a mount away",
    ),
    _Gap(
        lambda _, one: one.system == "windows" or (one.system != "" and not one.field.linux),
        "no mutator sees the pod's `os`, and `{}` is for the pods of one system",
    ),
    _Gap(
        lambda profile, one: one.inside and bool(lifting(profile.exempt, one.rule)),
        "no mutator passes over a container, and some are exempt",
    ),
    _Gap(
        lambda _, one: one.path[-1] == "add",
        "no mutator sees what a container drops itself, which is not added to it",
    ),
    _Gap(
        lambda profile, _: profile.controllers and bool(profile.match.pod_selector),
        "no mutator sees the labels of a template, by which `match.podSelector` selects it",
    ),
    _Gap(
        lambda profile, one: not in_order(profile, one),
        "the profile's name is too long for names that have mutators act in order",
    ),
)


def _lacking(profile: Profile, own: list[Placed]) -> str:
    """Return why the values of a rule cannot all be set; "" where they can."""
    found = (
        row.why.format(dotted(each.path))
        for row in _GAPS
        for each in own
        if row.holds(profile, each)
    )
    return "; ".join(dict.fromkeys(found))
