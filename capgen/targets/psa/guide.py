"""The README of the labels' folder: where they go, what must be so, how they come and go."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final, assert_never

from capgen.policy.match import Operator
from capgen.policy.profile import Enforcement
from capgen.targets.folder import Guide, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgen.policy.match import Requirement
    from capgen.policy.profile import Profile

    from .level import Implied

_ABOUT: Final = (
    "The API server's own plugin PodSecurity enforces a level on every pod of a namespace that has"
    " the label. `{level}` of 1.{version} is the strongest that the profile implies: it refuses no"
    " pod that the profile admits.{stronger} What it misses of the profile needs another target"
    " beside it."
)
_PREFLIGHT: Final = (
    "The API server has the plugin on, as it is by default since Kubernetes 1.23.",
    "The `exemptions` in its AdmissionConfiguration name nobody here: no label can undo them.",
    "Whoever makes pods in a namespace may not change its labels.",
    "No other profile labels the same namespaces: a namespace has one level of each mode.",
)
_ENFORCE: Final = "/enforce"


def guide(profile: Profile, found: Implied, labels: dict[str, str]) -> Guide:
    """Return what the README says beside the rules."""
    stronger = f" {found.stronger[:1].upper()}{found.stronger[1:]}." if found.stronger else ""
    about = _ABOUT.format(level=found.level, version=found.version, stronger=stronger)
    where, which = _where(profile)
    set_all = _pairs(labels)
    softly = [pair for pair in set_all if _ENFORCE not in pair]
    refuses = profile.enforcement is Enforcement.DENY
    rollout = []
    if refuses:
        dry = ["kubectl", "label", "--dry-run=server", "--overwrite", *where]
        hard = [pair for pair in set_all if _ENFORCE in pair]
        rollout = [
            Step(
                "See which pods that run the level would refuse: the server warns of each.",
                (shlex.join([*dry, *hard]),),
            )
        ]
    rollout.append(
        Step(
            f"Warn and audit first, {which}.",
            (shlex.join(["kubectl", "label", "--overwrite", *where, *softly]),),
        )
    )
    if refuses:
        rollout.append(
            Step(
                "When no warning is left, refuse. Pods that run stay.",
                (shlex.join(["kubectl", "label", "--overwrite", *where, *set_all]),),
            )
        )
    rollout.append(
        Step(
            "Or, where Kustomize makes the namespaces, name this folder in `components`: it labels"
            " those beside it that are meant."
        )
    )
    removal = Step(
        "Take the labels off. Nothing is refused by them any more, at once; what the cluster's own"
        " default asks holds again.",
        (shlex.join(["kubectl", "label", *where, *(f"{key}-" for key in labels)]),),
    )
    return Guide(
        "psa",
        "Pod Security labels",
        about,
        tuple(_limits(profile)),
        _PREFLIGHT,
        tuple(rollout),
        (removal,),
    )


def selector(requirements: Iterable[Requirement]) -> str:
    """Write requirements as `kubectl -l` and Kustomize take them."""
    return ",".join(map(_requirement, requirements))


def _requirement(requirement: Requirement) -> str:
    values = ", ".join(requirement.values)
    match requirement.operator:
        case Operator.IN:
            return f"{requirement.key} in ({values})"
        case Operator.NOT_IN:
            return f"{requirement.key} notin ({values})"
        case Operator.EXISTS:
            return requirement.key
        case Operator.DOES_NOT_EXIST:
            return f"!{requirement.key}"
        case _:
            assert_never(requirement.operator)


def _pairs(labels: dict[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in labels.items()]


def _where(profile: Profile) -> tuple[list[str], str]:
    """Return what `kubectl label` is told of where, and for which namespaces, in words."""
    match = profile.match
    apart = f", and not {_listed(match.exclude)}" if match.exclude else ""
    if match.include and not any("*" in name for name in (*match.include, *match.exclude)):
        names = [name for name in match.include if name not in match.exclude]
        if names and not match.namespace_selector:
            return ["namespace", *names], "in the profile's namespaces"
    if match.include:
        suited = " if its labels suit the profile" if match.namespace_selector else ""
        which = f"in each namespace of {_listed(match.include)}{apart}{suited}"
        return ["namespace", "NAMESPACE"], which
    if match.namespace_selector and not match.exclude:
        where = ["namespaces", "-l", selector(match.namespace_selector)]
        return where, "in the namespaces that the profile selects"
    suited = f" with `{selector(match.namespace_selector)}`" if match.namespace_selector else ""
    return ["namespace", "NAMESPACE"], f"in each namespace{suited} that is meant{apart}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _limits(profile: Profile) -> Iterator[str]:
    if profile.controllers and profile.enforcement is Enforcement.DENY:
        yield "A controller's template is warned of and not refused: its pods are."
    if profile.exempt:
        yield (
            "Labels exempt no container. The level is one that refuses nothing that is exempt, and"
            " so it asks nothing of the others that it would refuse in those."
        )
    if profile.enforcement is not Enforcement.DENY:
        yield f"Nothing is refused: the profile asks to {profile.enforcement.value}."
