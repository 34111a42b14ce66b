"""What the words of the API server's own admission policies mean."""

from __future__ import annotations

import pytest

from tests.engines.rest import classify

_VALIDATES = "pods \"judged\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied"
_MUTATES = "policy 'p' with binding 'b' denied request: "


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (422, f"{_VALIDATES} request: no", ("policy", "p", "b", "no")),
        (
            422,
            f"{_VALIDATES} request: expression 'x' resulted in error: no such key: x",
            ("errored", "p", "b", "expression 'x' resulted in error: no such key: x"),
        ),
        (
            422,
            "pods \"judged\" is forbidden: ValidatingAdmissionPolicy 'p' denied request: no params",
            ("errored", "p", "", "no params"),
        ),
        (
            403,
            f"{_MUTATES}error applying patch: x",
            ("errored", "p", "b", "error applying patch: x"),
        ),
        (500, "Internal error occurred: json: cannot unmarshal string", ("errored", "", "", "")),
        (
            500,
            'Internal error occurred: strict decoding error: unknown field "spec.x"',
            ("errored", "", "", ""),
        ),
        # What a policy says of another is its own word.
        (
            422,
            f"{_VALIDATES} request: {_MUTATES}no",
            ("policy", "p", "b", f"{_MUTATES}no"),
        ),
    ],
)
def test_a_denial_is_told_from_a_policy_that_fails(
    code: int, message: str, expected: tuple[str, str, str, str]
) -> None:
    """Only a ValidatingAdmissionPolicy denies; a mutating one can but fail."""
    answer = classify(code, {"message": message}, (), ())
    assert answer is not None
    assert (answer.outcome, answer.policy, answer.binding, answer.denial) == expected


def test_other_internal_errors_have_no_outcome() -> None:
    """A server that fails is an error of the laboratory."""
    assert classify(500, {"message": "Internal error occurred: etcd is away"}, (), ()) is None
