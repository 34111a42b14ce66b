"""The ways in which the patches of `security-context` are applied, each by the real tool."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from capgen.policy.chosen import put
from capgen.policy.subjects import Level
from capgen.policy.workload import WORKLOADS
from tests.engines import kustomize
from tests.engines.lab import LabError
from tests.engines.resources import path
from tests.loading import loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from capgen.policy.choice import Choice, Os
    from capgen.policy.chosen import Chosen
    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Object

LISTS: Final = ("initContainers", "containers")
STORE: Final = "lab-templates"

BARE: Final[Object] = {"containers": [{"name": "app", "image": "i"}]}
# The structs that a patch may meet, empty.
STANDING: Final[Object] = {
    "securityContext": {},
    "containers": [{**BARE["containers"][0], "securityContext": {}}],
}
# Keys that no patch may touch, and values that it must overwrite.
FULL: Final[Object] = {
    "securityContext": {
        "fsGroup": 5,
        "runAsNonRoot": False,
        "seccompProfile": {"type": "Localhost", "localhostProfile": "p"},
    },
    "initContainers": [
        {"name": "first", "image": "i", "securityContext": {"allowPrivilegeEscalation": True}},
        {"name": "second", "image": "i", "restartPolicy": "Always"},
    ],
    "containers": [
        {"name": "bare", "image": "i"},
        {
            "name": "full",
            "image": "i",
            "securityContext": {
                "readOnlyRootFilesystem": True,
                "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["KILL"]},
            },
        },
    ],
}
# A Windows pod may have none of the Linux fields.
WINDOWS_FULL: Final[Object] = {
    "securityContext": {"runAsNonRoot": False, "windowsOptions": {"runAsUserName": "u"}},
    "initContainers": [{"name": "first", "image": "i"}],
    "containers": [{"name": "one", "image": "i"}, {"name": "two", "image": "i"}],
}
SPECS: Final[dict[Os, dict[str, Object]]] = {
    "linux": {"full": FULL, "bare": BARE},
    "windows": {"full": WINDOWS_FULL, "bare": BARE},
}


# What was done, the pod's spec (or what else came of it), and what must stand in it.
_Hardened: TypeAlias = "tuple[dict[str, object], Any, Any]"
_Way: TypeAlias = "Callable[[Cluster, dict[str, str], Choice, Os], Iterator[_Hardened]]"


def _by_strategic_merge(
    cluster: Cluster, files: dict[str, str], choice: Choice, system: Os
) -> Iterator[_Hardened]:
    specs = {**SPECS[system], **({"own": _owning(choice)} if choice.own else {})}
    for name, spec in specs.items():
        yield {"strategic": name}, _strategic(cluster, files, spec), _expected(spec, choice)
    patch = loaded(files["strategic-merge.yaml"])
    if "containers" in patch.get("spec", ()):
        # What was left as it is, is refused.
        yield {"strategic": "unnamed"}, _stored(cluster, BARE, {"template": patch}), "invalid"


def _by_component(
    _: Cluster, files: dict[str, str], choice: Choice, system: Os
) -> Iterator[_Hardened]:
    for name, spec in SPECS[system].items():
        expected = _expected(spec, choice)
        for kind, found in kustomize.component(spec, files).items():
            yield {"component": name, "kind": kind}, found, expected


def _by_component_alone(
    _: Cluster, files: dict[str, str], choice: Choice, __: Os
) -> Iterator[_Hardened]:
    """Add the component to one kind at a time: a base rarely has every one."""
    bare = _expected(BARE, choice)
    for alone in WORKLOADS:
        for kind, found in kustomize.component(BARE, files, [alone]).items():
            yield {"component": "alone", "kind": kind}, found, bare
    # What it brings along has one name, which kustomize takes once.
    expected = "refused" if "component/values.yaml" in files else "built"
    yield {"component": "in two folders"}, kustomize.twice(BARE, files), expected


def _by_json_patch(
    cluster: Cluster, files: dict[str, str], choice: Choice, _: Os
) -> Iterator[_Hardened]:
    patch = files["json-patch.yaml"]
    yield {"json": "manifest"}, kustomize.patched(BARE, patch), _expected(BARE, choice)
    # What is left as it is, is refused.
    yield {"json": "guarded"}, _stored(cluster, STANDING, _below(patch), "json"), "invalid"
    for level in (Level.POD, Level.CONTAINER):
        yield _kept(BARE, patch, level, "securityContext")


def _by_existing_json_patch(
    cluster: Cluster, files: dict[str, str], choice: Choice, _: Os
) -> Iterator[_Hardened]:
    patch = files["json-patch-existing.yaml"]
    found = _stored(cluster, STANDING, _below(patch), "json")
    yield {"json": "stored"}, found, _expected(BARE, choice)
    yield _kept(STANDING, patch, Level.CONTAINER, "securityContext", "capabilities")


def _kept(spec: Object, patch: str, level: Level, *way: str) -> _Hardened:
    """Have a patch applied to what holds more than it sets: it must be kept, or the patch fail."""
    held = copy.deepcopy(spec)
    put(held if level is Level.POD else held["containers"][0], way, {"held": "by hand"})
    try:
        found = kustomize.patched(held, patch)
    except LabError:
        found = held
    fate = "kept" if "by hand" in json.dumps(found) else "lost"
    return {"held": [level.value, *way]}, fate, "kept"


ALONE: Final = "alone"
# By the files that hold them; `alone` is the component's, too.
WAYS: Final[dict[str, _Way]] = {
    "strategic-merge.yaml": _by_strategic_merge,
    "json-patch.yaml": _by_json_patch,
    "json-patch-existing.yaml": _by_existing_json_patch,
    "kustomization.yaml": _by_component,
    ALONE: _by_component_alone,
}


def _strategic(cluster: Cluster, files: dict[str, str], spec: Object) -> Object | str:
    """Apply the patch as its comment says: the entry repeated with each container's name."""
    patch = loaded(files["strategic-merge.yaml"])
    entries = patch.setdefault("spec", {}).pop("containers", None) or []
    own = {each["name"]: each for each in entries if "name" in each}
    # No name of a container is in upper case.
    anyone = next((own.pop(name) for name in list(own) if name.isupper()), None)
    for listed in LISTS if entries else ():
        named = [own.get(each["name"], anyone) or {} for each in spec.get(listed, ())]
        patch["spec"][listed] = [
            entry | {"name": each["name"]}
            for each, entry in zip(spec.get(listed, ()), named, strict=True)
        ]
    return _stored(cluster, spec, {"template": patch})


def _stored(cluster: Cluster, spec: Object, patch: object, kind: str = "strategic") -> Object | str:
    """Store a PodTemplate, patch it, and return its pod's spec or why it was refused."""
    meta = {"name": "template", "namespace": STORE}
    template: Object = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": meta}
    cluster.apply([template | {"template": {"spec": spec}}])
    try:
        answer = cluster.patch(path("PodTemplate", "template", STORE), patch, kind)
    except LabError as error:
        # A JSON patch whose `test` fails is no invalid object, so the client knows no outcome.
        if "HTTP 422" in str(error):
            return "invalid"
        raise
    finally:
        cluster.delete([template])
    found: Object = answer.object.get("template", {}).get("spec", {})
    return found if answer.admitted else answer.outcome


def _below(patch: str) -> list[Object]:
    """Return the operations of a JSON patch for the pod in a PodTemplate."""
    found = loaded(patch)
    # What is no path at all stays none.
    return [
        each | {"path": f"/template{each['path']}"} if each.get("path", "")[:1] == "/" else each
        for each in found
    ]


def _owning(choice: Choice) -> Object:
    """Return a pod with the containers that have values of their own, and one that has none."""
    return {"containers": [{"name": name, "image": "i"} for name in ("app", *choice.own)]}


def _expected(spec: Object, choice: Choice) -> Object:
    """Set the chosen values in all containers, or in the pod; nothing else changes."""
    spec = copy.deepcopy(spec)
    for each in choice.values:
        inside = each.field.level is Level.CONTAINER
        for node in [c for name in LISTS for c in spec.get(name, [])] if inside else [spec]:
            _set(node, each)
    for container in spec["containers"]:
        for each in choice.own.get(container["name"], ()):
            _set(container, each)
    return spec


def _set(node: Object, chosen: Chosen) -> None:
    *steps, last = chosen.field.path
    value: Any = list(chosen.value) if isinstance(chosen.value, tuple) else chosen.value
    if last == "type":
        # A profile of another type has a file of its own: the struct is set whole.
        *steps, last = steps
        value = {"type": value}
    for step in steps:
        node = node.setdefault(step, {})
    node[last] = value
