"""Each rule beyond Pod Security against what the Kubernetes API says, row by row."""

from __future__ import annotations

import pytest

from capgen.policy.admit import Request
from capgen.policy.catalogue import CATALOGUE
from tests.pods import good
from tests.policy.tables import (
    beyond_containers,
    beyond_host,
    beyond_kernel,
    beyond_users,
    beyond_volumes,
)
from tests.policy.tables.sheets import NEIGHBOURS, Sheet, Sheets, admission, requests
from tests.policy.test_tables import TABLES as OTHERS

_ROOMS = (beyond_containers, beyond_host, beyond_kernel, beyond_users, beyond_volumes)
TABLES = tuple(table for room in _ROOMS for table in room.TABLES)
FEWEST = 12


def judge(rule: str, sheet: Sheet) -> list[tuple[object, ...]]:
    """Return the cases of a sheet that are judged otherwise than it says."""
    wrong: list[tuple[object, ...]] = []
    for case in sheet.cases:
        expected = set() if case.allowed else {rule}
        for place, request in requests(case):
            decision = admission(rule, sheet.settings, sheet.apart).admit(request)
            found = {violation.rule for violation in decision.violations}
            if (found, decision.allowed, decision.matched) != (expected, case.allowed, True):
                wrong.append(
                    (sheet.settings, case.source, case.how.name, place, case.changes, found)
                )
    return wrong


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.rule)
def test_rule_judges_as_the_api_says(table: Sheets) -> None:
    """Each pod of a sheet is admitted, or refused by just the rule that the sheet is of."""
    for sheet in table.sheets:
        assert judge(table.rule, sheet) == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.rule)
def test_table_is_whole(table: Sheets) -> None:
    """A table has cases enough, and each sheet both verdicts: none can admit, or refuse, all."""
    assert len(table.cases) >= FEWEST
    for sheet in table.sheets:
        assert {case.allowed for case in sheet.cases} == {True, False}, sheet.settings
        assert any(case.unset for case in sheet.cases), sheet.settings


def test_every_rule_has_its_table() -> None:
    """Each rule of the catalogue has a table, here or among Pod Security's, and no two here."""
    here = [table.rule for table in TABLES]
    assert len(set(here)) == len(here)
    assert {*here, *(table.rule for table in OTHERS)} == {entry.id for entry in CATALOGUE}


def test_neighbours_are_all_rules_and_admit_the_good_pod() -> None:
    """Beside a case's own rule stand all others, and the good pod breaks none of them."""
    assert set(NEIGHBOURS) == {entry.id for entry in CATALOGUE}
    for rule, settings in NEIGHBOURS.items():
        for ephemeral in (False, True):
            request = Request(good(ephemeral=ephemeral), namespace="x")
            assert admission(rule, settings, ()).admit(request).violations == (), rule
