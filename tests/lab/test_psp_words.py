"""What the words of an API server with PodSecurityPolicy mean."""

from __future__ import annotations

import pytest

from tests.engines.psp.words import Refused, refused

_HEAD = 'pods "judged" is forbidden: PodSecurityPolicy: '


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            _HEAD + "unable to admit pod: [spec.hostPID: Invalid value: true: no]",
            Refused("psp", "spec.hostPID: Invalid value: true: no"),
        ),
        (_HEAD + "unable to admit pod: []", Refused("errored", "")),
        (_HEAD + "unable to validate pod: []", Refused("psp", "")),
        (
            _HEAD + "no providers available to validate pod request",
            Refused("errored", ""),
        ),
        ('pods "judged" is forbidden: violates PodSecurity "baseline:v1.24": hostPID', None),
        ('Pod "judged" is invalid: spec.nodeName: ' + _HEAD + "unable to admit pod: []", None),
    ],
)
def test_denials_are_told_from_policies_that_nobody_may_use(
    message: str, expected: Refused | None
) -> None:
    """A new pod is denied for reasons, an update even without; the rest was never judged."""
    assert refused(message) == expected
