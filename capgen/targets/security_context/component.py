"""The values as a Kustomize component, for all containers of all workloads, by whatever name.

A strategic-merge patch sets what stands in the pod. It knows containers by their name, so for them
there are `replacements`, whose paths may say `*`. These have two habits (seen in Kustomize 5.8.2):

- A `*` that meets no element is an error, and most pods have no init container. So the patch brings
  one along for each pod, and the last patch takes it away.
- A scalar that they create is a string: `"false"`. What replaces a struct keeps its type. So a
  struct is put there first, and the value in its place.

A securityContext that is written out as `null` is overlooked. Nothing is loosened by it.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.chosen import put
from capgen.policy.workload import WORKLOADS, Workload
from capgen.targets.base import object_metadata
from capgen.targets.yaml_text import dump

from .patches import merge, units_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.choice import Choice, Os
    from capgen.policy.profile import Profile

_KIND: Final = "SecurityContextValues"
_EXTRA: Final = "capgen-takes-this-away"
_LISTS: Final = ("containers", "initContainers")
_HEAD: Final = """\
# Kustomize component (`components:`) by capgen from the profile {name}. It sets
# securityContexts in every pod and workload that it is added to, whatever the containers' names.
# Write no key of a securityContext as `null`: kustomize does not see it.
# Of folders that are built together only one may list it: put it into the outermost.
"""


def component(profile: Profile, system: Os, choice: Choice) -> list[tuple[str, str]]:
    """Return the component's files, by their path."""
    pod = merge(units_of(choice, of_containers=False), beside=True)
    in_containers = units_of(choice, of_containers=True)
    transformers = []
    files = []
    if pod or in_containers:
        extra = {"initContainers": [{"name": _EXTRA}]} if in_containers else {}
        transformers.append("component/pods.yaml")
        files.append(("component/pods.yaml", dump(*_patches("pods", pod | extra))))
    if in_containers:
        transformers += ["component/containers.yaml", "component/clean.yaml"]
        paths = [path for _, path, _ in in_containers]
        values = _values(profile, system, merge(in_containers))
        clean = {"initContainers": [{"name": _EXTRA, "$patch": "delete"}]}
        files += [
            ("component/values.yaml", dump(values)),
            ("component/containers.yaml", dump(*_replacements(values, paths))),
            ("component/clean.yaml", dump(*_patches("clean", clean))),
        ]
    kustomization: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
    }
    if in_containers:
        kustomization["resources"] = ["component/values.yaml"]
    # Transformers run in the order in which they stand.
    kustomization["transformers"] = transformers
    head = _HEAD.format(name=profile.name)
    return [("kustomization.yaml", head + dump(kustomization)), *files]


def _values(profile: Profile, system: Os, container: dict[str, Any]) -> dict[str, Any]:
    """Return the object that replacements take their values from; it is not deployed."""
    metadata: dict[str, Any] = object_metadata(profile, system)
    metadata["annotations"]["config.kubernetes.io/local-config"] = "true"
    return {
        "apiVersion": "capgen/v1",
        "kind": _KIND,
        "metadata": metadata,
        "struct": {"replaced": "by a value"},
        "container": container,
    }


def _patches(name: str, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Patch the pod's spec, wherever a kind has it: one patch a way to it."""
    for way, kinds in groupby(sorted(WORKLOADS, key=_way), key=_way):
        listed = list(kinds)
        first = listed[0]
        groups = sorted({kind.group for kind in listed})
        body: dict[str, Any] = {
            "apiVersion": f"{first.group}/{first.version}".lstrip("/"),
            "kind": first.kind,
            "metadata": {"name": "any"},
        }
        put(body, (*way, "spec"), spec)
        yield {
            "apiVersion": "builtin",
            "kind": "PatchTransformer",
            "metadata": {"name": "-".join((name, *way)).lower()},
            "target": {
                "group": "|".join(groups),
                "version": first.version,
                "kind": "|".join(kind.kind for kind in listed),
            },
            "patch": dump(body),
        }


def _replacements(values: dict[str, Any], paths: list[tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    """Put a struct at each path of all containers, then the value in its place."""
    for name, source, create in (
        ("struct", ("struct",), {"options": {"create": True}}),
        ("value", ("container",), {}),
    ):
        yield {
            "apiVersion": "builtin",
            "kind": "ReplacementTransformer",
            "metadata": {"name": name},
            "replacements": [
                {
                    "source": {
                        "kind": _KIND,
                        "name": values["metadata"]["name"],
                        "fieldPath": ".".join(source if create else (*source, *path)),
                    },
                    "targets": [{**_target(kind, path), **create} for kind in WORKLOADS],
                }
                for path in paths
            ],
        }


def _target(kind: Workload, path: tuple[str, ...]) -> dict[str, Any]:
    select = {"group": kind.group} if kind.group else {}
    return {
        "select": {**select, "version": kind.version, "kind": kind.kind},
        "fieldPaths": [".".join((*_way(kind), "spec", listed, "*", *path)) for listed in _LISTS],
    }


def _way(kind: Workload) -> tuple[str, ...]:
    return tuple(str(step) for step in kind.path)
