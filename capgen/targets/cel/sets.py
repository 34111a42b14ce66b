"""Policies of a set: one of its profiles must admit the whole pod.

For each profile there is a list of what it refuses of the pod, and the one validation is that one
of these lists is empty. What several profiles ask in the same words is asked once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from capgen.errors import ProfileError
from capgen.lang import cel, cel_match
from capgen.lang.cel_constants import literal
from capgen.lang.cel_names import NOTHING
from capgen.policy.match import Match
from capgen.targets.members import key_of

from .set_words import Lists, Row, called, message
from .shapes import (
    CONTROLLERS,
    PODS,
    Shape,
    conditions_of,
    constraints_of,
    containers_of,
    groups_of,
    names_of,
    variables_of,
)
from .words import allowed_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.profile import Profile, Union
    from capgen.policy.rules import Rule

_WHOLE: Final = PODS[0]
# An evaluation may cost 10,000,000, of which the authorizer takes 700,000 for a user and an
# account; the rest is for the lists. See k8s.io/apiserver: pkg/apis/cel/config.go, pkg/cel/library.
_MOST_USES: Final = 12


def specs(union: Union) -> Iterator[tuple[Shape, dict[str, Any]]]:
    """Yield for each shape in which some profile of a set judges what a policy says there."""
    for shape in (*PODS, *CONTROLLERS):
        members = [each for each in union.any_of if (each.controllers if shape.path else each.pods)]
        if members and (spec := _spec(union, shape, members)):
            yield shape, spec


def _spec(union: Union, shape: Shape, members: Sequence[Profile]) -> dict[str, Any]:
    # Where a container leaves an exemption one profile must admit the pod as it is now, all of it.
    lost = _lists(union, shape, members) if shape.update else None
    if lost is not None and not any(lost.rows.values()):
        return {}
    whole = _lists(union, _WHOLE if shape.update else shape, members)
    shared = members[0].match if len({each.match for each in members}) == 1 else Match()
    asked = {each.name: _asked(each, shared, shape) for each in members}
    uses = {each.name: union.uses[each.name] for each in members if each.name in union.uses}
    if len(uses) > _MOST_USES:
        msg = (
            f"{len(uses)} profiles of the set are for those who may `use` them; the API server lets"
            f" a policy ask about {_MOST_USES}"
        )
        raise ProfileError(msg)
    if any(
        not (whole.rows[each.name] or asked[each.name] or each.name in uses) for each in members
    ):
        return {}
    conditions = [*cel_match.scoped(union.scope, shape.pod)]
    conditions += [(each["name"], each["expression"]) for each in conditions_of(shared, shape)]
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": constraints_of(shared, shape),
        "matchConditions": _named(conditions),
        "variables": _named(
            [
                *variables_of(_WHOLE if shape.update else shape),
                *((called("judges", name), text) for name, text in asked.items() if text),
                *(lost.variables if lost is not None else ()),
                *(_refusals("lost_by", lost) if lost is not None else ()),
                *whole.variables,
                *_refusals("by", whole),
                *(
                    (called("may_use", name), cel_match.may_use(policy, shape.pod))
                    for name, policy in uses.items()
                ),
            ]
        ),
        "validations": [_validation(union, members, asked, lost, whole)],
    }
    if not conditions:
        del spec["matchConditions"]
    return spec


def _named(texts: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "expression": text} for name, text in texts]


def _asked(member: Profile, shared: Match, shape: Shape) -> str:
    return "" if member.match == shared else cel_match.judged(member.match, shape.pod)


def _lists(union: Union, shape: Shape, members: Sequence[Profile]) -> Lists:
    """Lower the rules of profiles; what reads the same has one variable, named after the rule."""
    groups = {
        key_of(union, each, rule): group
        for each in members
        for rule, group in groups_of(each, shape).items()
    }
    # The same policy has the lists of the whole pod beside those of what an update changes.
    held, before = ("lost", "lost_") if shape.update else ("held", "")
    texts: dict[str, list[str]] = {}
    found: list[tuple[str, Rule, str]] = []
    for each in members:
        for rule in each.rules:
            key = key_of(union, each, rule.id)
            if shape.update and key not in groups:
                continue
            names = names_of(shape, groups, key)
            names = replace(names, containers=names.containers.replace("held", held))
            text = cel.offences(rule.expression, names)
            if text != NOTHING:
                found.append((each.name, rule, text))
                texts.setdefault(rule.id, [])
                if text not in texts[rule.id]:
                    texts[rule.id].append(text)
    variables = {
        (rule, text): f"{before}{rule}{number if len(several) > 1 else ''}"
        for rule, several in texts.items()
        for number, text in enumerate(several, start=1)
    }
    containers = [(name.replace("held", held), text) for name, text in containers_of(shape, groups)]
    rows: dict[str, tuple[Row, ...]] = {each.name: () for each in members}
    for name, rule, text in found:
        rows[name] += (Row(rule, variables[rule.id, text]),)
    return Lists(
        (
            *(each for each in containers if any(_names(each[0], text) for _, text in variables)),
            *((name, text) for (_, text), name in variables.items()),
        ),
        rows,
    )


def _names(variable: str, text: str) -> bool:
    return f"variables.{variable}." in text


def _refusals(what: str, lists: Lists) -> Iterator[tuple[str, str]]:
    """Yield for each profile that can refuse the list of what it refuses: a text for each rule."""
    for member, rows in lists.rows.items():
        if rows:
            yield called(what, member), "\n+ ".join(map(_refusal, rows))


def _refusal(row: Row) -> str:
    told = literal(f" (allowed: {allowed_words(row.rule)})")
    return (
        f"(variables.{row.name}.size() == 0 ? [] :\n"
        f"  [{literal(f'{row.rule.id}: ')} + variables.{row.name}.join(', ') + {told}])"
    )


def _validation(
    union: Union,
    members: Sequence[Profile],
    asked: dict[str, str],
    lost: Lists | None,
    whole: Lists,
) -> dict[str, str]:
    judges = {name: f"variables.{called('judges', name)}" for name, text in asked.items() if text}
    ways: list[str] = []
    if len(judges) == len(members):
        ways.append(f"!({' || '.join(judges.values())})")
    if lost is not None:
        fine = [
            " || ".join(
                [*([f"!{judges[name]}"] if name in judges else []), _empty("lost_by", name)]
            )
            for name, rows in lost.rows.items()
            if rows
        ]
        ways.append(_all(fine))
    for each in members:
        parts = [judges[each.name]] if each.name in judges else []
        parts += [_empty("by", each.name)] if whole.rows[each.name] else []
        # To ask the authorizer costs more than all else: only about a pod that is else admitted.
        if each.name in union.uses:
            parts.append(f"variables.{called('may_use', each.name)}")
        ways.append(_all(parts))
    return {"expression": "\n|| ".join(ways), **message(union, members, judges, whole)}


def _all(parts: Sequence[str]) -> str:
    """Join what must hold, each part as it is where it is the only one."""
    if len(parts) == 1:
        return parts[0]
    joined = " && ".join(f"({part})" if " || " in part else part for part in parts)
    return f"({joined})"


def _empty(what: str, member: str) -> str:
    return f"variables.{called(what, member)}.size() == 0"
