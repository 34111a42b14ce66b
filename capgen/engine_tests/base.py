"""What a format of tests is given, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from capgen.policy.defaults import defaulted
from capgen.policy.pod import mapping
from capgen.policy.workload import pod_of
from capgen.targets.base import Artefact, Status, object_name
from capgen.targets.cel.shapes import CONTROLLERS, PODS
from capgen.targets.yaml_text import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from capgen.compiler.compiled import Compiled
    from capgen.policy.pod import Mapping
    from capgen.policy.profile import Profile
    from capgen.targets.base import Cell

    from .cases import Cases
    from .making import Case

NAMESPACE = "namespace.yaml"
_SETS = "what the profile sets is not tested: each case is judged alike before and after"


@dataclass(frozen=True, slots=True)
class Given:
    """What tests are made of.

    Attributes:
        compiled: what the target makes of the profile.
        cases: what the profile is tested by.
    """

    compiled: Compiled
    cases: Cases

    @property
    def profile(self) -> Profile:
        """The profile."""
        return self.compiled.one

    @property
    def listed(self) -> list[Case]:
        """The cases, save those of rules that the target does not say exactly."""
        exact = {rule for rule, cell in self.compiled.cells.items() if _says(cell)}
        return [each for each in self.cases.listed if {each.rule, *each.broken} - {""} <= exact]

    @property
    def not_exact(self) -> list[str]:
        """What is to be said of the rules that are left out, and of what is set."""
        cells = self.compiled.cells.items()
        sets = [_SETS] if self.profile.mutate else []
        return sets + [
            f"`{rule}` is not tested: {cell.status.value}: {cell.note}"
            for rule, cell in cells
            if not _says(cell)
        ]

    def not_alone(self, shown: Sequence[Case], why: str) -> list[str]:
        """Return what is to be said of the rules that no case breaks and nothing else."""
        alone = {each.rule for each in shown if each.broken == (each.rule,)}
        cells = self.compiled.cells.items()
        return [f"`{rule}`: {why}" for rule, cell in cells if _says(cell) and rule not in alone]

    def policy_of(self, case: Case) -> str:
        """Return the name of the object that judges a case, where each occasion has its own."""
        request = case.request
        shape = next(
            each
            for each in (*PODS, *CONTROLLERS)
            if each.path == request.workload.path and each.ephemeral == bool(request.subresource)
        )
        return object_name(self.profile.name, shape.part)

    def objects(self) -> dict[str, Artefact]:
        """Return what the target writes for a cluster, by `Kind/name`."""
        return {each.object: each for each in self.compiled.artefacts if each.object}

    def served(self, case: Case) -> Mapping:
        """Return a case's object as the API server hands it to an engine, which is offline here."""
        request = case.request
        pod = mapping(pod_of(request.workload, request.object))
        if request.old_object is not None:
            return request.object
        template = bool(request.workload.path)
        made = defaulted(pod, self.profile.minors, template=template)
        return _at(request.object, request.workload.path, made)

    def namespace(self) -> Artefact:
        """Return the namespace that the cases are in."""
        place = self.cases.place
        labels = {"labels": place.labels} if place.labels else {}
        metadata = {"name": place.name, **labels}
        return Artefact(
            NAMESPACE, dump({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        )


class Suite(NamedTuple):
    """The tests of one target of one profile.

    Attributes:
        artefacts: their files, without the page for people; none: nothing can be tested.
        reported: how many cases the engine's command reports.
        shown: what they show, for people: the file, what it is about, what is expected.
        untested: what they do not show, and why: sentences without a full stop.
    """

    artefacts: tuple[Artefact, ...]
    reported: int
    shown: tuple[tuple[str, str, str], ...]
    untested: tuple[str, ...]


class Format(NamedTuple):
    """The format in which an engine is given tests.

    Attributes:
        target: the target whose artefacts it tests.
        command: what runs the tests, in the folder.
        about: what the tests need, and what they do: Markdown, a paragraph.
        tests: makes them.
    """

    target: str
    command: str
    about: str
    tests: Callable[[Given], Suite]


def expected(case: Case) -> str:
    """Say what is expected of a case."""
    if case.broken:
        return f"refused: {', '.join(f'`{rule}`' for rule in case.broken)}"
    return "admitted" if case.matched else "not judged"


def _says(cell: Cell) -> bool:
    """Tell whether a rule is said exactly, were it not for values that are not set."""
    return (cell.judged or cell).status is Status.EXACT


def _at(value: Mapping, path: tuple[str | int, ...], inner: Mapping) -> Mapping:
    """Return a copy of an object with another one at a path."""
    if not path:
        return inner
    step, *rest = path
    return {**value, str(step): _at(value[str(step)], tuple(rest), inner)}
