"""Assign and ModifySet, the mutators of Gatekeeper: each sets one value at one location.

A mutator looks at what stands on the way to its location, and at nothing else of the object. It
knows operations since Gatekeeper 3.23: on an update it would change what stands already, which the
API server refuses.
Upstream: gatekeeper 3.23, pkg/mutation and website/docs/mutation.md.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.lang import cel_match
from capgen.policy.subjects import CONTAINER_LISTS
from capgen.policy.values import Kind
from capgen.policy.workload import WORKLOADS
from capgen.targets.base import Artefact, object_metadata, object_name
from capgen.targets.yaml_text import dump

from .matching import match_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.placed import Placed
    from capgen.policy.profile import Profile
    from capgen.policy.subjects import Path
    from capgen.policy.workload import Workload

_API: Final = "mutations.gatekeeper.sh/v1"
# Gatekeeper is not asked about the ephemeral ones, which the profile's values are not for.
_LISTS: Final = CONTAINER_LISTS[:2]


class _Way(NamedTuple):
    """The objects that hold a pod at one path.

    Attributes:
        part: names them among a profile's objects.
        path: the way down from the object to the pod or its template.
    """

    part: str
    path: Path

    @property
    def kinds(self) -> list[Workload]:
        """What they are, save what a controller makes as a copy."""
        return [kind for kind in WORKLOADS if kind.path == self.path and not kind.copied]


_PODS: Final = _Way("pods", ())
_TEMPLATES: Final = (
    _Way("controllers", ("spec", "template")),
    _Way("cronjobs", ("spec", "jobTemplate", "spec", "template")),
    _Way("podtemplates", ("template",)),
)


def _ways(profile: Profile) -> Iterator[_Way]:
    if profile.pods:
        yield _PODS
    if profile.controllers:
        yield from _TEMPLATES


def mutators(profile: Profile, one: Placed) -> Iterator[Artefact]:
    """Yield what sets a value: a mutator for each path to a pod, list of containers and name."""
    lists = _LISTS if one.inside else ("",)
    for way, listed, name in product(_ways(profile), lists, one.only or ("",)):
        yield _mutator(profile, one, way, listed, name)


def _mutator(profile: Profile, one: Placed, way: _Way, listed: str, name: str) -> Artefact:
    """Return the mutator of a value in the pod or template, or in a container of a list."""
    spec: dict[str, Any] = {
        "applyTo": _applied(way.kinds),
        "match": _match(profile, way),
    }
    above = ".".join((*map(str, way.path), "spec"))
    tests = []
    if listed:
        above += f".{listed}[name: {_quoted(name) if name else '*'}]"
        if name:
            # Else a container of that name would be made.
            tests.append({"subPath": above, "condition": "MustExist"})
    spec["location"] = ".".join((above, *one.path))
    if one.field.kind is Kind.STRINGS:
        kind = "ModifySet"
        parameters: dict[str, Any] = {"operation": "merge", "values": {"fromList": one.value}}
    else:
        kind = "Assign"
        tests.append({"subPath": spec["location"], "condition": "MustNotExist"})
        parameters = {"assign": {"value": one.value}}
    spec["parameters"] = {**({"pathTests": tests} if tests else {}), **parameters}
    part = _part(one, way, listed, name)
    document = {
        "apiVersion": _API,
        "kind": kind,
        "metadata": object_metadata(profile, part),
        "spec": spec,
    }
    return Artefact(f"{part}.yaml", dump(document), f"{kind}/{object_name(profile.name, part)}")


def _applied(kinds: list[Workload]) -> list[dict[str, list[str]]]:
    versions: dict[tuple[str, str], list[str]] = {}
    for kind in kinds:
        versions.setdefault((kind.group, kind.version), []).append(kind.kind)
    return [
        # On an update too, every change of a pod that stood before would be refused.
        {"groups": [group], "versions": [version], "kinds": listed, "operations": ["CREATE"]}
        for (group, version), listed in versions.items()
    ]


def _match(profile: Profile, way: _Way) -> dict[str, Any]:
    selector = cel_match.selector(profile.match.pod_selector)
    return {
        **match_of(profile, way.kinds),
        **({"labelSelector": selector} if selector else {}),
    }


def in_order(profile: Profile, one: Placed) -> bool:
    """Tell whether what sets a value in all containers acts after what sets another in one.

    Mutators act in the order of their names, and a value that is set is unset no more.
    """

    def name(way: _Way, listed: str, container: str = "") -> str:
        return object_name(profile.name, _part(one, way, listed, container))

    every = product(_ways(profile), _LISTS, one.others)
    return all(name(way, listed, other) < name(way, listed) for way, listed, other in every)


def _part(one: Placed, way: _Way, listed: str, name: str) -> str:
    """Name a mutator among a profile's objects; see `in_order`."""
    steps = [step for step in one.path if step != "securityContext"]
    first = "own" if name else "set"
    return "-".join(filter(None, (first, *steps, way.part, listed, name))).lower()


def _quoted(name: str) -> str:
    """Quote a text for a location."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
