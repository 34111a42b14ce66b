"""Which objects a constraint judges, and a mutator changes: `match`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capgen.lang import cel_match

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.profile import Profile
    from capgen.policy.workload import Workload


def match_of(profile: Profile, kinds: Iterable[Workload]) -> dict[str, Any]:
    """Return the match of a profile's objects of some kinds; labels of pods are not in it."""
    listed: dict[str, list[str]] = {}
    for kind in kinds:
        listed.setdefault(kind.group, []).append(kind.kind)
    match: dict[str, Any] = {
        "kinds": [{"apiGroups": [group], "kinds": kinds} for group, kinds in listed.items()]
    }
    if profile.match.include and "*" not in profile.match.include:
        match["namespaces"] = list(profile.match.include)
    if profile.match.exclude:
        match["excludedNamespaces"] = list(profile.match.exclude)
    selector = cel_match.selector(profile.match.namespace_selector)
    if selector:
        match["namespaceSelector"] = selector
    return match
