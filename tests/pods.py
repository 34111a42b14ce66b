"""A good pod, and ways to change one thing about it."""

from __future__ import annotations

from copy import deepcopy
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Pod: TypeAlias = dict[str, Any]

# The way down to a value: its steps, or their text joined by dots (`spec.containers.0.name`).
Way: TypeAlias = "str | tuple[str | int, ...]"


class Drop(Enum):
    """Instead of a value: take the key away."""

    DROP = "drop"


DROP: Final = Drop.DROP


def container(name: str) -> Pod:
    """Return a container that restricted admits in a pod that says the rest."""
    return {
        "name": name,
        "image": "registry.example.com/app:1",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def good(*, ephemeral: bool = False) -> Pod:
    """Return a pod that every level of Pod Security admits at every version."""
    spec = {
        "securityContext": {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [container("setup")],
        "containers": [container("web"), container("sidecar")],
    }
    if ephemeral:
        spec["ephemeralContainers"] = [container("debugger")]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop"}, "spec": spec}


def tweak(pod: Pod, changes: Mapping[Any, object]) -> Pod:
    """Return a copy of the pod with other values; what is missing on the way is made."""
    changed = deepcopy(pod)
    for way, value in changes.items():
        *parents, last = steps(way)
        node: Any = changed
        for step in parents:
            if isinstance(step, str) and not isinstance(node.get(step), (dict, list)):
                node[step] = {}
            node = node[step]
        if value is DROP:
            node.pop(last, None)
        else:
            node[last] = deepcopy(value)
    return changed


def steps(way: Way) -> tuple[str | int, ...]:
    """Return the steps of a way."""
    if isinstance(way, tuple):
        return way
    return tuple(int(step) if step.isdigit() else step for step in way.split("."))


def annotation(key: str) -> tuple[str | int, ...]:
    """Return the way to an annotation, whose key has dots of its own."""
    return ("metadata", "annotations", key)
