"""What a profile wants of a container's process, of the values that are chosen for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from capgen.errors import ProfileError
from capgen.policy.choice import choose, wanted
from capgen.policy.chosen import Chosen, bare_pod
from capgen.policy.expressions import judge, tests
from capgen.policy.pod import view
from capgen.policy.subjects import EACH, plain, settable
from tests.engines.chosen_pods import NO_CHOICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgen.policy.profile import Profile
    from capgen.policy.subjects import Field


@dataclass(frozen=True, slots=True)
class Wanted:
    """The values that decide what a process has; the defaults are those of a pod without any.

    Attributes:
        privileged: as in a pod; so are the following.
        escalation: `allowPrivilegeEscalation`.
        read_only: `readOnlyRootFilesystem`.
        add: bare names of capabilities.
        drop: as above.
        user: None where the image decides.
        group: as above.
        groups: `supplementalGroups`.
        fs_group: None for none.
        strict: `supplementalGroupsPolicy` is Strict.
        non_root: `runAsNonRoot`.
        seccomp: the type of the profile; "" where nobody says.
        unmasked: `procMount` is Unmasked.
        network: `hostNetwork`.
        processes: `hostPID`.
        ipc: `hostIPC`.
        users: `hostUsers`.
    """

    privileged: bool = False
    escalation: bool = True
    read_only: bool = False
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None
    groups: tuple[int, ...] = ()
    fs_group: int | None = None
    strict: bool = False
    non_root: bool = False
    seccomp: str = ""
    unmasked: bool = False
    network: bool = False
    processes: bool = False
    ipc: bool = False
    users: bool = True


_CONTEXT: Final = {
    "privileged": "privileged",
    "allowPrivilegeEscalation": "escalation",
    "readOnlyRootFilesystem": "read_only",
    "runAsUser": "user",
    "runAsGroup": "group",
    "fsGroup": "fs_group",
    "supplementalGroupsPolicy": "strict",
    "runAsNonRoot": "non_root",
    "procMount": "unmasked",
}
# The attribute that a field decides, by its path.
_DECIDES: Final[dict[tuple[str, ...], str]] = {
    **{("securityContext", name): attribute for name, attribute in _CONTEXT.items()},
    ("securityContext", "supplementalGroups", EACH): "groups",
    ("securityContext", "capabilities", "add"): "add",
    ("securityContext", "capabilities", "drop"): "drop",
    ("securityContext", "seccompProfile", "type"): "seccomp",
    ("hostNetwork",): "network",
    ("hostPID",): "processes",
    ("hostIPC",): "ipc",
    ("hostUsers",): "users",
}
# What a value of text means where the attribute is a flag.
_MEANS: Final = {"strict": "Strict", "unmasked": "Unmasked"}

# What docker can do about each field, what it does of itself first.
_DOCKER: Final[dict[str, tuple[Any, ...]]] = {
    "privileged": (False, True),
    "escalation": (True, False),
    "read_only": (False, True),
    "seccomp": ("RuntimeDefault", "Unconfined"),
    "unmasked": ("Default", "Unmasked"),
    "network": (False, True),
    "processes": (False, True),
    "ipc": (False, True),
}


def chosen(profile: Profile, container: str | None = None) -> tuple[Chosen, ...]:
    """Return the values for a Linux container: one with values of its own, or any other.

    Of a profile for whose pods nothing can be chosen, those that the rules ask for by themselves.
    """
    try:
        choice = choose(profile, "linux")
    except ProfileError:
        if profile.name not in NO_CHOICE:
            raise
        return wanted(profile, "linux", container)
    own = choice.own.get(container or "", ())
    fields = {each.field for each in own}
    return (*(each for each in choice.values if each.field not in fields), *own)


def of_pod(values: tuple[Chosen, ...]) -> Wanted:
    """Return what values mean on Kubernetes, where what is not set has Kubernetes' own default."""
    return _with(Wanted(), {each.field: each.value for each in values})


def of_line(profile: Profile, values: tuple[Chosen, ...]) -> Wanted:
    """Return what values mean in a line of docker.

    What is not set has docker's default, or what else docker can do where the profile refuses that.
    """
    known = {each.field.path for each in values}
    fields: dict[Field, object] = {each.field: each.value for each in values}
    for field in _judged(profile):
        attribute = _DECIDES.get(field.path)
        if field.path not in known and attribute in _DOCKER:
            allowed = (value for value in _DOCKER[attribute] if _allows(profile, field, value))
            fields[field] = next(allowed, _DOCKER[attribute][0])
    return _with(Wanted(seccomp="RuntimeDefault"), fields)


def _judged(profile: Profile) -> set[Field]:
    found = {
        settable(plain(test.subject)) for rule in profile.rules for test in tests(rule.expression)
    }
    return {field for field in found if field is not None}


def _allows(profile: Profile, field: Field, value: str | bool) -> bool:
    """Tell whether the rules on a field allow a value there."""
    pod = view(bare_pod((Chosen(field, value, ""),)))
    return not any(
        judge(rule.expression)(pod)
        for rule in profile.rules
        if any(settable(plain(test.subject)) == field for test in tests(rule.expression))
    )


def _with(defaults: Wanted, fields: Mapping[Field, object]) -> Wanted:
    found: dict[str, Any] = {}
    for field, value in fields.items():
        if (attribute := _DECIDES.get(field.path)) is not None:
            found[attribute] = value == _MEANS[attribute] if attribute in _MEANS else value
    return replace(defaults, **found)
