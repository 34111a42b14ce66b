"""The options that a target is given, on the command line or in a profile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

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


def chosen(
    target: str, options: Options, key: str, known: Sequence[str], wrong: str
) -> Sequence[str] | None:
    """Return the values of the only option that a target has; None where it is not given.

    Args:
        target: the target's name.
        options: what is given.
        key: the option's name.
        known: the values that it may have.
        wrong: says of the target, before a value that is none of them, that it is none.

    Raises:
        UsageError: another option is given, or a value that is not known, or none.
    """
    for each in options:
        if each != key:
            msg = f"the target `{target}` has no option `{each}`{nearest(each, (key,))}"
            raise UsageError(f"{msg}; known: `{key}`")
    listed = ", ".join(known)
    for value in options.get(key, ()):
        if value not in known:
            msg = f"`{target}` {wrong} `{value}`{nearest(value, known)}"
            raise UsageError(f"{msg}; known: {listed}")
    if key in options and not options[key]:
        raise UsageError(f"`{key}` of `{target}` names none; known: {listed}")
    return options.get(key)


def _texts(key: str, value: object) -> list[str]:
    texts = []
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, str):
            msg = f"`{key}` of a target is a text or a list of texts; found `{each}`"
            raise UsageError(msg)
        texts.append(each)
    return texts
