"""A profile's exemptions in CEL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.predicates import Globs, OneOf

from .cel_values import literal, on_scalar

if TYPE_CHECKING:
    from capgen.policy.exempt import Exemption


def excused(exemptions: tuple[Exemption, ...], container: str) -> str:
    """Lower "some exemption holds for this container" to a boolean.

    Args:
        exemptions: at least one.
        container: the container, in CEL.
    """
    each = [_one(exemption, container) for exemption in exemptions]
    return each[0] if len(each) == 1 else " || ".join(f"({one})" for one in each)


def _one(exemption: Exemption, container: str) -> str:
    parts = []
    if exemption.images:
        image = f"{container}.?image.orValue('')"
        exact = tuple(each for each in exemption.images if "*" not in each)
        globs = tuple(each for each in exemption.images if "*" in each)
        fine = [on_scalar(OneOf(exact), image)] if exact else []
        fine += [on_scalar(Globs(globs), image)] if globs else []
        parts.append(fine[0] if len(fine) == 1 else f"({' || '.join(fine)})")
    if exemption.containers:
        names = ", ".join(map(literal, exemption.containers))
        parts.append(f"{container}.name in [{names}]")
    return " && ".join(parts)
