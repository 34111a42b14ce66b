"""The library that kubectl reads manifests with, as a judge of the reader.

`python -m tests.engines.yaml_judge [--record] BINARY` prints what differs; with `--record` it first
renews the recorded verdicts.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tests.engines.proving import Difference
from tests.reader.kubectl import RECORDING, Judged, difference, recording

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEED = 20_240_229
RANDOM = 6000
_SCALAR = "0123456789+-._eExXoObBnNyYtTfFaul~:<>"
_NUMBER = "0123456789+-._eExob"
_TEXT = _SCALAR + " '\"\n\t#&*!|%@`é{}[],?"
_FRAGMENTS = (
    *"[]{}'\"\\#%@`é1_0|\t~\n",
    *("a", "b: ", "- ", "? ", ": ", ", ", " #", "&x ", "*x", "!!str ", "!!int ", "! ", "!f ", "> "),
    *("|-", "\n  ", "\n    ", "\n- ", "\n---\n", "\n...\n", "0x1F", "yes", "<<: ", "<<", "k: v\n"),
    *('{"a": 1}', "-1", "1e3", ".5", "a: &x {k: 1}\n", "*x\n", "\r\n", "\ufeff", "\n#c\n", "''"),
    *('""', "x y", "- - ", "a:\n", "null", "k: 2\n", "\u2028", "  "),
)


class _Texts:
    """Random texts; equal seeds give equal texts."""

    def __init__(self, seed: int, known: Sequence[str]) -> None:
        self._random = random.Random(seed)
        self._known = known

    def __call__(self) -> str:
        make: Callable[[], str] = self._random.choice(
            (self._fragments, self._scalar, self._number, self._dump, self._mutant, self._mutant)
        )
        return make()

    def _some(self, alphabet: Sequence[str], least: int, most: int) -> str:
        return "".join(self._random.choices(alphabet, k=self._random.randint(least, most)))

    def _fragments(self) -> str:
        return self._some(_FRAGMENTS, 1, 12)

    def _scalar(self) -> str:
        return f"v: {self._some(_SCALAR, 1, 6)}\n"

    def _number(self) -> str:
        return f"v: {self._some(_NUMBER, 1, 9)}\n"

    def _value(self, depth: int = 0) -> object:
        pick = self._random.random()
        if depth > 3 or pick < 0.5:
            leaves = (
                None,
                self._random.random() < 0.5,
                self._random.randint(-5, 5),
                self._random.randint(-(2**66), 2**66),
                self._random.random() * 10.0 ** self._random.randint(-30, 30),
                self._some(_TEXT, 0, 12),
                self._random.choice(("yes", "1e3", "0777", "null", "~", "<<", "-", "")),
            )
            return self._random.choice(leaves)
        size = self._random.randint(0, 4)
        if pick < 0.75:
            return [self._value(depth + 1) for _ in range(size)]
        return {self._some(_SCALAR + " #", 0, 6): self._value(depth + 1) for _ in range(size)}

    def _dump(self) -> str:
        pick = self._random.choice
        value = self._value()
        if self._random.random() < 0.3:
            return json.dumps(value, ensure_ascii=pick((True, False)), indent=pick((None, 2)))
        return yaml.safe_dump(
            value,
            default_flow_style=pick((None, True, False)),
            default_style=pick((None, None, "'", '"', "|", ">")),
            allow_unicode=pick((True, False)),
            width=pick((10, 80)),
            indent=pick((2, 4)),
        )

    def _mutant(self) -> str:
        text = self._dump() if self._random.random() < 0.5 else self._random.choice(self._known)
        for _ in range(self._random.randint(1, 3)):
            at = self._random.randint(0, len(text))
            end = self._random.randint(at, min(len(text), at + 10))
            new = self._random.choice(("", *_FRAGMENTS, *_FRAGMENTS, text[at:end] * 2))
            text = text[:at] + new + text[end if self._random.random() < 0.3 else at :]
        return text


def judge(binary: Path, texts: Sequence[str]) -> list[Judged]:
    """Return kubectl's reading of each text.

    Raises:
        CalledProcessError: the judge fails.
    """
    done = subprocess.run(
        [binary], input=json.dumps(texts), capture_output=True, encoding="utf-8", check=True
    )
    # Not splitlines: it splits at more than the ends of lines.
    answers = [json.loads(line) for line in done.stdout.split("\n") if line]
    return [Judged(tuple(answer["values"]), answer["error"]) for answer in answers]


def versions(binary: Path) -> dict[str, str]:
    """Return the versions of the modules that decide in the judge."""
    done = subprocess.run([binary, "versions"], capture_output=True, encoding="utf-8", check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def record(binary: Path) -> None:
    """Write the judge's verdicts on the recorded texts anew."""
    texts = list(recording()[1])
    judged = judge(binary, texts)
    rows = (
        json.dumps([text, verdict.values, verdict.error])
        for text, verdict in zip(texts, judged, strict=True)
    )
    body = ",\n".join(rows)
    head = json.dumps(versions(binary), sort_keys=True)
    RECORDING.write_text(f'{{"versions": {head},\n"cases": [\n{body}\n]}}\n', "utf-8")


def prove(binary: Path) -> tuple[int, tuple[Difference, ...]]:
    """Compare the recording, and the reader on random documents, with the judge.

    Returns:
        The number of cases, and those that differ: stale verdicts too.
    """
    recorded_versions, recorded = recording()
    known = list(recorded)
    make = _Texts(SEED, known)
    texts = [*known, *(make() for _ in range(RANDOM))]
    differing = []
    if recorded_versions != (now := versions(binary)):
        differing.append(Difference("versions", str(recorded_versions), str(now)))
    for text, judged in zip(texts, judge(binary, texts), strict=True):
        if recorded.get(text, judged) != judged:
            differing.append(Difference(text, f"recorded {recorded[text]}", str(judged)))
        elif (found := difference(text, judged)) is not None:
            differing.append(Difference(text, "kubectl's reading", found))
    return len(texts) + 1, tuple(differing)


def main() -> int:
    """Run `prove`, print what differs, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("binary", type=Path)
    options = parser.parse_args()
    if options.record:
        record(options.binary)
    cases, differing = prove(options.binary)
    for each in differing:
        print(f"{str(each.request)[:200]!r}: {each.actual[:300]}")
    print(f"{cases} cases, {len(differing)} differing")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
