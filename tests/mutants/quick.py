"""A look at every table, short enough to be the first thing that every mutant meets."""

from __future__ import annotations

from capgen.policy.admit import Request
from tests.policy.test_tables import TABLES, admission


def test_each_case_once() -> None:
    """One pod of each case has its verdict at the case's last version."""
    for table in TABLES:
        for case in table.cases:
            _, pod = list(case.pods())[-1]
            decision = admission(case.levels[-1], case.until).admit(Request(pod))
            rules = {violation.rule for violation in decision.violations}
            assert rules == (set() if case.allowed else {table.rule})
