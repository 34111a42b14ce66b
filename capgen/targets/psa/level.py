"""The strongest Pod Security level that a profile implies, and what it enforces of the profile.

Both follow from the order of profiles. The level's version is the oldest minor of the profile's
range: every cluster of the range knows it, so that the labels mean the same in all of them. (A
cluster reads a version that it does not know as its own newest.)
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.order import Proven, Refuted, at_least_as_strict, rule_by_rule
from capgen.policy.profile import Union
from capgen.policy.subjects import dotted
from capgen.policy.values import show
from capgen.profile.library import open_profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgen.policy.order import Answer
    from capgen.policy.profile import Profile

# From the strictest on; what implies none of them is left the level that refuses nothing.
_LEVELS: Final = ("restricted", "baseline")
PRIVILEGED: Final = "privileged"


class Implied(NamedTuple):
    """What the labels may say.

    Attributes:
        level: the strongest level that the profile implies: it refuses no pod that is admitted.
        version: the minor version of the level's checks.
        missed: the rules of the profile that the level does not enforce, each with what a pod has
            that the level admits all the same.
        stronger: why the next stronger level is not implied; "" where there is none.
    """

    level: str
    version: int
    missed: Mapping[str, str]
    stronger: str = ""


def implied(profile: Profile) -> Implied:
    """Return what a profile implies.

    What an exemption lifts is not counted on: labels exempt nobody, and the level must not refuse
    the containers that are exempt.
    """
    lifted = {rule for each in profile.exempt for rule in each.rules}
    held = profile._replace(rules=tuple(rule for rule in profile.rules if rule.id not in lifted))
    stronger = ""
    for name in _LEVELS:
        level = level_of(name, profile)
        answer = at_least_as_strict(Union((held,)), Union((level,)))
        if isinstance(answer, Proven):
            return Implied(name, profile.minors[0], _missed(level, profile), stronger)
        rule = f" by `{answer.rule}`" if isinstance(answer, Refuted) else ""
        stronger = f"`{name}` would refuse a pod that the profile admits{rule}, {_words(answer)}"
    level = held._replace(rules=())
    return Implied(PRIVILEGED, profile.minors[0], _missed(level, profile), stronger)


def level_of(name: str, profile: Profile) -> Profile:
    """Return a level at the version that the labels say, for the clusters of a profile."""
    return _level(name, profile.minors[0])._replace(minors=profile.minors)


def _missed(level: Profile, profile: Profile) -> dict[str, str]:
    return {
        rule: _words(answer)
        for rule, answer in rule_by_rule(level, profile).items()
        if not isinstance(answer, Proven)
    }


def _words(answer: Answer) -> str:
    """Say in words what a pod has that one side refuses and the other does not."""
    if isinstance(answer, Refuted):
        return f"with `{dotted(answer.violation.path)}: {show(answer.violation.value)}`"
    return "for all that could be shown"


@cache
def _level(name: str, minor: int) -> Profile:
    return open_profile(f"pss/{name}", f"1.{minor}")
