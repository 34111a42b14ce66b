"""What kubectl's own library made of awkward texts, recorded, against the reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.reader.kubectl import Judged, difference, recording

VERSIONS, CASES = recording()
GO_MOD = Path(__file__).parents[1] / "engines" / "go" / "yaml" / "go.mod"


@pytest.mark.parametrize("text", CASES)
def test_reads_as_kubectl(text: str) -> None:
    """Every recorded text is read as kubectl reads it, but for the listed reasons."""
    assert difference(text, CASES[text]) is None


def test_recording_is_large() -> None:
    """A truncated recording fails."""
    assert len(CASES) >= 600


def test_recording_is_of_the_pinned_modules() -> None:
    """A changed go.mod makes the recording stale."""
    pinned = dict(
        re.findall(r"^(?:require)?\s*([\w./-]+\.[\w./-]+) (v\S+)", GO_MOD.read_text(), re.MULTILINE)
    )
    assert {module: pinned[module] for module in VERSIONS} == VERSIONS
    assert {"sigs.k8s.io/yaml", "go.yaml.in/yaml/v2", "k8s.io/apimachinery"} <= set(VERSIONS)


@pytest.mark.parametrize(
    ("text", "values", "error"),
    [
        ("v: yes", ['{"v":"yes"}'], None),
        ("v: 1", ['{"v":true}'], None),
        ("v: 1e3", ['{"v":1000.5}'], None),
        ("v: 1", ['{"v":1}'], "broken"),
        ("v: 1", [], None),
        ("v: [", ['{"v":1}'], None),
        ("v: 1\n---\nv: [", ['{"v":2}'], "broken"),
    ],
)
def test_comparison_can_fail(text: str, values: list[str], error: str | None) -> None:
    """A wrong value, type, document or refusal is a difference."""
    assert difference(text, Judged(tuple(values), error)) is not None
