"""Gatekeeper as it runs in a cluster: its real manager, a webhook of the real API server."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from tests.engines import lab
from tests.engines.gatekeeper.generated import are_generated, wait_for_policies
from tests.engines.gatekeeper.install import (
    BAD_CANARY,
    GOOD_CANARY,
    MUTATED,
    SAYS,
    WATCHED,
    canaries,
    hook,
    install,
    namespace,
)
from tests.engines.gatekeeper.manager import start
from tests.engines.gatekeeper.store import Key, Store, key
from tests.engines.gatekeeper.words import verdict
from tests.engines.processes import Processes
from tests.engines.vap.asking import Standing, furnish

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from capgen.policy.admit import Request
    from tests.engines.apiserver import Cluster
    from tests.engines.engine import Verdict
    from tests.engines.rest import Answer, Object

# Where a request is put that names no namespace.
_HOME: Final = "lab-gatekeeper"
# Gatekeeper has to have seen a namespace's label, as the API server has.
_HERE: Final[Object] = {"namespaceSelector": {"matchLabels": WATCHED}}


class Gatekeeper:
    """Gatekeeper's manager as validating and mutating webhook; a context manager.

    It judges by ConstraintTemplates, constraints, mutators and ExpansionTemplates. A template in
    CEL with `generateVAP: true` becomes a ValidatingAdmissionPolicy as well, if its constraint
    names the enforcement point `vap.k8s.io`.

    It watches only namespaces with the label `WATCHED`. When it ends, the API server is not as it
    was: it asks in vain, and kinds and artefacts stay. To delete them takes longer than to start
    another.

    Attributes:
        version: as its module is pinned.
    """

    def __init__(self, cluster: Cluster, *, shipped: bool = False) -> None:
        """Prepare to run beside a running API server.

        Args:
            cluster: the API server.
            shipped: it audits too, and makes policies of all templates, as it does by default.
        """
        self.version = lab.version("gatekeeper")
        self._cluster = cluster
        self._processes = Processes()
        self._stack = ExitStack()
        self._store = Store(cluster, self._processes)
        self._ahead: dict[Key, Object] = {}
        self._shipped = shipped

    def __enter__(self) -> Self:
        """Install it, start it, and wait until its webhooks are asked."""
        with ExitStack() as stack:
            install(self._cluster)
            stack.enter_context(self._processes)
            serving = start(self._processes, self._cluster, shipped=self._shipped)
            hook(self._cluster, serving)
            self.load(())
            with self.watched(_HOME, {}, ()):
                self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def load(self, artefacts: Sequence[Object]) -> None:
        """Put artefacts in the place of those that were loaded before, and wait until they act.

        Raises:
            LabError: the API server or Gatekeeper does not take one, or not in time.
        """
        for each in artefacts:
            self._ahead.pop(key(each), None)
        wanted = [*canaries(_HERE), *self._ahead.values(), *artefacts]
        self._store.replace(wanted, self._ahead)
        if are_generated(artefacts):
            wait_for_policies(self._cluster, _HOME)

    def announce(self, artefacts: Sequence[Object]) -> None:
        """Load artefacts beside all others until it is their turn in `load`.

        By then the policies that are generated of them act, for which `load` would have to wait.
        """
        self._ahead = {key(each): each for each in artefacts}
        self.load(())

    def judge(self, requests: Iterable[Request]) -> Iterator[Verdict]:
        """Yield the verdict on each request, in order; nothing that it asks for is stored.

        What a request changes is created first, in a namespace that is not watched yet. The API
        server defaults a pod before Gatekeeper sees it, and mounts the account's token in it.
        """
        every = list(requests)
        furnish(self._cluster, every)
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, each in enumerate(every):
            labels = json.dumps(each.namespace_labels or {}, sort_keys=True)
            groups[each.namespace or _HOME, labels].append(number)
        verdicts: dict[int, Verdict] = {}
        for (place, labels), numbers in groups.items():
            asked = [every[number] for number in numbers]
            with self.watched(place, json.loads(labels), asked) as standing:
                answers = map(verdict, standing.answers(asked))
                verdicts |= zip(numbers, answers, strict=True)
        for number in range(len(every)):
            yield verdicts[number]

    @contextmanager
    def watched(
        self, name: str, labels: Mapping[str, str], requests: Sequence[Request]
    ) -> Iterator[Standing]:
        """Create what the requests change, and then have the namespace watched."""
        wait = partial(self._cluster.wait_answer, name)
        self._cluster.apply([namespace(name, {})])
        wait(BAD_CANARY, _admitted, what=f"{name} not to be watched")
        self._cluster.namespace(name)
        with Standing(self._cluster, name, requests) as standing:
            self._cluster.apply([namespace(name, {**labels, **WATCHED})])
            wait(BAD_CANARY, _refused, what=f"the bad canary to be refused in {name}")
            wait(GOOD_CANARY, _mutated, what=f"the good canary to be mutated in {name}")
            yield standing


def _admitted(answer: Answer) -> bool:
    return answer.admitted


def _refused(answer: Answer) -> bool:
    return answer.outcome == "webhook" and SAYS in answer.denial


def _mutated(answer: Answer) -> bool:
    return answer.admitted and MUTATED in answer.object["metadata"].get("annotations", {})
