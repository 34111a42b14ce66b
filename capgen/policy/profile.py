"""A profile: a conjunction of rules, for a span of versions, on the pods that it matches."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from .match import Match, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .exempt import Exemption
    from .grants import Grants
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
        exempt: containers that some rules do not hold for.
        mutate: the chosen values are set first, where a pod leaves them unset.
        choices: the values that are chosen for one container: its name to rule to value.
        grants: what a process is granted; None where the profile says nothing of it.
        accept: gaps that the author has agreed to: target to rule to reason.
        targets: what it is compiled to: each target to its options.
    """

    name: str
    description: str
    minors: range
    rules: tuple[Rule, ...]
    enforcement: Enforcement = Enforcement.DENY
    pods: bool = True
    controllers: bool = False
    match: Match = Match()
    exempt: tuple[Exemption, ...] = ()
    mutate: bool = False
    choices: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    grants: Grants | None = None
    accept: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    targets: Mapping[str, Mapping[str, object]] = MappingProxyType({})


class Scope(NamedTuple):
    """Whose pods a union judges; without any restriction, all.

    Attributes:
        namespaces: by name, a trailing `*` being a prefix; empty: all.
        accounts: names of service accounts; empty: all.
    """

    namespaces: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    def holds(self, namespace: str | None, account: str) -> bool:
        """Tell whether the pods of an account are judged. A namespace not known (None) matches."""
        if self.namespaces and namespace is not None and not named(self.namespaces, namespace):
            return False
        return not self.accounts or account in self.accounts


class Union(NamedTuple):
    """What admits a pod: any one of some profiles admits the whole pod. Nearly always it is one.

    Attributes:
        any_of: the profiles; at least one.
        name: what the set is called; "" where it is one profile.
        scope: whose pods are judged.
        enforcement: what an engine does with a pod that every one of them refuses; None: what each
            says.
        description: one line for people.
        accept: gaps that the author has agreed to: target to profile to rule to reason.
        uses: for each profile, by name, that counts only for some: the PodSecurityPolicy that who
            asks, or the account of the pod, must have the right to `use` in the pod's namespace.
    """

    any_of: tuple[Profile, ...]
    name: str = ""
    scope: Scope = Scope()
    enforcement: Enforcement | None = None
    description: str = ""
    accept: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType({})
    uses: Mapping[str, str] = MappingProxyType({})
