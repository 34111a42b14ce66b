"""One profile, made ready to judge many requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .decision import POD, Operation, Request, Violation
from .defaults import defaulted, spans
from .exempt import excuses
from .expressions import Judge, Offence, allowed_text, judge, tests
from .pod import Mapping, Pod, ephemeral_names, mapping, newcomers, view
from .shape import Fault, Struct, faults, shape_of
from .subjects import Path, Subject, brief
from .values import UNSET
from .workload import pod_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .profile import Profile


class Verdict(NamedTuple):
    """What one profile says of a request.

    Attributes:
        violations: what it refuses.
        pod: the pod as it was judged.
        exempted: something was excused.
    """

    violations: tuple[Violation, ...]
    pod: Mapping
    exempted: bool


class Judgement:
    """A profile, made ready to judge many pods."""

    def __init__(self, profile: Profile) -> None:
        """Prepare the profile's rules, in their order."""
        self.profile = profile
        self.spans = spans(profile.minors)
        self._judges: list[tuple[str, Judge]] = [
            (rule.id, judge(rule.expression)) for rule in profile.rules
        ]
        self._excuses = excuses(profile.exempt)
        self._mutate = _mutator(profile)
        subjects: list[Subject] = [
            test.subject for rule in profile.rules for test in tests(rule.expression)
        ]
        self._shape: Struct | None = shape_of(subjects) if subjects else None

    def decide(self, request: Request, pod: Mapping) -> Verdict | None:
        """Say what the profile says of a request, or None where it is not asked.

        Args:
            request: the request.
            pod: the pod, or pod template, of its object.
        """
        if not self._matches(request, pod):
            return None
        if not _is_judged(request, self.profile):
            return self._update(request, pod)
        created = request.operation is Operation.CREATE and not request.workload.copied
        if self._mutate is not None and created:
            pod = self._mutate(pod)
        # A pod that stands already was defaulted when it was created.
        as_sent = request.workload is not POD or request.subresource != ""
        found: list[Violation] = []
        exempted = False
        judged = pod
        for span in self.spans:
            judged = defaulted(pod, span, template=as_sent, automount=request.automount)
            seen = _seen(request, judged)
            offending, excused = self._violations(judged, seen, request.workload.path)
            found += [violation for violation in offending if violation not in found]
            exempted = exempted or excused
        return Verdict(tuple(found), judged, exempted)

    def standing(self, request: Request, pod: Mapping) -> Verdict | None:
        """Say what the profile would say of a whole pod that stands; None where it judges none."""
        if not self._matches(request, pod) or not self.profile.pods:
            return None
        violations, exempted = self._violations(pod, view(pod), request.workload.path)
        return Verdict(tuple(violations), pod, exempted)

    def _matches(self, request: Request, pod: Mapping) -> bool:
        match = self.profile.match
        return match.matches(request.namespace, request.namespace_labels, _labels(pod))

    def _violations(self, pod: Mapping, seen: Pod, base: Path) -> tuple[list[Violation], bool]:
        """Return what is refused in the seen part of a pod, and whether something is excused."""
        name = self.profile.name
        found = []
        exempted = False
        if self._shape is not None:
            found = [_fault(name, fault, seen, base) for fault in faults(self._shape, pod)]
        for rule, run in self._judges:
            offences = run(seen)
            if not offences:
                continue
            excused = self._excuses.get(rule)
            if excused is not None:
                left = [each for each in offences if not _is_excused(each, excused)]
                exempted = exempted or len(left) < len(offences)
                offences = left
            found += [_violation(name, rule, offence, base) for offence in offences]
        return found, exempted

    def _update(self, request: Request, pod: Mapping) -> Verdict | None:
        """Judge the containers of a pod that an update takes out of an exemption.

        A container's image may change, and with it what excuses the container. Of a pod that stands
        nothing else is judged again.
        """
        if request.workload is not POD or request.subresource or not self.profile.pods:
            return None
        old = view(mapping(request.old_object))
        found: list[Violation] = []
        asked = False
        for rule, run in self._judges:
            excused = self._excuses.get(rule)
            if excused is None:
                continue
            were = {(each.path[1], each.name) for each in old.containers if excused(each.raw)}
            seen = view(pod)
            lost = tuple(
                each
                for each in seen.containers
                if (each.path[1], each.name) in were and not excused(each.raw)
            )
            asked = asked or bool(lost)
            offences = run(seen._replace(containers=lost, pod_level=False))
            found += [_violation(self.profile.name, rule, each, ()) for each in offences]
        return Verdict(tuple(found), pod, exempted=False) if asked else None


def _mutator(profile: Profile) -> Callable[[Mapping], Mapping] | None:
    if not profile.mutate:
        return None
    from .mutate import mutator  # noqa: PLC0415 - few profiles mutate: the cold start is theirs

    return mutator(profile)


def _is_excused(offence: Offence, excused: Callable[[Mapping], bool]) -> bool:
    return offence.container is not None and excused(offence.container.raw)


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
    if any(not isinstance(value, str | None) for value in written.values()):
        # The API would not read them: they are not known, and count as matching.
        return None
    return {key: "" if value is None else value for key, value in written.items()}


def _is_judged(request: Request, profile: Profile) -> bool:
    """Tell whether the profile judges such a request, by the rules of UPDATE."""
    if request.workload is not POD:
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
    return view(pod, template=request.workload is not POD)


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
