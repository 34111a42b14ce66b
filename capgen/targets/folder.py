"""What stands beside a target's objects: `kustomization.yaml`, and a README for whoever applies it.

A target says what only it knows (a `Guide`); which rules are enforced, and which are not, comes
from its cells. How the page is laid out is `templates/README.md.j2`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.asks import asks
from capgen.policy.profile import Union
from capgen.targets.base import Artefact, Output, Status, content_hash
from capgen.targets.members import accepted_of, members_of, rules_of
from capgen.targets.templates import render
from capgen.targets.yaml_text import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capgen.policy.profile import Profile
    from capgen.targets.base import Cell

KUSTOMIZATION: Final = "kustomization.yaml"
README: Final = "README.md"
_ENFORCED: Final = (Status.EXACT, Status.STRICTER)
# A span of code, which Markdown shows as it is, or a character that it would take for markup.
_MARKUP: Final = re.compile(r"(`[^`]*`)|([\\`*_<>\[\]|#&])")


class Step(NamedTuple):
    """Something to do.

    Attributes:
        text: what, in Markdown: a sentence.
        commands: lines of a shell that do it, whole and quoted; none where nothing is typed.
    """

    text: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """What a target's README says that does not follow from the cells. All texts are Markdown.

    Attributes:
        target: the target's name, as in a profile's `accept`.
        title: what the folder holds, such as `PodSecurityPolicy`.
        about: one paragraph: what enforces it, and on what occasion.
        limits: what is not enforced besides the rules that are gaps: sentences.
        preflight: what must be so in the cluster for this to hold: sentences that can be ticked.
        rollout: how to bring it in, first to last.
        removal: how to be rid of it, first to last.
        does: what is done for a rule that is exact or stricter: `enforced`, or `set`.
    """

    target: str
    title: str
    about: str
    limits: tuple[str, ...] = ()
    preflight: tuple[str, ...] = ()
    rollout: tuple[Step, ...] = ()
    removal: tuple[Step, ...] = ()
    does: str = "enforced"


def folder(
    policy: Profile | Union, guide: Guide, objects: Sequence[Artefact], cells: dict[str, Cell]
) -> Output:
    """Return a target's objects, with the kustomization that applies them and the README.

    Args:
        policy: the profile or the set.
        guide: what the target says of itself.
        objects: one file an object, in the order in which they are to be created.
        cells: for each rule, by what `rules_of` calls its cell, how it is said.
    """
    page = partial(readme, policy, guide, objects)
    return Output((*objects, kustomization(objects), page(cells)), cells, page=page)


def kustomization(objects: Iterable[Artefact]) -> Artefact:
    """Return the file that makes the folder one for `kubectl apply -k`."""
    made = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [each.path for each in objects],
    }
    return Artefact(KUSTOMIZATION, dump(made))


def readme(
    policy: Profile | Union, guide: Guide, objects: Iterable[Artefact], cells: dict[str, Cell]
) -> Artefact:
    """Return the page for people: what holds, what does not, and how to bring it in and out."""
    several = isinstance(policy, Union)
    accepted = accepted_of(policy, guide.target)
    rows: dict[str, list[dict[str, object]]] = {each.name: [] for each in members_of(policy)}
    for key, profile, rule in rules_of(policy):
        rows[profile.name].append(
            {
                "id": rule.id,
                "asks": inline(asks(rule)),
                "status": cells[key].status.value,
                "enforced": cells[key].status in _ENFORCED,
                "note": inline(cells[key].note),
                "accepted": inline(accepted.get(key, "")),
            }
        )
    text = render(
        "README.md.j2",
        guide=guide,
        what="the set of profiles" if several else "the profile",
        profile=policy.name,
        several=several,
        description=inline(policy.description),
        hash=content_hash(policy),
        kubernetes=", ".join(dict.fromkeys(map(_span, members_of(policy)))),
        files=[each for each in objects if each.object],
        parts=[
            {
                "name": each.name,
                "kubernetes": _span(each),
                "use": policy.uses.get(each.name, "") if isinstance(policy, Union) else "",
                "enforced": [row for row in rows[each.name] if row["enforced"]],
                "missing": [row for row in rows[each.name] if not row["enforced"]],
                "exempt": _exempt(each),
            }
            for each in members_of(policy)
        ],
    )
    return Artefact(README, text)


def _span(profile: Profile) -> str:
    low, high = profile.minors[0], profile.minors[-1]
    return f"1.{low}" if low == high else f"1.{low} to 1.{high}"


def _exempt(profile: Profile) -> list[dict[str, str]]:
    return [
        {
            "who": " ".join(f"`{each}`" for each in (*exempt.images, *exempt.containers)),
            "rules": ", ".join(f"`{rule}`" for rule in exempt.rules),
            "until": exempt.until,
            "reason": inline(exempt.reason),
        }
        for exempt in profile.exempt
    ]


def inline(text: str) -> str:
    r"""Quote text for a line of Markdown: it says itself and nothing else, save code in backticks.

    >>> inline("any `*` of a_b <b>")
    'any `*` of a\\_b \\<b\\>'
    """
    line = " ".join(text.split())
    return _MARKUP.sub(lambda found: found[1] or f"\\{found[2]}", line)
