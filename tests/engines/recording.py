"""Verdicts of an engine on witnesses, kept in `tests/verdicts/` so that the tests need no engine.

A recording is keyed by the content of what is asked, so a witness that has changed has no verdict.
`CAPGEN_RECORD=1` writes the recordings anew; otherwise a recording that differs from what the
engine says now is a difference like any other.
"""

from __future__ import annotations

import hashlib
import json
import os
import textwrap
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from capgen.policy.admit import Request
    from tests.engines.agreement import Word

FOLDER: Final = Path(__file__).parent.parent / "verdicts"
ADMITTED: Final = "admitted"
# The API's own validation refuses the request before any policy is asked.
INVALID: Final = "invalid"
_DIGEST: Final = 10
_WIDTH: Final = 98


def key(request: Request) -> str:
    """Return the key of a request: some hexadecimal digits that its content decides."""
    kind, operation = request.workload.kind, request.operation.value
    content = [kind, operation, request.subresource, request.object, request.old_object]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]


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
    groups: dict[str, list[str]] = json.loads(path.read_text("utf-8"))["verdicts"]
    return {
        each: verdict
        for verdict, lines in groups.items()
        for line in lines
        for each in line.split()
    }


def engine(name: str) -> str:
    """Return the engine that gave the verdicts, with its version; "" where there are none."""
    path = FOLDER / f"{name}.json"
    return str(json.loads(path.read_text("utf-8"))["engine"]) if path.exists() else ""


def names() -> set[str]:
    """Return the name of every recording."""
    return {path.stem for path in FOLDER.glob("*.json")}


def recording() -> bool:
    """Tell whether recordings are to be written anew."""
    return bool(os.environ.get("CAPGEN_RECORD"))


def settle(
    name: str, judge: str, verdicts: Mapping[str, str], left_out: Collection[str] = ()
) -> list[tuple[str, str, str]]:
    """Write the recording if that is asked for, and return where it differs from the verdicts.

    Args:
        name: the recording.
        judge: the engine, with its version.
        verdicts: what it says, by key.
        left_out: keys of what it was not asked this time, of which there must be a verdict.

    Returns:
        For each difference its key, the recorded verdict and the engine's.
    """
    if recording():
        FOLDER.mkdir(exist_ok=True)
        _write(FOLDER / f"{name}.json", judge, verdicts)
    recorded = load(name)
    now = {each: recorded.get(each, "not asked") for each in left_out} | dict(verdicts)
    return [
        (each, recorded.get(each, "not recorded"), now.get(each, "no such witness"))
        for each in sorted(recorded.keys() | now.keys())
        if recorded.get(each) != now.get(each)
    ]


def _write(path: Path, judge: str, verdicts: Mapping[str, str]) -> None:
    """Write the keys by verdict, as many on a line as it holds."""
    groups: dict[str, list[str]] = defaultdict(list)
    for each, verdict in sorted(verdicts.items()):
        groups[verdict].append(each)
    lines = {
        verdict: textwrap.wrap(" ".join(keys), _WIDTH) for verdict, keys in sorted(groups.items())
    }
    whole = {"engine": judge, "verdicts": lines}
    path.write_text(json.dumps(whole, indent=0) + "\n", "utf-8")
