"""Kyverno as it runs in a cluster: its real admission controller, a webhook of the API server."""

from __future__ import annotations

import itertools
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from tests.engines import lab
from tests.engines.kyverno.canaries import Canary, canary
from tests.engines.kyverno.install import Controller
from tests.engines.kyverno.words import verdict
from tests.engines.lab import LabError
from tests.engines.processes import NotYet
from tests.engines.vap.asking import Standing, furnish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from capgen.policy.admit import Request
    from tests.engines.apiserver import Cluster
    from tests.engines.engine import Verdict
    from tests.engines.rest import Object

# Where a request is put that names no namespace, and where the canaries are.
HOME: Final = "lab-kyverno"
# The kind whose canary is always there, even if nothing is loaded.
_LEAST: Final = "ValidatingPolicy"


class Kyverno:
    """Kyverno's admission controller as validating and mutating webhook; a context manager.

    It judges by ValidatingPolicies and MutatingPolicies, and by legacy ClusterPolicies. While it
    runs, it is asked about every namespace of the API server. One that had to be made stays.

    Attributes:
        version: as its module is pinned.
    """

    def __init__(self, cluster: Cluster) -> None:
        """Prepare to run beside a running API server."""
        self.version = lab.version("kyverno")
        self._cluster = cluster
        self._controller = Controller(cluster)
        self._stack = ExitStack()
        self._count = itertools.count(1)
        # What load() was given, and what of it acts now.
        self._artefacts: list[Object] = []
        self._acting: list[Object] = []
        # The labels of the namespaces that were made.
        self._namespaces: dict[str, Mapping[str, Any]] = {}

    def __enter__(self) -> Self:
        """Install it, start it, and wait until it acts by a first policy."""
        with ExitStack() as stack:
            stack.enter_context(self._controller)
            stack.callback(self._drop)
            self._cluster.namespace(HOME)
            self._controller.processes.until(self._takes, what="Kyverno to take a policy")
            self._swap([])
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def load(self, artefacts: Sequence[Object]) -> None:
        """Put artefacts in the place of those that were loaded before, and wait until they act.

        If it does not take one, none is loaded.

        Raises:
            LabError: Kyverno refuses one, or is to turn it into a native policy, of which no canary
                of its own could tell when it acts.
        """
        self._artefacts = []
        if native := [each["metadata"]["name"] for each in artefacts if _native(each)]:
            raise LabError(f"`{native[0]}` is to become a native policy")
        self._swap(artefacts)
        self._artefacts = list(artefacts)

    def judge(self, requests: Iterable[Request]) -> Iterator[Verdict]:
        """Yield the verdict on each request, in order; nothing that it asks for is stored.

        What a request changes is created first, while nothing is loaded.

        Raises:
            LabError: two requests give other labels to the same namespace, or one asks for an
                account that mounts no token.
        """
        every = list(requests)
        with self.standing(every) as asking:
            yield from asking(every)

    @contextmanager
    def standing(
        self, requests: Sequence[Request]
    ) -> Iterator[Callable[[Sequence[Request]], Iterator[Verdict]]]:
        """Have what requests change stand for a while, whatever is loaded meanwhile.

        Yields:
            What yields the verdict on each of some of these requests, in order.

        Raises:
            LabError: as `judge` does.
        """
        labels = _namespaces(requests)
        furnish(self._cluster, requests)
        with ExitStack() as stack:
            standing = {}
            for name in labels:
                here = [each for each in requests if _home(each) == name]
                standing[name] = Standing(self._cluster, name, here)
            changed = any(each.old_object is not None for each in requests)
            if changed or any(self._namespaces.get(name) != labels[name] for name in labels):
                # A policy could refuse what is made here.
                if self._acting:
                    self._swap([])
                for name, given in labels.items():
                    stack.enter_context(standing[name])
                    self._cluster.namespace(name, given)
                self._namespaces |= labels
                if self._artefacts:
                    self._swap(self._artefacts)
            yield partial(_answered, standing)

    def _swap(self, wanted: Sequence[Object]) -> None:
        """Have Kyverno act by these policies and by no other."""
        kept = {_key(each) for each in wanted}
        gone = [each for each in self._acting if _key(each) not in kept]
        new = [each for each in wanted if each not in self._acting]
        kinds = {each["kind"] for each in (*gone, *wanted)} | {_LEAST}
        canaries = [canary(kind, f"lab-canary-{next(self._count)}") for kind in sorted(kinds)]
        self._cluster.delete(gone)
        self._acting = list(wanted)
        try:
            self._cluster.apply(new)
        except LabError:
            self._drop()
            raise
        try:
            self._cluster.apply(each.policy for each in canaries)
            for each in canaries:
                probe = partial(self._caught, each)
                self._controller.processes.until(probe, what=f"{each.policy['kind']} to act")
        finally:
            self._cluster.delete(each.policy for each in canaries)

    def _drop(self) -> None:
        """Remove the policies that act."""
        self._cluster.delete(self._acting)
        self._acting = []

    def _caught(self, one: Canary) -> None:
        """Find a canary to act upon what is bad, and upon nothing else."""
        bad, good = self._cluster.judge(HOME, (one.bad, one.good))
        if not one.caught(bad):
            raise NotYet(f"{bad.outcome}: {bad.message}")
        if one.caught(good):
            raise LabError(f"the canary acts upon what is none of its own: {good.message}")

    def _takes(self) -> None:
        """Find Kyverno to check a policy: its webhooks do not work from the first moment on."""
        try:
            policy = canary(_LEAST, "lab-canary-0").policy
            self._cluster.apply([policy])
            self._cluster.delete([policy])
        except LabError as error:
            raise NotYet(str(error)) from error


def _answered(standing: Mapping[str, Standing], requests: Sequence[Request]) -> Iterator[Verdict]:
    answers = {
        name: one.answers([each for each in requests if _home(each) == name])
        for name, one in standing.items()
    }
    for each in requests:
        yield verdict(next(answers[_home(each)]))


def _key(artefact: Object) -> tuple[str, str]:
    return artefact["kind"], artefact["metadata"]["name"]


def _native(artefact: Object) -> bool:
    """Tell whether a policy asks for a ValidatingAdmissionPolicy, or a mutating one, in its stead.

    One that Kyverno makes would outlive it: no garbage collector runs.
    """
    spec = artefact["spec"]
    autogen = spec.get("autogen") or {}
    natives = ("validatingAdmissionPolicy", "mutatingAdmissionPolicy")
    return any((autogen.get(each) or {}).get("enabled") for each in natives) or any(
        ((rule.get("validate") or {}).get("cel") or {}).get("generate")
        for rule in spec.get("rules") or ()
    )


def _home(request: Request) -> str:
    return request.namespace or HOME


def _namespaces(requests: Iterable[Request]) -> dict[str, Mapping[str, Any]]:
    """Return the labels of each namespace that requests are for."""
    found: dict[str, Mapping[str, Any]] = {}
    for each in requests:
        labels = each.namespace_labels or {}
        if found.setdefault(_home(each), labels) != labels:
            raise LabError(f"namespace {_home(each)} has labels {found[_home(each)]} and {labels}")
        if not each.automount:
            raise LabError("the API server of the laboratory mounts every account's token")
    return found
