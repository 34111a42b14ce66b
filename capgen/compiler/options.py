"""A target as the command line names it, with its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.errors import UsageError
from capgen.targets.options import with_options
from capgen.targets.registry import target

if TYPE_CHECKING:
    from capgen.targets.base import Target


def from_text(text: str) -> Target:
    """Return the target that the command line names: `NAME`, or `NAME:KEY=VALUE,VALUE`.

    Several options stand one after the other: `NAME:KEY=VALUE:KEY=VALUE`.

    Raises:
        UsageError: there is no such target, or it has no such option or value.
    """
    name, *options = text.split(":")
    found = target(name)
    given: dict[str, list[str]] = {}
    for option in options:
        key, equals, values = option.partition("=")
        if not key or not equals or key in given:
            msg = f"`{option}` is no option of a target; expected one like `engines=cel`, once"
            raise UsageError(msg)
        given[key] = values.split(",")
    return with_options(found, given)
