"""Says what a rule means, and how each target says a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from capgen.errors import UsageError, nearest
from capgen.policy.asks import asks
from capgen.policy.catalogue import CATALOGUE, CONDITIONS, ENTRIES, Entry, Part
from capgen.policy.exempt import day
from capgen.policy.profile import Enforcement
from capgen.policy.subjects import Field, shown
from capgen.policy.values import show, show_all
from capgen.profile.library import names, open_profile
from capgen.profile.reference import is_path, split
from capgen.profile.sets import open_union
from capgen.targets.base import content_hash
from capgen.targets.beside import completed, setting
from capgen.targets.members import key_of
from capgen.targets.options import listed, with_options
from capgen.targets.registry import TARGETS, target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from capgen.policy.profile import Profile, Union
    from capgen.targets.base import Cell

# For each target, by name, how it says each rule, or why it does not take the profile.
_Outputs: TypeAlias = "dict[str, dict[str, Cell] | str]"


def explain(subject: str | None, kubernetes: str | None, today: str | None = None) -> str:
    """Explain a rule, or a profile; without either, say what there is to explain.

    Raises:
        UsageError: it is neither.
        CapgenError: the profile is wrong.
    """
    if subject is None:
        return "\n".join(f"{entry.id:30}{entry.means}" for entry in CATALOGUE)
    if subject in ENTRIES:
        return "\n".join(_rule(ENTRIES[subject], kubernetes))
    bare, _ = split(subject)
    if not is_path(subject) and bare not in names():
        known = (*ENTRIES, *names())
        msg = f"`{subject}` is no rule and no profile{nearest(subject, known)}"
        raise UsageError(msg)
    now = day(today) if today is not None else None
    union = open_union(subject, kubernetes, now)
    return "\n".join(_union(union))


def _rule(entry: Entry, kubernetes: str | None) -> Iterator[str]:
    yield f"{entry.id}: {entry.means}"
    yield ""
    for part in entry.parts:
        yield f"  `{part.key}` judges {shown(part.subject)}{_versions(part)}: {part.ask.value}"
        yield f"      {_unset(part)}"
    yield ""
    yield "  Any rule also takes: unset (allow or refuse), unless, reading, since."
    for condition in CONDITIONS.values():
        yield f"      unless: [{condition.id}]: {condition.means}"
    yield ""
    yield f"  Upstream: {entry.source}"
    for name in names():
        profile = open_profile(name, kubernetes)
        for rule in profile.rules:
            if rule.id == entry.id:
                yield ""
                yield f"  In {name} (Kubernetes {_span(profile)}): {asks(rule)}"
                said = _said(profile.accept, rule.id, _outputs(profile))
                yield from (f"      {line}" for line in said)


def _union(union: Union) -> Iterator[str]:
    if union.name:
        listed = ", ".join(profile.name for profile in union.any_of)
        yield f"{union.name}: a pod is admitted if one of these admits all of it: {listed}"
        scope = {"namespaces": union.scope.namespaces, "service accounts": union.scope.accounts}
        for what, names in scope.items():
            if names:
                yield f"for the {what} {', '.join(names)}"
        action = (union.enforcement or Enforcement.DENY).value
        yield f"{action}; sha256 {content_hash(union)}"
        takes = (each.name for each in TARGETS if each.emit_set is not None)
        yield f"targets that take a set: {', '.join(takes)}"
        for name, use in union.uses.items():
            yield f"{name} counts for those who may use podsecuritypolicies/{use}"
    for profile in union.any_of:
        if union.name:
            yield ""
        yield from _profile(profile, union)


def _profile(profile: Profile, union: Union) -> Iterator[str]:
    yield f"{profile.name}: {profile.description}".removesuffix(": ")
    # In a set the set's enforcement counts, and what the set compiles to.
    action = "" if union.name else f"{profile.enforcement.value}; "
    yield f"Kubernetes {_span(profile)}; {action}sha256 {content_hash(profile)}"
    yield from _matches(profile)
    outputs = _set_outputs(union, profile) if union.name else _outputs(profile)
    accept = _accepted(union, profile) if union.name else profile.accept
    for rule in profile.rules:
        yield ""
        yield f"{rule.id}: {asks(rule)}"
        yield f"    {rule.entry.means}"
        yield from (f"    {line}" for line in _said(accept, rule.id, outputs))
    for each in profile.exempt:
        yield ""
        who = " ".join(
            f"{key} {', '.join(values)}"
            for key, values in (("image", each.images), ("container", each.containers))
            if values
        )
        yield f"exempt from {', '.join(each.rules)}: {who}; until {each.until}: {each.reason}"
    for name, choices in profile.choices.items():
        yield ""
        chosen = ", ".join(f"{rule}: {show_all(value)}" for rule, value in choices.items())
        yield f"chosen for the container {name}: {chosen}"
    if not profile.rules:
        yield "It has no rules: every pod is admitted."


def _matches(profile: Profile) -> Iterator[str]:
    """Say which pods are judged, where it is not all of them."""
    match = profile.match
    names = [*match.include, *(f"not {name}" for name in match.exclude)]
    if names:
        yield f"namespaces: {', '.join(names)}"
    for what, rows in (
        ("namespaces", match.namespace_selector),
        ("pods", match.pod_selector),
    ):
        for row in rows:
            values = f" {', '.join(row.values)}" if row.values else ""
            yield f"{what} with the label {row.key}: {row.operator.value}{values}"
    if profile.controllers:
        pods = "pods, and " if profile.pods else ""
        yield f"judged: {pods}controllers by their pod template"


def _outputs(profile: Profile) -> _Outputs:
    """Return how each target says each rule of a profile, or why it does not take the profile.

    As it is compiled: those that the profile names have its options, and stand beside each other.
    """
    own = {name: with_options(target(name), listed(said)) for name, said in profile.targets.items()}
    sets = setting(profile, own.values())
    return {
        each.name: each.unfit(profile.minors)
        or completed(own.get(each.name, each).emit(profile), sets).cells
        for each in TARGETS
    }


def _set_outputs(union: Union, profile: Profile) -> _Outputs:
    """Return how each target that takes a set says each rule of one of its profiles."""
    found: _Outputs = {}
    for each in TARGETS:
        if each.emit_set is not None:
            unfit = (each.unfit(one.minors) for one in union.any_of)
            if why := next(filter(None, unfit), ""):
                found[each.name] = why
                continue
            cells = each.emit_set(union).cells
            rules = (rule.id for rule in profile.rules)
            found[each.name] = {rule: cells[key_of(union, profile, rule)] for rule in rules}
    return found


def _accepted(union: Union, profile: Profile) -> dict[str, Mapping[str, str]]:
    """Return the gaps of a profile that its set has accepted: target to rule to reason."""
    return {name: rows[profile.name] for name, rows in union.accept.items() if profile.name in rows}


def _said(accept: Mapping[str, Mapping[str, str]], rule: str, outputs: _Outputs) -> Iterator[str]:
    """Say how each target says a rule of a profile."""
    for name, cells in outputs.items():
        if isinstance(cells, str):
            yield f"{name:18}{cells}"
            continue
        cell = cells[rule]
        accepted = accept.get(name, {}).get(rule)
        note = f"{cell.note}; accepted: {accepted}" if accepted else cell.note
        yield f"{name:18}{cell.status.value}: {note}"


def _unset(part: Part) -> str:
    if not isinstance(part.subject, Field):
        return "what is not there is allowed"
    if part.subject.unset is None:
        return "unset: what happens is not known, so it is allowed unless `unset: refuse`"
    return f"unset: judged as {show(part.subject.unset)}, which is what Kubernetes does then"


def _versions(part: Part) -> str:
    if part.since:
        return f" (since 1.{part.since})"
    return f" (until 1.{part.until})" if part.until < CATALOGUE[0].parts[0].until else ""


def _span(profile: Profile) -> str:
    low, high = profile.minors[0], profile.minors[-1]
    return f"1.{low}" if low == high else f"1.{low}-1.{high}"
