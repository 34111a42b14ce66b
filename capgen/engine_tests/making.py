"""Makes cases: whole objects with a name, and what is expected of them.

What is expected is what a witness was made for. The interpreter has to say the same, and the same
before and after it sets values: where it does not there is no case.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.admit import Admission, Operation, Request
from capgen.policy.owners import owner
from capgen.policy.pod import mapping
from capgen.policy.profile import Union
from capgen.policy.taken import taken
from capgen.policy.values import nested
from capgen.policy.workload import WORKLOADS, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgen.policy.exempt import Exemption
    from capgen.policy.pod import Mapping
    from capgen.policy.profile import Profile
    from capgen.policy.witness import Witness

_LONGEST: Final = 63
# What stands for pods where only controllers are judged.
_COMMON: Final = next(each for each in WORKLOADS if each.kind == "Deployment")


class Case(NamedTuple):
    """A request, and what is expected.

    Attributes:
        name: of its object and of its file: a DNS label that no other case of the profile has.
        rule: the id of the rule that it shows; "" for none.
        request: the request; its objects are whole.
        broken: the rules that it breaks, in the profile's order; none: it is admitted.
        matched: the profile judges it at all.
        live: the API server itself takes it, where the tests run.
        pod: the pod, as its witness has it, where it is created; else None.
    """

    name: str
    rule: str
    request: Request
    broken: tuple[str, ...]
    matched: bool
    live: bool
    pod: Mapping | None

    @property
    def alone(self) -> bool:
        """It breaks the rule that it shows, or none."""
        return self.broken in ((), (self.rule,))


class Maker:
    """Makes the cases of one profile, each but once."""

    def __init__(self, profile: Profile, namespace: str) -> None:
        """Prepare the profile, as it judges what it changed and what it did not."""
        self._profile = profile
        self._namespace = namespace
        ways = [profile._replace(mutate=False), *([profile] if profile.mutate else [])]
        self._admissions = [Admission(Union((each,))) for each in ways]
        self._names: set[str] = set()
        self._seen: set[str] = set()

    def of(self, witness: Witness) -> Iterator[Case]:
        """Yield the case of a witness."""
        broken = () if witness.expected else (witness.rule,)
        request = witness.request
        if request.workload.path:
            pod = mapping(pod_of(request.workload, request.object))
            request = request._replace(object=pod)
        yield from self.made(witness.name, witness.rule, request, broken)

    def made(
        self, name: str, rule: str, request: Request, broken: tuple[str, ...] | None = None
    ) -> Iterator[Case]:
        """Yield a case, if there can be one.

        Args:
            name: what it is to be called.
            rule: that it shows; "" for none.
            request: with pods as its objects, even where they are a controller's.
            broken: the rules that it must break; None: whichever it breaks.
        """
        if not self._profile.pods and not request.workload.path:
            if request.operation is not Operation.CREATE:
                return
            request = request._replace(workload=_COMMON)
        content = [request.object, request.old_object, request.namespace, request.workload.kind]
        key = json.dumps([*content, request.operation.value, request.subresource], sort_keys=True)
        if key in self._seen:
            return
        bare = request
        if request.workload.path:
            bare = request._replace(object=nested(request.workload.path, request.object))
        named = self._name(name)
        dressed = self._dressed(request, named)
        found = self.broken(dressed)
        if found is None or broken not in (None, found):
            return
        self._seen.add(key)
        self._names.add(named)
        here = dressed.namespace == self._namespace
        pod = request.object if request.operation is Operation.CREATE else None
        matched = self._admissions[0].admit(dressed).matched
        yield Case(named, rule, dressed, found, matched, here and taken(bare), pod)

    def broken(self, request: Request) -> tuple[str, ...] | None:
        """Return the rules that a request breaks, or None where it hangs on what is set before."""
        decisions = [each.admit(request) for each in self._admissions]
        found = [tuple(dict.fromkeys(each.rule for each in said.violations)) for said in decisions]
        return found[0] if all(each == found[0] for each in found) else None

    def exempted(
        self, listed: Iterable[Witness], exemption: Exemption
    ) -> Iterator[tuple[Mapping, Witness]]:
        """Yield pods that are refused, but that now their last container is exempt."""
        for each in listed:
            request = each.request
            if request.old_object is not None or request.workload.path:
                continue
            if each.expected or self.broken(request) != (each.rule,):
                continue
            pod = deepcopy(request.object)
            containers = [*pod["spec"]["initContainers"], *pod["spec"]["containers"]]
            last = containers.pop()
            if exemption.images:
                last["image"] = exemption.images[0].replace("*", "app")
            if exemption.containers:
                name = exemption.containers[0]
                for other in containers:
                    # No two have one name.
                    other["name"] = last["name"] if other["name"] == name else other["name"]
                last["name"] = name
            yield pod, each

    def _name(self, name: str) -> str:
        stem, number = name, 1
        while True:
            end = f"-{number}" if number > 1 else ""
            cut = stem[: _LONGEST - len(end)].rstrip("-") + end
            if cut not in self._names:
                return cut
            number += 1

    def _dressed(self, request: Request, name: str) -> Request:
        namespace = request.namespace or self._namespace

        def dress(pod: Mapping) -> dict[str, Any]:
            if request.workload.path:
                return owner(request.workload, pod, name, namespace)
            said = {key: value for key, value in mapping(pod.get("metadata")).items() if value}
            metadata = {**said, "name": name, "namespace": namespace}
            head = {"apiVersion": "v1", "kind": request.workload.kind}
            return {**head, "metadata": metadata, "spec": deepcopy(pod.get("spec"))}

        old = None if request.old_object is None else dress(request.old_object)
        return request._replace(object=dress(request.object), old_object=old, namespace=namespace)


def whole(request: Request | None) -> Request | None:
    """Return a request without the empty structs that are left where a value was taken away."""
    if request is None:
        return None
    pod = deepcopy(request.object)
    for structs in (spec := mapping(pod.get("spec"))).values():
        for each in structs if isinstance(structs, list) else ():
            _prune(mapping(each).get("securityContext"))
    _prune(spec.get("securityContext"))
    return request._replace(object=pod)


def _prune(context: object) -> None:
    for key, value in list(mapping(context).items()):
        if value == {}:
            del mapping(context)[key]
