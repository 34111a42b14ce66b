"""How a profile is named: by a name of the library, perhaps pinned to a version, or by a path."""

from __future__ import annotations

from capgen.errors import UsageError


def is_path(name: str) -> bool:
    """Tell whether a profile is named by a path."""
    return name.startswith((".", "/")) or name.endswith((".yaml", ".yml", ".json"))


def split(name: str) -> tuple[str, str | None]:
    """Return a name without its pin, and the version that it is pinned to: `pss/restricted@1.29`.

    Raises:
        UsageError: there is an `@` without a version.
    """
    if is_path(name):
        return name, None
    bare, at, pin = name.partition("@")
    if at and not pin:
        msg = f"`{name}` is pinned to no version; expected one like `{bare}@1.34`"
        raise UsageError(msg)
    return bare, pin or None
