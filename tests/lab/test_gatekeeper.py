"""How the words of Gatekeeper and of gator are read."""

from __future__ import annotations

import pytest

from capgen.policy.admit import Operation, Request
from tests.engines.engine import Verdict
from tests.engines.gatekeeper.gator_artefacts import Artefacts
from tests.engines.gatekeeper.gator_runs import documents, verified
from tests.engines.gatekeeper.words import verdict, violations
from tests.engines.lab import LabError
from tests.engines.rest import Answer, Object

_SAID = """\
=== RUN   test
    === RUN   0
    --- PASS: 0	(0.004s)
    === RUN   1
    --- FAIL: 1	(0.012s)
        unexpected number of violations: got 2 violations but want none: got messages [a
b c]
    === RUN   2
    --- PASS: 2	(0.004s)
--- FAIL: test	(0.022s)
FAIL	/x/suite.yaml	0.022s
FAIL
"""


def _template(**target: object) -> Object:
    names = {"names": {"kind": "LabAny"}}
    return {
        "kind": "ConstraintTemplate",
        "metadata": {"name": "labany"},
        "spec": {"crd": {"spec": names}, "targets": [target]},
    }


def _constraint(**spec: object) -> Object:
    return {"kind": "LabAny", "metadata": {"name": "any"}, "spec": spec}


_UPDATE = Request({}, operation=Operation.UPDATE, old_object={})


def test_violations_are_told_apart() -> None:
    """A denial has one for each constraint; a message may go on on the next line."""
    words = "[a] no [b] here\n[c.d] first\nsecond"
    assert violations(words) == [("a", "no [b] here"), ("c.d", "first\nsecond")]


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("privileged", "denied"),
        ("says `resulted in error: `", "denied"),
        ("expression 'object.spec.a == 1' resulted in error: no such key: a", "errored"),
        ("compilation error: undeclared reference", "errored"),
        ("[Implied by x] compilation error: undeclared reference", "errored"),
        ("template:8: eval_conflict_error: functions must not", "errored"),
    ],
)
def test_a_failure_is_no_denial(words: str, outcome: str) -> None:
    """A policy that fails denies; only its words tell."""
    answer = Answer(403, "webhook", denial=f"[c] {words}")
    found = verdict(answer)
    assert found.outcome == outcome
    assert found.policies == {"c"}


def test_a_denial_without_a_violation_is_a_failure() -> None:
    """It is no constraint that speaks."""
    found = verdict(Answer(403, "webhook", message="denied", denial="no namespace"))
    assert found == Verdict("errored", ("denied",))


def test_a_generated_policy_has_the_name_of_its_constraint() -> None:
    """Its binding is called by both."""
    answer = Answer(422, "policy", policy="gatekeeper-a", binding="gatekeeper-a-b-c", denial="no")
    assert verdict(answer) == Verdict("denied", ("no",), frozenset({"b-c"}))


def test_cases_of_a_suite_are_read() -> None:
    """A case that fails says which messages there were, on as many lines as they have."""
    assert verified(_SAID) == {0: None, 1: "a\nb c", 2: None}


def test_a_case_that_is_not_judged_is_an_error() -> None:
    """It must not pass for a denial."""
    said = "    --- FAIL: 0\t(0.1s)\n        reading: no such file\n--- FAIL: test\t(0.1s)\n"
    with pytest.raises(LabError, match="no such file"):
        verified(said)


def test_documents_stand_one_after_another() -> None:
    """Gator puts no line break before the dashes."""
    assert documents('{"a": "---"}---\n{"b": 1}\n') == [{"a": "---"}, {"b": 1}]


@pytest.mark.parametrize(
    ("artefacts", "request_", "expected"),
    [
        ([_template(rego="input.review.object")], _UPDATE, False),
        ([_template(rego="namespaceObject")], _UPDATE, True),
        ([_template(operations=["CREATE"])], _UPDATE, True),
        ([_template(operations=["*"])], _UPDATE, False),
        ([{"kind": "Assign", "spec": {"applyTo": []}}], _UPDATE, True),
        ([{"kind": "Assign", "spec": {"applyTo": []}}], Request({}), False),
        ([{"kind": "Assign", "spec": {"match": {"name": "a"}}}], Request({}), True),
    ],
)
def test_what_gator_does_not_see(
    artefacts: list[Object], request_: Request, expected: bool
) -> None:
    """It says so, and judges nothing that the webhook would judge otherwise."""
    assert Artefacts(artefacts).unseen(request_) is expected


@pytest.mark.parametrize(
    "spec",
    [
        {"enforcementAction": "Deny"},
        {
            "enforcementAction": "scoped",
            "scopedEnforcementActions": [
                {"action": "deny", "enforcementPoints": [{"name": "audit.gatekeeper.sh"}]}
            ],
        },
    ],
)
def test_a_constraint_that_gator_would_ignore_is_refused(spec: Object) -> None:
    """It would admit everything in silence."""
    with pytest.raises(LabError, match="LabAny any"):
        Artefacts([_template(), _constraint(**spec)])


@pytest.mark.parametrize(
    ("warning", "messages"),
    [
        ("[a] no", ("no",)),
        (
            "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p-b': no",
            ("no",),
        ),
        ('would violate PodSecurity "restricted:latest"', ()),
    ],
)
def test_who_only_warns_admits(warning: str, messages: tuple[str, ...]) -> None:
    """Warnings of others are not Gatekeeper's."""
    answer = Answer(201, "admitted", warnings=(warning,))
    assert verdict(answer) == Verdict("admitted", messages)
