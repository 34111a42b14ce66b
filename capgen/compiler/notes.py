"""What the author of a profile should know before it is applied: no finding, but said once.

A warning: what is exempt, or judged at all, rests on something that whoever creates the pod
chooses. A note: what the profile covers less than its parents do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.match import Match
from capgen.policy.profile import Enforcement
from capgen.profile.sets import members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile, Union
    from capgen.profile.source import Source


def notes(source: Source, profile: Profile) -> Iterator[str]:
    """Yield the warnings and notes of a profile, each a line that begins with its place."""
    yield from _warnings(source, profile)
    yield from _coverage(source, profile)
    for section in source.data["grants"]:
        yield source.said(
            f"note: `{section}` is read and checked; no target compiles it yet", "spec", section
        )


def set_notes(source: Source, union: Union) -> Iterator[str]:
    """Yield the warnings and notes of a set and of its profiles, each with its place."""
    if union.scope.accounts:
        yield source.said(
            "warning: `serviceAccounts` rests on the account that a pod names, which whoever"
            " creates the pod chooses: a pod of another account is not judged here",
            *("spec", "scope", "serviceAccounts"),
        )
    for place, profile in enumerate(union.any_of):
        if profile.enforcement is not Enforcement.DENY:
            yield source.said(
                f"note: `{profile.name}` says `enforcement: {profile.enforcement.value}`, which"
                " does not count here: the set's does",
                *("spec", "anyOf", place),
            )
    for (member, _), profile in zip(members(source), union.any_of, strict=True):
        yield from notes(member, profile)


def _warnings(source: Source, profile: Profile) -> Iterator[str]:
    if profile.match.pod_selector:
        yield source.said(
            "warning: `podSelector` rests on the pod's labels, which whoever creates the pod"
            " chooses; `namespaces` and `namespaceSelector` rest on the namespace",
            *("spec", "match", "podSelector"),
        )
    if profile.mutate and source.data["extends"]:
        yield source.said(
            "note: with `mutate` a pod that the parents refuse for want of a value is given it, and"
            " admitted",
            *("spec", "mutate"),
        )
    for place, each in enumerate(profile.exempt):
        for image in each.images:
            if "/" not in image or "*" in image.partition("/")[0]:
                yield source.said(
                    f"warning: `{image}` is an image of any registry that its creator chooses;"
                    " begin it with the registry's name",
                    *("spec", "exempt", place, "images"),
                )
        if not each.images:
            names = ", ".join(f"`{name}`" for name in each.containers)
            yield source.said(
                f"warning: the exemption of {names} rests on a container's name, which whoever"
                " creates the pod chooses; name its `images` too",
                *("spec", "exempt", place),
            )


def _coverage(source: Source, profile: Profile) -> Iterator[str]:
    """Yield what is not held to the rules that the parents, or the profile itself, set."""
    for place, each in enumerate(profile.exempt):
        who = " and ".join(
            f"{what} {', '.join(f'`{value}`' for value in values)}"
            for what, values in (("image", each.images), ("container", each.containers))
            if values
        )
        rules = ", ".join(f"`{rule}`" for rule in each.rules)
        yield source.said(
            f"note: coverage lost: {who} exempt from {rules} until {each.until}: {each.reason}",
            *("spec", "exempt", place),
        )
    if source.data["extends"] and profile.match != Match():
        yield source.said(
            "note: coverage lost: only what `match` selects is judged, by this profile and by what"
            " it has of its parents",
            *("spec", "match"),
        )
