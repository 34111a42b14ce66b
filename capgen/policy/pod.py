"""A pod as the rules see it: its spec, its metadata, and its containers in one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .subjects import CONTAINER_LISTS, Path

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Container as Names

Mapping: TypeAlias = dict[str, Any]

_HOLDING = (dict, list)


class Container(NamedTuple):
    """One container of any of the three lists.

    Attributes:
        raw: the container as it is written.
        path: its way down from the pod.
        name: its name; "" where it has none.
    """

    raw: Mapping
    path: Path
    name: str


class Pod(NamedTuple):
    """A pod, or the template of one, ready to be judged.

    Attributes:
        metadata: its metadata; empty where there is none.
        spec: its spec; empty where there is none.
        containers: the containers that are judged.
        pod_level: fields of the pod itself are judged too. Not so where containers are added to a
            pod that stands already: what is old is not judged again.
        template: it is a controller's template: what the API server adds to a pod is not there.
    """

    metadata: Mapping
    spec: Mapping
    containers: tuple[Container, ...]
    pod_level: bool = True
    template: bool = False


# One value of a subject in a pod: the container that it is judged for, or None for the pod; the way
# down from the pod to the struct that the subject's path starts at; the way on from there; and what
# stands there, or UNSET. A bare tuple: some twenty are made for each container of each pod.
Occurrence: TypeAlias = tuple[Container | None, Path, Path, object]
Finder: TypeAlias = "Callable[[Pod], list[Occurrence]]"


def view(pod: Mapping, *, template: bool = False) -> Pod:
    """Look at a whole pod. Whatever is not of the right shape reads as empty (see `shape.py`)."""
    spec = mapping(pod.get("spec"))
    return Pod(mapping(pod.get("metadata")), spec, _containers(spec), template=template)


def newcomers(pod: Mapping, known: Names[str]) -> Pod:
    """Look at the ephemeral containers whose name is not among the known, and at nothing else."""
    spec = mapping(pod.get("spec"))
    new = tuple(
        container
        for container in _containers(spec)
        if container.path[1] == "ephemeralContainers" and container.name not in known
    )
    return Pod(mapping(pod.get("metadata")), spec, new, pod_level=False)


def ephemeral_names(pod: Mapping) -> frozenset[str]:
    """Return the names of the ephemeral containers that a pod has."""
    listed = mapping(pod.get("spec")).get("ephemeralContainers")
    return frozenset(
        item["name"] for item in sequence(listed) if isinstance(mapping(item).get("name"), str)
    )


def mapping(value: object) -> Mapping:
    """Return a mapping as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """Return a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []


def copied(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a copy of what JSON can say, in much less time than `copy.deepcopy` takes.

    What is in a tuple is not copied: nothing that is written into a pod changes one.
    """
    # Most of what is in a pod holds nothing: a call for each takes longer than all the rest.
    if isinstance(value, dict):
        return {
            key: copied(item) if isinstance(item, _HOLDING) else item for key, item in value.items()
        }
    if isinstance(value, list):
        return [copied(item) if isinstance(item, _HOLDING) else item for item in value]
    return value


def _containers(spec: Mapping) -> tuple[Container, ...]:
    found = []
    for listed in CONTAINER_LISTS:
        for place, raw in enumerate(sequence(spec.get(listed))):
            if isinstance(raw, dict):
                name = raw.get("name")
                shown = name if isinstance(name, str) else ""
                found.append(Container(raw, ("spec", listed, place), shown))
    return tuple(found)
