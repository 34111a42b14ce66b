"""The cases of a test: its edges at each level where they may stand, and the verdict on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from .case import NEW, OLD, PLACES, SPEC, Case, Change
from .cases_derived import (
    alone,
    annotations_cases,
    hosts_cases,
    mounted_cases,
    token_cases,
    volumes_cases,
    written_cases,
)
from .catalogue import CONDITIONS
from .edges import Edge, edges
from .expressions import tests
from .predicates import OneOf, holds
from .reading import Reading
from .subjects import (
    EACH,
    Field,
    HandlerHosts,
    HostPaths,
    Level,
    ProfileAnnotations,
    TokenMount,
    VolumeTypes,
)
from .values import UNSET, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .expressions import Test
    from .profile import Profile


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
            # A volume without the source that the field stands in is an emptyDir.
            if field.path[:2] != ("volumes", EACH) or alone(profile, field.path[2], "emptyDir"):
                yield from _plain(field, list(edges(test, field, known)))
        case VolumeTypes():
            yield from volumes_cases(profile, test.predicate)
        case HandlerHosts():
            yield from hosts_cases(test)
        case ProfileAnnotations():
            yield from annotations_cases(test, test.subject)
        case HostPaths(written):
            if alone(profile, "hostPath"):
                found = written_cases(profile, test) if written else mounted_cases(test)
                yield from found
        case TokenMount():
            yield from token_cases(profile, test)
        case _:
            assert_never(test.subject)


def _plain(field: Field, found: list[Edge]) -> Iterator[Case]:
    for edge in found:
        if field.level is Level.CONTAINER:
            for place, way in PLACES.items():
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
        for place, way in PLACES.items():
            yield _case(f"{place} {edge.label}", allowed, (way, edge))
    absent = next(edge for edge in found if edge.label == "unset")
    fine = next((each for each in found if _stands(each) and each.allowed), None)
    bad = next((each for each in found if _stands(each) and not each.allowed), None)
    yield _case("new container inherits unset", unset, (SPEC, absent), (NEW, None))
    if fine is not None:
        own = [(way, fine) for way in OLD]
        itself = unset or test.reading is not Reading.BOTH
        yield _case("each container its own", itself, (SPEC, absent), *own)
        yield _case("one container unset", unset, (SPEC, absent), *own[:-1])
        yield _case("new container its own", True, (SPEC, absent), (NEW, fine))
    if bad is not None:
        yield _case("new container inherits bad", False, (SPEC, bad), (NEW, None))
        yield _case("new container beside bad", True, (OLD[1], bad), (NEW, None))
    if fine is not None and bad is not None:
        effective = test.reading is Reading.EFFECTIVE
        for edge in found:
            if _stands(edge) and not edge.allowed:
                yield _case(f"pod {edge.label} overridden", effective, (SPEC, edge), *own)
        yield _case("bad pod overridden but once", False, (SPEC, bad), *own[:-1])
        yield _case("new container overrides bad", True, (SPEC, bad), (NEW, fine))
        yield _case("new container overrides good", False, (SPEC, fine), (NEW, bad))


def _stands(edge: Edge) -> bool:
    return not edge.inherits and edge.value not in (None, UNSET, {}, "")


def conditions(
    profile: Profile, judged: Test, lifts: tuple[object, ...]
) -> Iterator[tuple[str, tuple[Change, ...], bool]]:
    """Yield what makes a condition hold, or nearly hold, and whether it lifts the rule then.

    What some rule of the profile refuses by itself is left out.
    """
    every = [test for rule in profile.rules for test in tests(rule.expression)]
    for condition in CONDITIONS.values():
        field, predicate = condition.test.subject, condition.test.predicate
        if not isinstance(field, Field) or not isinstance(predicate, OneOf):
            continue
        if _path(judged) == field.path:
            continue
        for value in predicate.values:
            near = (not value,) if field.kind is Kind.BOOL else (str(value).title(), "linux")
            on_field = [test for test in every if _path(test) == field.path]
            for other in (value, *near, None):
                if not all(
                    test.unset_allowed if other is None else holds(test.predicate, other)
                    for test in on_field
                ):
                    continue
                lifted = other is value and condition.test in lifts
                yield f"{condition.id} {other}", ((SPEC, field.path, other),), lifted


def _path(test: Test) -> tuple[str, ...]:
    return test.subject.path if isinstance(test.subject, Field) else ()
