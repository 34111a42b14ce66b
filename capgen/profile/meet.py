"""The meet of two settings of one rule: what both allow.

Several parents, and the several versions of a range, are put together in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capgen.policy.predicates import range_text
from capgen.policy.reading import Reading
from capgen.policy.rules import Settings, read_range

if TYPE_CHECKING:
    from collections.abc import Collection


class ConflictError(Exception):
    """Two settings cannot hold together, and nobody has said which counts."""


def meet(left: Settings, right: Settings, settled: Collection[str]) -> Settings:
    """Return the settings that allow just what both allow.

    Args:
        left: the settings of a rule.
        right: other settings of the same rule.
        settled: keys that a child sets itself, so that a difference does not matter.

    Raises:
        ConflictError: two choices differ.
    """
    met: Settings = dict(left)
    for key, theirs in right.items():
        met[key] = _values(key, left[key], theirs, settled) if key in left else theirs
    # An effective reading judges less than the declared one, which is what is not written: only
    # where both read so does the meet.
    if left.get("reading") != right.get("reading"):
        met["reading"] = Reading.DECLARED.value
    # A condition lifts the rule only where it does in both.
    met["unless"] = [name for name in left.get("unless", []) if name in right.get("unless", [])]
    if not met["unless"]:
        del met["unless"]
    if "unset" in met and ("unset" in left) != ("unset" in right) and met["unset"] == "allow":
        # Only one of them allows it in so many words; the other leaves it to what unset means.
        del met["unset"]
    return met


def _values(key: str, ours: Any, theirs: Any, settled: Collection[str]) -> object:  # noqa: ANN401 - as the key has it
    match key:
        case "unless" | "reading":
            return ours
        case "unset":
            return "refuse" if "refuse" in (ours, theirs) else "allow"
        case "drop":
            return [*ours, *(value for value in theirs if value not in ours)]
        case "ranges":
            return _ranges(ours, theirs)
        case "default" | "add":
            if ours != theirs and key not in settled:
                msg = f"two different values of `{key}`: `{ours}` and `{theirs}`; set it here"
                raise ConflictError(msg)
            return ours
        case _:
            return [value for value in ours if value in theirs]


def _ranges(ours: list[Any], theirs: list[Any]) -> list[str]:
    met = []
    for left in map(read_range, ours):
        for right in map(read_range, theirs):
            low = max(left[0], right[0])
            ends = [end for end in (left[1], right[1]) if end is not None]
            high = min(ends) if ends else None
            if high is None or low <= high:
                met.append(range_text(low, high))
    return met
