"""The verdicts of a real API server with our policies in it, recorded, on every witness."""

from __future__ import annotations

import pytest

from capgen.policy.admit import Operation
from capgen.policy.witness import witnesses
from capgen.profile.library import open_profile
from tests.engines import recording
from tests.engines.agreement import Reference

# The minor version of the API server that judged.
MINOR = 36


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_recorded_verdicts(level: str) -> None:
    """The interpreter says of each witness what the API server said: verdict and rules."""
    recorded = recording.load(f"vap-pss-{level}")
    reference = Reference(open_profile(f"pss/{level}", f"1.{MINOR}"))
    judged = 0
    for witness in witnesses(reference.profile):
        request = witness.request
        if request.operation is not Operation.CREATE or request.workload.path:
            continue
        verdict = recorded.pop(f"witness {recording.key(witness.name, request)}")
        if verdict != recording.INVALID:
            judged += 1
            assert verdict == recording.said(reference.word(request)), witness.name
    assert not recorded, "verdicts of witnesses that are no more: record anew"
    assert judged >= 300
