"""Where a reading of the Kubernetes API once corrected the interpreter."""

from __future__ import annotations

import pytest

from capgen.policy.admit import Request
from tests.pods import annotation, container, good, tweak
from tests.policy.made import adding, admit, profile, rules_of
from tests.policy.tables.settled import TABLES
from tests.policy.tables.sheets import Sheet
from tests.policy.test_beyond import judge

_ROWS = [
    pytest.param(table.rule, Sheet(sheet.settings, (case,), sheet.apart), id=table.rule)
    for table in TABLES
    for sheet in table.sheets
    for case in sheet.cases
]


@pytest.mark.parametrize(("rule", "sheet"), _ROWS)
def test_settled(rule: str, sheet: Sheet) -> None:
    """The interpreter says what the API does."""
    assert judge(rule, sheet) == []


def test_mount_whose_name_is_no_text() -> None:
    """What names no volume in text is malformed, as the API server could not even read it."""
    made = profile("kubernetes: '1.36'\nrules: {hostPath: {allow: [/data]}}")
    changes = {"spec.containers.0.volumeMounts": [{"name": ["v"], "mountPath": "/x"}]}
    assert rules_of(admit(Request(tweak(good(), changes)), made)) == ["malformed"]


def test_seccomp_annotation_that_a_new_container_inherits() -> None:
    """Up to 1.18 a container without an annotation of its own had its pod's."""
    old = tweak(good(), {annotation("seccomp.security.alpha.kubernetes.io/pod"): "unconfined"})
    made = profile("kubernetes: '1.18'\nrules: {seccompProfile: RuntimeDefault}")
    assert rules_of(admit(adding(old, container("new")), made)) == ["seccompProfile"]
