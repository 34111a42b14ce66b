"""Cases: what a pod says, where, and what upstream's source says of it.

A case is read off the source that it names, never off capgen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tests.pods import Pod, Way, good, tweak

if TYPE_CHECKING:
    from collections.abc import Iterator

# Changes of the good pod, the later over the earlier: ways from its spec (`*.` is a container, in
# each list in turn; `**.` is every container at once), or tuples from the pod itself.
Changes: TypeAlias = dict[Any, Any]

BASELINE: Final = "baseline"
RESTRICTED: Final = "restricted"
BOTH: Final = (BASELINE, RESTRICTED)
NEWEST: Final = 37

# Not always the first of its list: a rule that looks at one container only must fail.
PLACES: Final = ("initContainers.0", "containers.1", "ephemeralContainers.0")
STANDING: Final = ("initContainers.0", "containers.0", "containers.1")


class How(Enum):
    """How a pod comes before the judge."""

    CREATED = "it is created, by an account that mounts its token"
    TOKENLESS = "it is created, by an account that does not mount its token"
    TEMPLATE = "it is the template of a Deployment"
    ADDED = "it stands, and gets one more ephemeral container: that is `*.` then"


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a table.

    Attributes:
        source: the upstream line, or lines, that decide it.
        changes: what makes the good pod this case's.
        allowed: the verdict.
        unset: the case is about the field's absence: missing, null or blank.
        levels: the levels of Pod Security that it holds at.
        since: the first minor version that it holds at.
        until: the last.
        how: how the pod comes before the judge.
    """

    source: str
    changes: Changes
    allowed: bool
    unset: bool
    levels: tuple[str, ...] = BOTH
    since: int = 0
    until: int = NEWEST
    how: How = How.CREATED

    def pods(self) -> Iterator[tuple[str, Pod]]:
        """Yield the pods of the case, one for each list of containers if it speaks of one."""
        if not any(isinstance(way, str) and way.startswith("*.") for way in self.changes):
            yield "", tweak(good(), absolute(self.changes, ""))
            return
        for place in PLACES:
            yield place, tweak(good(ephemeral=True), absolute(self.changes, place))


@dataclass(frozen=True, slots=True)
class Table:
    """All cases of one rule.

    Attributes:
        rule: its id.
        file: the file of `k8s.io/pod-security-admission` v0.37.2, `policy/`, that the lines are of.
        cases: the rows.
    """

    rule: str
    file: str
    cases: tuple[Case, ...]


def absolute(changes: Changes, place: str) -> dict[Way, object]:
    """Return changes whose ways begin at the pod, `*.` being the container at a place."""
    found: dict[Way, object] = {}
    for way, value in changes.items():
        if isinstance(way, tuple):
            found[way] = value
        elif way.startswith("**."):
            every = (*STANDING, PLACES[-1]) if place else STANDING
            found |= {f"spec.{each}{way[2:]}": value for each in every}
        else:
            found["spec." + way.replace("*", place)] = value
    return found


def _case(
    source: str,
    changes: Changes,
    levels: str | tuple[str, ...],
    span: tuple[int, int],
    *,
    allowed: bool,
    unset: bool = False,
) -> Case:
    listed = (levels,) if isinstance(levels, str) else levels
    return Case(source, changes, allowed, unset, listed, *span)


def allows(
    source: str,
    changes: Changes,
    levels: str | tuple[str, ...] = BOTH,
    *,
    since: int = 0,
    until: int = NEWEST,
) -> Case:
    """Make a case of a value that is admitted."""
    return _case(source, changes, levels, (since, until), allowed=True)


def refuses(
    source: str,
    changes: Changes,
    levels: str | tuple[str, ...] = BOTH,
    *,
    since: int = 0,
    until: int = NEWEST,
) -> Case:
    """Make a case of a value that is refused."""
    return _case(source, changes, levels, (since, until), allowed=False)


def unset(
    source: str,
    changes: Changes,
    levels: str | tuple[str, ...] = BOTH,
    *,
    allowed: bool = True,
    since: int = 0,
    until: int = NEWEST,
) -> Case:
    """Make a case of a field that is missing, null or blank."""
    return _case(source, changes, levels, (since, until), allowed=allowed, unset=True)


def added(case: Case) -> Case:
    """Make a case of a pod that stands, and of the ephemeral container that it is to get."""
    return replace(case, how=How.ADDED)


def templated(case: Case) -> Case:
    """Make a case of a controller's template."""
    return replace(case, how=How.TEMPLATE)


def tokenless(case: Case) -> Case:
    """Make a case of a pod whose service account does not mount its token."""
    return replace(case, how=How.TOKENLESS)
