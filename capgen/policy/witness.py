"""Witnesses: for each rule of a profile, requests at every edge of what it allows.

Made of the rule's data alone: a pod that the profile admits, with one value at an edge, at each
level where it may stand. The verdict is known from how the witness was made.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from capgen.errors import ProfileError

from .admit import Operation, Request
from .case import METADATA, NEW, SPEC
from .cases import cases, conditions
from .edges import good, put
from .expressions import AnyOf, tests
from .match import Operator
from .pod import copied
from .predicates import holds
from .rules import part_of
from .subjects import EACH, Field, Level, TokenMount
from .values import UNSET, nested
from .workload import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .case import Change
    from .expressions import Test
    from .profile import Profile
    from .rules import Rule

_Pod: TypeAlias = dict[str, Any]

_LONGEST: Final = 56
_ADDED: Final = "ephemeralContainers"


class Witness(NamedTuple):
    """A request whose verdict is known.

    Attributes:
        name: a DNS label, telling, and no other witness of the profile has it.
        rule: the id of the rule that it is about.
        request: the request.
        expected: whether the profile admits it; if not, by this rule and by no other.
        edge: what stands where below its struct. Witnesses of one rule, verdict and occasion that
            have the same edge differ only in the struct: the pod, or which of its containers.
        conditional: a condition that may lift the rule holds, or nearly holds.
    """

    name: str
    rule: str
    request: Request
    expected: bool
    edge: str
    conditional: bool = False


def witnesses(profile: Profile) -> Iterator[Witness]:
    """Yield the witnesses of a profile, rule by rule, in an order that never changes.

    Raises:
        ProfileError: a rule refuses what is unset and allows no value: no pod could be admitted.
    """
    base = base_pod(profile)
    taken: dict[str, int] = {}
    for rule in profile.rules:
        for each in _labelled(profile, rule, base):
            stem = _slug(f"{rule.id} {each.name}")
            taken[stem] = taken.get(stem, 0) + 1
            yield each._replace(name=stem if taken[stem] == 1 else f"{stem}-{taken[stem]}")


def base_pod(profile: Profile) -> _Pod:
    """Return a pod that the profile admits: wherever it refuses unset, an allowed value stands.

    Raises:
        ProfileError: there is no allowed value.
    """
    setup = _container("setup") | {"restartPolicy": "Always"}
    spec: _Pod = {
        # Its volume would be one more for the rules on volumes to judge.
        "automountServiceAccountToken": False,
        "initContainers": [setup],
        "containers": [_container("web"), _container("sidecar")],
    }
    for rule in profile.rules:
        for test in tests(rule.expression):
            field = test.subject
            if isinstance(field, TokenMount) and not holds(test.predicate, False):
                spec["automountServiceAccountToken"] = True
            if not isinstance(field, Field) or EACH in field.path[:-1] or test.unset_allowed:
                continue
            edge = good(test, field, _known(rule, test))
            if edge is None:
                msg = f"`{rule.id}` refuses every pod: it allows neither unset nor any value"
                raise ProfileError(msg)
            inside = field.level is Level.CONTAINER
            structs = [setup, *spec["containers"]] if inside else [spec]
            for struct in structs:
                put(struct, edge.path, copied(edge.value))
    metadata = {"name": "witness", "labels": _labels(profile)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container(name: str) -> _Pod:
    return {"name": name, "image": "registry.example.com/app:1"}


def _labels(profile: Profile) -> dict[str, str]:
    """Return labels that the profile selects."""
    return {
        row.key: row.values[0] if row.operator is Operator.IN else "any"
        for row in profile.match.pod_selector
        if row.operator in (Operator.IN, Operator.EXISTS)
    }


def _labelled(profile: Profile, rule: Rule, base: _Pod) -> Iterator[Witness]:
    """Yield the witnesses of a rule; their names are labels, which are not yet one's own."""
    lifts = rule.expression.parts[:-1] if isinstance(rule.expression, AnyOf) else ()
    for test in tests(rule.expression):
        bad = added = None
        for case in cases(profile, test, _known(rule, test)):
            request, edge = _request(base, case.changes), _edge(case.changes)
            yield Witness(case.label, rule.id, request, case.allowed, edge)
            bad = case if bad is None and not case.allowed else bad
            if request.subresource and added is None and not case.allowed:
                added = case
                for label, beside, allowed in _beside(base, case.label, request):
                    yield Witness(label, rule.id, beside, allowed, edge)
        if bad is None:
            continue
        for label, more, lifted in conditions(profile, test, lifts):
            changes = (*bad.changes, *more)
            request, edge = _request(base, changes), _edge(changes)
            name = f"{bad.label} {label}"
            yield Witness(name, rule.id, request, lifted, edge, conditional=True)
        created, edge = _request(base, bad.changes), _edge(bad.changes)
        if created.subresource:
            continue
        standing = created._replace(operation=Operation.UPDATE, old_object=created.object)
        yield Witness("update of a bad pod", rule.id, standing, True, edge)
        if profile.controllers:
            for workload in WORKLOADS[1:]:
                owner = Request(nested(workload.path, created.object), workload)
                yield Witness(f"{workload.kind} {bad.label}", rule.id, owner, False, edge)


def _beside(base: _Pod, label: str, bad: Request) -> Iterator[tuple[str, Request, bool]]:
    """Yield requests that add a container to a pod that has one of its kind already.

    Args:
        base: a pod that the profile admits.
        label: what is wrong with the container that is added.
        bad: asks to add it.
    """
    (container,) = bad.object["spec"][_ADDED]
    fine = copied(base["spec"]["containers"][0]) | {"name": "first"}

    def request(*listed: _Pod) -> Request:
        old, new = (
            {**bad.object, "spec": {**bad.object["spec"], _ADDED: list(some)}}
            for some in (listed[:-1], listed)
        )
        return bad._replace(object=new, old_object=old)

    yield f"beside {label}", request(container, fine), True
    yield f"second {label}", request(fine, container), False


def _own(container: _Pod, spec: _Pod, path: tuple[str, ...]) -> None:
    """Give a container its own copy of the struct that a field stands in, if the pod has one.

    Kubernetes may take the container's struct for the whole: what the pod says beside the field
    must be said in it too, or another rule would miss it.
    """
    own, above = container, spec
    for step in path[:-1]:
        if step in own or not isinstance(above.get(step), dict):
            own, above = own.get(step) or {}, above.get(step) or {}
            continue
        if step == "securityContext":
            own, above = own.setdefault(step, {}), above[step]
        else:
            own[step] = copied(above[step])
            return


def _request(base: _Pod, changes: tuple[Change, ...]) -> Request:
    """Ask to create the base pod with changes, or to add a container to it where one is changed."""
    pod = copied(base)
    new = copied(pod["spec"]["containers"][0]) | {"name": "debugger"}
    added = False
    for way, path, value in changes:
        added = added or way == NEW
        struct: Any = new if way == NEW else pod
        for step in () if way == NEW else way:
            struct = struct[step]
        if path:
            if way not in (SPEC, METADATA):
                _own(struct, pod["spec"], path)
            put(struct, path, copied(value) if value is not UNSET else UNSET)
    if not added:
        return Request(pod)
    grown = {**pod, "spec": {**pod["spec"], _ADDED: [new]}}
    return Request(
        grown, operation=Operation.UPDATE, old_object=pod, subresource="ephemeralcontainers"
    )


def _edge(changes: tuple[Change, ...]) -> str:
    return " ".join(f"{'.'.join(path)}={value!r}" for _, path, value in changes)


def _known(rule: Rule, test: Test) -> str | None:
    return part_of(rule, test.subject).known


def _slug(text: str) -> str:
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", text).lower()
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:_LONGEST].rstrip("-")
