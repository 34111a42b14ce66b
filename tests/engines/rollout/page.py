"""The README of a folder, as whoever applies it reads it: its steps, and the lines to type."""

from __future__ import annotations

import re
from typing import Final

from capgen.targets.folder import Step
from tests.engines.lab import LabError

_NUMBERED: Final = re.compile(r"^(\d+)\. (.*)$")
_FENCE: Final = "```"


def steps(page: str, heading: str) -> list[Step]:
    """Return the steps under a heading, in their order, or its lines to type as one step.

    Raises:
        LabError: there is no such heading, it says nothing, or its steps are not counted rightly.
    """
    found: list[Step] = []
    fenced = False
    for line in _section(page, heading):
        said = line.strip()
        if said.startswith(_FENCE):
            fenced = not fenced
        elif fenced:
            found = found or [Step("")]
            found[-1] = found[-1]._replace(commands=(*found[-1].commands, said))
        elif numbered := _NUMBERED.match(line):
            found.append(Step(numbered[2]))
            if int(numbered[1]) != len(found):
                raise LabError(f"{heading}: step {len(found)} is numbered {numbered[1]}")
    if not found or fenced:
        raise LabError(f"the page has no steps under `{heading}`")
    return found


def _section(page: str, heading: str) -> list[str]:
    _, found, rest = page.partition(f"\n## {heading}\n")
    if not found:
        raise LabError(f"the page has no heading `{heading}`")
    return rest.partition("\n## ")[0].splitlines()
