"""Is one profile at least as strict as another: does it admit only what the other admits?

Not answered rule by rule alone: rules interact (`volumes` with `hostPath`), readings differ, the
versions default pods differently, and a union may contain a profile that none of its members
contains. What tests show by themselves is taken first (`implied.py`). Of the rest, the domain of
each subject is cut at the constants of both sides (`values.py`, `texts.py`), the pods that are left
are put together group by group (`groups.py`, `frames.py`), and the interpreter's own machinery
judges them (`search.py`). A counterexample is confirmed by a whole admission; without one it is a
proof.

What is compared is what rules judge. Left aside: which pods a profile matches, what it exempts,
what it sets itself, on what it is enforced and how. Requests are those that the Kubernetes API
takes as to shape:

- fields that there are, of their type, without null in a list or "" where a value is required;
- of a closed vocabulary its words, IDs from 0 to 2147483647, ports from 1 to 65535;
- no Linux field (`Field.linux`) in a pod with `os.name: windows`;
- AppArmor annotations for containers that there are; an annotation and a field of one level that
  agree;
- containers that are added to a pod which the profile that admits them would admit too, if it were
  created. (A pod that stands from another time may have what the rules refuse, and they would not
  be asked.) Such an addition is never looked at: whatever it breaks, the same container breaks in a
  template, where nothing is defaulted either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .answers import Answer, Proven, Refuted, UndecidedError, Unknown
from .sides import Side, side
from .words import in_words

if TYPE_CHECKING:
    from capgen.policy.profile import Profile, Union

__all__ = [
    "Answer",
    "Proven",
    "Refuted",
    "Unknown",
    "at_least_as_strict",
    "in_words",
    "rule_by_rule",
]


def at_least_as_strict(strict: Union, loose: Union) -> Answer:
    """Tell whether every request that the first union admits, the second admits.

    Returns:
        Proven; Refuted, with a request; or Unknown, which counts as looser.
    """
    unknown: Answer = Proven()
    try:
        loose_sides = [side(profile) for profile in loose.any_of]
        for profile in strict.any_of:
            answer = _within(side(profile), loose_sides)
            if isinstance(answer, Refuted):
                return answer
            unknown = answer if isinstance(answer, Unknown) else unknown
    except UndecidedError as error:
        return Unknown(str(error))
    return unknown


def rule_by_rule(strict: Profile, loose: Profile) -> dict[str, Answer]:
    """Tell for each rule of a profile whether another profile implies it, all rules together."""
    answers: dict[str, Answer] = {}
    try:
        ours = side(strict)
    except UndecidedError as error:
        return dict.fromkeys((rule.id for rule in loose.rules), Unknown(str(error)))
    for rule in loose.rules:
        try:
            theirs = side(loose._replace(rules=(rule,)))
            answers[rule.id] = _within(ours, [theirs])
        except UndecidedError as error:
            answers[rule.id] = Unknown(str(error))
    return answers


def _within(strict: Side, loose: list[Side]) -> Answer:
    """Tell whether a profile is at least as strict as a union."""
    doubted = []
    for each in loose:
        clauses = tuple(
            clause for clause in each.clauses if not strict.implies(clause, each.effects)
        )
        if not clauses:
            return Proven()
        doubted.append(each._replace(clauses=clauses))
    # A child that only tightens its parents never comes here, and pays for no search.
    from .search import Search  # noqa: PLC0415 - as long to import as the rest together

    return Search(strict, doubted).answer()
