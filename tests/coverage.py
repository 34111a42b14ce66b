"""Writes `docs/coverage.md`: how each target says each rule. `python -m tests.coverage`.

Made of the cells that a compile reports, for the levels of Pod Security and for profiles that say
everything the language knows of rules.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.errors import ProfileError
from capgen.policy.catalogue import CATALOGUE
from capgen.profile.library import open_profile
from capgen.targets.base import Cell, Status
from capgen.targets.beside import completed, setting
from capgen.targets.folder import inline
from capgen.targets.registry import TARGETS
from tests.policy.made import profile as made
from tests.profiles import EVERY_RULE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.profile import Profile
    from capgen.targets.base import Target

PAGE: Final = Path(__file__).parent.parent / "docs" / "coverage.md"
_NEWEST: Final = 36
_SHORT: Final = {Status.NOT_APPLICABLE: "n/a"}
_HEAD: Final = """\
# Which target says which rule

Made by `make out` of what a compile reports; `capgen explain PROFILE` says the same of a profile of
your own. Each target has the newest version of Kubernetes that it is for, and one that sets values
a profile with `mutate: true`.

- *exact*: the engine admits what the rule allows, and nothing else; what is set is what the profile
  chooses.
- *stricter*: the engine refuses more than the rule does.
- *gap*: what the rule is about exists there and cannot be constrained. A compile fails until the
  profile accepts it in writing.
- *n/a*, not applicable: what the rule is about cannot exist there.

The values that a profile with `mutate: true` wants set are a gap of a target that sets none, unless
another of the profile's own targets sets them: the third table has every target beside the others.

The numbers are of the reasons below each table.
"""


class Column(NamedTuple):
    """A target, and what it says of some profiles.

    Attributes:
        name: the target's name.
        version: the version of Kubernetes that the profiles are for.
        said: for each profile that it can be made of, its cells.
    """

    name: str
    version: str
    said: tuple[dict[str, Cell], ...]

    def cells(self, rule: str) -> list[Cell]:
        """Return what is said of a rule; if nothing is, why."""
        found = [cells[rule] for cells in self.said if rule in cells]
        absent = f"the profile has no such rule at {self.version}"
        return found or [Cell(Status.NOT_APPLICABLE, absent)]


def page() -> str:
    """Return the page."""
    sections = {
        f"`pss/{level}`": [
            _column(target, [open_profile(f"pss/{level}", _version(target))]) for target in TARGETS
        ]
        for level in ("baseline", "restricted")
    }
    sections["`pss/restricted` with `mutate: true`, compiled to all of them"] = [
        _column(target, [_all_set(target)], TARGETS) for target in TARGETS
    ]
    sections["Every rule, with each of its settings"] = [
        _column(target, [made(spec, _version(target)) for spec in EVERY_RULE.values()])
        for target in TARGETS
    ]
    return "\n".join([_HEAD, *(_section(title, row) for title, row in sections.items())])


def _version(target: Target) -> str:
    """Return the newest version of Kubernetes that a target is for."""
    return f"1.{_NEWEST if target.ceiling is None else min(_NEWEST, target.ceiling)}"


def _all_set(target: Target) -> Profile:
    return open_profile("pss/restricted", _version(target))._replace(mutate=True)


def _column(target: Target, profiles: list[Profile], beside: Sequence[Target] = ()) -> Column:
    """Return what a target says of profiles, which are compiled to others besides."""
    said = []
    for each in profiles:
        # Without others one that judges is shown as it judges.
        profile = each if beside else each._replace(mutate=target.mutates)
        # Of some no pod can be made that the API takes: their rules stand in others, too.
        with suppress(ProfileError):
            said.append(completed(target.emit(profile), setting(profile, beside)).cells)
    return Column(target.name, _version(target), tuple(said))


def _section(title: str, columns: list[Column]) -> str:
    notes: dict[str, int] = {}
    lines = [
        f"| rule | {' | '.join(f'`{each.name}`' for each in columns)} |",
        f"| --- |{' --- |' * len(columns)}",
    ]
    for entry in CATALOGUE:
        if any(entry.id in cells for each in columns for cells in each.said):
            row = (", ".join(_words(each.cells(entry.id), notes)) for each in columns)
            lines.append(f"| `{entry.id}` | {' | '.join(row)} |")
    reasons = [f"{number}. {inline(note)}" for note, number in notes.items()]
    return "\n".join([f"## {title}", "", *lines, "", *reasons, ""])


def _words(cells: list[Cell], notes: dict[str, int]) -> Iterator[str]:
    """Yield each status once, with the numbers of its reasons."""
    for status in dict.fromkeys(each.status for each in cells):
        reasons = dict.fromkeys(each.note for each in cells if each.status is status)
        numbers = [str(notes.setdefault(note, len(notes) + 1)) for note in reasons]
        yield f"{_SHORT.get(status, status.value)} ({', '.join(numbers)})"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
