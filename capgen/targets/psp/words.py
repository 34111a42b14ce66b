"""What a PodSecurityPolicy says of a rule: the parts that the table's rows are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from capgen.policy.predicates import InRanges, Within, holds
from capgen.policy.reading import Reading
from capgen.policy.subjects import Field, Level, Subject, dotted
from capgen.policy.values import UNSET, show
from capgen.targets.base import Cell, Status

if TYPE_CHECKING:
    from capgen.policy.chosen import Value
    from capgen.policy.expressions import Test
    from capgen.policy.values import Scalar

# A value of a field, or UNSET.
Known: TypeAlias = object
# A part of a rule: the rule's id and the key of its settings.
PartName: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Word:
    """How a rule is said.

    Attributes:
        means: what is written, and what it sets.
        more: what is refused besides: each a clause.
        lacks: what should be refused and is not: each a clause.
    """

    means: str
    more: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()

    def also(self, *more: str) -> Word:
        """Return the word with more that is refused besides."""
        return replace(self, more=(*self.more, *more))

    def without(self, *lacks: str) -> Word:
        """Return the word with more that is not refused."""
        return replace(self, lacks=(*self.lacks, *lacks))

    def cell(self) -> Cell:
        """Return the cell that reports it."""
        said = "; ".join((self.means, *self.more))
        if self.lacks:
            return Cell(Status.GAP, f"{'; '.join(self.lacks)}; what is written: {said}")
        return Cell(Status.STRICTER if self.more else Status.EXACT, said)


class Asked(NamedTuple):
    """What a profile asks of a part of a rule.

    Attributes:
        test: the test; of an AppArmor or seccomp profile, that of whichever carrier there is.
        chosen: the value that the profile chooses; None where it chooses none.
        mutate: the value is to be set where it is unset.
    """

    test: Test
    chosen: Value | None
    mutate: bool

    @property
    def fills(self) -> bool:
        """Whether a pod that leaves it unset is to be given a value."""
        return not self.test.unset_allowed or (self.mutate and self.chosen is not None)


@dataclass(frozen=True, slots=True)
class Said:
    """What a row of the table makes of a profile.

    Attributes:
        spec: keys of the policy's spec.
        words: how each rule of the row is said, by its id.
        annotations: annotations of the policy.
        sets: what a pod that leaves a field unset is given: the field's path to the value.
    """

    spec: dict[str, Any]
    words: dict[str, Word]
    annotations: dict[str, str] = field(default_factory=dict)
    sets: Mapping[tuple[str, ...], Value] = field(default_factory=dict)


Say: TypeAlias = Callable[[Mapping[PartName, tuple[Asked, ...]]], Said]


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        parts: the parts of rules that it says.
        say: says what is asked of them; of a part that the profile does not judge nothing is asked.
    """

    parts: tuple[PartName, ...]
    say: Say


def first(asked: Mapping[PartName, tuple[Asked, ...]], part: PartName) -> Asked | None:
    """Return what is asked of a part that has one test."""
    found = asked.get(part, ())
    return found[0] if found else None


def admits(test: Test, value: Known) -> bool:
    """Tell whether a test allows a value, UNSET included, at whatever level it stands."""
    blank = getattr(test.subject, "blank", None)
    if value is UNSET or (blank is not None and type(blank) is type(value) and blank == value):
        return test.unset_allowed
    return holds(test.predicate, value)


def values(test: Test) -> tuple[Scalar, ...]:
    """Return the values that a test lists."""
    if isinstance(test.predicate, InRanges):
        raise TypeError(test)
    return test.predicate.values


def ranges(test: Test) -> tuple[tuple[int, int | None], ...]:
    """Return the ranges of a test."""
    if not isinstance(test.predicate, InRanges):
        raise TypeError(test)
    return test.predicate.ranges


def covers_all(test: Test) -> bool:
    """Tell whether a test of a list takes every item, by a word that covers all."""
    return isinstance(test.predicate, Within) and test.predicate.cover in test.predicate.values


def overruled(subject: Subject, reading: Reading) -> tuple[str, ...]:
    """Say what is not judged of a field that is judged only where it takes effect."""
    inherited = isinstance(subject, Field) and subject.level is Level.INHERITED
    if not inherited or reading is Reading.EFFECTIVE:
        return ()
    return ("what the pod itself says is not judged where every container says otherwise",)


def code(key: str, value: object) -> str:
    """Write a key and its value as code in a sentence."""
    return f"`{key}: {show(value)}`"


def filled(path: tuple[str, ...], value: Value) -> str:
    """Say that a value is set where it is unset."""
    name = dotted(tuple(step for step in path if step != "*")[-1:])
    return f"sets `{name}: {show(value)}` where it is unset"
