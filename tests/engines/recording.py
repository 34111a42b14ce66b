"""Verdicts of an engine on witnesses, kept in `tests/verdicts/` so that the tests need no engine.

A recording is keyed by the witness's name and by its content: one that has changed has no verdict.
`CAPGEN_RECORD=1` writes the recordings anew; otherwise a recording that differs from what the
engine says now is a difference like any other.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from capgen.policy.admit import Request
    from tests.engines.agreement import Word

FOLDER: Final = Path(__file__).parent.parent / "verdicts"
ADMITTED: Final = "admitted"
# The API's own validation refuses the pod before any policy is asked.
INVALID: Final = "invalid"
_DIGEST: Final = 12


def key(name: str, request: Request) -> str:
    """Return the key of a witness: its name and a hash of what is asked."""
    content = [request.operation.value, request.subresource, request.object, request.old_object]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"{name}@{hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]}"


def said(word: Word | None) -> str:
    """Write a verdict: the rules that are broken, `admitted`, or `invalid` where there is none."""
    if word is None:
        return INVALID
    return ADMITTED if word.allowed else " ".join(sorted(word.rules))


def load(name: str) -> dict[str, str]:
    """Return the verdicts of a recording, by key; none where there is no recording."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        return {}
    verdicts: dict[str, str] = json.loads(path.read_text("utf-8"))["verdicts"]
    return verdicts


def settle(name: str, engine: str, verdicts: dict[str, str]) -> list[tuple[str, str, str]]:
    """Write the recording if that is asked for, and return where it differs from the verdicts.

    Returns:
        For each difference its key, the recorded verdict and the engine's.
    """
    if os.environ.get("CAPGEN_RECORD"):
        FOLDER.mkdir(exist_ok=True)
        whole = {"engine": engine, "verdicts": dict(sorted(verdicts.items()))}
        (FOLDER / f"{name}.json").write_text(json.dumps(whole, indent=0) + "\n", "utf-8")
    recorded = load(name)
    return [
        (each, recorded.get(each, "not recorded"), verdicts.get(each, "no such witness"))
        for each in sorted(recorded.keys() | verdicts.keys())
        if recorded.get(each) != verdicts.get(each)
    ]
