"""Kyverno's command line as a judge of many objects, without an API server."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from capgen.policy.admit import Operation
from capgen.policy.owners import owner
from capgen.policy.pod import mapping
from capgen.policy.workload import pod_of
from tests.engines import lab
from tests.engines.kyverno.canaries import canary
from tests.engines.kyverno.report import Report
from tests.engines.lab import LabError
from tests.loading import loaded_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from capgen.policy.admit import Request
    from tests.engines.engine import Verdict
    from tests.engines.rest import Object

# Where a request is put that names no namespace.
_HOME: Final = "lab-kyverno"
# Objects of one run: it takes a few seconds for so many.
_WINDOW: Final = 500
# Seconds after which a run is given up.
_PATIENCE: Final = 900
_CANARY: Final = "lab-canary"
_APPLYING: Final = re.compile(
    r"^Applying (\d+) policy rule\(s\) to (\d+) resource\(s\)", re.MULTILINE
)
_AUTOGEN: Final = "pod-policies.kyverno.io/autogen-controllers"
_SKIPPED: Final = re.compile(r"^(Policies Skipped|Invalid Policies):(.*)", re.MULTILINE | re.DOTALL)


class KyvernoCli:
    """`kyverno apply`, run again for every few hundred requests; a context manager.

    It judges objects as they are written: what the API server would default, mount or refuse
    beforehand is not. It knows the creation of objects only: see `can`.

    Attributes:
        version: as it says it.
    """

    def __init__(self) -> None:
        """Prepare to run."""
        self.version = ""
        self._stack = ExitStack()
        self._folder = Path()
        self._loaded: list[Object] = []
        # What it has read before, as JSON.
        self._read: set[str] = set()
        self._files: list[Path] = []

    def __enter__(self) -> Self:
        """Make a folder of its own, and ask for the version."""
        with ExitStack() as stack:
            folder = tempfile.TemporaryDirectory(prefix="capgen-lab-")
            self._folder = Path(stack.enter_context(folder))
            found = re.search(r"^Version: (\S+)", self._run("version").stdout, re.MULTILINE)
            if found is None:
                raise LabError("Kyverno's command line does not tell its version")
            self.version = found[1]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @staticmethod
    def can(request: Request) -> bool:
        """Tell whether it can simulate a request.

        It knows no subresource, and takes the new object for the old one, so that no update is
        what it would be in a cluster.
        """
        return (
            request.operation is Operation.CREATE
            and request.old_object is None
            and not request.subresource
            and request.automount
        )

    def load(self, artefacts: Sequence[Object]) -> None:
        """Put artefacts in the place of those that were loaded before.

        Raises:
            LabError: it would pass over one in silence, or cannot compile it.
        """
        self._loaded, self._files = [], []
        files = [self._written(f"policy-{n}.yaml", [each]) for n, each in enumerate(artefacts)]
        new = {
            path: each
            for path, each in zip(files, artefacts, strict=True)
            if json.dumps(each) not in self._read
        }
        if new and not self._reads(new, new.values()):
            for path, each in new.items():
                self._taken(path, each)
        self._read.update(map(json.dumps, artefacts))
        self._loaded, self._files = list(artefacts), files

    def judge(self, requests: Iterable[Request]) -> Iterator[Verdict]:
        """Yield the verdict on each request, in order.

        Raises:
            LabError: it cannot simulate one.
        """
        waiting = iter(requests)
        while window := list(itertools.islice(waiting, _WINDOW)):
            yield from self._judged(window)

    def _judged(self, requests: Sequence[Request]) -> list[Verdict]:
        """Judge some requests in one run, with a good and a bad canary among them."""
        if unable := [each for each in requests if not self.can(each)]:
            raise LabError(f"Kyverno's command line cannot simulate {unable[0]}")
        guard = canary("ValidatingPolicy", _CANARY)
        objects = [_made(each, f"judged-{number}") for number, each in enumerate(requests)]
        done = self._run(
            "apply",
            *map(str, self._files),
            str(self._written("canary.yaml", [guard.policy])),
            f"--resource={self._written('objects.yaml', [*objects, guard.bad, guard.good])}",
            f"--values-file={self._written('values.yaml', [_values(requests)])}",
            f"--output={self._written('mutated.yaml', [])}",
            "--policy-report",
            "--output-format=json",
            "--remove-color",
        )
        report = Report(done, (*self._loaded, guard.policy))
        if report.of(guard.bad).policies != {_CANARY} or report.of(guard.good).messages:
            raise LabError(f"Kyverno's command line overlooks a canary: {done.stderr}")
        changed = self._changed()
        return [report.of(each, changed.get(_key(each), each)) for each in objects]

    def _reads(self, paths: Iterable[Path], artefacts: Iterable[Object]) -> bool:
        """Tell whether artefacts are read and compiled together: as many rules as they have."""
        rules = sum(map(_rules, artefacts))
        done = self._asked(paths)
        found = _APPLYING.search(done.stdout)
        read = found is not None and found.groups() == (str(rules), "1")
        return read and "Error: " not in done.stderr and not _SKIPPED.search(done.stdout)

    def _taken(self, path: Path, artefact: Object) -> None:
        """Have an artefact read, and compiled: it could be passed over in silence otherwise."""
        done = self._asked([path])
        name = f"{artefact['kind']} {artefact['metadata']['name']}"
        found = _APPLYING.search(done.stdout)
        read = found is not None and found[1] != "0" and found[2] == "1"
        if not read or "Error: " in done.stderr:
            said = (done.stderr + done.stdout).strip()
            raise LabError(f"Kyverno's command line does not read {name}: {said}")
        if skipped := _SKIPPED.search(done.stdout):
            raise LabError(f"Kyverno's command line passes over {name}:{skipped[2]}")

    def _asked(self, paths: Iterable[Path]) -> subprocess.CompletedProcess[str]:
        """Apply policies to an object that is none of theirs."""
        objects = self._written("objects.yaml", [canary("ValidatingPolicy", _CANARY).good])
        return self._run("apply", *map(str, paths), f"--resource={objects}", "--remove-color")

    def _changed(self) -> dict[tuple[str, str, str], Object]:
        """Return the objects that a policy changed, as they are in the end."""
        text = (self._folder / "mutated.yaml").read_text("utf-8")
        found = (each for each in loaded_all(text) if each)
        return {_key(each): each for each in found}

    def _written(self, name: str, objects: Iterable[Object]) -> Path:
        """Write objects, as JSON: YAML that Python writes is read differently, such as `y`."""
        path = self._folder / name
        path.write_text("\n---\n".join(map(json.dumps, objects)), "utf-8")
        return path

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(lab.binary("kubectl-kyverno")), *arguments]
        # It looks for no cluster of the user's.
        env = {"HOME": str(self._folder), "PATH": "", **lab.COLLECTED}
        try:
            done = subprocess.run(
                command,
                cwd=self._folder,
                env=env,
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
                timeout=_PATIENCE,
            )
        except subprocess.TimeoutExpired as error:
            raise LabError(f"Kyverno's command line was not ready in {_PATIENCE} s") from error
        if done.returncode not in (0, 1):
            raise LabError(f"Kyverno's command line ended with {done.returncode}: {done.stderr}")
        return done


def _rules(policy: Object) -> int:
    """Return how many rules it says that a policy has.

    A ClusterPolicy for pods has two more of each, for CronJobs and for other controllers, unless it
    says that it has none.
    """
    if policy["kind"] != "ClusterPolicy":
        return 1
    annotations = policy["metadata"].get("annotations") or {}
    return len(policy["spec"]["rules"]) * (1 if annotations.get(_AUTOGEN) == "none" else 3)


def _key(obj: Object) -> tuple[str, str, str]:
    return obj["kind"], obj["metadata"].get("namespace") or "default", obj["metadata"]["name"]


def _placed(pod: Mapping[str, object], name: str, namespace: str = _HOME) -> Object:
    metadata = {**mapping(pod.get("metadata")), "name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", **pod, "metadata": metadata}


def _made(request: Request, name: str) -> Object:
    """Return an object with a name of its own: two of one name end the run."""
    namespace = request.namespace or _HOME
    if request.workload.path:
        pod = mapping(pod_of(request.workload, request.object))
        return owner(request.workload, pod, name, namespace)
    return _placed(request.object, name, namespace)


def _values(requests: Iterable[Request]) -> Object:
    """Return the labels of namespaces, which it cannot know otherwise.

    Raises:
        LabError: two requests give other labels to the same namespace.
    """
    found: dict[str, Object] = {}
    for each in requests:
        name = each.namespace or _HOME
        labels = {**(each.namespace_labels or {}), "kubernetes.io/metadata.name": name}
        if found.setdefault(name, labels) != labels:
            raise LabError(f"namespace {name} has labels {found[name]} and {labels}")
    selectors = [{"name": name, "labels": labels} for name, labels in found.items()]
    head = {"apiVersion": "cli.kyverno.io/v1alpha1", "kind": "Values"}
    return head | {"metadata": {"name": "values"}, "namespaceSelector": selectors}
