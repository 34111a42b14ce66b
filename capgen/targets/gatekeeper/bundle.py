"""The folder of the templates that several profiles' constraints are of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from capgen.targets.base import Artefact, Bundle
from capgen.targets.folder import README, kustomization
from capgen.targets.templates import render

if TYPE_CHECKING:
    from collections.abc import Sequence

CONSTRAINTS: Final = "constraints.gatekeeper.sh/v1beta1"
_KIND: Final = re.compile(
    rf"^apiVersion: {re.escape(CONSTRAINTS)}\nkind: (Capgen\w+)$", re.MULTILINE
)


# What names a template for people.
TITLE: Final = "metadata.gatekeeper.sh/title"
_TITLE: Final = re.compile(rf"^    {re.escape(TITLE)}: (\w+)$", re.MULTILINE)
_ENGINE: Final = re.compile(r"^        - engine: (\w+)$", re.MULTILINE)


def needs(text: str) -> str:
    """Return the file of the template that a constraint is of; "" where it is no constraint."""
    found = _KIND.search(text)
    return f"{found[1].lower()}.yaml" if found is not None else ""


def dress(templates: Sequence[Artefact]) -> tuple[Artefact, ...]:
    """Return the templates with what applies them, and the page for people."""
    if not templates:
        return ()
    listed = sorted(templates, key=lambda each: each.path)
    # By their texts: of a template that another profile needs nothing else is known.
    rows = [
        (each.path, ", ".join(_TITLE.findall(each.text)), ", ".join(_ENGINE.findall(each.text)))
        for each in listed
    ]
    page = render("gatekeeper-templates.md.j2", templates=rows)
    return (*listed, kustomization(listed), Artefact(README, page))


BUNDLE: Final = Bundle("gatekeeper-templates", needs, dress)
