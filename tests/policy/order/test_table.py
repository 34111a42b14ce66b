"""The order against a table of pairs, written by hand."""

from __future__ import annotations

import re
import textwrap
from functools import cache
from typing import Any

import pytest

from capgen.policy.admit import Admission, Request
from capgen.policy.order import Answer, Proven, Refuted, at_least_as_strict
from capgen.policy.profile import Profile, Union
from tests.pods import DROP, steps
from tests.policy.made import profile
from tests.policy.order.table import PROVEN, TABLE, Holds, Row

ROWS = [
    pytest.param(row, forward, id=f"{name}-{place}-{'forth' if forward else 'back'}")
    for name, rows in TABLE.items()
    for place, row in enumerate(rows)
    for forward in (True, False)
]


@cache
def made(text: str) -> Profile:
    """Return the profile of a side: its rules, at 1.36 or at the version that it begins with."""
    found = re.match(r"([-.0-9]+): (?=\w+: )", text)
    version = found[1] if found else "1.36"
    rules = textwrap.indent(text[found.end() :] if found else text, "  ").strip()
    body = f"rules:\n  {rules}" if rules else "rules: {}"
    return profile(f'kubernetes: "{version}"\nenforceOn: [pods, controllers]\n{body}')


def stands(request: Request, way: str) -> object:
    """Return what stands in a request's object, DROP for nothing."""
    node: Any = request.object
    for step in steps(way):
        if isinstance(step, int):
            node = node[step] if isinstance(node, list) and step < len(node) else DROP
        else:
            node = node.get(step, DROP) if isinstance(node, dict) else DROP
    return node


def check(answer: Answer, expected: Holds, strict: Profile, loose: Profile) -> None:
    """Check an answer, and what refutes."""
    if expected is PROVEN:
        assert answer == Proven()
        return
    assert isinstance(answer, Refuted)
    found = {way: stands(answer.request, way) for way in expected}
    assert found == expected
    assert Admission(Union((strict,))).admit(answer.request).allowed
    refusal = Admission(Union((loose,))).admit(answer.request)
    assert not refusal.allowed
    assert answer.violation in refusal.violations
    assert answer.rule == answer.violation.rule


@pytest.mark.parametrize(("row", "forward"), ROWS)
def test_pair(row: Row, forward: bool) -> None:
    """A pair is answered as the table says, with a request that the interpreter judges so."""
    left, right = made(row.left), made(row.right)
    strict, loose = (left, right) if forward else (right, left)
    expected = row.forth if forward else row.back
    check(at_least_as_strict(Union((strict,)), Union((loose,))), expected, strict, loose)
