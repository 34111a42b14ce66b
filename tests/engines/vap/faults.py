"""Faults in our ValidatingAdmissionPolicies, which a real API server must judge differently.

Each faulty policy warns in a namespace of its own, so that many are asked at once. It is caught
where the server's verdict on some request is not the one by the policy without a fault.
"""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Operation, Request
from capgen.policy.values import nested
from capgen.policy.witness import base_pod
from capgen.policy.workload import WORKLOADS
from capgen.targets.base import object_name
from tests.engines import recording
from tests.engines.agreement import Reference
from tests.engines.applied import emitted
from tests.engines.faults import Equivalent, Tally, all_asked, is_asked
from tests.engines.judged import judged, recorded
from tests.engines.vap.asking import resource
from tests.engines.vap.fault_asking import Asking, Expected
from tests.engines.vap.narrowed import narrowed
from tests.engines.vap.seeds import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from capgen.policy.workload import Workload
    from tests.engines.judged import Judged
    from tests.engines.proving import Lab, Row
    from tests.engines.rest import Object
    from tests.engines.vap.seeds import Seeded

# Profiles, and of how many faults in each policy of pods and of templates; 0: all.
_PROFILES: Final = {"pss-restricted": (60, 8), "all-plain": (24, 4), "all-effective": (12, 4)}
_SEED: Final = 77

EQUIVALENT: Final = (
    Equivalent("*", "containers", "ephemeralContainers are left out", "no pod is made with them"),
    Equivalent("ephemeralcontainers", "hostPorts", "", "an ephemeral container has no ports"),
    Equivalent("ephemeralcontainers", "hostProbes", "", "an ephemeral container has no probes"),
    Equivalent(
        "ephemeralcontainers",
        "appArmorProfile",
        "annotations",
        "the API takes no annotation of a container that is yet to be added",
    ),
    Equivalent(
        "ephemeralcontainers",
        "appArmorProfile",
        "variables.containers.exists(c, k == ",
        "the API takes no annotation of a container that is yet to be added",
    ),
    Equivalent("controllers", "", "operations of jobs lack UPDATE", "a Job's template is for ever"),
    Equivalent(
        "*",
        "automountServiceAccountToken",
        "`orValue(true)` for `orValue(false)`",
        "the laboratory's account mounts its token: what it does not mount is for its table",
    ),
    Equivalent(
        "*",
        "automountServiceAccountToken",
        "`.all(` for `.exists(`",
        "the API server mounts the token in every container or in none",
    ),
)


def vap_faults(laboratory: Lab) -> Row:
    """Asks about each fault until it is seen."""
    cluster = laboratory.cluster
    asking = Asking(cluster)
    tally = Tally(EQUIVALENT, whole=all_asked())
    for name, (of_pods, of_templates) in _PROFILES.items():
        each = judged()[name]
        reference = Reference(each.profile())
        for policy, binding in _policies(reference.profile):
            part = policy["metadata"]["name"].removeprefix(object_name(name)).strip("-")
            most = of_pods if part in ("", "ephemeralcontainers") else of_templates
            expected = list(_expected(policy, each, reference))
            shown = {rule for row in expected if not row.rule for rule in row.broken}
            seeded = [
                fault
                for fault in _some(list(faults(policy, binding)), part, most)
                if is_asked(f"{name} {part} {fault.what}")
            ]
            found = [narrowed(fault, shown) for fault in seeded]
            fates = asking.seen(found, expected, partial(_is_excused, part))
            for fault, fate in zip(found, fates, strict=True):
                tally.add(policy["metadata"]["name"], part, fault, fate)
    return tally.row("vap", "kube-apiserver", cluster.version)


def _some(found: list[Seeded], part: str, most: int) -> list[Seeded]:
    """Return all faults, or so many of those in expressions, and all that some row excuses."""

    def stays(fault: Seeded) -> bool:
        return " in: " not in fault.what or _is_excused(part, fault)

    others = [fault for fault in found if not stays(fault)]
    if most and len(others) > most:
        others = random.Random(_SEED).sample(others, most)
    return [fault for fault in found if stays(fault)] + others


def _is_excused(part: str, fault: Seeded) -> bool:
    return any(row.is_of(part, fault) for row in EQUIVALENT)


def _policies(profile: Profile) -> Iterator[tuple[Object, Object]]:
    objects = emitted(profile)
    bindings = {each["spec"].get("policyName"): each for each in objects}
    for each in objects:
        if each["kind"] == "ValidatingAdmissionPolicy":
            yield each, bindings[each["metadata"]["name"]]


def _expected(policy: Object, each: Judged, reference: Reference) -> Iterator[Expected]:
    """Yield witnesses that a policy judges, each with its verdict, and updates of templates.

    Of pods the verdicts are recorded; of templates, which are of each kind in turn, they are the
    interpreter's.
    """
    rules = policy["spec"]["matchConstraints"]["resourceRules"]
    judges = {resource for rule in rules for resource in rule["resources"]}
    kinds = [workload for workload in WORKLOADS[1:] if workload.resource in judges]
    verdicts = recording.load(each.recording)
    wrong: dict[str, Expected] = {}
    for number, asked in enumerate(recorded(reference.profile)):
        request, verdict = asked.request, verdicts[asked.key]
        if request.workload.path or verdict == recording.INVALID:
            continue
        if resource(request) in judges:
            yield Expected(asked.rule, request, verdict)
        elif kinds and not request.subresource:
            kind = kinds[number % len(kinds)]
            request = Request(nested(kind.path, request.object), kind)
            found = Expected(asked.rule, request, recording.said(reference.word(request)))
            yield found
            if found.verdict != recording.ADMITTED:
                wrong.setdefault(kind.kind, found)
    for kind in kinds:
        # A Job's template cannot change.
        if kind.kind in wrong and kind.kind != "Job":
            yield from _updates(kind, reference.profile, wrong[kind.kind])


def _updates(workload: Workload, profile: Profile, wrong: Expected) -> Iterator[Expected]:
    """Yield updates: to a bad template, and of a bad one's labels alone."""
    good = nested(workload.path, base_pod(profile))
    update = Request(wrong.request.object, workload, Operation.UPDATE, good)
    yield Expected("", update, wrong.verdict)
    same = update._replace(old_object=wrong.request.object)
    yield Expected("", same, recording.ADMITTED)
