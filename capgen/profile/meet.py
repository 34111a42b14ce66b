"""The meet of two settings of one rule: what both allow.

Several parents, and the several versions of a range, are put together in the same way.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from capgen.policy.predicates import Under, holds, range_text, regex
from capgen.policy.reading import Reading
from capgen.policy.rules import Settings, prefix_of, read_range
from capgen.policy.subjects import LOCALHOST

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
    readings = {Reading(each.get("reading", Reading.DECLARED.value)) for each in (left, right)}
    if len(readings) > 1:
        # `both` judges all that the others do; an effective reading less than the declared one.
        both = Reading.BOTH in readings
        met["reading"] = (Reading.BOTH if both else Reading.DECLARED).value
    if "allCovers" in met and not (left.get("allCovers") and right.get("allCovers")):
        # To the letter is what one of them asks for.
        del met["allCovers"]
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
        case "unless" | "reading" | "allCovers":
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
        case "allow" if any(isinstance(value, dict) for value in (*ours, *theirs)):
            return _prefixes(ours, theirs)
        case _:
            return _texts(ours, theirs)


def _texts(ours: list[Any], theirs: list[Any]) -> list[Any]:
    """Return the values of each that the other allows too; a glob may allow a value, or a glob.

    Where two globs only overlap, what they share is left out: the meet may be stricter.
    """
    return [
        *(value for value in ours if any(_allows(other, value) for other in theirs)),
        *(
            value
            for value in theirs
            if value not in ours and any(_allows(other, value) for other in ours)
        ),
    ]


def _allows(pattern: object, value: object) -> bool:
    """Tell whether a pattern is shown to allow all that a value, which may be a glob, allows."""
    if type(pattern) is not type(value):
        return False
    if pattern == value or not isinstance(pattern, str) or not isinstance(value, str):
        return pattern == value
    # To name any local profile is to name each.
    if pattern == LOCALHOST and value.startswith(f"{LOCALHOST}:"):
        return True
    # A glob's own `*` is a character that a `*` matches, so a match covers all that it stands for.
    return "*" in pattern and re.fullmatch(regex(pattern), value) is not None


def _prefixes(ours: list[Any], theirs: list[Any]) -> list[dict[str, Any]]:
    """Return the deeper of two prefixes, one below the other; to write both must let one."""
    met: list[dict[str, Any]] = []
    for left in ours:
        for right in theirs:
            paths = [prefix_of(left), prefix_of(right)]
            deeper = max(paths, key=len)
            if all(holds(Under((path,)), deeper) for path in paths):
                closed = any(
                    isinstance(each, dict) and each.get("readOnly") for each in (left, right)
                )
                row = {"prefix": deeper, "readOnly": bool(closed)}
                met += [] if row in met else [row]
    return met


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
