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
from capgen.targets.base import Artefact, Output, Status, content_hash
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
    profile: Profile, guide: Guide, objects: Sequence[Artefact], cells: dict[str, Cell]
) -> Output:
    """Return a target's objects, with the kustomization that applies them and the README.

    Args:
        profile: the profile.
        guide: what the target says of itself.
        objects: one file an object, in the order in which they are to be created.
        cells: for each of the profile's rules, by id, how it is said.
    """
    page = partial(readme, profile, guide, objects)
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
    profile: Profile, guide: Guide, objects: Iterable[Artefact], cells: dict[str, Cell]
) -> Artefact:
    """Return the page for people: what holds, what does not, and how to bring it in and out."""
    accepted = profile.accept.get(guide.target, {})
    rows = [
        {
            "id": rule.id,
            "asks": inline(asks(rule)),
            "status": cells[rule.id].status.value,
            "enforced": cells[rule.id].status in _ENFORCED,
            "note": inline(cells[rule.id].note),
            "accepted": inline(accepted.get(rule.id, "")),
        }
        for rule in profile.rules
    ]
    low, high = profile.minors[0], profile.minors[-1]
    text = render(
        "README.md.j2",
        guide=guide,
        profile=profile.name,
        description=inline(profile.description),
        hash=content_hash(profile),
        kubernetes=f"1.{low}" if low == high else f"1.{low} to 1.{high}",
        files=[each for each in objects if each.object],
        enforced=[row for row in rows if row["enforced"]],
        missing=[row for row in rows if not row["enforced"]],
        exempt=[
            {
                "who": " ".join(f"`{each}`" for each in (*exempt.images, *exempt.containers)),
                "rules": ", ".join(f"`{rule}`" for rule in exempt.rules),
                "until": exempt.until,
                "reason": inline(exempt.reason),
            }
            for exempt in profile.exempt
        ],
    )
    return Artefact(README, text)


def inline(text: str) -> str:
    r"""Quote text for a line of Markdown: it says itself and nothing else, save code in backticks.

    >>> inline("any `*` of a_b <b>")
    'any `*` of a\\_b \\<b\\>'
    """
    line = " ".join(text.split())
    return _MARKUP.sub(lambda found: found[1] or f"\\{found[2]}", line)
