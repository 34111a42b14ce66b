"""Finds the values of the derived subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .annotations import Scheme, meaning
from .pod import mapping, sequence
from .subjects import ACCOUNT_PATH, HOST_WAYS, Path
from .values import UNSET, Unset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .pod import Container, Mapping, Occurrence, Pod

_SPEC: Path = ("spec",)
_VOLUMES: Path = ("spec", "volumes")
_ANNOTATIONS: Path = ("metadata", "annotations")


def volume_types(pod: Pod) -> list[Occurrence]:
    """Find the types of the pod's volumes, or of those that its new containers mount."""
    if not pod.pod_level:
        return [
            (container, container.path, ("volumeMounts", place), key)
            for container in pod.containers
            for place, mount in enumerate(sequence(container.raw.get("volumeMounts")))
            for volume in sequence(pod.spec.get("volumes"))
            if isinstance(volume, dict) and volume.get("name") == mapping(mount).get("name")
            for key, value in volume.items()
            if key != "name" and value is not None
        ]
    found: list[Occurrence] = []
    for place, volume in enumerate(sequence(pod.spec.get("volumes"))):
        if not isinstance(volume, dict):
            continue
        found += [
            (None, _VOLUMES, (place, key), key)
            for key, value in volume.items()
            if key != "name" and value is not None
        ]
    return found


def handler_hosts(pod: Pod) -> list[Occurrence]:
    """Find the hosts of probes and lifecycle handlers."""
    found: list[Occurrence] = []
    for container in pod.containers:
        raw = container.raw
        for path in HOST_WAYS:
            node: Any = raw.get(path[0])
            if node is None:
                continue
            for step in path[1:]:
                node = mapping(node).get(step)
            if node is not None and node != "":
                found.append((container, container.path, path, node))
    return found


def annotated(scheme: Scheme, pod: Pod, *, joined: bool) -> list[Occurrence]:
    """Find the kernel profiles that annotations name."""
    notes = mapping(pod.metadata.get("annotations"))
    if not notes:
        return []
    by_name = {container.name: container for container in pod.containers}
    found: list[Occurrence] = []
    for key, text in notes.items():
        container = None
        if key.startswith(scheme.prefix):
            container = by_name.get(key.removeprefix(scheme.prefix))
            # Where only new containers are judged, an old container's annotation is not new.
            if container is None and not (scheme.any_container and pod.pod_level):
                continue
        elif key != scheme.pod or not _speaks(scheme, notes, pod):
            continue
        value: object = text
        if isinstance(text, str):
            blank = scheme.blank_is_unset and not text
            value = UNSET if blank else meaning(scheme, text, joined=joined)
        elif text is None:
            # A map of strings: Go reads null as "".
            value = UNSET if scheme.blank_is_unset else ""
        if not isinstance(value, Unset):
            found.append((container, _ANNOTATIONS, (key,), value))
    return found


def _speaks(scheme: Scheme, notes: Mapping, pod: Pod) -> bool:
    """Tell whether a pod's annotation speaks of what is judged: of a container without its own."""
    return pod.pod_level or any(scheme.prefix + each.name not in notes for each in pod.containers)


def mounted(pod: Pod) -> list[Occurrence]:
    """Find the paths of the node: of the pod's volumes, or of what its new containers mount."""
    if not pod.pod_level:
        return [
            (container, container.path, ("volumeMounts", place), path)
            for container, place, _, path in _mounts(pod)
        ]
    return [
        (None, _SPEC, ("volumes", place, "hostPath", "path"), path)
        for place, _, path in _volumes(pod)
    ]


def written(pod: Pod) -> list[Occurrence]:
    """Find the paths of the node that a container may write to."""
    return [
        (container, container.path, ("volumeMounts", place), path)
        for container, place, mount, path in _mounts(pod)
        if mount.get("readOnly") is not True
    ]


def token(pod: Pod) -> list[Occurrence]:
    """Find whether the pod gets its service account's token."""
    if not pod.pod_level:
        return []
    tail = ("automountServiceAccountToken",)
    wish = pod.spec.get(tail[0])
    if wish is None and (pod.template or _has_token(pod)):
        wish = UNSET
    return [(None, _SPEC, tail, False if wish is None else wish)]


def _has_token(pod: Pod) -> bool:
    return any(
        mapping(mount).get("mountPath") == ACCOUNT_PATH
        for container in pod.containers
        for mount in sequence(container.raw.get("volumeMounts"))
    )


def _volumes(pod: Pod) -> Iterator[tuple[int, object, object]]:
    """Yield the place, the name and the path of each volume from the node."""
    for place, volume in enumerate(sequence(pod.spec.get("volumes"))):
        source = mapping(volume).get("hostPath")
        if isinstance(source, dict):
            path = source.get("path")
            yield place, volume.get("name"), "" if path is None else path


def _mounts(pod: Pod) -> Iterator[tuple[Container, int, Mapping, object]]:
    """Yield each mount of a path of the node: its container, place, and the path."""
    volumes = list(_volumes(pod))
    if not volumes:
        return
    for container in pod.containers:
        for place, mount in enumerate(sequence(container.raw.get("volumeMounts"))):
            for _, name, path in volumes:
                if isinstance(mount, dict) and mount.get("name") == name:
                    yield container, place, mount, path
