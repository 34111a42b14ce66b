"""The cases of the derived subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .annotations import SCHEMES
from .case import METADATA, NEW, PLACES, SPEC, Case, Change
from .defaults import token_volume
from .edge_values import paths
from .edges import annotation_edges, volume_sources
from .expressions import tests
from .predicates import OneOf, Predicate, Under
from .subjects import (
    ACCOUNT_PATH,
    EACH,
    HOST_WAYS,
    Field,
    HostPaths,
    ProfileAnnotations,
    VolumeTypes,
)
from .values import UNSET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .expressions import Test
    from .profile import Profile


def volumes_cases(profile: Profile, predicate: Predicate) -> Iterator[Case]:
    """Yield the cases of the types of volumes."""
    allowed = predicate.values if isinstance(predicate, OneOf) else ()
    judged = [test.subject for rule in profile.rules for test in tests(rule.expression)]
    kinds = [
        kind
        for kind in volume_sources()
        if not any(_in_volume(kind, subject) for subject in judged)
    ]
    first = next((kind for kind in kinds if kind in allowed), None)

    def case(label: str, fine: bool, volumes: object) -> Case:
        return Case(label, ((SPEC, ("volumes",), volumes),), fine)

    for kind in kinds:
        volume = {"name": "data", kind: volume_sources()[kind]}
        yield case(kind, kind in allowed, [volume])
        mounts: Change = (NEW, ("volumeMounts",), [_mount("data", read_only=True)])
        new = (_volumes_are(volume), mounts)
        yield Case(f"new container mounts {kind}", new, kind in allowed)
        yield Case(f"new container beside {kind}", (_volumes_are(volume), (NEW, (), None)), True)
        if kind not in allowed and first is not None:
            other = {"name": "other", first: volume_sources()[first]}
            yield case(f"{kind} last", False, [other, volume])
            yield case(f"{kind} first", False, [volume, other])
            mounted = [_mount(name, read_only=True) for name in ("other", "data")]
            both = (_volumes_are(other, volume), (NEW, ("volumeMounts",), mounted))
            yield Case(f"new container mounts {kind} too", both, False)
    yield case("without a source", "emptyDir" in allowed, [{"name": "data"}])
    yield case("null source", "emptyDir" in allowed, [{"name": "data", "nfs": None}])
    for label, nothing in (("no list", UNSET), ("null list", None), ("empty list", [])):
        yield case(label, True, nothing)


def _in_volume(kind: str, subject: object) -> bool:
    if isinstance(subject, HostPaths):
        return kind == "hostPath"
    return isinstance(subject, Field) and subject.path[:3] == ("volumes", EACH, kind)


def alone(profile: Profile, *kinds: str) -> bool:
    """Tell whether no rule on the types of volumes refuses any of these."""
    return all(
        set(kinds) <= set(getattr(test.predicate, "values", ()))
        for rule in profile.rules
        for test in tests(rule.expression)
        if isinstance(test.subject, VolumeTypes)
    )


def mounted_cases(test: Test) -> Iterator[Case]:
    """Yield the cases of paths of the node: a pod's volumes, and what a new container mounts."""
    fine = None
    for label, path, allowed in (*paths(_prefixes(test)), ("missing", UNSET, False)):
        volume = _from_node("data", path)
        yield Case(f"volume {label}", (_volumes_are(volume),), allowed)
        mounts: Change = (NEW, ("volumeMounts",), [_mount("data", read_only=True)])
        yield Case(f"new container mounts {label}", (_volumes_are(volume), mounts), allowed)
        fine = volume if allowed and fine is None else fine
        if not allowed:
            yield Case(
                f"new container beside {label}", (_volumes_are(volume), (NEW, (), None)), True
            )
        if not allowed and fine is not None:
            other = {**fine, "name": "other"}
            yield Case(f"volume {label} last", (_volumes_are(other, volume),), False)
            yield Case(f"volume {label} first", (_volumes_are(volume, other),), False)
            both = [_mount(name, read_only=True) for name in ("other", "data")]
            mounts = (NEW, ("volumeMounts",), both)
            yield Case(
                f"new container mounts {label} too", (_volumes_are(other, volume), mounts), False
            )
    for label, nothing in (("no list", UNSET), ("null list", None), ("empty list", [])):
        yield Case(label, ((SPEC, ("volumes",), nothing),), True)


def written_cases(profile: Profile, test: Test) -> Iterator[Case]:
    """Yield the cases of mounts: of a path that may be read, and of one that may be written."""
    every = [
        prefix
        for rule in profile.rules
        for other in tests(rule.expression)
        if other.subject == HostPaths()
        for prefix in _prefixes(other)
    ]
    writable = {str(path): fine for _, path, fine in paths(_prefixes(test))}
    # What is no path of the node may be written.
    beside = [{"name": "other", "emptyDir": {}}] if alone(profile, "emptyDir") else []
    for prefix in every:
        path = f"{prefix.rstrip('/')}/web"
        write = writable.get(path, False)
        volumes = _volumes_are(_from_node("data", path), *beside)
        for place, way in PLACES.items():
            for label, flag in (("read", True), ("write", False), ("null", None), ("unset", UNSET)):
                others = [_mount("other", read_only=False) for _ in beside]
                listed = [*others, _mount("data", read_only=flag)]
                allowed = write or flag is True
                mounts: Change = (way, ("volumeMounts",), listed)
                yield Case(f"{place} {label} {path}", (volumes, mounts), allowed)
            both = [_mount("data", read_only=True), _mount("data", read_only=False, at="/again")]
            yield Case(f"{place} twice {path}", (volumes, (way, ("volumeMounts",), both)), write)


def _prefixes(test: Test) -> tuple[str, ...]:
    return test.predicate.values if isinstance(test.predicate, Under) else ()


def _from_node(name: str, path: object) -> dict[str, Any]:
    return {"name": name, "hostPath": {} if path is UNSET else {"path": path}}


def _volumes_are(*volumes: dict[str, Any]) -> Change:
    return (SPEC, ("volumes",), list(volumes))


def _mount(name: str, *, read_only: object, at: str | None = None) -> dict[str, Any]:
    flag = {} if read_only is UNSET else {"readOnly": read_only}
    return {"name": name, "mountPath": at or f"/{name}", **flag}


def token_cases(profile: Profile, test: Test) -> Iterator[Case]:
    """Yield the cases of the service account's token, whose account says nothing of it."""
    values = test.predicate.values if isinstance(test.predicate, OneOf) else ()
    # The volume of the token is of one type or of the other, by version.
    welcome = alone(profile, *{token_volume(minor) for minor in profile.minors})
    way = ("automountServiceAccountToken",)
    rows: list[tuple[str, object, bool]] = [
        ("false", False, any(value is False for value in values))
    ]
    if welcome:
        rows += [
            ("true", True, any(value is True for value in values)),
            ("unset", UNSET, test.unset_allowed),
            ("null", None, test.unset_allowed),
        ]
    for label, value, allowed in rows:
        change: Change = (SPEC, way, value)
        yield Case(f"pod {label}", (change,), allowed)
        if not allowed:
            yield Case(f"new container {label}", (change, (NEW, (), None)), True)
        elif value is False and alone(profile, "emptyDir"):
            # A volume of the pod's own where the token would be is no token.
            own = _volumes_are({"name": "own", "emptyDir": {}})
            mounts = [_mount("own", read_only=True, at=ACCOUNT_PATH)]
            there: Change = (PLACES["container"], ("volumeMounts",), mounts)
            yield Case("own volume in its place", (change, own, there), True)


def hosts_cases(test: Test) -> Iterator[Case]:
    """Yield the cases of the hosts of probes and lifecycle handlers."""
    values = test.predicate.values if isinstance(test.predicate, OneOf) else ()
    hosts = dict.fromkeys((*map(str, values[:2]), "10.0.0.1", "localhost"))
    for path in HOST_WAYS:
        rows: list[tuple[str, object, bool]] = [(host, host, host in values) for host in hosts]
        blanks = (("empty", ""), ("null", None), ("unset", UNSET))
        rows += [(label, blank, test.unset_allowed) for label, blank in blanks]
        for place, way in PLACES.items():
            for label, host, allowed in rows:
                port: Change = (way, (*path[:-1], "port"), 8080)
                said = f"{place} {' '.join(path[:-1])} {label}"
                yield Case(said, (port, (way, path, host)), allowed)


def annotations_cases(test: Test, subject: ProfileAnnotations) -> Iterator[Case]:
    """Yield the cases of the annotations that name kernel profiles."""
    scheme = SCHEMES[subject.scheme]
    rows = list(annotation_edges(test, scheme))
    names = {"init": "setup", "container": "sidecar", "stranger": "nobody", "new": "debugger"}
    keys = {label: scheme.prefix + name for label, name in names.items()}
    if scheme.pod is not None:
        keys["pod"] = scheme.pod
    for key, annotation in keys.items():
        strange = key == "stranger" and not scheme.any_container
        for label, text, allowed in rows:
            noted: Change = (METADATA, ("annotations", annotation), text)
            if key != "new":
                yield Case(f"{key} annotation {label}", (noted,), allowed or strange)
            # What speaks of a new container is judged with it; what stood before is not.
            # A pod's annotation speaks of every container without one of its own.
            judged = key in ("new", "pod") and not allowed
            yield Case(f"added {key} annotation {label}", (noted, (NEW, (), None)), not judged)
