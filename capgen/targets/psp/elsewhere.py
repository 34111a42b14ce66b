"""What a PodSecurityPolicy cannot say: rules without a field, and what is so of every rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.catalogue import CONDITIONS
from capgen.policy.choice import wanted
from capgen.policy.expressions import tests
from capgen.policy.match import named
from capgen.policy.profile import Enforcement
from capgen.policy.subjects import Field, HandlerHosts, is_of_containers
from capgen.policy.values import show
from capgen.targets.base import Cell, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from capgen.policy.chosen import Value
    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule

    from .words import Word

# The minor version that brought what a rule judges, which a policy has no field for.
NOWHERE: Final[dict[str, int]] = {
    "supplementalGroupsPolicy": 31,
    "fsGroupChangePolicy": 18,
    "seLinuxChangePolicy": 32,
    "hostUsers": 25,
    "hostProbes": 0,
    "hostProcess": 22,
    "windowsOptions": 0,
    "shareProcessNamespace": 0,
    "automountServiceAccountToken": 0,
}
# Since then `kubectl debug` adds containers to pods that run: EphemeralContainers, on by default.
EPHEMERAL: Final = 23
_AGAIN: Final = "judged again on updates"
_NOT_DEBUG: Final = "ephemeral containers are not judged"


def nowhere(rule: Rule, minors: range) -> Cell:
    """Say a rule that a policy has no field for."""
    since = NOWHERE[rule.id]
    # Where there is no such field every pod leaves it unset.
    if since > minors[-1] and all(test.unset_allowed for test in tests(rule.expression)):
        return Cell(Status.NOT_APPLICABLE, f"Kubernetes has it since 1.{since}")
    return Cell(Status.GAP, "a PodSecurityPolicy has no field for it")


def conditioned(word: Word, rule: Rule) -> Word:
    """Say a rule that the profile lifts from some pods: a policy lifts none."""
    unless = [CONDITIONS[name].means for name in rule.settings.get("unless", ())]
    return word.also(*(f"judges too where {means}" for means in unless))


def everywhere(word: Word, rule: Rule, profile: Profile) -> Word:
    """Say what is so of every rule: when pods are judged, which, and what then happens."""
    more = [_AGAIN]
    if profile.enforcement is not Enforcement.DENY:
        more.append(f"refuses, where the profile asks to {profile.enforcement.value}")
    match = profile.match
    spread = (match.include or match.exclude) and not scoped(profile)
    if spread or match.namespace_selector or match.pod_selector:
        more.append("holds for pods that `match` leaves alone, too")
    if any(rule.id in exemption.rules for exemption in profile.exempt):
        more.append("no container is exempt")
    if not profile.pods:
        more.append("judges pods, which the profile does not")
        word = word.without("controllers are not judged, and their pods only when they are made")
    if profile.minors[-1] >= EPHEMERAL and _may_be_ephemeral(rule):
        word = word.without(_NOT_DEBUG)
    return word.also(*more)


def unset_values(
    word: Word, rule: Rule, profile: Profile, sets: Mapping[tuple[str, ...], Value]
) -> Word:
    """Say which of the values that the profile sets first the policy does not set."""
    if not profile.mutate:
        return word
    missing = [
        f"`{each.field.path[-1]}: {show(each.value)}` is not set where it is unset"
        for each in wanted(profile, "linux")
        if each.rule == rule.id
        and not _same(each.value, each.field.unset)
        and not _same(each.value, sets.get(each.field.path))
    ]
    own = [name for name, choices in profile.choices.items() if rule.id in choices]
    missing += [f"what is chosen for `{name}` is not set there" for name in own]
    return word.without(*missing)


def scoped(profile: Profile) -> bool:
    """Tell whether the profile is for some namespaces, and each is known by its name."""
    include = profile.match.include
    return bool(include) and not any(name.endswith("*") for name in include)


def spaces(profile: Profile) -> tuple[str, ...]:
    """Return the namespaces of a profile that is for some; those that it excludes are none."""
    match = profile.match
    return tuple(name for name in match.include if not named(match.exclude, name))


def limits(profile: Profile) -> Iterator[str]:
    """Yield what the README says beside the rules: what no rule of a policy is about."""
    yield (
        "`procMount: Unmasked` is refused, whatever the profile says, unless the API server's"
        " feature gate ProcMountType is on."
    )
    if profile.controllers:
        yield "Controllers are not judged: their pods are, when they are made."
    if profile.minors[-1] >= EPHEMERAL:
        yield (
            "An ephemeral container (`kubectl debug`) is judged by no PodSecurityPolicy. One that"
            " breaks the policy is let in, and every later change of its pod is refused."
        )


def _may_be_ephemeral(rule: Rule) -> bool:
    """Tell whether what a rule judges may stand in an ephemeral container: ports may not."""
    return any(
        is_of_containers(test.subject)
        and not isinstance(test.subject, HandlerHosts)
        and not (isinstance(test.subject, Field) and test.subject.path[0] == "ports")
        for test in tests(rule.expression)
    )


def _same(value: Value, other: object) -> bool:
    return type(value) is type(other) and value == other
