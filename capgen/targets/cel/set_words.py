"""What the policies of a set say of a pod that they refuse: which profile refuses it for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.lang.cel_constants import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from capgen.policy.profile import Profile, Union
    from capgen.policy.rules import Rule

# What the API server takes of a message; of one that is longer it takes nothing.
_LONGEST: Final = 5 * 1024
# With less than this the details of a refusal tell nobody anything.
_SHORTEST: Final = 40
_MORE: Final = " ..."
_BESIDE: Final = " | "
_ELSEWHERE: Final = " does not judge it"


class Row(NamedTuple):
    """A rule of a profile, and the variable that lists what offends it."""

    rule: Rule
    name: str


@dataclass(frozen=True, slots=True)
class Lists:
    """What profiles say of a pod on one occasion.

    Attributes:
        variables: the names and expressions of the lists of what offends, and of the lists of
            containers that these name.
        rows: for each profile, by name, the rules by which it can refuse there.
    """

    variables: tuple[tuple[str, str], ...]
    rows: dict[str, tuple[Row, ...]]


def called(what: str, member: str) -> str:
    """Name a variable that is about one profile: no word of CEL, and no rule, begins like that."""
    return f"{what}_{member.replace('-', '_')}"


def message(
    union: Union, members: Sequence[Profile], judges: dict[str, str], whole: Lists
) -> dict[str, str]:
    """Return the message of a validation, with as much of the details as there is room for.

    Args:
        union: the set.
        members: the profiles that judge there.
        judges: for each profile, by name, when it judges the pod; none where it always does.
        whole: what they refuse.
    """
    head = f"{union.name}: no profile of the set admits the whole pod: "
    found = {"message": head + ", ".join(each.name for each in members)}
    room = _LONGEST - len(head) - sum(_frame(each, whole, union.uses) for each in members)
    if room > 0:
        told = [_told(union, each, judges, whole, room // len(members)) for each in members]
        beside = f"\n+ {literal(_BESIDE)} + "
        found["messageExpression"] = f"{literal(head)}\n+ {beside.join(told)}"
    return found


def _frame(member: Profile, whole: Lists, uses: Mapping[str, str]) -> int:
    """Return how long a text about a profile may become, without the details."""
    rules = ", ".join(row.rule.id for row in whole.rows[member.name])
    texts = [f" refuses {rules}: {_MORE}", _ELSEWHERE, *_for_some(member, uses)]
    return len(_BESIDE) + len(member.name) + max(map(len, texts))


def _for_some(member: Profile, uses: Mapping[str, str]) -> tuple[str, ...]:
    if member.name not in uses:
        return ()
    return (f" is for those who may use podsecuritypolicies/{uses[member.name]}",)


def _told(union: Union, member: Profile, judges: dict[str, str], whole: Lists, room: int) -> str:
    """Say what a profile refuses: the rules, and then the details as far as there is room."""
    # Whether somebody may use it is nothing that a message can ask.
    why = [literal(member.name + text) for text in _for_some(member, union.uses)]
    if whole.rows[member.name]:
        refuses = _refuses(member, room)
        empty = f"variables.{called('by', member.name)}.size() == 0"
        why = [f"({empty} ? {why[0]} :\n  {refuses})"] if why else [refuses]
    elsewhere = literal(f"{member.name}{_ELSEWHERE}")
    if not why:
        return elsewhere
    if member.name not in judges:
        return why[0]
    return f"({judges[member.name]} ?\n  {why[0]} : {elsewhere})"


def _refuses(member: Profile, room: int) -> str:
    refused = f"variables.{called('by', member.name)}"
    names = f"{literal(f'{member.name} refuses ')} + {refused}.map(r, r.split(':')[0]).join(', ')"
    if room < _SHORTEST:
        return names
    cut = f"d.size() <= {room} ? d : d.substring(0, {room}) + {literal(_MORE)}"
    return f"{names}\n  + ': ' + [{refused}.join('; ')].map(d, {cut})[0]"
