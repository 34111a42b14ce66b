"""The cases of a test: its edges at each level where they may stand, and the verdict on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, assert_never

from .catalogue import CONDITIONS
from .edges import Edge, annotation_edges, edges, volume_sources
from .expressions import tests
from .predicates import OneOf, Predicate
from .reading import Reading
from .subjects import (
    EACH,
    HOST_PATHS,
    SCHEMES,
    Field,
    HandlerHosts,
    Level,
    ProfileAnnotations,
    VolumeTypes,
)
from .values import UNSET, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .expressions import Test
    from .profile import Profile

# The way down to a struct, the way on from there, and what is put there.
Change: TypeAlias = "tuple[tuple[str | int, ...], tuple[str, ...], object]"

SPEC: Final = ("spec",)
METADATA: Final = ("metadata",)
# A container that is added to a pod that stands.
NEW: Final = ("spec", "ephemeralContainers", 0)
_OLD: Final = (("spec", "initContainers", 0), ("spec", "containers", 0), ("spec", "containers", 1))
# Not always the first of its list: to look at the first one only is a fault to be seen.
_PLACES: Final = {"init": _OLD[0], "container": _OLD[2], "ephemeral": NEW}


class Case(NamedTuple):
    """What makes the base pod a witness.

    Attributes:
        label: what is special about it.
        changes: what is put where; a change of the new container, also an empty one, adds it.
        allowed: the verdict.
    """

    label: str
    changes: tuple[Change, ...]
    allowed: bool


def cases(profile: Profile, test: Test, known: str | None) -> Iterator[Case]:
    """Yield the cases of a test.

    Args:
        profile: the profile, whose other rules must have nothing to say.
        test: the test.
        known: the vocabulary that its values come from.
    """
    match test.subject:
        case Field(level=Level.INHERITED) as field:
            yield from _inherited(test, list(edges(test, field, known)))
        case Field() as field:
            if _alone(profile, field):
                yield from _plain(field, list(edges(test, field, known)))
        case VolumeTypes():
            yield from _volumes(profile, test.predicate)
        case HandlerHosts():
            yield from _hosts(test)
        case ProfileAnnotations():
            yield from _annotations(test, test.subject)
        case _:
            assert_never(test.subject)


def _plain(field: Field, found: list[Edge]) -> Iterator[Case]:
    for edge in found:
        if field.level is Level.CONTAINER:
            for place, way in _PLACES.items():
                yield _case(f"{place} {edge.label}", edge.allowed, (way, edge))
            continue
        yield _case(f"pod {edge.label}", edge.allowed, (SPEC, edge))
        if not edge.allowed:
            yield _case(f"new container {edge.label}", True, (SPEC, edge), (NEW, None))


def _case(label: str, allowed: bool, *at: tuple[tuple[str | int, ...], Edge | None]) -> Case:
    changes = tuple(
        (way, (), None) if edge is None else (way, edge.path, edge.value) for way, edge in at
    )
    return Case(label, changes, allowed)


def _inherited(test: Test, found: list[Edge]) -> Iterator[Case]:
    """Yield the cases of a field that containers have from their pod where they leave it unset."""
    unset = test.unset_allowed
    for edge in found:
        allowed = edge.allowed or edge.inherits
        yield _case(f"pod {edge.label}", edge.allowed, (SPEC, edge))
        for place, way in _PLACES.items():
            yield _case(f"{place} {edge.label}", allowed, (way, edge))
    absent = next(edge for edge in found if edge.label == "unset")
    fine = next((each for each in found if _stands(each) and each.allowed), None)
    bad = next((each for each in found if _stands(each) and not each.allowed), None)
    yield _case("new container inherits unset", unset, (SPEC, absent), (NEW, None))
    if fine is not None:
        own = [(way, fine) for way in _OLD]
        yield _case("each container its own", True, (SPEC, absent), *own)
        yield _case("one container unset", unset, (SPEC, absent), *own[:-1])
        yield _case("new container its own", True, (SPEC, absent), (NEW, fine))
    if bad is not None:
        yield _case("new container inherits bad", False, (SPEC, bad), (NEW, None))
        yield _case("new container beside bad", True, (_OLD[1], bad), (NEW, None))
    if fine is not None and bad is not None:
        effective = test.reading is Reading.EFFECTIVE
        yield _case("bad pod overridden", effective, (SPEC, bad), *own)
        yield _case("bad pod overridden but once", False, (SPEC, bad), *own[:-1])
        yield _case("new container overrides bad", True, (SPEC, bad), (NEW, fine))
        yield _case("new container overrides good", False, (SPEC, fine), (NEW, bad))


def _stands(edge: Edge) -> bool:
    return not edge.inherits and edge.value not in (None, UNSET, {}, "")


def _volumes(profile: Profile, predicate: Predicate) -> Iterator[Case]:
    allowed = predicate.values if isinstance(predicate, OneOf) else ()
    first = next((kind for kind in volume_sources() if kind in allowed), None)

    def case(label: str, fine: bool, volumes: object) -> Case:
        return Case(label, ((SPEC, ("volumes",), volumes),), fine)

    for kind, source in volume_sources().items():
        if any(
            _in_volume(kind, test.subject)
            for rule in profile.rules
            for test in tests(rule.expression)
        ):
            continue
        volume = {"name": "data", kind: source}
        yield case(kind, kind in allowed, [volume])
        if kind not in allowed and first is not None:
            other = {"name": "other", first: volume_sources()[first]}
            yield case(f"{kind} last", False, [other, volume])
            yield case(f"{kind} first", False, [volume, other])
    yield case("without a source", "emptyDir" in allowed, [{"name": "data"}])
    yield case("null source", "emptyDir" in allowed, [{"name": "data", "nfs": None}])
    for label, nothing in (("no list", UNSET), ("null list", None), ("empty list", [])):
        yield case(label, True, nothing)


def _in_volume(kind: str, subject: object) -> bool:
    return isinstance(subject, Field) and subject.path[:3] == ("volumes", EACH, kind)


def _alone(profile: Profile, field: Field) -> bool:
    """Tell whether no rule on the types of volumes refuses what this field stands in."""
    return field.path[:2] != ("volumes", EACH) or all(
        {field.path[2], "emptyDir"} <= set(getattr(test.predicate, "values", ()))
        for rule in profile.rules
        for test in tests(rule.expression)
        if isinstance(test.subject, VolumeTypes)
    )


def _hosts(test: Test) -> Iterator[Case]:
    values = test.predicate.values if isinstance(test.predicate, OneOf) else ()
    hosts = dict.fromkeys((*map(str, values[:2]), "10.0.0.1", "localhost"))
    for path in HOST_PATHS:
        rows: list[tuple[str, object, bool]] = [(host, host, host in values) for host in hosts]
        blanks = (("empty", ""), ("null", None), ("unset", UNSET))
        rows += [(label, blank, test.unset_allowed) for label, blank in blanks]
        for place, way in _PLACES.items():
            for label, host, allowed in rows:
                port: Change = (way, (*path[:-1], "port"), 8080)
                said = f"{place} {' '.join(path[:-1])} {label}"
                yield Case(said, (port, (way, path, host)), allowed)


def _annotations(test: Test, subject: ProfileAnnotations) -> Iterator[Case]:
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
            judged = key == "new" and not allowed
            yield Case(f"added {key} annotation {label}", (noted, (NEW, (), None)), not judged)


def conditions(lifts: tuple[object, ...]) -> Iterator[tuple[str, tuple[Change, ...], bool]]:
    """Yield what makes a condition hold, or nearly hold, and whether it lifts the rule then."""
    for condition in CONDITIONS.values():
        field, predicate = condition.test.subject, condition.test.predicate
        if not isinstance(field, Field) or not isinstance(predicate, OneOf):
            continue
        for value in predicate.values:
            near = (not value,) if field.kind is Kind.BOOL else (str(value).title(), "linux")
            for other in (value, *near, None):
                lifted = other is value and condition.test in lifts
                yield f"{condition.id} {other}", ((SPEC, field.path, other),), lifted
