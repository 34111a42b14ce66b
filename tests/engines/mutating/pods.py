"""Pods that leave some values unset: what a mutation fills, and what it leaves alone."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.adapted import adapted
from capgen.policy.admit import Operation, Request
from capgen.policy.owners import owner
from capgen.policy.subjects import ACCOUNT_PATH
from capgen.policy.witness import base_pod, witnesses
from capgen.policy.workload import WORKLOADS
from tests.pods_random import random_pods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.pod import Mapping
    from capgen.policy.profile import Profile

_SEED: Final = 4_711
# A key of a random pod stays as often as not.
_STAYS: Final = 0.5
# Every so many pods one is asked about as a template too.
_TEMPLATES: Final = 4
# A witness says nearly everything, and leaves little to fill: of so many one is asked about.
_WITNESSES: Final = 4
_RANDOM: Final = 150
_IMAGES: Final = (
    "registry.example.com/app:1",
    "registry.example.com/mesh/proxy:1.2",
    "registry.example.com/mesh/proxy:2.0",
    "registry.example.com/whole:1",
)
_NAMES: Final = ("agent", "web", "1", "setup", "sidecar")
# What may be missing from a pod's spec and still make a pod.
_OPTIONAL: Final = (
    "automountServiceAccountToken",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "runtimeClassName",
    "shareProcessNamespace",
    "volumes",
)
_MOUNT: Final = {"name": "own", "mountPath": ACCOUNT_PATH}
_OWN: Final[dict[str, Any]] = {"volumes": [{"name": "own", "emptyDir": {}}]}
# By hand: a pod's own fields, and what its first container says.
_EDGES: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "bare": ({}, {}),
    "says otherwise": (
        {
            "securityContext": {
                "runAsNonRoot": False,
                "fsGroupChangePolicy": "Always",
                "seccompProfile": {"type": "Unconfined"},
            }
        },
        {
            "securityContext": {
                "allowPrivilegeEscalation": True,
                "privileged": True,
                "procMount": "Default",
                "readOnlyRootFilesystem": False,
                "seccompProfile": {"type": "Unconfined"},
            }
        },
    ),
    "its own AppArmor profile": (
        {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
        {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
    ),
    "a container's AppArmor profile": (
        {},
        {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
    ),
    "shares its users": ({"hostUsers": True}, {}),
    "is privileged": (
        {},
        {"securityContext": {"allowPrivilegeEscalation": True, "privileged": True}},
    ),
    "empty structs": (
        {"securityContext": {}},
        {"securityContext": {"capabilities": {}, "seLinuxOptions": {}, "windowsOptions": {}}},
    ),
    "nulls": (
        {"securityContext": None, "hostUsers": None, "automountServiceAccountToken": None},
        {"securityContext": {"capabilities": {"add": None, "drop": []}, "privileged": None}},
    ),
    "drops what is added": ({}, {"securityContext": {"capabilities": {"drop": ["CHOWN"]}}}),
    "drops the other that is added": (
        {},
        {"securityContext": {"capabilities": {"drop": ["NET_BIND_SERVICE"]}}},
    ),
    "drops some": ({}, {"securityContext": {"capabilities": {"drop": ["KILL", "ALL", "KILL"]}}}),
    "adds some": ({}, {"securityContext": {"capabilities": {"add": ["KILL", "CHOWN"]}}}),
    "half an SELinux label": (
        {"securityContext": {"seLinuxOptions": {"type": "", "user": "u"}}},
        {},
    ),
    "its own groups": ({"securityContext": {"supplementalGroups": [9]}}, {}),
    "no groups": ({"securityContext": {"supplementalGroups": []}}, {}),
    "says false": ({"hostNetwork": False, "hostPID": False, "hostIPC": False}, {}),
    "on Windows": ({"os": {"name": "windows"}}, {}),
    "on Windows, a user": (
        {
            "os": {"name": "windows"},
            "securityContext": {"windowsOptions": {"runAsUserName": "App"}},
        },
        {"securityContext": {"windowsOptions": {"runAsUserName": "Web"}}},
    ),
    "on Linux": ({"os": {"name": "linux"}}, {}),
    "wants the token": ({"automountServiceAccountToken": True}, {}),
    "wants no token": ({"automountServiceAccountToken": False}, {}),
    "its own volume where the token is": (_OWN, {"volumeMounts": [_MOUNT]}),
    "its own volume, called like the token's": (
        {"volumes": [{"name": "kube-api-access-own", "emptyDir": {}}]},
        {"volumeMounts": [{"name": "kube-api-access-own", "mountPath": "/data"}]},
    ),
    "its own volume beside the token": (
        _OWN,
        {"volumeMounts": [_MOUNT | {"mountPath": "/data"}, _MOUNT | {"mountPath": "/more"}]},
    ),
}


def created(profile: Profile, share: int = 1) -> Iterator[tuple[str, Request]]:
    """Yield requests to create pods, and controllers of each kind in turn, with their names.

    Args:
        profile: whose edges they are at.
        share: of so many pods one is taken.
    """
    # An empty class the API refuses before it asks any policy.
    taken = [each for each in _pods(profile) if each[1]["spec"].get("runtimeClassName") != ""]
    for number, (name, pod) in enumerate(taken[::share]):
        labelled = {**pod, "metadata": base_pod(profile)["metadata"] | (pod.get("metadata") or {})}
        yield name, Request(labelled)
        if number % _TEMPLATES == 0:
            workload = WORKLOADS[1 + number // _TEMPLATES % len(WORKLOADS[1:])]
            owned = owner(workload, labelled)
            yield f"{name}, in a {workload.kind}", Request(owned, workload)


def _pods(profile: Profile) -> Iterator[tuple[str, Mapping]]:
    images = cycle(_IMAGES)
    for name, (spec, container) in _EDGES.items():
        for called in _NAMES:
            image = next(images)
            yield f"{name}: {called} of {image}", _edge(spec, container, called, image)
    for number, witness in enumerate(witnesses(profile)):
        request = witness.request
        if number % _WITNESSES or request.subresource:
            continue
        if request.operation is Operation.CREATE and not request.workload.path:
            taken = adapted(request)
            yield witness.name, (taken or request).object
    chance = random.Random(_SEED)
    for number, pod in enumerate(random_pods(profile, _SEED, _RANDOM)):
        yield f"random {number}", _thinned(pod, chance)


def _edge(spec: Mapping, container: Mapping, name: str, image: str) -> Mapping:
    """Return a pod with the container in both lists, and a bare one beside it in each."""
    first = {"name": name, "image": image, **deepcopy(container)}
    setup = {"name": "init", "image": image}
    return {
        "metadata": {},
        "spec": {
            **deepcopy(spec),
            "initContainers": [setup, deepcopy(first) | {"name": f"{name}-init"}],
            "containers": [first, {"name": "other", "image": _IMAGES[0]}],
        },
    }


def _thinned(pod: Mapping, chance: random.Random) -> Mapping:
    """Return a pod that has some of its optional fields no more, and other names and images."""
    changed: Any = json.loads(json.dumps(pod))
    spec = changed["spec"]
    spec.pop("ephemeralContainers", None)
    for key in _OPTIONAL:
        if chance.random() > _STAYS:
            spec.pop(key, None)
    names = list(_NAMES)
    chance.shuffle(names)
    listed = [*(spec.get("initContainers") or ()), *spec["containers"]]
    for container in listed:
        container["image"] = chance.choice(_IMAGES)
        if "volumes" not in spec:
            container.pop("volumeMounts", None)
        if names:
            container["name"] = names.pop()
    for struct in (spec, *listed):
        _thin(struct, "securityContext", chance)
    return dict(changed)


def _thin(struct: Any, key: str, chance: random.Random) -> None:  # noqa: ANN401 - any JSON
    """Take keys out of a struct, and of the structs in it; or the struct itself."""
    inner = struct.get(key)
    if not isinstance(inner, dict):
        return
    for each in list(inner):
        if chance.random() > _STAYS:
            del inner[each]
    _thin(inner, "capabilities", chance)
    if chance.random() > _STAYS and not inner:
        del struct[key]
