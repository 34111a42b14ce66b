"""What the words of Pod Security admission mean."""

from __future__ import annotations

import pytest

from tests.engines.cluster.labels_words import Violations, violations
from tests.engines.lab import LabError

_DENIED = 'pods "judged" is forbidden: violates PodSecurity "restricted:v1.24": '


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_DENIED + "host namespaces (hostPID=true)", [("restricted:v1.24", {"hostPID"})]),
        (
            (
                'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true,'
                ' hostIPC=true), privileged (container "a" must not set'
                " securityContext.privileged=true)"
            ),
            [("baseline:latest", {"hostNetwork", "hostIPC", "privileged"})],
        ),
        # What a user wrote stands in quotes, and may look like anything.
        (
            _DENIED + r'hostPath volumes (volume "a), privileged (\"b"), runAsNonRoot != true (pod'
            " must not set securityContext.runAsNonRoot=false)",
            [("restricted:v1.24", {"hostPath", "runAsNonRoot"})],
        ),
        ('metadata.annotations[a]: would violate PodSecurity "a": privileged', []),
        ("", []),
    ],
)
def test_labels_are_told_with_the_rules_that_they_are_against(
    text: str, expected: list[tuple[str, set[str]]]
) -> None:
    """Denials, warnings and annotations name level, version and rules; other texts say nothing."""
    assert violations([text]) == [Violations(at, frozenset(rules)) for at, rules in expected]


@pytest.mark.parametrize(
    "words", ["", "weather (bad)", "privileged (a", "privileged privileged", "privileged, "]
)
def test_unknown_words_are_no_verdict(words: str) -> None:
    """A reason that is not known, or that does not end, is an error of the laboratory."""
    with pytest.raises(LabError, match="unknown words"):
        violations([_DENIED + words])
