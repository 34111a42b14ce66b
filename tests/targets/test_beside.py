"""What one target does not set, and another of the profile's does."""

from __future__ import annotations

from typing import Final

from capgen.targets.base import Artefact, Cell, Output, Status, Target
from capgen.targets.beside import completed, setting
from tests.policy.made import profile

_RULES: Final = """
    kubernetes: "1.36"
    mutate: true
    rules: {privileged: false, hostPID: false, volumes: {allow: [secret]}}
"""
_JUDGED: Final = Cell(Status.STRICTER, "it judges")
_SETS: Final = {
    "privileged": Cell(Status.EXACT, "set"),
    "hostPID": Cell(Status.NOT_APPLICABLE, "nothing to set"),
    "volumes": Cell(Status.STRICTER, "set, and more"),
}
_SETTER: Final = Target("sets", "", 36, lambda _: Output((), _SETS), mutates=True)
_OTHER: Final = Target("judges", "", 30, lambda _: Output((), {}))


def _lacking() -> dict[str, Cell]:
    return {
        rule: Cell(Status.GAP, "it sets nothing", _JUDGED)
        for rule in ("privileged", "hostPID", "volumes")
    }


def test_what_is_set_beside_is_no_gap() -> None:
    """It is what is left without that gap; where nothing is set beside, it stays."""
    cells = completed(Output((), _lacking()), {"sets": _SETS}).cells
    filled = Cell(Status.STRICTER, "it judges; `sets` sets what a pod leaves unset")
    assert cells == {
        "privileged": filled,
        "hostPID": Cell(Status.GAP, "it sets nothing", _JUDGED),
        "volumes": filled,
    }


def test_a_gap_of_another_kind_stays() -> None:
    """Also what is said already is not said otherwise."""
    said = {
        "privileged": Cell(Status.GAP, "cannot be said"),
        "hostPID": Cell(Status.EXACT, "judged"),
        "volumes": Cell(Status.STRICTER, "judged"),
    }
    assert completed(Output((), said), {"sets": _SETS}).cells == said


def test_the_first_that_sets_it_is_named() -> None:
    """Of several that do."""
    later = {"none": {"privileged": _SETS["hostPID"]}, "first": _SETS, "second": _SETS}
    output = Output((), {"privileged": _lacking()["privileged"]})
    assert "`first` sets" in completed(output, later).cells["privileged"].note


def test_the_page_says_it_too() -> None:
    """It is made of the cells, and made anew."""
    output = Output(
        (Artefact("README.md", "before"), Artefact("a.yaml", "a")),
        _lacking(),
        page=lambda cells: Artefact("README.md", cells["privileged"].note),
    )
    after = completed(output, {"sets": _SETS})
    assert [each.text for each in after.artefacts] == [
        "it judges; `sets` sets what a pod leaves unset",
        "a",
    ]


def test_who_sets() -> None:
    """Of the targets that set values, those that the profile's versions take, if it sets any."""
    made = profile(_RULES)
    assert setting(made, [_OTHER, _SETTER]) == {"sets": _SETS}
    assert setting(made, [_OTHER]) == {}
    assert setting(made._replace(mutate=False), [_SETTER]) == {}
    assert setting(made._replace(minors=range(30, 37)), [_SETTER]) == {}
