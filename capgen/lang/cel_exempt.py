"""A profile's exemptions in CEL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.predicates import Globs

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
        parts.append(on_scalar(Globs(exemption.images), f"{container}.?image.orValue('')"))
    if exemption.containers:
        names = ", ".join(map(literal, exemption.containers))
        parts.append(f"{container}.name in [{names}]")
    return " && ".join(parts)
