"""How a reading of ours compares with kubectl's, recorded in `scalars.json`.

`python -m tests.engines.yaml_judge --record BINARY` renews the recording; a new case needs only its
text there.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from capgen.reader import Failure, read_bytes

RECORDING = Path(__file__).with_name("scalars.json")

STRICTER = {
    r"^duplicate key": "kubectl takes the last of them, or either",
    r"^unknown tag|on a collection$": "go-yaml ignores tags that it does not know",
    r"^text after the end|while parsing a block node$": "kubectl ignores what follows a root",
    r"^half of a surrogate pair": "Go puts U+FFFD in its place",
    r"^an anchor is defined twice": "PyYAML's composer refuses it; go-yaml takes the last before",
    r"^a byte order mark within": "libyaml drops it, to go-yaml it is text",
    r"while (scanning|parsing) a tag$": "go-yaml takes what is no tag for one",
    r"^number `.*` is out of range": "in a JSON list it is text to kubectl, which reads YAML there",
    r"^found unexpected ':'": "go-yaml takes the colon of `{a:}` for text",
    r"^a tab:": "kubectl drops the blanks before what it took for JSON, and then reads YAML",
    r"while scanning a block scalar$": "kubectl ignores what follows a root",
}
"""What is refused though kubectl reads it: our message, and why."""

IGNORED = re.compile(r"^\.\.\.", re.MULTILINE)
"""kubectl parses nothing behind `...`, so what is wrong there is wrong to us alone."""

LAXER = {
    (r"", r"unknown escape character"): r"`\/` is an escape since YAML 1.2",
    (r"\?", r"did not find expected ',' or '[]}]'"): "`[a?b]` is text since YAML 1.2",
    (r"^\s*\{", r"^json: |^invalid character"): "a comment, or a `---`, after several JSON values",
}
"""What is read though kubectl refuses it: patterns in the text and in its error, and why.

Nothing is lost by these: the values are the ones written, and the API server never gets them.
"""

MORE = re.compile(r"^---[ \t]*\n\s*\{", re.MULTILINE)
"""Behind a separator kubectl takes JSON for YAML and reads the first of several values only."""


@dataclass(frozen=True, slots=True)
class Judged:
    """kubectl's reading: the documents as JSON texts, and the error that it stopped at."""

    values: tuple[str, ...]
    error: str | None


def recording() -> tuple[dict[str, str], dict[str, Judged]]:
    """Return the versions of the modules that judged, and what they made of each text."""
    found = json.loads(RECORDING.read_text("utf-8"))
    cases = {text: Judged(tuple(values), error) for text, values, error in found["cases"]}
    return found["versions"], cases


def _int(text: str) -> int | float:
    # An integer beyond int64 is a float to Go, which prints it without an exponent.
    number = int(text)
    return number if -(1 << 63) <= number < 1 << 63 else float(number)


def _exact(value: object) -> str:
    """Return a text that is equal only for equal values of equal types: `True` is not `1`."""
    return json.dumps(value, sort_keys=True)


def difference(text: str, judged: Judged) -> str | None:
    """Return in what our reading of a text differs from kubectl's without a listed reason."""
    ours, message = [], None
    for item in read_bytes(text.encode(), "-"):
        if isinstance(item, Failure):
            message = item.error.message
            break  # as kubectl does
        if item.value is not None:  # kubectl passes over these
            ours.append(_exact(item.value))
    theirs = [_exact(json.loads(value, parse_int=_int)) for value in judged.values]
    shared = min(len(ours), len(theirs))
    if message is None and judged.error is None:
        more = len(ours) > shared and MORE.search(text) is not None
        ours = ours[:shared] if more else ours
        return None if ours == theirs else f"read {ours}, kubectl {theirs}"
    if ours[:shared] != theirs[:shared]:
        return f"before the error read {ours}, kubectl {theirs}"
    if message is None:
        known = any(
            re.search(pattern, text) and re.search(error, judged.error or "")
            for pattern, error in LAXER
        )
        return None if known else f"read {ours}, kubectl refuses: {judged.error}"
    if judged.error is None and IGNORED.search(text) is None:
        known = any(re.search(pattern, message) for pattern in STRICTER)
        return None if known else f"refused ({message}), kubectl {theirs}"
    return None
