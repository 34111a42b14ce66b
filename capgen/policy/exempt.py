"""Exemptions: containers that are not held to some rules, for a reason, until a day."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from capgen.errors import ProfileError

from .predicates import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .pod import Mapping


class Exemption(NamedTuple):
    """An exception of a profile.

    Attributes:
        rules: the ids of the rules that it lifts.
        images: globs of images; empty: any image.
        containers: names; empty: any name. Where both are given both must fit.
        reason: why, in words.
        until: the last day that it holds on, UTC, as `2027-03-31`.
    """

    rules: tuple[str, ...]
    images: tuple[str, ...]
    containers: tuple[str, ...]
    reason: str
    until: str


def day(text: str) -> date:
    """Read a day.

    Raises:
        ProfileError: it is none.
    """
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    msg = f"`{text}` is no day; expected one like `2027-03-31`"
    raise ProfileError(msg)


def lifting(exemptions: Iterable[Exemption], rule: str) -> tuple[Exemption, ...]:
    """Return the exemptions that lift a rule."""
    return tuple(each for each in exemptions if rule in each.rules)


def excuses(exemptions: tuple[Exemption, ...]) -> dict[str, Callable[[Mapping], bool]]:
    """Return for each rule that an exemption lifts which containers it excuses."""
    lifted = dict.fromkeys(rule for each in exemptions for rule in each.rules)
    return {rule: excuse(lifting(exemptions, rule)) for rule in lifted}


def excuse(exemptions: Iterable[Exemption]) -> Callable[[Mapping], bool]:
    """Return the function that tells whether some exemption holds for a container."""
    judges = [
        (re.compile("|".join(map(regex, each.images))).fullmatch, each.images, each.containers)
        for each in exemptions
    ]

    def excused(container: Mapping) -> bool:
        image, name = container.get("image"), container.get("name")
        return any(
            (not images or (isinstance(image, str) and matches(image) is not None))
            and (not names or name in names)
            for matches, images, names in judges
        )

    return excused
