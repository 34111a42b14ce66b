"""gator, which judges by artefacts of Gatekeeper without a cluster: fast, and not all of them."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Final, Self

from capgen.policy.admit import Operation, Request
from capgen.policy.workload import Workload
from tests.engines import lab
from tests.engines.engine import Verdict
from tests.engines.gatekeeper import gator_objects
from tests.engines.gatekeeper.gator_artefacts import Artefacts, denies
from tests.engines.gatekeeper.gator_runs import Runs, Trial, Violation
from tests.engines.gatekeeper.install import BAD_CANARY, GOOD_CANARY, SAYS, canaries
from tests.engines.gatekeeper.words import refused
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.engines.rest import Object

_Violations = dict[str, list[Violation]]


def _canary(word: str, obj: Object) -> Object:
    metadata = obj["metadata"] | {"name": word, "namespace": "lab-canaries", "uid": word}
    return {"apiVersion": "v1", **obj, "metadata": metadata}


_CANARIES: Final = {
    word: _canary(word, obj) for word, obj in (("bad", BAD_CANARY), ("good", GOOD_CANARY))
}
_CREATED: Final = Request({}, Workload("ConfigMap", "", "v1", "configmaps", (), ("",)))


class Gator:
    """gator as an engine of admission; a context manager.

    Pods are judged as they are written: there is no API server that would default them, or mount a
    token. What it cannot judge as the webhook would, `can` tells.

    Attributes:
        version: as its module is pinned.
    """

    def __init__(self, *, native: bool = True) -> None:
        """Prepare to judge in CEL where a template has it; not native, in Rego alone."""
        self.version = lab.version("gatekeeper")
        self._runs = Runs(native=native)
        self._loaded = Artefacts(())

    def __enter__(self) -> Self:
        self.load(())
        return self

    def __exit__(self, *_: object) -> None:
        self._loaded = Artefacts(())

    def load(self, artefacts: Sequence[Object], *, judged: bool = False) -> None:
        """Put artefacts in the place of those that were loaded before.

        Args:
            artefacts: the artefacts.
            judged: something will be judged by them, which is when gator is to take them: else it
                would read them twice.

        Raises:
            LabError: gator does not take one, or would pass over it in silence.
        """
        loaded = Artefacts(artefacts)
        if not judged:
            self._test(loaded, ())
        self._loaded = loaded

    def can(self, request: Request) -> bool:
        """Tell whether it can judge a request as the webhook would, by what is loaded."""
        return not self._loaded.unseen(request)

    def judge(self, requests: Iterable[Request]) -> Iterator[Verdict]:
        """Yield the verdict on each request, in order.

        Raises:
            LabError: there is one that it cannot judge.
        """
        every = list(requests)
        for each in every:
            if not self.can(each):
                raise LabError(f"gator cannot judge {each}")
        # In one run a namespace has one set of labels.
        labels = [json.dumps(each.namespace_labels, sort_keys=True) for each in every]
        order = sorted(range(len(every)), key=labels.__getitem__)
        verdicts: dict[int, Verdict] = {}
        for _, group in groupby(order, key=labels.__getitem__):
            numbers = list(group)
            found = self._judged([every[number] for number in numbers])
            verdicts |= zip(numbers, found, strict=True)
        for number in range(len(every)):
            yield verdicts[number]

    def _judged(self, requests: Sequence[Request]) -> Iterator[Verdict]:
        spaces = gator_objects.namespaces(requests)
        objects = {n: gator_objects.object_of(each, n) for n, each in enumerate(requests)}
        pods = [objects[n] for n, each in enumerate(requests) if not each.workload.path]
        objects |= self._mutated(pods, spaces)
        reviewed = {n for n, each in enumerate(requests) if self._is_reviewed(each)}
        plain = [obj for number, obj in objects.items() if number not in reviewed]
        found = self._test(self._loaded, [*spaces, *plain])
        reviews = [gator_objects.review(requests[n], objects[n]) for n in sorted(reviewed)]
        found |= self._verified(reviews, spaces)
        for number, obj in objects.items():
            yield _verdict(found.get(gator_objects.uid(number), ()), obj)

    def _is_reviewed(self, request: Request) -> bool:
        """Tell whether a request must be an AdmissionReview, which takes longer to judge."""
        return self._loaded.reviewed or request.operation is not Operation.CREATE

    def _mutated(self, pods: Sequence[Object], spaces: Sequence[Object]) -> dict[int, Object]:
        """Return the mutated pods by number, if there are mutators.

        What a controller would make is mutated when it is judged.
        """
        mutators = list(self._loaded.creating())
        if not mutators or not pods:
            return {}
        names = {gator_objects.numbered(pod): pod["metadata"]["name"] for pod in pods}
        wrapped = map(gator_objects.wrapped, pods)
        made = self._runs.expand([*mutators, gator_objects.UNWRAP, *spaces, *wrapped])
        found = {gator_objects.numbered(pod): pod for pod in made}
        if found.keys() != names.keys():
            raise LabError(f"gator expand made {len(made)} pods of {len(pods)}")
        return {n: gator_objects.unwrapped(pod, names[n]) for n, pod in found.items()}

    def _test(self, loaded: Artefacts, objects: Sequence[Object]) -> _Violations:
        """Judge objects in bulk, and the canaries with them."""
        template, constraint, _ = canaries({})
        artefacts = [*loaded.all(), template, constraint]
        found = self._runs.test(artefacts, [*_CANARIES.values(), *objects])
        for word in _CANARIES:
            said = [each.message for each in found.pop(word, ())]
            if (SAYS in said) != (word == "bad"):
                raise LabError(f"gator says of the {word} canary: {said}")
        return found

    def _verified(self, reviews: Sequence[Object], spaces: Sequence[Object]) -> _Violations:
        found: _Violations = defaultdict(list)
        if not reviews:
            return found
        template, constraint, _ = canaries({})
        asked = [gator_objects.review(_CREATED, obj) for obj in _CANARIES.values()]
        trials = [Trial(template, constraint, asked)]
        trials += [
            Trial(self._loaded.templates[each["kind"]], each, reviews, spaces)
            for each in self._loaded.constraints
        ]
        said, *every = self._runs.verify(trials)
        if said != [SAYS, None]:
            raise LabError(f"gator verify says of the canaries: {said}")
        for each, messages in zip(self._loaded.constraints, every, strict=True):
            for review, message in zip(reviews, messages, strict=True):
                if message is not None:
                    violation = Violation(each["metadata"]["name"], message, denies(each))
                    found[review["request"]["uid"]].append(violation)
        return found


def _verdict(violations: Sequence[Violation], obj: Object) -> Verdict:
    """Return the verdict of violations on an object, as it was judged."""
    denied = [(each.constraint, each.message) for each in violations if each.denies]
    if denied:
        return refused(denied)
    return Verdict("admitted", tuple(each.message for each in violations), object=obj)
