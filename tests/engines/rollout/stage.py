"""Where a play is given: a cluster with namespaces and a shell, and what is seen in it."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import yaml

from capgen.compiler import run
from tests.engines.canaries import BAD, GOOD
from tests.engines.lab import LabError
from tests.engines.processes import NotYet, Processes
from tests.engines.rollout.everything import everything, left
from tests.engines.rollout.page import steps
from tests.engines.rollout.plays import ADMITTED, OLD, REFUSED, ROLLED, SET, WARNED
from tests.engines.rollout.shell import Shell, Typed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.engines.apiserver import Cluster
    from tests.engines.cluster.audit import Audit
    from tests.engines.rest import Answer, Object
    from tests.engines.rollout.everything import Everything
    from tests.engines.rollout.plays import Act, Play

# What was done, what is right, and what was seen.
Seen = tuple[object, str, str]

_NOTHING: Final = "nothing"
# Seconds until what was asked for is so. Reports and audits come a while later.
_SOON: Final = 120
_PAUSE: Final = 0.2
# The same where a line is typed again.
_LONGER: Final = 5.0
_OUT: Final = "out"
_DONE: Final = "exit 0"
_FINDERS: Final = ("kubectl diff", "capgen check")


class Stage:
    """A cluster in which one play is given, and a folder in which it is compiled.

    Its namespaces and the bad pods in them stand when it is entered; a context manager.
    """

    def __init__(
        self,
        cluster: Cluster,
        play: Play,
        audit: Audit | None = None,
        cues: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        """Prepare a stage.

        Args:
            cluster: where the target's engine runs.
            play: what is played.
            audit: the cluster's audit log, if an act reads it.
            cues: what acts have done besides, by their names.
        """
        self._cluster = cluster
        self._play = play
        self._audit = audit
        self._cues = cues or {}
        self._stack = ExitStack()
        self._folder = Path()
        self._asked = 0
        # The enforcement with which each profile was compiled last.
        self._compiled_for: dict[str, str] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            pod = GOOD if self._play.asked is BAD else self._play.asked
            head = {"name": "made", "namespace": ROLLED}
            self._write("pod.yaml", {"apiVersion": "v1", "kind": "Pod", "metadata": head, **pod})
            for name in self._play.profiles:
                head = {"name": OLD, "namespace": name}
                old = {"apiVersion": "v1", "kind": "Pod", "metadata": head, **BAD}
                stack.callback(self._cluster.delete, [old])
                self._cluster.delete([old])
                self._cluster.create(old)
            # Whatever an act leaves undone is not left to others.
            stack.callback(self._clear)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def played(self) -> Iterator[Seen]:
        """Play the acts, and yield what is typed and seen; and at the end what is left."""
        wait = partial(Processes().until, what="the cluster to be listed", seconds=_SOON)
        before = wait(self._everything)
        for act in self._play.acts:
            yield from self._act(act)

        def nothing() -> str:
            if found := left(before, self._everything()):
                raise NotYet("; ".join(found))
            return _NOTHING

        yield "what is left", _NOTHING, _seen(nothing)

    def _everything(self) -> Everything:
        try:
            return everything(self._cluster)
        except LabError as error:  # a kind comes, or goes, while its objects are asked for
            raise NotYet(str(error)) from error

    def _act(self, act: Act) -> Iterator[Seen]:
        about = [self._play.target, act.profile, act.says, act.heading, act.place]
        if act.cue:
            self._cues[act.cue]()
        if act.says and self._compiled_for.get(act.profile) != act.says:
            yield from self._compiled(act, about)
        if act.heading:
            yield from self._followed(act, about)
        yield [*about, "bad pod"], act.then, _seen(partial(self._became, act))
        yield [*about, "good pod"], ADMITTED, self._good(act)
        if act.noted:
            yield [*about, "audit log"], act.noted, _seen(partial(self._noted, act))

    def _compiled(self, act: Act, about: list[str]) -> Iterator[Seen]:
        spec = {
            **self._play.spec,
            "enforcement": act.says,
            "match": {"namespaces": {"include": [act.profile]}},
            "targets": self._play.targets,
        }
        self._compiled_for[act.profile] = act.says
        head = {"apiVersion": "capgen/v1", "kind": "Profile", "metadata": {"name": act.profile}}
        self._write(f"{act.profile}.yaml", {**head, "spec": spec})
        yield [*about, "compile"], _DONE, _code(self._compile(act.profile))

    def _compile(self, name: str) -> Typed:
        """Compile a profile in this process: to start another takes longer than the work."""
        profile, out = (str(self._folder / each) for each in (f"{name}.yaml", _OUT))
        request = run.Request([profile], [], out, None, None)
        with redirect_stdout(StringIO()) as said, redirect_stderr(said):
            code = run.run(request)
        return Typed("compile", code, said.getvalue())

    def _followed(self, act: Act, about: list[str]) -> Iterator[Seen]:
        """Type the lines of an act's steps."""
        folder = self._folder / _OUT / (act.place or f"{act.profile}/{self._play.target}")
        listed = steps((folder / "README.md").read_text("utf-8"), act.heading)
        for number, step in enumerate(listed[: act.last or None], 1):
            if number < act.first:
                continue
            for line in step.commands:
                code = _code(self._type(act, folder, line))
                # By this they say that they found something.
                finds = any(each in line for each in _FINDERS) and code.startswith("exit 1:")
                yield [*about, line], code if finds else _DONE, code
            if wanted := act.prints.get(number):
                printed = partial(self._printed, act, folder, step.commands, wanted)
                yield [*about, number], wanted, _seen(printed, _LONGER)

    def _printed(self, act: Act, folder: Path, lines: tuple[str, ...], wanted: str) -> str:
        """Type the lines again, and find that they print what is wanted."""
        said = "".join(self._type(act, folder, line).said for line in lines)
        if re.search(wanted, said) is None:
            raise NotYet(said)
        return wanted

    def _became(self, act: Act) -> str:
        found = self._word(self._answered(act, self._play.asked))
        if found != act.then:
            raise NotYet(found)
        return found

    def _good(self, act: Act) -> str:
        answer = self._answered(act, GOOD)
        fine = answer.admitted and not answer.warnings
        return ADMITTED if fine else f"{answer.outcome}: {answer.message}{answer.warnings}"

    def _answered(self, act: Act, pod: Object) -> Answer:
        """Ask about a pod of a name that was not asked about before."""
        self._asked += 1
        named = {**pod, "metadata": {"name": self._name()}}
        (answer,) = self._cluster.judge(act.profile, [named], user=self._play.user)
        return answer

    def _name(self) -> str:
        return f"asked-{self._asked}"

    def _word(self, answer: Answer) -> str:
        """Return what an answer says, in the words of acts."""
        if answer.outcome in self._play.refused and self._play.names in answer.message:
            return REFUSED
        if not answer.admitted:
            return f"{answer.outcome}: {answer.message}"
        if answer.warnings:
            named = any(self._play.names in each for each in answer.warnings)
            return WARNED if named else f"{ADMITTED}, {answer.warnings}"
        if self._play.asked is BAD:
            return ADMITTED
        (container,) = answer.object["spec"]["containers"]
        return SET if "securityContext" in container else ADMITTED

    def _noted(self, act: Act) -> str:
        """Ask once more, and find in the audit log what is broken."""
        if self._audit is None:
            raise LabError("the API server writes no audit log")
        self._answered(act, self._play.asked)
        read = partial(self._audit.notes, act.profile, act.noted, [self._name()])
        (note,) = self._cluster.until(read, what="the audit log to be written")
        if self._play.names not in note:
            raise NotYet(note or "no such annotation")
        return act.noted

    def _type(self, act: Act, folder: Path, line: str) -> Typed:
        filled = {
            "NAMESPACE": act.profile,
            "PROFILE": str(self._folder / f"{act.profile}.yaml"),
            "POD.yaml": str(self._folder / "pod.yaml"),
        }
        return Shell(self._cluster.kubeconfig(), filled).type(folder, line)

    def _write(self, name: str, document: Object) -> None:
        (self._folder / name).write_text(yaml.safe_dump(document), "utf-8")

    def _clear(self) -> None:
        """Delete what is still there of the folders, whatever is asked about it."""
        act = self._play.acts[0]
        for each in self._folder.glob(f"{_OUT}/**/kustomization.yaml"):
            self._type(act, each.parent, "kubectl delete --ignore-not-found -k .")


def _seen(probe: Callable[[], str], pause: float = _PAUSE) -> str:
    """Return what a probe returns, or what it saw last."""
    try:
        return Processes().until(probe, what="it", seconds=_SOON, pause=pause)
    except LabError as error:
        return str(error)


def _code(typed: Typed) -> str:
    return f"exit {typed.code}: {typed.said}" if typed.code else _DONE
