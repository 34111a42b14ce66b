"""Whether the processes of a real node are what securityContexts, and profiles, say."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from capgen.capabilities.table import to_bitmap
from capgen.policy.choice import choose
from capgen.profile.library import open_profile
from tests.engines import lab
from tests.engines.chosen_pods import chosen_pods
from tests.engines.engine import Process, Refusal
from tests.engines.lab import LabError
from tests.engines.node import live as node
from tests.engines.node.cases import CASES, CONFINED, DEFAULT, FILTERS, PROFILES, ROOT_REFUSED
from tests.engines.proving import Difference, Row
from tests.engines.runtimes import image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.chosen import Chosen
    from capgen.policy.profile import Profile
    from tests.engines.proving import Lab
    from tests.engines.rest import Object

# Profiles, and the users of the images that their values are tried in: a pod takes three seconds.
_CHOSEN: Final = {
    "pss/restricted": (0, image.IMAGE_USER),
    "worked/database": (image.IMAGE_USER,),
}
_IMAGES: Final = {0: image.ROOT, image.IMAGE_USER: image.PLAIN}
# How many pods the containers share that need none of their own.
_SHARED: Final = 2
# What a profile may choose and no process of a container shows.
_UNSEEN: Final = ("automountServiceAccountToken", "fsGroupChangePolicy")

# What is expected of a container: fields of its process, or words of the refusal, all of them.
_Expected: TypeAlias = "dict[str, object] | str | tuple[str, ...]"


def node_processes(_: Lab) -> Row:
    """Starts pods of every kind, and those with the values that are chosen for profiles."""
    pods, expected = _cases()
    for name, users in _CHOSEN.items():
        for pod_name, pod, containers in _chosen(open_profile(name), users):
            pods[pod_name] = pod
            expected |= {(pod_name, each): wanted for each, wanted in containers.items()}
    became = node.load(pods, PROFILES, FILTERS)
    differing = []
    for (pod_name, container), wanted in expected.items():
        seen = became[pod_name][container]
        if not _is(seen, wanted):
            (spec,) = [x for x in pods[pod_name]["spec"]["containers"] if x["name"] == container]
            about = [{**pods[pod_name]["spec"], "containers": [spec]}]
            differing.append(Difference(about, str(wanted), _shown(seen, wanted)))
    note = f"containerd {lab.version('containerd')}, runc {lab.version('runc')}"
    return Row("(engine)", "kubelet", node.version(), len(expected), tuple(differing), note)


def _cases() -> tuple[dict[str, Object], dict[tuple[str, str], _Expected]]:
    """Return the pods of the cases, and what is expected of their containers.

    A pod takes as long to start as a container, so containers share pods, those that say the same
    of the pod one. These then start at once, and the containers of one start one by one.
    """
    pods: dict[str, Object] = {}
    named: dict[str, str] = {}
    expected: dict[tuple[str, str], _Expected] = {}
    for number, (name, case) in enumerate(CASES.items()):
        own = named.setdefault(json.dumps(case.spec, sort_keys=True), name)
        pod_name = own if case.spec else f"shared-{number % _SHARED}"
        pod = pods.setdefault(pod_name, {"spec": {**case.spec, "containers": []}})
        pod["spec"]["containers"].append(case.container(name))
        expected[pod_name, name] = case.process
    return pods, expected


def _chosen(
    profile: Profile, users: Iterable[int]
) -> list[tuple[str, Object, dict[str, _Expected]]]:
    """Return pods with the values of a profile, in images of some users."""
    choice = choose(profile, "linux")
    request = next(each.request for each in chosen_pods(profile) if "linux" in each.name)
    found = []
    for user in users:
        own = {"image": _IMAGES[user]}
        listed = [each | own for each in request.object["spec"]["containers"]]
        wanted = {
            each["name"]: _process([*choice.values, *choice.own.get(each["name"], ())], user)
            for each in listed
        }
        pod = {"spec": {**request.object["spec"], "containers": listed}}
        found.append((f"{profile.name.replace('/', '-')}-as-{user}", pod, wanted))
    return found


def _process(values: list[Chosen], image_user: int) -> _Expected:
    """Return what values make of a process; of two for one field the last one is in force.

    Raises:
        LabError: a value is chosen of which it is not known what a process shows of it.
    """
    chosen: dict[str, Any] = {}
    for each in values:
        chosen[".".join(each.field.path).removeprefix("securityContext.")] = each.value
    user = chosen.pop("runAsUser", image_user)
    group = chosen.pop("runAsGroup", user if user == image_user else 0)
    if chosen.pop("runAsNonRoot", False) and user == 0:
        return ROOT_REFUSED
    dropped, added = chosen.pop("capabilities.drop", ()), chosen.pop("capabilities.add", ())
    bounding = 0 if "ALL" in dropped else DEFAULT & ~to_bitmap(dropped)
    bounding |= to_bitmap(added)
    fields: dict[str, object] = {
        "user": user,
        "group": group,
        "bounding": bounding,
        "inheritable": 0,
        "ambient": 0,
        "effective": 0 if user else bounding,
        "no_new_privs": chosen.pop("allowPrivilegeEscalation", True) is False,
        "read_only": chosen.pop("readOnlyRootFilesystem", False),
        "seccomp": {"RuntimeDefault": 2}[chosen.pop("seccompProfile.type")],
        "confinement": CONFINED,
    }
    if chosen.pop("supplementalGroupsPolicy", "Merge") == "Strict":
        fields["groups"] = tuple(sorted({group, chosen.pop("fsGroup")}))
    if chosen.pop("privileged", True) is not False or chosen.keys() - _UNSEEN:
        raise LabError(f"what does a process show of {chosen}?")
    return fields


def _is(seen: Process | Refusal, wanted: _Expected) -> bool:
    if not isinstance(wanted, dict):
        words = (wanted,) if isinstance(wanted, str) else wanted
        return isinstance(seen, Refusal) and all(each in seen.message for each in words)
    return isinstance(seen, Process) and wanted.items() <= asdict(seen).items()


def _shown(seen: Process | Refusal, wanted: _Expected) -> str:
    """Return what was seen of what was wanted."""
    if isinstance(seen, Refusal) or not isinstance(wanted, dict):
        return str(seen)
    return str({name: asdict(seen)[name] for name in wanted})
