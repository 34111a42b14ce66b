"""The options that a target is given, on the command line or in a profile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from capgen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from capgen.targets.base import Options, Target


def with_options(found: Target, options: Options) -> Target:
    """Return a target that writes a profile, no set, with some options.

    Raises:
        UsageError: it has no such option or value.
    """
    if not options:
        return found
    if found.configured is None:
        named = ", ".join(f"`{key}`" for key in options)
        msg = f"the target `{found.name}` has no options; found {named}"
        raise UsageError(msg)
    return replace(found, emit=found.configured(options), emit_set=None)


def listed(options: Mapping[str, object]) -> dict[str, list[str]]:
    """Return the options of a profile as texts: a value, or a list of values.

    Raises:
        UsageError: a value is neither.
    """
    return {key: _texts(key, value) for key, value in options.items()}


class Known(NamedTuple):
    """An option that a target has.

    Attributes:
        wrong: says of the target, before a value that it may not have, that it may not.
        values: those that it may have; none where the target itself tells.
        several: it may have more than one.
    """

    wrong: str = ""
    values: Sequence[str] = ()
    several: bool = False


def check(target: str, options: Options, known: Mapping[str, Known]) -> None:
    """See that a target has the options that are given, and that they may have their values.

    Args:
        target: the target's name.
        options: what is given.
        known: the options that it has, by name.

    Raises:
        UsageError: an option or a value is not known, or there is none, or there are too many.
    """
    for key, values in options.items():
        if key not in known:
            listed = ", ".join(f"`{each}`" for each in known)
            msg = f"the target `{target}` has no option `{key}`{nearest(key, known)}"
            raise UsageError(f"{msg}; known: {listed}")
        wrong, possible, several = known[key]
        listed = f"; known: {', '.join(possible)}" if possible else ""
        for value in values:
            if possible and value not in possible:
                msg = f"`{target}` {wrong} `{value}`{nearest(value, possible)}"
                raise UsageError(msg + listed)
        if not values:
            raise UsageError(f"`{key}` of `{target}` names none{listed}")
        if len(values) > 1 and not several:
            found = ", ".join(f"`{each}`" for each in values)
            raise UsageError(f"`{key}` of `{target}` is one value; found {found}")


def _texts(key: str, value: object) -> list[str]:
    texts = []
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, str):
            msg = f"`{key}` of a target is a text or a list of texts; found `{each}`"
            raise UsageError(msg)
        texts.append(each)
    return texts
