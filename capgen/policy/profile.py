"""A profile: a conjunction of rules, for a span of versions, on the pods that it matches."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from .match import Match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .rules import Rule


class Enforcement(Enum):
    """What an engine does with a pod that a profile refuses."""

    DENY = "deny"
    WARN = "warn"
    AUDIT = "audit"


class Profile(NamedTuple):
    """A profile, resolved: nothing in it depends on a parent or on a version any more.

    Attributes:
        name: a DNS label; it names every artefact.
        description: one line for people.
        minors: the minor versions of Kubernetes that it holds for.
        rules: what a pod must satisfy, all of it.
        enforcement: what an engine does with a pod that is refused.
        pods: pods are judged.
        controllers: controllers are judged too, by their pod template.
        match: which pods are judged.
        accept: gaps that the author has agreed to: target to rule to reason.
    """

    name: str
    description: str
    minors: range
    rules: tuple[Rule, ...]
    enforcement: Enforcement = Enforcement.DENY
    pods: bool = True
    controllers: bool = False
    match: Match = Match()
    accept: Mapping[str, Mapping[str, str]] = MappingProxyType({})


class Union(NamedTuple):
    """What admits a pod: any one of some profiles admits the whole pod. Nearly always it is one.

    Attributes:
        any_of: the profiles; at least one.
    """

    any_of: tuple[Profile, ...]
