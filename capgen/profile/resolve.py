"""Makes a policy of a profile: its parents, its versions and its rules put together.

Plain data in, policy objects out, without pydantic: a profile of the library goes this way on every
run of `check`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from capgen.errors import ProfileError, nearest
from capgen.policy.catalogue import ENTRIES, Entry
from capgen.policy.exempt import Exemption, day
from capgen.policy.expressions import tests
from capgen.policy.match import Match, Operator, Requirement
from capgen.policy.profile import Enforcement, Profile
from capgen.policy.rules import Rule, Settings, build
from capgen.policy.subjects import Field, Level, is_of_containers
from capgen.policy.values import minors

from .inherit import granted, granted_above, inherited, over, settings_at, version

if TYPE_CHECKING:
    from capgen.policy.grants import Grants
    from capgen.policy.subjects import Subject

    from .inherit import Loader
    from .source import Source

# The keys of a rule that choose a value.
_CHOICES = ("default", "add")


def resolve(
    source: Source, load: Loader, kubernetes: str | None = None, today: date | None = None
) -> Profile:
    """Make the policy that a profile means.

    Args:
        source: the profile as it is written.
        load: finds the parent of a name for a profile that names it.
        kubernetes: the version, or range, to compile for; None: the profile's own, or its parents'.
        today: the day, by which an exemption may have ended; None: today, UTC.

    Raises:
        ProfileError: the profile contradicts itself, or loosens a parent without a reason.
    """
    text = kubernetes or version(source, load)
    if text is None:
        raise source.error(
            "`kubernetes` is required: neither it nor a parent says a version", "spec"
        )
    span = minors(text)
    settings = over(span, lambda number: settings_at(source, load, number), source)
    rules = tuple(
        _built(source, ENTRIES[name], settings[name], span) for name in ENTRIES if name in settings
    )
    data = source.data
    profile = Profile(
        name=data["name"],
        description=data["description"],
        minors=span,
        rules=rules,
        enforcement=Enforcement(data["enforcement"]),
        pods=data["pods"],
        controllers=data["controllers"],
        match=_match(data["match"]),
        exempt=_exemptions(source, rules, today) if data["exempt"] else (),
        mutate=data["mutate"],
        choices=data["containers"],
        grants=_grants(source, load),
        accept=data["accept"],
        targets=data["targets"],
    )
    # The library's own profiles were checked when it was precompiled.
    if source.document is not None:
        _check_loosening(source, load, profile)
    for target, rows in profile.accept.items():
        for name in rows:
            if name not in settings:
                message = f"`{name}` is accepted as a gap, but no rule of this name is set"
                raise source.error(message, "spec", "accept", target, name)
    if data["containers"] or any(key in rule.settings for rule in rules for key in _CHOICES):
        _check_choices(source, profile)
    return profile


def _grants(source: Source, load: Loader) -> Grants | None:
    data, parents = granted(source, load), granted_above(source, load)
    if not data and not any(parents):
        return None
    # Few profiles grant anything: the cold start of `check` is theirs.
    from capgen.policy.grants import grants  # noqa: PLC0415
    from capgen.policy.grants_order import looser  # noqa: PLC0415

    made = grants(data)
    for above in parents:
        for section, reason in looser(grants(above), made):
            if section not in source.data["loosens"]:
                message = f"`{section}` is looser than its parent's: {reason}; say why in `loosens`"
                raise source.error(message, "spec", section)
    return made if data else None


def _check_choices(source: Source, profile: Profile) -> None:
    """Refuse a value to choose that the rules do not allow, whatever is compiled."""
    from capgen.policy.choice import wanted  # noqa: PLC0415 - the library's profiles choose nothing

    set_here = {rule.id for rule in profile.rules}
    for name, choices in profile.choices.items():
        for rule in choices:
            if rule not in set_here:
                message = f"`{rule}` is chosen for `{name}`, but no rule of this name is set"
                raise source.error(message, "spec", "containers", name, rule)
    for container in (None, *profile.choices):
        where = ("spec", "rules") if container is None else ("spec", "containers", container)
        try:
            wanted(profile, "linux", container)
        except ProfileError as error:
            raise source.error(error.message, *where) from None


def _exemptions(
    source: Source, rules: tuple[Rule, ...], today: date | None
) -> tuple[Exemption, ...]:
    """Return the exemptions; one that has ended, or that lifts nothing, is an error."""
    now = today or datetime.now(UTC).date()
    built = {rule.id: rule for rule in rules}
    found = []
    for place, row in enumerate(source.data["exempt"]):
        here = ("spec", "exempt", place)
        if now > day(row["until"]):
            message = f"the exemption ended on `{row['until']}`: take it out, or give it a new end"
            raise source.error(message, *here, "until")
        for at, name in enumerate(row["rules"]):
            if name not in built:
                message = f"`{name}` is exempt, but no rule of this name is set"
                raise source.error(message, *here, "rules", at)
            if not any(is_of_containers(test.subject) for test in tests(built[name].expression)):
                message = f"`{name}` judges the pod, not its containers: none can be exempt from it"
                raise source.error(message, *here, "rules", at)
        found.append(
            Exemption(
                tuple(row["rules"]),
                tuple(row["images"]),
                tuple(row["containers"]),
                row["reason"],
                row["until"],
            )
        )
    return tuple(found)


def _built(source: Source, entry: Entry, settings: Settings, span: range) -> Rule:
    try:
        return build(entry, settings, span)
    except ProfileError as error:
        raise source.error(error.message, "spec", "rules", entry.id) from None


def _check_loosening(source: Source, load: Loader, profile: Profile) -> None:
    """Refuse a child that is looser than a parent without saying why."""
    loosens = source.data["loosens"]
    # A reading of the whole profile is one of each rule.
    changed = [rule.id for rule in profile.rules] if source.data["reading"] is not None else []
    for name in loosens:
        if name not in {*source.data["rules"], *source.data["grants"], *changed}:
            hint = nearest(name, source.data["rules"])
            message = f"`{name}` loosens nothing: the profile does not set it{hint}"
            raise source.error(message, "spec", "loosens", name)
    above = over(profile.minors, lambda number: inherited(source, load, number), source)
    if not above:
        return
    from capgen.policy.order import Proven, in_words, rule_by_rule  # noqa: PLC0415 - few extend

    ours = {rule.id: rule for rule in profile.rules}
    theirs = tuple(
        _built(source, ENTRIES[name], settings, profile.minors) for name, settings in above.items()
    )
    answers = rule_by_rule(profile, profile._replace(rules=theirs))
    for parent in theirs:
        own, answer = ours.get(parent.id), answers[parent.id]
        reason = _other_reading(parent, own)
        if reason is None and not isinstance(answer, Proven):
            reason = in_words(answer, own)
        if reason is not None and parent.id not in loosens:
            message = f"`{parent.id}` is looser than its parent's: {reason}; say why in `loosens`"
            raise source.error(message, "spec", "rules", parent.id)


def _other_reading(parent: Rule, child: Rule | None) -> str | None:
    """Say how the readings of a rule differ, where its fields stand at two levels."""
    theirs, ours = (
        {test.reading for test in tests(rule.expression) if _is_inherited(test.subject)}
        if rule is not None
        else set()
        for rule in (parent, child)
    )
    if not ours or not theirs or ours == theirs:
        return None
    return f"its reading is `{ours.pop().value}`, its parent's `{theirs.pop().value}`"


def _is_inherited(subject: Subject) -> bool:
    return isinstance(subject, Field) and subject.level is Level.INHERITED


def _match(data: dict[str, Any]) -> Match:
    return Match(
        include=tuple(data["namespaces"]["include"]),
        exclude=tuple(data["namespaces"]["exclude"]),
        namespace_selector=_requirements(data["namespaceSelector"]),
        pod_selector=_requirements(data["podSelector"]),
    )


def _requirements(selector: dict[str, Any]) -> tuple[Requirement, ...]:
    labels = [
        Requirement(key, Operator.IN, (value,)) for key, value in selector["matchLabels"].items()
    ]
    expressions = [
        Requirement(row["key"], Operator(row["operator"]), tuple(row["values"]))
        for row in selector["matchExpressions"]
    ]
    return (*labels, *expressions)
