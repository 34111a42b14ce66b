"""Pods as the Kubernetes API takes them: what the order speaks of."""

from __future__ import annotations

from typing import Any, Final

from capgen.policy.admit import Operation, Request
from capgen.policy.annotations import SCHEMES, Annotation, meaning
from capgen.policy.workload import workload_of

Pod = dict[str, Any]

# What the API refuses in a pod on Windows, and takes for a closed vocabulary.
# https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodSpec, os
_LINUX: Final = {
    "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace",
    "appArmorProfile", "seLinuxOptions", "seLinuxChangePolicy", "seccompProfile", "fsGroup",
    "fsGroupChangePolicy", "sysctls", "runAsUser", "runAsGroup", "supplementalGroups",
    "supplementalGroupsPolicy", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount",
}  # fmt: skip
_WORDS: Final = {
    "procMount": ("Default", "Unmasked"),
    "supplementalGroupsPolicy": ("Merge", "Strict"),
    "fsGroupChangePolicy": ("Always", "OnRootMismatch"),
    "seLinuxChangePolicy": ("MountOption", "Recursive"),
}
_IDS: Final = ("runAsUser", "runAsGroup", "fsGroup")
_KINDS: Final = ("RuntimeDefault", "Localhost", "Unconfined")
_STRUCTS: Final = {
    Annotation.SECCOMP: "seccompProfile",
    Annotation.APPARMOR: "appArmorProfile",
}
# What an ephemeral container cannot have.
_NOT_ADDED: Final = ("ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle")


def as_request(pod: Pod, *, automount: bool, template: bool = False) -> Request | None:
    """Ask to create a pod, or a controller, or to add a pod's ephemeral containers.

    None: the API would refuse it. What a pod on Windows may not have is taken away.
    """
    spec = pod["spec"]
    if spec.get("os") == {"name": "windows"}:
        for struct in (spec, *_containers(spec)):
            _without_linux(struct)
    for added in spec.get("ephemeralContainers") or ():
        for key in _NOT_ADDED:
            added.pop(key, None)
    if not _is_taken(pod):
        return None
    if not spec.get("ephemeralContainers"):
        if template:
            owner = workload_of("apps/v1", "Deployment")
            return Request({"spec": {"template": pod}}, owner) if owner else None
        return Request(pod, automount=automount)
    old = {key: value for key, value in spec.items() if key != "ephemeralContainers"}
    return Request(
        pod,
        operation=Operation.UPDATE,
        old_object={**pod, "spec": old},
        subresource="ephemeralcontainers",
        automount=automount,
    )


def _without_linux(struct: Pod) -> None:
    for held in (struct, struct.get("securityContext") or {}):
        for key in _LINUX & held.keys():
            del held[key]


def _containers(spec: Pod) -> list[Pod]:
    lists = ("initContainers", "containers", "ephemeralContainers")
    return [container for listed in lists for container in spec.get(listed) or ()]


def _is_taken(pod: Pod) -> bool:
    """Tell whether the API takes a pod as to shape, as far as random pods break it."""
    spec = pod["spec"]
    structs = (spec, *_containers(spec))
    return (
        not _has_null_item(pod)
        and all(map(_is_context, structs))
        and all(map(_is_volume, spec.get("volumes") or ()))
        and all(
            1 <= (port.get("hostPort") or 1) <= 65535
            for container in _containers(spec)
            for port in container.get("ports") or ()
        )
        and _agrees(pod)
    )


def _has_null_item(node: object) -> bool:
    if isinstance(node, dict):
        return any(map(_has_null_item, node.values()))
    return isinstance(node, list) and any(item is None or _has_null_item(item) for item in node)


def _is_context(struct: Pod) -> bool:
    context = struct.get("securityContext") or {}
    for key in _STRUCTS.values():
        profile = context.get(key)
        if profile is not None and (
            profile.get("type") not in _KINDS
            or (profile["type"] == "Localhost") != bool(profile.get("localhostProfile"))
        ):
            return False
    if any(context.get(key) not in (None, *words) for key, words in _WORDS.items()):
        return False
    ids = [context.get(key) or 0 for key in _IDS] + (context.get("supplementalGroups") or [])
    named = all(item.get("name") for item in context.get("sysctls") or ())
    return named and all(0 <= number < 2**31 for number in ids)


def _is_volume(volume: Pod) -> bool:
    held = {key: value for key, value in volume.items() if key != "name" and value is not None}
    path = held.get("hostPath", {}).get("path", "/") if len(held) < 2 else ""
    drivers = [held[key].get("driver") for key in ("csi", "flexVolume") if key in held]
    return bool(path) and ".." not in str(path).split("/") and all(drivers)


def _agrees(pod: Pod) -> bool:
    """Tell whether annotations name what there is, and say what the fields say."""
    notes = (pod.get("metadata") or {}).get("annotations") or {}
    spec = pod["spec"]
    for scheme, struct in _STRUCTS.items():
        rows = SCHEMES[scheme]
        keys = {rows.prefix + str(each.get("name")): each for each in _containers(spec)}
        if rows.pod is not None:
            keys[rows.pod] = spec
        for key, text in notes.items():
            if not isinstance(text, str):
                return False
            if key not in keys:
                if rows.any_container and key.startswith(rows.prefix):
                    return False
                continue
            field = (keys[key].get("securityContext") or {}).get(struct)
            if field is None or (rows.blank_is_unset and not text):
                continue
            said = field["type"]
            if said == "Localhost":
                said = f"{said}:{field['localhostProfile']}"
            if meaning(rows, text, joined=True) != said:
                return False
    return True
