"""Runs of gator: objects in, violations out."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.engines import lab
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.engines.rest import Object

_REGO: Final = "--enable-k8s-native-validation=false"
_CASE: Final = re.compile(r"^    --- (?P<word>PASS|FAIL): (?P<name>\d+)\t\(.*\)\n", re.MULTILINE)
_COUNTED: Final = re.compile(
    r"\s*unexpected number of violations: got \d+ violations but want none: got messages"
    r" \[(?P<messages>.*)\]\s*$",
    re.DOTALL,
)
# What follows the cases of a test.
_ENDS: Final = re.compile(r"^(---|===|FAIL|PASS|ok)\s|^    === RUN", re.MULTILINE)


class Violation(NamedTuple):
    """One violation.

    Attributes:
        constraint: the name of the constraint.
        message: its message; of an AdmissionReview, all its messages with a space between them.
        denies: the constraint denies, and does not merely warn.
        kind: the constraint's kind; "" where it is not known.
    """

    constraint: str
    message: str
    denies: bool
    kind: str = ""


class Trial(NamedTuple):
    """AdmissionReviews, and the constraint that they are judged by.

    Attributes:
        template: the constraint's template.
        constraint: the constraint.
        reviews: what is asked.
        inventory: what stands in the cluster.
    """

    template: Object
    constraint: Object
    reviews: Sequence[Object]
    inventory: Sequence[Object] = ()


class Runs:
    """gator, with one of its two engines.

    Args:
        native: judge in CEL where a template has it, else in Rego.
    """

    def __init__(self, *, native: bool) -> None:
        """Have it built."""
        self._binary = lab.binary("gator")
        self._flags = [] if native else [_REGO]

    def test(
        self, artefacts: Iterable[Object], objects: Iterable[Object]
    ) -> dict[str, list[Violation]]:
        """Judge objects in bulk, and return their violations by uid.

        Raises:
            LabError: gator does not take one of the artefacts, or of the objects.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = _written(Path(folder) / "input.json", [*artefacts, *objects])
            done = self._run("test", "-f", str(path), "-o", "json", *self._flags)
        if not done.stdout.strip():
            raise LabError(f"gator test: {done.stderr.strip()}")
        found: dict[str, list[Violation]] = {}
        for each in json.loads(done.stdout) or ():
            uid = each["violatingObject"]["metadata"].get("uid", "")
            actions = each.get("scopedActions") or [each["enforcementAction"]]
            name, kind = each["constraint"]["metadata"]["name"], each["constraint"]["kind"]
            violation = Violation(name, each["msg"], "deny" in actions, kind)
            found.setdefault(uid, []).append(violation)
        return found

    def expand(self, objects: Sequence[Object]) -> list[Object]:
        """Return what ExpansionTemplates and mutators make of the objects, in no order.

        Raises:
            LabError: gator does not take one of them.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = _written(Path(folder) / "input.json", objects)
            done = self._run("expand", "-n", str(path), "-f", "json")
        if done.returncode:
            raise LabError(f"gator expand: {done.stderr.strip()}")
        return documents(done.stdout)

    def verify(self, trials: Sequence[Trial]) -> list[list[str | None]]:
        """Judge AdmissionReviews, each by the constraint of its trial, in one run.

        Returns:
            For each trial, for each of its reviews its messages, or None where there is none.

        Raises:
            LabError: gator does not take one of them.
        """
        starts, done = self._suite(trials)
        found = verified(done.stdout)
        # A suite with a mistake in it passes without a word.
        if found.keys() != set(range(starts[-1])):
            raise LabError(f"gator verify: {done.stderr.strip()}\n{done.stdout.strip()}")
        return [[found[number] for number in range(start, end)] for start, end in pairwise(starts)]

    def takes(self, trials: Sequence[Trial]) -> list[bool]:
        """Tell of which trials gator takes the template; each has one review."""
        _, done = self._suite(trials)
        seen = {int(each["name"]) for each in _CASE.finditer(done.stdout)}
        return [number in seen for number in range(len(trials))]

    def _suite(self, trials: Sequence[Trial]) -> tuple[list[int], subprocess.CompletedProcess[str]]:
        """Run a suite; its cases are numbered from trial to trial."""
        starts = list(accumulate((len(each.reviews) for each in trials), initial=0))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            listed = [
                _listed(folder, place, start, each)
                for place, (start, each) in enumerate(zip(starts, trials, strict=False))
            ]
            suite = {"apiVersion": "test.gatekeeper.sh/v1alpha1", "kind": "Suite", "tests": listed}
            path = _written(folder / "suite.yaml", [suite])
            return starts, self._run("verify", "--verbose", str(path), *self._flags)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Its input would be judged as well, and waited for.
        return subprocess.run(
            [str(self._binary), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def _listed(folder: Path, place: int, start: int, trial: Trial) -> Object:
    """Write the files of a trial, and return its entry in a suite; its cases count from a start."""
    stem = f"test-{place}"
    _written(folder / f"{stem}-template.json", [trial.template])
    _written(folder / f"{stem}-constraint.json", [trial.constraint])
    stock = [
        _written(folder / f"{stem}-inventory-{number}.json", [each]).name
        for number, each in enumerate(trial.inventory)
    ]
    cases = []
    for number, review in enumerate(trial.reviews, start):
        path = _written(folder / f"review-{number}.json", [review])
        case = {"name": str(number), "object": path.name, "inventory": stock}
        cases.append(case | {"assertions": [{"violations": "no"}]})
    return {
        "name": stem,
        "template": f"{stem}-template.json",
        "constraint": f"{stem}-constraint.json",
        "cases": cases,
    }


def verified(said: str) -> dict[int, str | None]:
    """Return the messages of each case, by its number; None where it has none.

    Raises:
        LabError: a case could not be judged.
    """
    found: dict[int, str | None] = {}
    for each in _CASE.finditer(said):
        number = int(each["name"])
        if each["word"] == "PASS":
            found[number] = None
            continue
        end = _ENDS.search(said, each.end())
        text = said[each.end() : end.start() if end else None]
        counted = _COUNTED.match(text)
        if counted is None:
            raise LabError(f"gator verify: {text.strip()}")
        found[number] = counted["messages"]
    return found


def _written(path: Path, objects: Iterable[Object]) -> Path:
    """Write objects as JSON, which unlike YAML says of every value what it is."""
    path.write_text("\n---\n".join(map(json.dumps, objects)), "utf-8")
    return path


def documents(text: str) -> list[Any]:
    """Return the JSON documents of a text, which stand between `---`."""
    decoder = json.JSONDecoder()
    found = []
    at = 0
    while at < len(text):
        if text[at] in "-\n ":
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found
