"""Rules as expressions of tests, and how they are judged.

A test is universal: *every* value of its subject satisfies the predicate. So a negated test would
speak of "some value", which no rule of Kubernetes asks; what is negated is a predicate's set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, assert_never

from .find import finder
from .predicates import Predicate, allowed, holds, offends
from .reading import Reading
from .subjects import Field, HostPaths, Path, Subject, TokenMount, may_be_unset
from .values import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable

    from .pod import Container, Pod


@dataclass(frozen=True, slots=True)
class Test:
    """Every value of the subject satisfies the predicate.

    Attributes:
        subject: what is judged.
        predicate: what is asked of each value.
        unset_allowed: whether a subject that is not there is allowed.
        reading: which of an inherited field's values are judged.
    """

    subject: Subject
    predicate: Predicate
    unset_allowed: bool
    reading: Reading = Reading.DECLARED

    # pytest collects classes by this name; this one is no test of ours.
    __test__ = False


@dataclass(frozen=True, slots=True)
class All:
    """Each part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some part holds. The last is the one that a refusal speaks of; those before it lift it."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = Test | All | AnyOf


class Offence(NamedTuple):
    """One value that a test refuses.

    Attributes:
        test: the test.
        container: the container that it is refused for, or None for the pod.
        path: the way down to the value from the pod; the field may be missing there.
        value: what stands there, or UNSET.
    """

    test: Test
    container: Container | None
    path: Path
    value: object


Judge: TypeAlias = "Callable[[Pod], list[Offence]]"


def judge(expression: Expression) -> Judge:
    """Return the function that finds what offends an expression in a pod: nothing if it holds."""
    match expression:
        case Test():
            return _judge_test(expression)
        case All(parts):
            judges = [judge(part) for part in parts]
            if len(judges) == 1:
                return judges[0]
            return lambda pod: [offence for each in judges for offence in each(pod)]
        case AnyOf(parts):
            *lifts, last = [judge(part) for part in parts]
            return lambda pod: _judge_any(lifts, last, pod)
        case _:
            assert_never(expression)


def tests(expression: Expression) -> tuple[Test, ...]:
    """Return the tests that a refusal may speak of, in order (not those that lift)."""
    match expression:
        case Test():
            return (expression,)
        case All(parts):
            return tuple(test for part in parts for test in tests(part))
        case AnyOf(parts):
            return tests(parts[-1])
        case _:
            assert_never(expression)


def allowed_text(test: Test) -> str:
    """Say in words what a test allows: `false or unset`."""
    words = allowed(test.predicate)
    if isinstance(test.subject, HostPaths) and test.subject.written:
        words = (*words, "mounted with `readOnly: true`")
    if test.unset_allowed and (may_be_unset(test.subject) or not words):
        words = (*words, "unset")
    if len(words) < 2:  # noqa: PLR2004 - a conjunction joins two
        return words[0] if words else "nothing"
    return ", ".join(words[:-1]) + " or " + words[-1]


def unset_verdict(subject: Subject, predicate: Predicate) -> bool:
    """Tell whether unset is allowed: judged as what Kubernetes does then; allowed if not known."""
    if isinstance(subject, TokenMount):
        return holds(predicate, True)
    if not isinstance(subject, Field) or subject.unset is None:
        return True
    return holds(predicate, subject.unset)


def _judge_any(lifts: list[Judge], last: Judge, pod: Pod) -> list[Offence]:
    # What lifts is asked only where something offends: nearly always nothing does.
    offences = last(pod)
    if not offences:
        return offences
    # A condition speaks of the whole pod, also where only its new containers are judged.
    whole = pod if pod.pod_level else pod._replace(pod_level=True)
    return [] if any(not lift(whole) for lift in lifts) else offences


def _judge_test(test: Test) -> Judge:
    find = finder(test.subject, test.reading)
    bad = offends(test.predicate)
    unset_allowed = test.unset_allowed

    def run(pod: Pod) -> list[Offence]:
        offences = []
        for container, base, tail, value in find(pod):
            if value is UNSET:
                if not unset_allowed:
                    offences.append(Offence(test, container, base + tail, value))
                continue
            for place in bad(value):
                if place is None:
                    offences.append(Offence(test, container, base + tail, value))
                else:
                    item = value[place]  # type: ignore[index]  # only a list has places
                    offences.append(Offence(test, container, (*base, *tail, place), item))
        return offences

    return run
