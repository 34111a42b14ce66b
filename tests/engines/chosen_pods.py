"""Pods with the values that are chosen for a profile: who must refuse them, and what has none."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.errors import ProfileError
from capgen.policy.admit import Request
from capgen.policy.choice import choose
from capgen.policy.chosen import bare_pod, put, setting
from capgen.policy.subjects import Level
from capgen.policy.witness import base_pod
from capgen.policy.workload import WORKLOADS
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.choice import Choice, Os
    from capgen.policy.profile import Profile

# Profiles for whose Linux pods nothing can be chosen, with the reason; on Windows something can.
NO_CHOICE: Final = {
    "all-turned": "`appArmorProfile`: the API refuses `securityContext.appArmorProfile.type:"
    " Localhost` without `securityContext.appArmorProfile.localhostProfile`",
    "all-effective": "`runAsUser` refuses every pod that leaves it unset, and no value can be"
    " chosen for it; give it a `default` that it allows",
    "all-both": "`runAsGroup` refuses every pod that leaves it unset, and no value can be chosen"
    " for it; give it a `default` that it allows",
}
_SYSTEMS: Final[tuple[Os, ...]] = ("linux", "windows")
_DEPLOYMENT: Final = WORKLOADS[4]


class ChosenPod(NamedTuple):
    """A pod with chosen values.

    Attributes:
        name: the operating system that they are chosen for, and where the pod stands.
        request: asks to create it.
        refused: the rules that refuse it even so, as the choice says itself.
    """

    name: str
    request: Request
    refused: frozenset[str]


def chosen_pods(profile: Profile) -> Iterator[ChosenPod]:
    """Yield the pods of a profile.

    Raises:
        LabError: nothing can be chosen, and `NO_CHOICE` does not know it, or has another reason.
    """
    for system in _SYSTEMS:
        try:
            choice = choose(profile, system)
        except ProfileError as error:
            if (system, error.message) != ("linux", NO_CHOICE.get(profile.name)):
                raise LabError(f"{profile.name}: no choice for {system}: {error}") from error
            continue
        if system == "linux" and profile.name in NO_CHOICE:
            raise LabError(f"{profile.name}: there is a choice, though `NO_CHOICE` says none")
        refused = frozenset(choice.refused)
        pod = _pod(profile, choice)
        yield ChosenPod(f"chosen for {system}", Request(pod), refused)
        template = Request({"spec": {"template": pod}}, _DEPLOYMENT)
        yield ChosenPod(f"chosen for {system}, in a template", template, refused)


def _pod(profile: Profile, choice: Choice) -> dict[str, Any]:
    """Return a pod that the profile selects, with a container more for each that has its own."""
    pod = bare_pod(choice.values)
    (container,) = pod["spec"]["containers"]
    for name, values in choice.own.items():
        other = deepcopy(container) | {"name": name}
        for each in values:
            if each.field.level is not Level.POD:
                put(other, *setting(each))
        pod["spec"]["containers"].append(other)
    return pod | {"metadata": {"labels": base_pod(profile)["metadata"]["labels"]}}
