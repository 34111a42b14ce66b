"""The verdicts of a real API server with our policies in it, recorded, on every witness."""

from __future__ import annotations

import pytest

from tests.engines import lab, recording
from tests.engines.agreement import Reference
from tests.engines.judged import judged, recorded

# Of the witnesses of a profile the API itself refuses some, such as a value in the wrong case.
FEWEST = 0.4


@pytest.mark.parametrize("name", judged())
def test_recorded_verdicts(name: str) -> None:
    """The interpreter says of each witness what the API server said: verdict and rules."""
    each = judged()[name]
    verdicts = recording.load(each.recording)
    assert verdicts, f"{each.recording} is not recorded: CAPGEN_RECORD=1 make prove"
    reference = Reference(each.profile())
    seen, wrong = set(), []
    for asked in recorded(reference.profile):
        verdict = verdicts.get(asked.key, "not recorded: record anew")
        seen.add(asked.key)
        ours = recording.said(reference.word(asked.request))
        if verdict not in (recording.INVALID, ours):
            wrong.append((asked.name, ours, verdict))
    assert wrong == []
    assert seen == verdicts.keys(), "verdicts of witnesses that are no more: record anew"
    judged_live = [verdict for verdict in verdicts.values() if verdict != recording.INVALID]
    assert len(judged_live) > FEWEST * len(verdicts)
    assert set(judged_live) > {recording.ADMITTED}


@pytest.mark.parametrize("name", judged())
def test_the_engine_is_the_pinned_one(name: str) -> None:
    """A changed go.mod makes the recordings stale."""
    engine = recording.engine(judged()[name].recording)
    assert engine == f"kube-apiserver {lab.version('kubernetes')}"


def test_no_recording_is_left_over() -> None:
    """Each recording is of a profile that is judged."""
    assert recording.names() == {each.recording for each in judged().values()}
