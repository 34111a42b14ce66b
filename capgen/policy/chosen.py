"""A chosen value, and where it is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from .subjects import EACH, Field, Level

if TYPE_CHECKING:
    from .values import Scalar

Value: TypeAlias = "Scalar | tuple[str | int, ...]"


@dataclass(frozen=True, slots=True)
class Chosen:
    """One value.

    Attributes:
        field: where it is set: in the pod, or in every container. What containers inherit is set
            in the pod.
        value: what is set there.
        rule: the id of the rule that asks for it.
    """

    field: Field
    value: Value
    rule: str


def bare_pod(values: tuple[Chosen, ...]) -> dict[str, Any]:
    """Return a pod that has the values and nothing that a rule judges besides."""
    container: dict[str, Any] = {"name": "c", "image": "i"}
    spec: dict[str, Any] = {"containers": [container]}
    for each in values:
        struct = container if each.field.level is Level.CONTAINER else spec
        path, value = setting(each)
        put(struct, path, value)
    return {"spec": spec}


def setting(chosen: Chosen) -> tuple[tuple[str, ...], object]:
    """Return where a value is set, and what is set there.

    It is the whole struct where that must have the field: a struct without it, which the API
    refuses, is none that could be added to.
    """
    field, value = chosen.field, chosen.value
    if field.detail is not None and isinstance(value, str) and ":" in value:
        kind, _, named = value.partition(":")
        return field.path[:-1], {field.path[-1]: kind, field.detail: named}
    if field.required:
        return field.path[:-1], {field.path[-1]: plain(value)}
    return tuple(step for step in field.path if step != EACH), plain(value)


def put(struct: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Set a value in plain data, with the structs on the way to it."""
    for step in path[:-1]:
        struct = struct.setdefault(step, {})
    struct[path[-1]] = value


def plain(value: Value) -> object:
    """Return a value as plain data: lists are lists."""
    return list(value) if isinstance(value, tuple) else value
