"""The cases of a profile's tests: of its witnesses so few that somebody can read them.

For each rule some pods that break it and no other rule, each at another edge, and some that keep
it; containers that are added to a pod that runs; a controller around a pod; who is exempt.
"""

from __future__ import annotations

from collections import deque
from copy import deepcopy
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.adapted import adapted
from capgen.policy.admit import Operation, Request
from capgen.policy.pod import mapping
from capgen.policy.taken import blank, taken
from capgen.policy.witness import base_pod, witnesses
from capgen.policy.workload import WORKLOADS

from .making import Maker, whole
from .places import Place, elsewhere, place, unselected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgen.policy.profile import Profile
    from capgen.policy.witness import Witness
    from capgen.policy.workload import Workload

    from .making import Case

# How many edges of a rule are shown: of what it refuses, and of what it admits.
_REFUSED: Final = 3
_ADMITTED: Final = 2


class Cases(NamedTuple):
    """What a profile is tested by.

    Attributes:
        place: the namespace of all objects, save of one that is not judged.
        listed: the cases: a good pod first, then rule by rule.
    """

    place: Place
    listed: tuple[Case, ...]


def chosen(profile: Profile) -> Cases | None:
    """Return what a profile is tested by; None where no namespace that it judges can be made up.

    Raises:
        ProfileError: no pod could be admitted.
    """
    where = place(profile.match)
    if where is None:
        return None
    return Cases(where, tuple(_cases(profile, Maker(profile, where.name))))


def _cases(profile: Profile, maker: Maker) -> Iterator[Case]:
    base = base_pod(profile)
    by_rule: dict[str, list[Witness]] = {rule.id: [] for rule in profile.rules}
    for witness in witnesses(profile):
        by_rule[witness.rule].append(witness)
    yield from maker.made("good", "", Request(base))
    refused: list[Case] = []
    kinds = deque(WORKLOADS[1:])
    for listed in by_rule.values():
        made = [*_of_rule(maker, listed)]
        yield from made
        refused += [each for each in made if each.broken]
        yield from _owned(maker, listed, kinds)
    if profile.controllers:
        # For each way to a pod template, the kind that is listed last.
        for last in {each.path: each for each in WORKLOADS[1:]}.values():
            yield from maker.made(f"good-{last.kind.lower()}", "", Request(base, last))
    for number, exemption in enumerate(profile.exempt, 1):
        for rule in exemption.rules:
            for pod, witness in maker.exempted(by_rule.get(rule, ()), exemption):
                name = f"exempt-{number}-{witness.name}"
                if found := [*maker.made(name, rule, Request(pod), broken=())]:
                    yield from found
                    break
    yield from _unjudged(profile, maker, refused)


def _of_rule(maker: Maker, listed: Sequence[Witness]) -> Iterator[Case]:
    created = [
        each
        for each in listed
        if each.request.operation is Operation.CREATE and not each.request.workload.path
    ]
    bad = [each for each in created if not each.conditional and not each.expected]
    if not any(taken(each.request) for each in bad):
        # What the API takes only beside something else; if need be, of another rule.
        bad = [*_beside(maker, bad), *bad]
    shown = [*_at_edges(maker, bad, _REFUSED)]
    yield from shown
    if not any(each.live for each in shown):
        yield from _with_another(maker, bad)
    good = [each for each in created if not each.conditional and each.expected]
    yield from _at_edges(maker, good, _ADMITTED)
    yield from _first(maker, (each for each in created if each.conditional and each.expected))
    added = [each for each in listed if each.request.subresource]
    yield from _first(maker, (each for each in added if not each.expected))
    # Beside it stands what would be refused now.
    beside = (each for each in added if each.expected and _stands_bad(maker, each))
    yield from _first(maker, beside)
    yield from _first(maker, (each for each in listed if _is_update(each.request)))


def _stands_bad(maker: Maker, witness: Witness) -> bool:
    old = witness.request.old_object
    return old is not None and maker.broken(Request(old)) != ()


def _owned(maker: Maker, listed: Iterable[Witness], kinds: deque[Workload]) -> Iterator[Case]:
    """Yield a controller that breaks the rule, of a kind whose turn it is; then it is last."""
    for kind in tuple(kinds):
        made = [*_first(maker, (each for each in listed if each.request.workload is kind))]
        yield from made
        if made:
            kinds.remove(kind)
            kinds.append(kind)
            return


def _is_update(request: Request) -> bool:
    return request.operation is Operation.UPDATE and not request.subresource


def _at_edges(maker: Maker, listed: Iterable[Witness], most: int) -> Iterator[Case]:
    """Yield a case for each of some edges, one after the other in another container."""
    every = [each for each in listed if not blank(each.request.object)]
    edges: dict[str, list[Witness]] = {}
    for each in [each for each in every if taken(each.request)] or every:
        edges.setdefault(each.edge, []).append(each)
    for number, alike in enumerate(_spread([*edges.values()], most)):
        turned = number % len(alike)
        for each in (*alike[turned:], *alike[:turned]):
            if made := [*maker.of(each)]:
                yield from made
                break


def _beside(maker: Maker, listed: Iterable[Witness]) -> Iterator[Witness]:
    """Yield witnesses with what the API wants beside them, where they break no more rules."""
    for each in listed:
        request = adapted(each.request)
        if request is not None and maker.broken(request) == (each.rule,):
            yield each._replace(request=request)


def _first(maker: Maker, listed: Iterable[Witness]) -> Iterator[Case]:
    """Yield the first that the API takes, with what it needs beside it."""
    for each in listed:
        for request in (each.request, whole(adapted(each.request))):
            if request is not None and taken(request):
                if made := [*maker.of(each._replace(request=request))]:
                    yield from made
                    return
                break


def _with_another(maker: Maker, listed: Iterable[Witness]) -> Iterator[Case]:
    """Yield a pod that breaks the rule and another one: without that the API takes none."""
    for each in listed:
        request = adapted(each.request)
        if request is None or not taken(request):
            continue
        made = [*maker.made(f"{each.name}-and-more", each.rule, request)]
        if made and each.rule in made[0].broken:
            yield from made
            return


def _unjudged(profile: Profile, maker: Maker, refused: Sequence[Case]) -> Iterator[Case]:
    """Yield a pod that would be refused, where the profile judges nobody."""
    bad = next((each for each in refused if each.pod is not None and each.live), None)
    if bad is None or bad.pod is None:
        return
    labels = unselected(profile.match)
    if labels is not None:
        pod = deepcopy(bad.pod)
        pod["metadata"] = {**mapping(pod.get("metadata")), "labels": labels}
        yield from maker.made("not-selected", bad.rule, Request(pod), broken=())
    away = elsewhere(profile.match)
    if away:
        yield from maker.made("elsewhere", bad.rule, Request(bad.pod, namespace=away), broken=())


def _spread(items: list[list[Witness]], most: int) -> list[list[Witness]]:
    """Return so many of the items, from the first to the last."""
    if len(items) <= most:
        return items
    return [items[place * (len(items) - 1) // (most - 1)] for place in range(most)]
