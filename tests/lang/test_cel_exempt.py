"""Exemptions in the emitted CEL, evaluated: it says what the interpreter says, and what it must."""

from __future__ import annotations

import pytest

from capgen.policy.admit import Admission
from capgen.policy.profile import Union
from tests import exempted, exempted_everywhere
from tests.lang.cel_engine import Policies
from tests.lang.test_cel import disagreements
from tests.policy.made import profile
from tests.profiles import EVERY_RULE

ROWS = list(exempted.rows())
# Every so many of what the API server is asked: enough to see a fault in a lowering.
EACH = 5


def test_table() -> None:
    """The interpreter and the policies refuse each row by the rules that it names."""
    made = profile(exempted.SPEC)
    policies, admission = Policies(made), Admission(Union((made,)))
    wrong = []
    for row in ROWS:
        ours = {violation.rule for violation in admission.admit(row.request).violations}
        theirs = {refusal.rule for refusal in policies.refusals(row.request)}
        if not ours == theirs == row.rules:
            wrong.append((row.name, sorted(row.rules), sorted(ours), sorted(theirs)))
    assert wrong == []


def test_names_of_rows() -> None:
    """No two rows have one name."""
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("name", EVERY_RULE)
def test_every_rule_by_image(name: str) -> None:
    """Exempt by their image containers are excused, and judged when they lose it."""
    made = profile(EVERY_RULE[name])
    requests = list(exempted_everywhere.asked_by_image(made))[::EACH]
    assert disagreements(exempted_everywhere.by_image(made), requests) == []


@pytest.mark.parametrize("name", EVERY_RULE)
def test_every_rule_by_name(name: str) -> None:
    """Exempt by their name containers are excused, others are not."""
    made = profile(EVERY_RULE[name])
    requests = list(exempted_everywhere.asked_by_name(made))[::EACH]
    assert disagreements(exempted_everywhere.by_name(made), requests) == []
