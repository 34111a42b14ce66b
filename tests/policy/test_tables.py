"""Each rule of Pod Security Standards against what upstream's source says, row by row."""

from __future__ import annotations

from functools import cache

import pytest

from capgen.policy.admit import Admission, Request
from capgen.policy.profile import Profile, Union
from capgen.profile.library import open_profile
from tests.pods import good
from tests.policy.tables import containers, host, profiles, users, volumes
from tests.policy.tables.cases import BOTH, NEWEST, Case, Table

TABLES = tuple(
    table for room in (containers, host, profiles, users, volumes) for table in room.TABLES
)
FEWEST = 12


@cache
def profile(level: str, version: int) -> Profile:
    """Return a level of Pod Security at a minor version."""
    return open_profile(f"pss/{level}", f"1.{version}")


@cache
def admission(level: str, version: int) -> Admission:
    """Return a level of Pod Security at a minor version, ready to judge."""
    return Admission(Union((profile(level, version),)))


def turns(table: Table, case: Case) -> list[int]:
    """Return the versions to judge a case at: its ends, and those where others of its table end."""
    ends = {end for row in table.cases for end in (row.since, row.until)}
    return sorted(end for end in ends if case.since <= end <= case.until)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.rule)
def test_rule_judges_as_upstream_says(table: Table) -> None:
    """Each pod of a table is admitted, or refused by just the rule that the table is of."""
    for case in table.cases:
        expected = set() if case.allowed else {table.rule}
        for place, pod in case.pods():
            for level in case.levels:
                for version in range(case.since, case.until + 1):
                    decision = admission(level, version).admit(Request(pod, namespace="x"))
                    found = {violation.rule for violation in decision.violations}
                    said = (table.file, case.source, level, version, place, case.changes)
                    assert (found, decision.allowed) == (expected, case.allowed), said


@pytest.mark.parametrize("level", BOTH)
def test_good_pod_is_good_everywhere(level: str) -> None:
    """The pod that every case changes is admitted at every version."""
    for version in range(NEWEST + 1):
        for ephemeral in (False, True):
            request = Request(good(ephemeral=ephemeral), namespace="x")
            decision = admission(level, version).admit(request)
            assert decision.violations == (), version


def test_every_rule_has_its_table() -> None:
    """There is one table a rule of Pod Security, in whatever order."""
    rules = {
        rule.id for level in BOTH for n in range(NEWEST + 1) for rule in profile(level, n).rules
    }
    assert sorted(table.rule for table in TABLES) == sorted(rules)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.rule)
def test_table_is_whole(table: Table) -> None:
    """A table has cases enough: allowed, refused and unset, at both ends of what it judges."""
    assert len(table.cases) >= FEWEST
    assert any(case.allowed and not case.unset for case in table.cases)
    assert any(not case.allowed for case in table.cases)
    assert any(case.unset for case in table.cases)
    assert all(0 <= case.since <= case.until <= NEWEST for case in table.cases)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.rule)
def test_table_speaks_of_every_version(table: Table) -> None:
    """At each minor version, each level that has the rule, some case refuses."""
    for level in BOTH:
        for version in range(NEWEST + 1):
            if any(rule.id == table.rule for rule in profile(level, version).rules):
                assert any(
                    not case.allowed
                    and level in case.levels
                    and case.since <= version <= case.until
                    for case in table.cases
                ), (level, version)
