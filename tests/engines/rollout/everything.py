"""What a cluster holds: taken before a folder is applied, and again when it is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.engines.rest import Call, Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.apiserver import Cluster

# Of each object: its resource, its namespace and its name; and what it says of itself.
Everything = dict[tuple[str, str, str], Object]

# What a cluster writes while nobody does anything: who leads, what happened, what it serves.
_RESTLESS: Final = ("leases", "events", "apiservices")
# What Gatekeeper says of itself is owned by its pod. That is made up here, and so what collects
# garbage takes it away.
_OWNED_BY_NOBODY: Final = "status.gatekeeper.sh"
# What the server keeps of an object besides what it was given.
_KEPT: Final = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")


def everything(cluster: Cluster) -> Everything:
    """Return every object of a cluster, without its status and what changes by itself."""
    found: Everything = {}
    for resource, where in _resources(cluster):
        (answer,) = cluster.ask([Call("GET", where)])
        for each in answer.object["items"]:
            metadata = {key: said for key, said in each["metadata"].items() if key not in _KEPT}
            key = resource, metadata.get("namespace", ""), metadata["name"]
            found[key] = {**each, "metadata": metadata}
            found[key].pop("status", None)
    return found


def left(before: Everything, after: Everything) -> list[str]:
    """Return what is there that was not, is not there that was, and is another than it was."""
    lines = [f"{_named(key)} is left" for key in after.keys() - before.keys()]
    gone = before.keys() - after.keys()
    lines += [f"{_named(key)} is gone" for key in gone if not key[0].endswith(_OWNED_BY_NOBODY)]
    both = before.keys() & after.keys()
    lines += [f"{_named(key)} is changed" for key in both if before[key] != after[key]]
    return sorted(lines)


def _named(key: tuple[str, str, str]) -> str:
    return " ".join(filter(None, key))


def _resources(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Yield each resource that can be listed, with its group, and the path of all its objects."""
    (groups,) = cluster.ask([Call("GET", "/apis")])
    places = {"/api/v1": ""} | {
        f"/apis/{each['preferredVersion']['groupVersion']}": each["name"]
        for each in groups.object["groups"]
    }
    for (place, group), answer in zip(
        places.items(), cluster.ask(Call("GET", place) for place in places), strict=True
    ):
        for each in answer.object["resources"]:
            name = each["name"]
            if "/" not in name and "list" in each["verbs"] and name not in _RESTLESS:
                yield f"{name}.{group}".rstrip("."), f"{place}/{name}"
