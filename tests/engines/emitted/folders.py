"""The tests that capgen writes for the engines' own command lines, in a folder, and broken ones."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from capgen.engine_tests import run
from capgen.engine_tests.cases import chosen
from capgen.profile.library import open_profile
from tests.engines.judged import MINOR
from tests.engines.lab import LabError
from tests.engines.proving import Difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from capgen.engine_tests.making import Case
    from capgen.policy.profile import Profile

# Exemptions, namespaces by name and by labels, labels of pods, controllers; and it only warns.
_ODD: Final = """\
apiVersion: capgen/v1
kind: Profile
metadata: {name: odd, description: "odd: {{ `x` }} and $(y), 'quoted'"}
spec:
  kubernetes: "1.36"
  enforceOn: [pods, controllers]
  enforcement: warn
  match:
    namespaces: {include: ["lab-odd-*"], exclude: [lab-odd-b]}
    namespaceSelector:
      matchLabels: {team: web}
      matchExpressions: [{key: tier, operator: Exists}, {key: old, operator: DoesNotExist}]
    podSelector:
      matchExpressions:
        - {key: legacy, operator: DoesNotExist}
        - {key: app, operator: In, values: [a, b]}
  rules:
    privileged: false
    runAsUser: {ranges: [10000-60000], unset: refuse}
    hostPID: false
    volumes: {allow: [emptyDir, configMap, hostPath]}
    hostPath: {allow: [{prefix: /var/log}]}
  exempt:
    - images: ["registry.example.com/istio/proxyv2:*"]
      containers: [istio-proxy]
      rules: [runAsUser]
      reason: it is injected
      until: 2099-12-31
"""
ODD: Final = "./odd.yaml"
_FEW: Final = "./few.yaml"
# What stands in a file.
_FILES: Final = {ODD: _ODD, _FEW: _ODD.replace("warn", "deny").replace("name: odd", "name: few")}
# The profiles whose tests the command lines of Kyverno and of Gatekeeper run.
SOURCES: Final = ("pss/restricted", ODD)
# Of a profile's rules the first, the third, and so on, and the others.
ODD_ONES: Final = slice(0, None, 2)
EVEN_ONES: Final = slice(1, None, 2)
# By their sources, the cases of the profiles that were asked for: to make them takes a second.
_CASES: Final[dict[str, dict[str, Case]]] = {}


class Said(NamedTuple):
    """What an engine's command said of the tests.

    Attributes:
        passed: the names of the cases that are as expected; a name counts as often as it is said.
        failed: of those that are not.
        reported: how many cases the command says that it had; None where it does not count.
        passes: it ended as if all was well.
        suspicious: what else it said that must not be.
    """

    passed: tuple[str, ...]
    failed: tuple[str, ...]
    reported: int | None
    passes: bool
    suspicious: str = ""


class Command(NamedTuple):
    """How the tests of a target are run.

    Attributes:
        target: the target.
        sources: the profiles whose tests are run: names of the library, or files.
        run: runs those in a folder.
        written: returns how often each case is to be said, by what stands in the files.
        spoil: takes rules out of the policies in a folder.
        lost: which rules are taken out, time after time: by default each of them once, with others.
    """

    target: str
    sources: Sequence[str]
    run: Callable[[Folder], Said]
    written: Callable[[Path], Counter[str]]
    spoil: Callable[[Path, frozenset[str]], None]
    lost: tuple[slice, ...] = (ODD_ONES, EVEN_ONES)


class Folder:
    """The tests of one target of one profile; a context manager.

    Attributes:
        path: where they are.
        profile: the profile.
        cases: what they are made of, by name.
        lost: the rules that the policies no longer have: their cases, and no others, fail.
    """

    def __init__(self, source: str, target: str) -> None:
        """Name the profile and the target."""
        self._source, self._target = source, target
        self.path = Path()
        self.lost: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="capgen-lab-")))
            name = self._source
            if text := _FILES.get(name):
                name = str(folder / name)
                Path(name).write_text(text, "utf-8")
            with contextlib.redirect_stderr(io.StringIO()) as said:
                code = run.run([name], [self._target], str(folder), f"1.{MINOR}", None)
            found = [*folder.glob(f"*/{self._target}-test")]
            if code or len(found) != 1:
                raise LabError(f"no tests of {self._target} for {self._source}: {said.getvalue()}")
            (self.path,) = found
            self.profile = open_profile(name, f"1.{MINOR}")
            if self._source not in _CASES:
                _CASES[self._source] = _cases(self.profile)
            self.cases = _CASES[self._source]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def differences(self, said: Said, expected: Counter[str]) -> Iterator[Difference]:
        """Yield where an engine says something else than what stands in the files.

        Args:
            said: what it says.
            expected: how often it must say each case.
        """
        about = [self._source, self._target, sorted(self.lost)]
        found = Counter((*said.passed, *said.failed))
        if found != expected:
            yield Difference(about, f"{expected - found}", f"{found - expected}")
        if said.reported not in (None, expected.total()):
            yield Difference(about, f"{expected.total()} cases", f"{said.reported} cases")
        if said.suspicious:
            yield Difference(about, "nothing suspicious", said.suspicious)
        failing = {name for name in expected if set(self.cases[name].broken[:1]) & self.lost}
        if self.lost and not failing:
            yield Difference(about, "cases that fail", "none")
        if set(said.failed) != failing:
            yield Difference(about, f"failing: {sorted(failing)}", f"{sorted(set(said.failed))}")
        if said.passes != (not failing):
            yield Difference(about, f"passes: {not failing}", f"passes: {said.passes}")


def proved(command: Command) -> tuple[int, list[Difference]]:
    """Run all tests of a target, then some by policies that have lost rules; count the cases."""
    cases, differences = 0, list[Difference]()

    def ask(source: str, lost: slice | None) -> None:
        nonlocal cases
        with Folder(source, command.target) as folder:
            rules = [rule.id for rule in folder.profile.rules]
            gone = frozenset(rules[lost] if lost else ())
            if gone:
                command.spoil(folder.path, gone)
                folder.lost = gone
            expected = command.written(folder.path)
            cases += expected.total()
            differences.extend(folder.differences(command.run(folder), expected))

    for source in command.sources:
        ask(source, None)
    # Only the cases of a rule that is lost fail.
    for some in command.lost:
        ask(_FEW, some)
    return cases, differences


def lose(folder: Path, expressions: Iterable[str]) -> None:
    """Let expressions of a policy, or of all in a folder, say that all is well.

    Raises:
        LabError: one stands nowhere.
    """
    listed = [folder] if folder.is_file() else folder.rglob("*.yaml")
    files = {file: file.read_text("utf-8") for file in listed}
    for expression in expressions:
        if not any(expression in text for text in files.values()):
            raise LabError(f"`{expression}` stands nowhere in {folder}")
        files = {file: text.replace(expression, "true") for file, text in files.items()}
    for file, text in files.items():
        file.write_text(text, "utf-8")


def _cases(profile: Profile) -> dict[str, Case]:
    made = chosen(profile)
    if made is None:
        raise LabError(f"{profile.name} has no cases")
    return {each.name: each for each in made.listed}
