"""What the interpreter and a reading of the Kubernetes API do not agree on yet."""

from __future__ import annotations

import pytest

from capgen.policy.admit import Request
from tests.pods import annotation, container, good, tweak
from tests.policy.made import adding, admit, profile, rules_of
from tests.policy.tables.disputed import TABLES
from tests.policy.tables.sheets import Sheet
from tests.policy.test_beyond import judge

_ROWS = [
    pytest.param(table.rule, Sheet(sheet.settings, (case,), sheet.apart), id=table.rule)
    for table in TABLES
    for sheet in table.sheets
    for case in sheet.cases
]


@pytest.mark.xfail(reason="to be decided: see tests/policy/tables/disputed.py")
@pytest.mark.parametrize(("rule", "sheet"), _ROWS)
def test_disputed(rule: str, sheet: Sheet) -> None:
    """A case that begins to hold moves to its rule's table."""
    assert judge(rule, sheet) == []


@pytest.mark.xfail(reason="`name` counts as judged in policy/shape.py, but no rule judges its type")
def test_mount_whose_name_is_no_text() -> None:
    """What names no volume in text is malformed, as the API server could not even read it."""
    made = profile("kubernetes: '1.36'\nrules: {hostPath: {allow: [/data]}}")
    changes = {"spec.containers.0.volumeMounts": [{"name": ["v"], "mountPath": "/x"}]}
    assert rules_of(admit(Request(tweak(good(), changes)), made)) == ["malformed"]


@pytest.mark.xfail(
    reason="a new container's inherited field is judged, its inherited annotation not"
)
def test_seccomp_annotation_that_a_new_container_inherits() -> None:
    """Up to 1.18 a container without an annotation of its own had its pod's."""
    old = tweak(good(), {annotation("seccomp.security.alpha.kubernetes.io/pod"): "unconfined"})
    made = profile("kubernetes: '1.18'\nrules: {seccompProfile: RuntimeDefault}")
    assert rules_of(admit(adding(old, container("new")), made)) == ["seccompProfile"]
