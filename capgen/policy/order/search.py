"""The search for a request that the strict side admits and the loose one refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from capgen.policy.admit import Admission
from capgen.policy.defaults import defaulted
from capgen.policy.expressions import judge
from capgen.policy.pod import view
from capgen.policy.profile import Profile, Union

from .answers import Answer, Proven, Refuted, UndecidedError, Unknown
from .frames import frames
from .ground import Ground
from .groups import Family
from .pods import Chosen, Frame, assembled, request
from .sides import worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from capgen.policy.expressions import Judge
    from capgen.policy.pod import Mapping, Pod

    from .groups import Group
    from .pods import Piece
    from .sides import Effect, Side, World

    # Looks at a pod as some versions default it.
    Look: TypeAlias = Callable[[Effect], Pod]

# Beyond so many pods, or ways to break some of a union's profiles, the question is left open.
_MOST_PODS: Final = 50_000
_MOST_WAYS: Final = 4_096
# Whose fields the API refuses in a pod on Windows, or leaves as they are there.
_OF_SYSTEMS: Final = (Family.FIELD, Family.STRUCT, Family.KERNEL)


class Option(NamedTuple):
    """What a group may hold in a pod that the strict side admits.

    Attributes:
        chosen: the pieces.
        refused: the profiles of the loose side that refuse it, as bits.
    """

    chosen: Chosen
    refused: int


class Judged(NamedTuple):
    """The tests of one profile in one group, ready to judge.

    Attributes:
        effects: what the profile's versions do to a pod: each must let it pass.
        judges: the tests.
    """

    effects: tuple[Effect, ...]
    judges: tuple[Judge, ...]

    def refuses(self, look: Look) -> bool:
        """Tell whether some test refuses a pod at some version."""
        return any(run(look(effect)) for effect in self.effects for run in self.judges)


class Search:
    """One comparison: a profile with a union of profiles."""

    def __init__(self, strict: Side, loose: Sequence[Side]) -> None:
        """Prepare the sides."""
        self._strict = strict
        self._loose = loose
        self._full = (1 << len(loose)) - 1
        self._spans = {
            effect: span for each in (strict, *loose) for effect, span in each.effects.items()
        }
        self._known: dict[tuple[object, ...], list[Option]] = {}
        self._pods = 0

    def answer(self) -> Answer:
        """Search."""
        try:
            for world in worlds((self._strict, *self._loose)):
                found = self._counterexample(world)
                if found is not None:
                    return self._confirmed(found, world)
        except UndecidedError as error:
            return Unknown(str(error))
        return Proven()

    def _counterexample(self, world: World) -> list[Chosen] | None:
        """Return what the groups hold in a pod that just the strict side admits."""
        grounds = self._grounds(world)
        asked = [group for group, ground in grounds.items() if ground.doubted]
        ways: dict[int, list[Chosen]] = {0: []}
        while asked and self._full not in ways:
            group = asked.pop(0)
            options = self._options(group, grounds.pop(group), world)
            ways = {
                broken | option.refused: [*chosen, option.chosen]
                for broken, chosen in ways.items()
                for option in options
            }
            if len(ways) > _MOST_WAYS:
                msg = "the union has too many profiles"
                raise UndecidedError(msg)
        if self._full not in ways:
            return None
        # What is left has only to be admitted.
        beside = {group: each for group, each in grounds.items() if each.strict}
        for group, ground in beside.items():
            options = self._options(group, ground._replace(loose=()), world)
            if not options:
                return None
            ways[self._full].append(options[0].chosen)
        return ways[self._full]

    def _grounds(self, world: World) -> dict[Group, Ground]:
        """Return what each group is to be looked at for, in a world."""
        strict, *loose = (world.active(each.clauses) for each in (self._strict, *self._loose))
        synced = {
            struct
            for effect in self._spans
            for struct in effect.synced
            if not (world.template or world.windows)
        }
        settled = dict(world.settled)
        grounds = {}
        for group in dict.fromkeys(group for each in (*loose, strict) for group in each):
            rows = [each.get(group, []) for each in (strict, *loose)]
            tests = [tuple(clause.test for clause in row) for row in rows]
            grounds[group] = Ground(
                strict=tests[0],
                loose=tuple(tests[1:]),
                known=next(clause.known for row in rows for clause in row),
                windows=world.windows and group.family in _OF_SYSTEMS,
                template=world.template and group.family.is_defaulted,
                fixed=(settled[group.at],) if group.at in settled else None,
                syncs=not synced.isdisjoint(group.at),
            )
        return grounds

    def _options(self, group: Group, ground: Ground, world: World) -> list[Option]:
        """Return what a group may hold: of what the same profiles refuse, the simplest."""
        tests = [[id(test) for test in each] for each in (ground.strict, *ground.loose)]
        key = (group, repr(tests), ground[2:])
        if key not in self._known:
            self._known[key] = list(self._searched(group, ground, world).values())
        return self._known[key]

    def _searched(self, group: Group, ground: Ground, world: World) -> dict[int, Option]:
        sides = zip((self._strict, *self._loose), (ground.strict, *ground.loose), strict=False)
        judged = [Judged(tuple(each.effects), tuple(map(judge, tests))) for each, tests in sides]
        found: dict[int, Option] = {}
        for frame in frames(group, ground):
            option = self._option(frame, judged, world, defaults=group.family.is_defaulted)
            if option is None:
                continue
            found.setdefault(option.refused, option)
            if option.refused == self._full or not ground.doubted:
                break
        return found

    def _option(
        self, frame: Frame, sides: list[Judged], world: World, *, defaults: bool
    ) -> Option | None:
        """Return a frame with the extras that break the most; None: the strict side refuses it."""
        strict, *loose = sides
        first: Piece | None = None
        chosen: list[Piece] = []
        broken = 0
        for extra in frame.extras:
            look = self._looking(Chosen(frame.base, (extra,)), world, defaults=defaults)
            if strict.refuses(look):
                continue
            first = extra if first is None else first
            refused = sum(1 << place for place, each in enumerate(loose) if each.refuses(look))
            if refused & ~broken:
                chosen.append(extra)
                broken |= refused
            if broken == self._full or not loose:
                break
        if first is None:
            return None
        return Option(Chosen(frame.base, tuple(chosen) or (first,)), broken)

    def _looking(self, chosen: Chosen, world: World, *, defaults: bool) -> Look:
        """Put a pod together, and return the way to look at it."""
        self._pods += 1
        if self._pods > _MOST_PODS:
            msg = "too many pods are told apart"
            raise UndecidedError(msg)
        pod, automount = assembled([chosen], world.spec)
        if not defaults:
            seen = view(pod, template=world.template)
            return lambda _: seen
        views: dict[Effect, Pod] = {}

        def look(effect: Effect) -> Pod:
            if effect not in views:
                made: Mapping = defaulted(
                    pod, self._spans[effect], template=world.template, automount=automount
                )
                views[effect] = view(made, template=world.template)
            return views[effect]

        return look

    def _confirmed(self, chosen: list[Chosen], world: World) -> Answer:
        """Let the interpreter judge the whole request."""
        pod, automount = assembled(chosen, world.spec)
        asked = request(pod, template=world.template, automount=automount)
        admits = Admission(Union((_bare(self._strict.profile),))).admit(asked)
        refuses = Admission(Union(tuple(_bare(each.profile) for each in self._loose))).admit(asked)
        if not admits.allowed or refuses.allowed:
            return Unknown("the interpreter does not confirm the request that was found")
        doubted = {clause.rule for clause in self._loose[0].clauses}
        violation = next(
            (each for each in refuses.violations if each.rule in doubted), refuses.violations[0]
        )
        return Refuted(asked, violation.rule, violation)


def _bare(profile: Profile) -> Profile:
    """Return the profile's rules and versions alone, for pods and controllers everywhere."""
    return Profile(
        profile.name, profile.description, profile.minors, profile.rules, controllers=True
    )
