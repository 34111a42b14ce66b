"""Where test pods stand: a namespace that the profile judges, and what it does not judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.match import Operator, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.match import Match, Requirement
    from capgen.policy.pod import Mapping

# The label that the API server gives each namespace.
_NAME: Final = "kubernetes.io/metadata.name"
_WORD: Final = "capgen-test"
_NAMES: Final = (_WORD, "test-capgen", "judged")


class Place(NamedTuple):
    """A namespace.

    Attributes:
        name: its name.
        labels: those that it must have.
    """

    name: str
    labels: dict[str, str]


def place(match: Match) -> Place | None:
    """Return a namespace whose pods a profile judges; None where none can be made up."""
    for name in _names(match):
        labels = {_NAME: name} | _satisfying(match.namespace_selector)
        if labels[_NAME] == name and match.matches(name, labels, None):
            del labels[_NAME]
            return Place(name, labels)
    return None


def elsewhere(match: Match) -> str:
    """Return a namespace whose pods a profile does not judge, by its name; "" where all are."""
    if match.include:
        return next((name for name in _NAMES if not named(match.include, name)), "")
    return next((_concrete(pattern) for pattern in match.exclude), "")


def unselected(match: Match) -> Mapping | None:
    """Return labels of a pod that a profile does not judge; None where labels do not matter."""
    if not match.pod_selector:
        return None
    first, *_ = match.pod_selector
    labels = _satisfying(match.pod_selector)
    match first.operator:
        case Operator.IN | Operator.EXISTS:
            labels.pop(first.key, None)
        case Operator.NOT_IN:
            labels[first.key] = first.values[0]
        case Operator.DOES_NOT_EXIST:
            labels[first.key] = _WORD
    return labels


def _names(match: Match) -> Iterator[str]:
    yield from map(_concrete, match.include)
    for row in match.namespace_selector:
        if row.key == _NAME and row.operator is Operator.IN:
            yield from row.values
    yield from _NAMES


def _concrete(pattern: str) -> str:
    """Return a name that a pattern matches."""
    return f"{pattern[:-1]}{_WORD}" if pattern.endswith("*") else pattern


def _satisfying(requirements: tuple[Requirement, ...]) -> dict[str, str]:
    return {
        row.key: row.values[0] if row.operator is Operator.IN else _WORD
        for row in requirements
        if row.operator in (Operator.IN, Operator.EXISTS)
    }
