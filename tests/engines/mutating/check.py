"""Holds what sets a profile's values, in a real engine, against the reference interpreter.

What judges stands beside it and warns. Of each request two things are compared: the object that
comes of it, field by field, with what the API server, where no policy holds, makes of the pod that
the interpreter mutates; and the rules that are warned of with those that the interpreter, which
mutates and then judges, says are broken.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from capgen.policy.placed import placed
from capgen.policy.profile import Enforcement
from capgen.profile import library
from tests.engines.agreement import Word
from tests.engines.applied import FREE, LABEL, within
from tests.engines.judged import MINOR
from tests.engines.mutating.cases import cases, seen
from tests.engines.mutating.pods import created
from tests.engines.mutating.setter import Policies
from tests.engines.proving import Difference, Row
from tests.mutated_profiles import MUTATED
from tests.policy.made import profile as made

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgen.policy.profile import Profile
    from tests.engines.mutating.cases import Case
    from tests.engines.mutating.setter import Setter
    from tests.engines.proving import Lab
    from tests.engines.rest import Answer

# Of a profile of the library one pod in so many is asked about: those made for this say more.
_SHARE: Final = 80
# The same of those that are written for this. Images go round by four and names by five: neither
# number may divide it.
_HAND: Final = 7


def mutated(laboratory: Lab) -> Row:
    """Asks the API server's own policies about each profile."""
    return compared(Policies(laboratory.cluster), profiles())


def compared(setter: Setter, asked: Iterable[tuple[Profile, int]]) -> Row:
    """Asks an engine about profiles.

    Args:
        setter: The engine.
        asked: Profiles, and of how many pods one is asked about.
    """
    differing: list[Difference] = []
    count = refused = held = 0
    for profile, share in asked:
        found, invalid = cases(setter.cluster, profile, created(profile, share))
        count, refused, held = count + len(found), refused + invalid, held + 1
        with setting(setter, profile, found) as namespace:
            answers = setter.cluster.judge(namespace, (case.request.object for case in found))
            for case, answer in zip(found, answers, strict=True):
                differing += _differences(setter, profile, case, answer)
    note = f"{held} profiles; {refused} more are refused by the API itself"
    return Row(setter.target, setter.name, setter.version, count, tuple(differing), note)


@contextmanager
def setting(setter: Setter, profile: Profile, found: Sequence[Case]) -> Iterator[str]:
    """Have a profile's objects act upon each kind that the cases are of.

    Yields:
        The namespace in which alone they hold.
    """
    cluster, name = setter.cluster, profile.name
    taken = [case for case in found if not setter.refuses(profile, case.request)]
    changed = {_kind(case): case for case in taken if case.changed}
    refused = {_kind(case): case for case in taken if not case.word.allowed}
    plain = [
        seen(each) for each in cluster.judge(FREE, (c.request.object for c in changed.values()))
    ]
    wait = partial(_wait, setter, name)
    with setter.holding(setter.objects(here(profile))):
        cluster.namespace(name, {LABEL: name, **setter.labels})
        for case, before in zip(changed.values(), plain, strict=True):
            wait(case, before)
        for case in refused.values():
            wait(case)
        yield name


def here(profile: Profile) -> Profile:
    """Return a profile that warns, and holds only in a namespace that is labelled with its name."""
    return within(profile)._replace(enforcement=Enforcement.WARN)


def profiles() -> Iterator[tuple[Profile, int]]:
    """Yield profiles that say `mutate: true`, and of how many pods one is asked about."""
    for name, spec in MUTATED.items():
        yield made(spec)._replace(name=name), _HAND
    for name in library.names():
        found = library.open_profile(name, f"1.{MINOR}")
        found = found._replace(mutate=True, controllers=True, name=f"set-{found.name}")
        if any(placed(found)):
            yield found, _SHARE


def _wait(setter: Setter, name: str, case: Case, before: str | None = None) -> None:
    """Wait until an object becomes another than it was before, or is warned of."""

    def acts(answer: Answer) -> bool:
        if before is not None:
            return seen(answer) != before
        # Of two engines that warn, one may not do so yet: what is said then is no rule's name.
        rules = setter.warned(answer)
        return bool(rules) and all(map(str.isalnum, rules))

    what = f"{name} to act on: {case.name}"
    setter.cluster.wait_answer(name, case.request.object, acts, what=what)


def _kind(case: Case) -> str:
    return case.request.workload.kind


def _differences(
    setter: Setter, profile: Profile, case: Case, answer: Answer
) -> Iterator[Difference]:
    about = [profile.name, case.name, case.request.object]
    rules = setter.warned(answer)
    word = Word(not rules, rules)
    if setter.refuses(profile, case.request):
        if answer.outcome != "invalid":
            yield Difference(about, "refused by the API", seen(answer))
    elif seen(answer) != case.expected:
        yield Difference(about, case.expected, seen(answer))
    elif word != case.word:
        yield Difference(about, str(case.word), str(word))
