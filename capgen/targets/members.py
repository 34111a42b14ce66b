"""What a profile and a set have in common: profiles, each with its rules, and their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.profile import Profile, Union

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.rules import Rule


def members_of(policy: Profile | Union) -> tuple[Profile, ...]:
    """Return the profiles of a set, or the one profile."""
    return policy.any_of if isinstance(policy, Union) else (policy,)


def key_of(policy: Profile | Union, profile: Profile, rule: str) -> str:
    """Return what the cell of a rule is called: its id, in a set after the name of its profile."""
    return f"{profile.name}/{rule}" if isinstance(policy, Union) else rule


def rules_of(policy: Profile | Union) -> Iterator[tuple[str, Profile, Rule]]:
    """Yield each rule of a profile or of a set, with what its cell is called and whose it is."""
    for profile in members_of(policy):
        for rule in profile.rules:
            yield key_of(policy, profile, rule.id), profile, rule


def accepted_of(policy: Profile | Union, target: str) -> dict[str, str]:
    """Return for the gaps of a target that are accepted the reason, by what the cell is called."""
    if not isinstance(policy, Union):
        return dict(policy.accept.get(target, {}))
    accepted = policy.accept.get(target, {})
    return {f"{name}/{rule}": why for name, rows in accepted.items() for rule, why in rows.items()}
