"""A profile's exemptions in CEL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cel_constants import LITERALS, Constants

if TYPE_CHECKING:
    from capgen.policy.exempt import Exemption


def excused(
    exemptions: tuple[Exemption, ...], container: str, constants: Constants = LITERALS
) -> str:
    """Lower "some exemption holds for this container" to a boolean.

    Args:
        exemptions: at least one.
        container: the container, in CEL.
        constants: how the values are said that an exemption lists.
    """
    return constants.exempt(exemptions, container)
