"""Admission: a request in, a decision out. The reference for every target.

Admission is never a function of a pod alone: what an UPDATE changes and what a subresource adds
decide what is judged, so that nothing that runs already is broken and nothing new slips in.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from .defaults import defaulted, spans
from .expressions import Judge, Offence, allowed_text, judge, tests
from .pod import Mapping, Pod, ephemeral_names, mapping, newcomers, view
from .shape import Fault, Struct, faults, shape_of
from .subjects import Path, Subject, brief
from .values import UNSET
from .workload import WORKLOADS, Workload, pod_of

if TYPE_CHECKING:
    from .profile import Profile, Union

_POD = WORKLOADS[0]


class Operation(Enum):
    """What is done to an object."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"


class Request(NamedTuple):
    """What an API server asks its admission policies.

    Attributes:
        object: the object as it was sent: a pod, or a controller with a pod template.
        workload: what kind it is.
        operation: what is done to it.
        old_object: what stood there before; None on CREATE.
        subresource: `ephemeralcontainers` where `kubectl debug` adds one, else "".
        namespace: the name of its namespace; None where a manifest does not tell.
        namespace_labels: the labels of its namespace; None where they are not known.
        automount: what the pod's ServiceAccount says of mounting its token.
    """

    object: Mapping
    workload: Workload = _POD
    operation: Operation = Operation.CREATE
    old_object: Mapping | None = None
    subresource: str = ""
    namespace: str | None = None
    namespace_labels: Mapping | None = None
    automount: bool = True


class Violation(NamedTuple):
    """One value that a rule refuses.

    Attributes:
        profile: the name of the profile.
        rule: the rule, or `unknownField`, or `malformed`.
        container: the name of the container; None where it is the pod.
        path: the way down to the value from the object; the field may be missing there.
        value: what stands there, or UNSET.
        allowed: what would be allowed, in words.
        message: what must be, in one sentence for people.
    """

    profile: str
    rule: str
    container: str | None
    path: Path
    value: object
    allowed: str
    message: str

    def below(self, base: Path) -> Violation:
        """Return the same violation, seen from further up."""
        return self._replace(path=base + self.path)


class Decision(NamedTuple):
    """What becomes of a request.

    Attributes:
        allowed: the request is admitted.
        matched: some profile judges the object at all.
        violations: why not, in the order of the profile's rules; of the first profile, where
            several would do.
        pod: the pod as it was judged, after defaulting.
    """

    allowed: bool
    matched: bool
    violations: tuple[Violation, ...]
    pod: Mapping


class Judgement:
    """A profile, made ready to judge many pods."""

    def __init__(self, profile: Profile) -> None:
        """Prepare the profile's rules, in their order."""
        self.profile = profile
        self.spans = spans(profile.minors)
        self._judges: list[tuple[str, Judge]] = [
            (rule.id, judge(rule.expression)) for rule in profile.rules
        ]
        subjects: list[Subject] = [
            test.subject for rule in profile.rules for test in tests(rule.expression)
        ]
        self._shape: Struct | None = shape_of(subjects) if subjects else None

    def violations(self, pod: Mapping, seen: Pod, base: Path) -> list[Violation]:
        """Return what the profile refuses in a pod.

        Args:
            pod: the pod, after defaulting.
            seen: the part of it that is judged.
            base: the way down to the pod from the object that was sent.
        """
        name = self.profile.name
        found = []
        if self._shape is not None:
            found = [_fault(name, fault, seen, base) for fault in faults(self._shape, pod)]
        for rule, run in self._judges:
            offences = run(seen)
            if offences:
                found += [_violation(name, rule, offence, base) for offence in offences]
        return found


class Admission:
    """A union of profiles, made ready to decide many requests."""

    def __init__(self, union: Union) -> None:
        """Prepare each profile."""
        self._judgements = [Judgement(profile) for profile in union.any_of]

    def admit(self, request: Request) -> Decision:
        """Decide one request: defaulting first, then any one profile must admit the whole pod."""
        raw = pod_of(request.workload, request.object)
        pod = mapping(raw)
        labels = _labels(pod)
        first: tuple[Violation, ...] | None = None
        judged = pod
        matched = False
        for judgement in self._judgements:
            profile = judgement.profile
            if not profile.match.matches(request.namespace, request.namespace_labels, labels):
                continue
            if not _is_judged(request, profile):
                continue
            matched = True
            found: list[Violation] = []
            # A pod that stands already was defaulted when it was created.
            as_sent = request.workload is not _POD or request.subresource != ""
            for span in judgement.spans:
                judged = defaulted(pod, span, template=as_sent, automount=request.automount)
                seen = _seen(request, judged)
                for violation in judgement.violations(judged, seen, request.workload.path):
                    if violation not in found:
                        found.append(violation)
            if not found:
                return Decision(allowed=True, matched=True, violations=(), pod=judged)
            first = first if first is not None else tuple(found)
        return Decision(first is None, matched, first or (), judged)


def _labels(pod: Mapping) -> Mapping | None:
    """Return a pod's labels as Go reads them, null being ""; None where they are no mapping."""
    metadata = pod.get("metadata")
    if metadata is None:
        return {}
    written = metadata.get("labels", {}) if isinstance(metadata, dict) else UNSET
    if written is None:
        return {}
    if not isinstance(written, dict):
        return None
    return {key: "" if value is None else value for key, value in written.items()}


def _is_judged(request: Request, profile: Profile) -> bool:
    """Tell whether the profile judges such a request, by the rules of UPDATE."""
    if request.workload is not _POD:
        if not profile.controllers:
            return False
        if request.operation is Operation.CREATE:
            return True
        old = pod_of(request.workload, request.old_object or {})
        return pod_of(request.workload, request.object) != old
    if not profile.pods:
        return False
    if request.subresource:
        return request.subresource == "ephemeralcontainers"
    return request.operation is Operation.CREATE


def _seen(request: Request, pod: Mapping) -> Pod:
    if request.subresource == "ephemeralcontainers":
        return newcomers(pod, ephemeral_names(request.old_object or {}))
    return view(pod)


def _violation(profile: str, rule: str, offence: Offence, base: Path) -> Violation:
    test = offence.test
    words = allowed_text(test)
    return Violation(
        profile,
        rule,
        offence.container.name if offence.container is not None else None,
        base + offence.path,
        offence.value,
        words,
        f"{brief(test.subject)} must be {words}",
    )


def _fault(profile: str, fault: Fault, seen: Pod, base: Path) -> Violation:
    inside = (c.name for c in seen.containers if fault.path[: len(c.path)] == c.path)
    path = base + fault.path
    return Violation(profile, fault.rule, next(inside, None), path, fault.value, "", fault.message)
