"""What every target gives: files, and for each rule how it is said there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from enum import Enum
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from capgen.policy.profile import Enforcement, Profile, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MANAGER = "capgen"
_LONGEST_NAME = 63
_DIGEST = 8
_NO_MORE: Mapping[str, str] = MappingProxyType({})


class Status(Enum):
    """How a target says a rule."""

    EXACT = "exact"
    STRICTER = "stricter"
    GAP = "gap"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Cell:
    """A target's word on one rule.

    Attributes:
        status: how it is said there.
        note: for EXACT by which means, for STRICTER what else is refused, for a GAP why the thing
            cannot be constrained, for NOT_APPLICABLE why it cannot exist there.
        judged: of a GAP that is only this, that no value is set: how the rule is said apart from
            that. It holds where another of the profile's targets sets the values.
    """

    status: Status
    note: str
    judged: Cell | None = None


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file of a target.

    Attributes:
        path: below the target's folder, with `/` between its steps.
        text: its content, ending in a line feed.
        object: the kind and name of the cluster's object that it is, `Kind/name`; "" if it is none.
    """

    path: str
    text: str
    object: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """What a target makes of a profile.

    Attributes:
        artefacts: its files.
        cells: for each of the profile's rules, by id, how it is said; for those of a set by what
            `members.rules_of` calls them.
        shared: files that other profiles may need as well; they go into the target's bundle.
        page: makes the one artefact that tells people what the cells say; None where none does.
    """

    artefacts: tuple[Artefact, ...]
    cells: dict[str, Cell]
    shared: tuple[Artefact, ...] = ()
    page: Callable[[dict[str, Cell]], Artefact] | None = field(default=None, compare=False)

    def with_cells(self, cells: dict[str, Cell]) -> Output:
        """Return the output where rules are said otherwise, because of what is beside it."""
        if self.page is None or cells == self.cells:
            return replace(self, cells=cells)
        page = self.page(cells)
        listed = (page if each.path == page.path else each for each in self.artefacts)
        return replace(self, cells=cells, artefacts=tuple(listed))

    @property
    def objects(self) -> tuple[Artefact, ...]:
        """The artefacts that are objects of a cluster."""
        return tuple(each for each in self.artefacts if each.object)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A folder beside those of the profiles, with what several of them need.

    Attributes:
        name: of the folder.
        needs: tells of a file of the target in some profile's folder, by its text, which file of
            the bundle it needs; "" for none.
        dress: returns all files of the folder, from those that profiles need.
    """

    name: str
    needs: Callable[[str], str]
    dress: Callable[[Sequence[Artefact]], tuple[Artefact, ...]]


# The options that a target is given: their names, and the values of each.
Options: TypeAlias = "Mapping[str, Sequence[str]]"


@dataclass(frozen=True, slots=True)
class Target:
    """A target.

    Attributes:
        name: what it is called in profiles and on the command line.
        means: one sentence about what it writes.
        floor: the oldest minor version of Kubernetes that takes it; 0 where there is none.
        emit: makes its output of a profile.
        mutates: it sets values and does nothing else: of a profile that sets none, nothing.
        ceiling: the newest minor version that takes it; None where there is none.
        configured: returns what takes the place of `emit` where options are given, or raises
            UsageError; None where it has none.
        bundle: the folder of what its output shares; None where it shares nothing.
        emit_set: makes its output of a set of profiles; None where it takes no set.
    """

    name: str
    means: str
    floor: int
    emit: Callable[[Profile], Output]
    mutates: bool = False
    ceiling: int | None = None
    configured: Callable[[Options], Callable[[Profile], Output]] | None = None
    bundle: Bundle | None = None
    emit_set: Callable[[Union], Output] | None = None

    def unfit(self, minors: range) -> str:
        """Say which minor version it needs and a profile is not for; "" where all is well."""
        if minors[0] < self.floor:
            return f"needs Kubernetes 1.{self.floor}"
        if self.ceiling is not None and minors[-1] > self.ceiling:
            return f"is for Kubernetes up to 1.{self.ceiling}"
        return ""


def without_exemptions(cells: dict[str, Cell], profile: Profile, why: str) -> dict[str, Cell]:
    """Mark the rules that the profile exempts some container from, where a target exempts none."""
    lifted = {rule for each in profile.exempt for rule in each.rules}
    return {
        rule: Cell(Status.STRICTER, f"{cell.note}; {why}")
        if rule in lifted and cell.status is Status.EXACT
        else cell
        for rule, cell in cells.items()
    }


def content_hash(policy: Profile | Union) -> str:
    """Hash what a profile or a set means, in hexadecimal: not its comments, order of keys, parents.

    What a set does with what it refuses its profiles do not say.
    """
    if isinstance(policy, Union):
        deny = Enforcement.DENY
        return _hashed(
            {
                "name": policy.name,
                "scope": policy.scope,
                "enforcement": (policy.enforcement or deny).value,
                "anyOf": [content_hash(each._replace(enforcement=deny)) for each in policy.any_of],
                **({"uses": dict(policy.uses)} if policy.uses else {}),
            }
        )
    profile = policy
    meaning = {
        "name": profile.name,
        "minors": [profile.minors[0], profile.minors[-1]],
        "rules": {rule.id: rule.settings for rule in profile.rules},
        "enforcement": profile.enforcement.value,
        "pods": profile.pods,
        "controllers": profile.controllers,
        "match": profile.match,
    }
    # What few profiles say: what it means for the others keeps its hash.
    rare = {"exempt": profile.exempt, "mutate": profile.mutate, "choices": profile.choices}
    rare["grants"] = profile.grants
    meaning |= {key: value for key, value in rare.items() if value}
    return _hashed(meaning)


def digest(meaning: object) -> str:
    """Return eight hexadecimal digits for plain data, whatever the order of its keys."""
    return _hashed(meaning)[:_DIGEST]


def _hashed(meaning: object) -> str:
    text = json.dumps(meaning, sort_keys=True, separators=(",", ":"), default=attrgetter("value"))
    return hashlib.sha256(text.encode()).hexdigest()


def object_name(profile: str, part: str = "") -> str:
    """Name an object: `capgen-<profile>[-<part>]`, cut to 63 characters with a hash if need be."""
    name = f"capgen-{profile}-{part}" if part else f"capgen-{profile}"
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{name[: _LONGEST_NAME - _DIGEST - 1].rstrip('-')}-{digest}"


def object_metadata(
    profile: Profile | Union, part: str = "", annotations: Mapping[str, str] = _NO_MORE
) -> dict[str, object]:
    """Return the metadata of an object that capgen writes: its name, and where it came from.

    Args:
        profile: that it was made of, or the set.
        part: of the profile's objects of a kind, which; as for `object_name`.
        annotations: those that it carries besides.
    """
    return {
        "name": object_name(profile.name, part),
        "labels": {"app.kubernetes.io/managed-by": MANAGER},
        "annotations": {
            "capgen/profile": profile.name,
            "capgen/profile-hash": content_hash(profile),
            **annotations,
        },
    }
