"""Plain data in CEL."""

from __future__ import annotations

from .cel_constants import literal


def data(value: object) -> str:
    """Write plain data in CEL: scalars, lists of one type, mappings to one type.

    Raises:
        TypeError: it is of another type.
    """
    match value:
        case bool() | int() | str():
            return literal(value)
        case list():
            return f"[{', '.join(map(data, value))}]"
        case dict():
            rows = (f"{data(key)}: {data(inner)}" for key, inner in value.items())
            return "{" + ", ".join(rows) + "}"
        case _:
            msg = f"CEL has no literal for a {type(value).__name__}"
            raise TypeError(msg)
