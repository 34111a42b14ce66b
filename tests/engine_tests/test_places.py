"""Where test pods stand."""

from __future__ import annotations

import pytest

from capgen.engine_tests.places import Place, elsewhere, place, unselected
from capgen.policy.match import Match, Operator, Requirement

NAME = "kubernetes.io/metadata.name"


@pytest.mark.parametrize(
    ("match", "expected", "away"),
    [
        (Match(), Place("capgen-test", {}), ""),
        (Match(include=("logging",)), Place("logging", {}), "capgen-test"),
        (Match(include=("ci-*",)), Place("ci-capgen-test", {}), "capgen-test"),
        (Match(include=("a", "b*"), exclude=("a", "bc")), Place("bcapgen-test", {}), "capgen-test"),
        (Match(include=("a",), exclude=("a",)), None, "capgen-test"),
        (Match(exclude=("kube-*", "a")), Place("capgen-test", {}), "kube-capgen-test"),
        (Match(exclude=("capgen-*",)), Place("test-capgen", {}), "capgen-capgen-test"),
        (Match(exclude=("*",)), None, "capgen-test"),
        (
            Match(
                namespace_selector=(
                    Requirement("team", Operator.IN, ("web", "shop")),
                    Requirement("tier", Operator.EXISTS),
                    Requirement("old", Operator.DOES_NOT_EXIST),
                    Requirement("size", Operator.NOT_IN, ("s",)),
                )
            ),
            Place("capgen-test", {"team": "web", "tier": "capgen-test"}),
            "",
        ),
        (
            Match(namespace_selector=(Requirement(NAME, Operator.IN, ("shop",)),)),
            Place("shop", {}),
            "",
        ),
        (
            Match(namespace_selector=(Requirement(NAME, Operator.NOT_IN, ("capgen-test",)),)),
            Place("test-capgen", {}),
            "",
        ),
    ],
)
def test_place(match: Match, expected: Place | None, away: str) -> None:
    """A namespace that is judged, with the labels that it needs; and one that is not."""
    assert place(match) == expected
    assert elsewhere(match) == away


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Requirement("a", Operator.IN, ("x",)), {"b": "y"}),
        (Requirement("a", Operator.EXISTS), {"b": "y"}),
        (Requirement("a", Operator.NOT_IN, ("x",)), {"a": "x", "b": "y"}),
        (Requirement("a", Operator.DOES_NOT_EXIST), {"a": "capgen-test", "b": "y"}),
    ],
)
def test_unselected(row: Requirement, expected: dict[str, str]) -> None:
    """The first requirement is not satisfied, the others are."""
    match = Match(pod_selector=(row, Requirement("b", Operator.IN, ("y",))))
    assert unselected(match) == expected
    assert not match.matches(None, None, expected)


def test_everybody_is_selected() -> None:
    """Without a selector there are no such labels."""
    assert unselected(Match()) is None
