"""Puts requests to the API server: created objects, and what is done to objects that stand."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Final, Self

from capgen.policy.admit import Operation
from capgen.policy.owners import owner
from capgen.policy.pod import mapping
from capgen.policy.workload import pod_of
from tests.engines.agreement import Word
from tests.engines.lab import LabError
from tests.engines.patches import json_patch
from tests.engines.resources import PATCHES, path, place
from tests.engines.rest import Call
from tests.engines.verbs import STRICT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgen.policy.admit import Request
    from capgen.policy.pod import Mapping
    from tests.engines.apiserver import Cluster
    from tests.engines.controlplane import User
    from tests.engines.rest import Answer, Object

_WARNED: Final = re.compile(r"Validation failed for ValidatingAdmissionPolicy '[^']*'.*?: (\w+): ")
_CLASS: Final = re.compile("[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_DIGEST: Final = 12
_NEW: Final = "ephemeralContainers"


def furnish(cluster: Cluster, requests: Iterable[Request]) -> None:
    """Make the RuntimeClasses that pods ask for: the API server takes no pod that lacks its own."""
    pods = [pod_of(each.workload, each.object) for each in requests]
    asked = {mapping(mapping(pod).get("spec")).get("runtimeClassName") for pod in pods}
    names = sorted(name for name in asked if isinstance(name, str) and _CLASS.fullmatch(name))
    head: Object = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": "lab"}
    cluster.apply(head | {"metadata": {"name": name}} for name in names)


def resource(request: Request) -> str:
    """Return the resource that a request is for, as a policy names it."""
    name = request.workload.resource
    return f"{name}/{request.subresource}" if request.subresource else name


class Standing:
    """The objects that stand in a namespace before any policy holds there; a context manager."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        requests: Iterable[Request],
        *,
        user: User = "admin",
        fields: str = STRICT,
    ) -> None:
        """Take of each request the object that it changes, and who asks for it.

        What becomes of fields that the server does not know, `fields` says: see `Cluster.judge`.
        """
        self._namespace = namespace
        self._user: User = user
        self._fields = fields
        self._cluster = cluster
        self._old = {_name(each): each for each in requests if each.old_object is not None}
        self._refused: dict[str, Answer] = {}

    def __enter__(self) -> Self:
        """Create the objects for real; those that the API itself refuses do not stand."""
        if self._old:
            self._cluster.namespace(self._namespace)
            made = [self._made(each.old_object or {}, each) for each in self._old.values()]
            answers = self._cluster.judge(self._namespace, made, dry_run=False, fields=self._fields)
            self._note(answers)
            for name, each in self._old.items():
                added = mapping(mapping(each.old_object).get("spec")).get(_NEW)
                if added and name not in self._refused:
                    where = f"{path('Pod', name, self._namespace)}/{_NEW.lower()}"
                    list(self._cluster.ask([_patching(where, _adding(added), self._fields)]))
        return self

    def __exit__(self, *_: object) -> None:
        for kind in {each.workload.kind for each in self._old.values()}:
            self._cluster.empty(kind, self._namespace)

    def answers(self, requests: Sequence[Request], *, user: User | None = None) -> Iterator[Answer]:
        """Yield the answer to each request, in order; nothing is stored.

        It is another user who asks, if one is named.
        """
        asked = [each for each in requests if _name(each) not in self._refused]
        found = self._cluster.ask(map(self._call, asked), user=user or self._user)
        for each in requests:
            yield self._refused.get(_name(each)) or next(found)

    def _note(self, answers: Iterable[Answer]) -> None:
        for name, answer in zip(self._old, answers, strict=True):
            if not answer.admitted:
                self._refused[name] = answer

    def _call(self, request: Request) -> Call:
        query = f"dryRun=All&{self._fields}"
        if request.operation is Operation.CREATE:
            body = self._made(request.object, request)
            return Call("POST", f"{place(body)}?{query}", body)
        where = path(request.workload.kind, _name(request), self._namespace)
        if request.subresource:
            where += f"/{request.subresource}"
        return _patching(where, self._patch(request), query)

    def _made(self, obj: Mapping, request: Request) -> Object:
        """Return an object as the API takes it, with the name of what stands, or `judged`."""
        name = _name(request)
        if request.workload.path:
            pod = mapping(pod_of(request.workload, obj))
            return owner(request.workload, pod, name, self._namespace)
        metadata = {**mapping(obj.get("metadata")), "name": name, "namespace": self._namespace}
        # To an old pod they are added when it stands; a new one cannot have them.
        later = _NEW if request.old_object is not None else ""
        spec = {key: value for key, value in obj["spec"].items() if key != later}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def _patch(self, request: Request) -> list[Object]:
        """Return what makes the new object of the stored one. Nulls are sent as they are written.

        Where nothing changes, so that something is asked, a label is put on.
        """
        if request.subresource == _NEW.lower():
            return _adding(request.object["spec"][_NEW])
        old, new = (
            self._made(each or {}, request) for each in (request.old_object, request.object)
        )
        label = {"op": "add", "path": "/metadata/labels", "value": {"changed": "yes"}}
        return list(json_patch(old, new)) or [label]


def _patching(where: str, patch: list[Object], query: str) -> Call:
    return Call("PATCH", f"{where}?{query}", patch, PATCHES["json"])


def _adding(containers: object) -> list[Object]:
    return [{"op": "add", "path": f"/spec/{_NEW}", "value": containers}]


def _name(request: Request) -> str:
    """Name an object by what stands before it; what is new is `judged`."""
    if request.old_object is None:
        return "judged"
    content = [request.workload.kind, request.old_object]
    text = json.dumps(content, sort_keys=True)
    return f"old-{hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]}"


def word(answer: Answer) -> Word | None:
    """Return the verdict and the rules of an answer; None where the API itself refuses the request.

    Raises:
        LabError: the denial and the warnings contradict each other.
    """
    if answer.outcome == "invalid":
        return None
    rules = frozenset(broken_rules(answer.warnings))
    if answer.admitted != (not rules):
        msg = f"deny and warn disagree: {answer.message} {list(answer.warnings)}"
        raise LabError(msg)
    if not answer.admitted and answer.denial.partition(":")[0] not in rules:
        msg = f"denied for a rule that is not warned of: {answer.denial}"
        raise LabError(msg)
    return Word(answer.admitted, rules)


def broken_rules(warnings: Iterable[str]) -> Iterable[str]:
    """Return the rules that our own policies warn of."""
    return [found[1] for text in warnings if (found := _WARNED.match(text))]
