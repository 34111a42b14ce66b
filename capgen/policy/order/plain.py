"""Plain data with one value in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capgen.policy.values import UNSET

if TYPE_CHECKING:
    from collections.abc import Sequence


def nested(path: Sequence[str], value: object) -> dict[str, Any]:
    """Return plain data with one value at a path; nothing for UNSET."""
    if value is UNSET:
        return {}
    for step in reversed(path):
        value = {step: value}
    return value  # type: ignore[return-value]  # a path has a step
