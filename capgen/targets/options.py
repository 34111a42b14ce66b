"""The options that a target is given, on the command line or in a profile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from capgen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def _texts(key: str, value: object) -> list[str]:
    texts = []
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, str):
            msg = f"`{key}` of a target is a text or a list of texts; found `{each}`"
            raise UsageError(msg)
        texts.append(each)
    return texts
