"""What must become of requests: by the interpreter, and by an API server without any policy."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.admit import Admission
from capgen.policy.mutate import mutator
from capgen.policy.pod import mapping
from capgen.policy.profile import Union
from capgen.policy.workload import pod_of
from tests.engines.agreement import Word
from tests.engines.applied import FREE
from tests.engines.lab import LabError
from tests.engines.vap.asking import furnish

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.admit import Request
    from capgen.policy.profile import Profile
    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Answer, Object

# The token's volume has a random name.
_TOKEN: Final = re.compile(r"kube-api-access-[a-z0-9]{5}\b")
# What of a pod's metadata is the same each time that it is asked for.
_STEADY: Final = ("labels", "annotations")


class Case(NamedTuple):
    """A request to create something that the API takes once it is mutated.

    Attributes:
        name: for people.
        request: the request.
        changed: the interpreter changes its object.
        expected: what must come of it, as `seen` says it.
        word: what the interpreter says of it.
    """

    name: str
    request: Request
    changed: bool
    expected: str
    word: Word


def cases(
    cluster: Cluster, profile: Profile, requests: Iterable[tuple[str, Request]]
) -> tuple[list[Case], int]:
    """Return the cases, and how many requests more the API itself refuses though mutated.

    Raises:
        LabError: something else refuses one where no policy holds.
    """
    cluster.namespace(FREE)
    asked = list(requests)
    admission, mutate = Admission(Union((profile,))), mutator(profile)
    decisions = [admission.admit(request) for _, request in asked]
    mutated = [
        with_pod(request, mutate(mapping(pod_of(request.workload, request.object))))
        if decision.matched and not request.workload.copied
        else request.object
        for (_, request), decision in zip(asked, decisions, strict=True)
    ]
    furnish(
        cluster,
        (request._replace(object=each) for (_, request), each in zip(asked, mutated, strict=True)),
    )
    found = []
    answers = cluster.judge(FREE, mutated)
    for (name, request), decision, new, answer in zip(
        asked, decisions, mutated, answers, strict=True
    ):
        if answer.admitted:
            rules = frozenset(violation.rule for violation in decision.violations)
            word = Word(decision.allowed, rules)
            found.append(Case(name, request, new != request.object, seen(answer), word))
        elif answer.outcome != "invalid":
            raise LabError(f"{name}, where no policy holds: {answer.outcome}: {answer.message}")
    return found, len(asked) - len(found)


def seen(answer: Answer) -> str:
    """Return the object of an answer as text that is the same each time, or its outcome."""
    if not answer.admitted:
        return f"{answer.outcome}: {answer.message}"
    metadata = answer.object["metadata"]
    kept: Object = {key: value for key, value in answer.object.items() if key != "status"}
    # A Job's own labels are those of its template, by a default that forgets it once it is patched.
    steady = _STEADY if kept["kind"] == "Pod" else ()
    kept["metadata"] = {key: metadata[key] for key in steady if key in metadata}
    text = json.dumps(kept, sort_keys=True)
    return _TOKEN.sub("kube-api-access-00000", text.replace(metadata["uid"], "UID"))


def with_pod(request: Request, pod: Any) -> Object:  # noqa: ANN401 - any JSON
    """Return a request's object with another pod in the place of its own."""
    if not request.workload.path:
        return dict(pod)
    changed: Any = deepcopy(request.object)
    node = changed
    *above, last = request.workload.path
    for step in above:
        node = node[step]
    node[last] = pod
    return dict(changed)
