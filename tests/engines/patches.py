"""What an update changes, as a JSON patch (RFC 6902) of an object that the server has defaulted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.rest import Object


def json_patch(old: object, new: object, at: str = "") -> Iterator[Object]:
    """Yield the operations that lead from one value to the other.

    A list of another length is set whole. What is null or empty does not stand on the server.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _member(old.get(key), new.get(key), f"{at}/{_escaped(key)}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, pair in enumerate(zip(old, new, strict=True)):
            yield from _member(*pair, f"{at}/{place}")
    elif old != new:
        yield {"op": "replace", "path": at, "value": new}


def _member(old: Any, new: Any, at: str) -> Iterator[Object]:  # noqa: ANN401 - any JSON
    if _stands(old) and _stands(new):
        yield from json_patch(old, new, at)
    elif _stands(old):
        yield {"op": "remove", "path": at}
    elif _stands(new):
        yield {"op": "add", "path": at, "value": new}


def _stands(value: object) -> bool:
    return value is not None and value not in ({}, [])


def _escaped(key: str) -> str:
    """Write a key as a step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
