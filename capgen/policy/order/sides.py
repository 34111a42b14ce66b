"""A profile taken apart into what the order compares: tests, what lifts them, and defaulting."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.annotations import SCHEMES, Annotation
from capgen.policy.catalogue import CONDITIONS
from capgen.policy.defaults import defaulted, spans
from capgen.policy.expressions import All, AnyOf, Expression, Test, judge
from capgen.policy.pod import view
from capgen.policy.predicates import OneOf
from capgen.policy.rules import part_of
from capgen.policy.subjects import Field
from capgen.policy.values import UNSET, Kind, nested

from .answers import UndecidedError
from .groups import PROFILES, Family, Group, group_of
from .implied import stronger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule

# A field that a condition asks about, and a value of it.
Settled = tuple[tuple[str, ...], object]

_CONDITIONS: Final = tuple(
    (condition.test.subject, condition.test.predicate) for condition in CONDITIONS.values()
)
_WINDOWS: Final = CONDITIONS["windows"].test


class Clause(NamedTuple):
    """One test of a rule, with what lifts it.

    Attributes:
        rule: the rule's id.
        lifts: the conditions, any one of which lifts it.
        test: the test.
        group: the group of its subject.
        known: the vocabulary that the field's values come from.
    """

    rule: str
    lifts: tuple[Test, ...]
    test: Test
    group: Group
    known: str | None


class Effect(NamedTuple):
    """What the API server's defaulting does in a span of versions, as far as a rule can see it.

    Attributes:
        synced: the struct in `securityContext` that annotations are written into.
        rest: what becomes of a pod and of a template otherwise.
    """

    synced: tuple[str, ...]
    rest: str


class Side(NamedTuple):
    """A profile taken apart.

    Attributes:
        profile: the profile.
        clauses: its tests.
        effects: what its versions do to a pod, each with a span of them.
    """

    profile: Profile
    clauses: tuple[Clause, ...]
    effects: Mapping[Effect, range]

    def implies(self, loose: Clause, effects: Mapping[Effect, range]) -> bool:
        """Tell whether one of the side's tests shows by itself that another profile's test holds.

        Args:
            loose: the other profile's test.
            effects: what the other profile's versions do.
        """
        if loose.group.family.is_defaulted and not effects.keys() <= self.effects.keys():
            return False
        return any(
            clause.group == loose.group
            and set(clause.lifts) <= set(loose.lifts)
            and stronger(clause.test, loose.test)
            for clause in self.clauses
        )


class World(NamedTuple):
    """What a whole pod settles beforehand.

    Attributes:
        settled: the values of the fields that conditions ask about.
        template: it is a controller's template.
        spec: the pod's spec as far as it is settled.
        holding: the conditions that hold.
    """

    settled: tuple[Settled, ...]
    template: bool
    spec: dict[str, Any]
    holding: tuple[Test, ...]

    @property
    def windows(self) -> bool:
        """Whether the pod says that it runs on Windows."""
        return _WINDOWS in self.holding

    def active(self, clauses: Sequence[Clause]) -> dict[Group, list[Clause]]:
        """Return those of the clauses that are not lifted, by group."""
        found: dict[Group, list[Clause]] = {}
        for clause in clauses:
            if not any(lift in self.holding for lift in clause.lifts):
                found.setdefault(clause.group, []).append(clause)
        return found


def side(profile: Profile) -> Side:
    """Take a profile apart.

    Raises:
        UndecidedError: a rule is lifted by what is no condition.
    """
    clauses = tuple(clause for rule in profile.rules for clause in _clauses(rule, rule.expression))
    return Side(profile, clauses, {_effect(span): span for span in spans(profile.minors)})


def worlds(sides: Sequence[Side]) -> Iterator[World]:
    """Yield the worlds that the tests of some sides tell apart, the plainest first."""
    judged = {clause.group for each in sides for clause in each.clauses}
    rows: dict[tuple[str, ...], dict[object, None]] = {}
    for field, predicate in _CONDITIONS:
        if isinstance(field, Field) and isinstance(predicate, OneOf):
            row = rows.setdefault(field.path, {UNSET: None})
            row |= dict.fromkeys(predicate.values)
            if field.kind is Kind.BOOL and Group(Family.FIELD, field.path) in judged:
                row |= {True: None, False: None}
    for template in (False, True):
        for values in product(*rows.values()):
            yield _world(tuple(zip(rows, values, strict=True)), template=template)


def _world(settled: tuple[Settled, ...], *, template: bool) -> World:
    spec: dict[str, Any] = {}
    for path, value in settled:
        spec |= nested(path, value)
    pod = view({"spec": spec})
    holding = tuple(
        condition.test for condition in CONDITIONS.values() if not judge(condition.test)(pod)
    )
    return World(settled, template, spec, holding)


def _clauses(rule: Rule, expression: Expression, lifts: tuple[Test, ...] = ()) -> Iterator[Clause]:
    match expression:
        case Test(subject=subject):
            known = part_of(rule, subject).known
            yield Clause(rule.id, lifts, expression, group_of(subject), known)
        case All(parts):
            for part in parts:
                yield from _clauses(rule, part, lifts)
        case AnyOf((*above, last)):
            conditions = {condition.test for condition in CONDITIONS.values()}
            further = tuple(part for part in above if isinstance(part, Test))
            if len(further) < len(above) or not conditions.issuperset(further):
                msg = f"`{rule.id}` is lifted by what is no condition"
                raise UndecidedError(msg)
            yield from _clauses(rule, last, lifts + further)


@cache
def _effect(span: range) -> Effect:
    """Return what defaulting does in a span: found by trying, so that it stands in one place."""
    notes = {SCHEMES[scheme].prefix + "c": "runtime/default" for scheme in Annotation}
    ports = [{"containerPort": 80}]
    container = {"name": "c", "ports": ports}
    pod = {
        "metadata": {"annotations": notes},
        "spec": {"hostNetwork": True, "containers": [container]},
    }
    made = defaulted(pod, span, template=False)
    context = made["spec"]["containers"][0].pop("securityContext", {})
    synced = tuple(struct for struct in PROFILES.values() if struct in context)
    return Effect(synced, repr((made, defaulted(pod, span, template=True))))
