"""What the API is said to take it took: by its verdicts on witnesses, as they were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capgen.policy.adapted import adapted
from capgen.policy.admit import Request
from capgen.policy.owners import owner
from capgen.policy.taken import taken
from capgen.policy.witness import witnesses
from capgen.policy.workload import WORKLOADS
from tests.engines import recording
from tests.engines.judged import judged

if TYPE_CHECKING:
    from tests.pods import Pod

# What is not said to be taken though it is: nearly always a witness with null, or nothing, in it.
_MISSED = 0.4
# Between them they say all rules, and need all sorts of things beside what is judged.
_NAMES = (
    "pss-baseline-1-30",
    "pss-restricted",
    "all-plain",
    "all-turned",
    "all-both",
    "worked-image-builder",
    "worked-windows-service",
)


@pytest.mark.parametrize("name", _NAMES)
def test_what_is_taken_is_valid(name: str) -> None:
    """The API server took each witness that is said to be taken, as it is and adapted."""
    each = judged()[name]
    verdicts = recording.load(each.recording)
    wrong, right, missed = [], 0, 0
    for witness in witnesses(each.profile()):
        for request in (witness.request, adapted(witness.request)):
            if request is None or request.workload.path:
                continue
            valid = verdicts[recording.key(request)] != recording.INVALID
            said = taken(request)
            wrong += [witness.name] if said and not valid else []
            right += said and valid
            missed += valid and not said
    assert wrong == []
    # All pods of this profile name a RuntimeClass, which a cluster may not have.
    if "runtimeClassName" not in {rule.id for rule in each.profile().rules}:
        assert missed / (right + missed) < _MISSED


GOOD: Pod = {"spec": {"containers": [{"name": "web", "image": "i"}]}}
ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"


@pytest.mark.parametrize(
    "pod",
    [
        {"spec": {**GOOD["spec"], "hostPID": None}},
        {"spec": {**GOOD["spec"], "runtimeClassName": "gvisor"}},
        {"spec": {**GOOD["spec"], "os": {"name": "Windows"}}},
        {"spec": {**GOOD["spec"], "os": {"name": "windows"}, "securityContext": {"sysctls": {}}}},
        {
            "spec": {
                **GOOD["spec"],
                "os": {"name": "linux"},
                "securityContext": {"windowsOptions": {"runAsUserName": "a"}},
            }
        },
        {"spec": {**GOOD["spec"], "securityContext": {"sysctls": [{"name": "Kernel.x"}]}}},
        {"spec": {**GOOD["spec"], "volumes": [{"name": "a", "hostPath": {"type": "File"}}]}},
        {"spec": {**GOOD["spec"], "securityContext": {"seccompProfile": {"type": "Other"}}}},
        {"metadata": {"annotations": {f"{ANNOTATION}nobody": "unconfined"}}, **GOOD},
        {"metadata": {"annotations": {f"{ANNOTATION}web": "localhost/"}}, **GOOD},
    ],
)
def test_what_is_not_taken(pod: Pod) -> None:
    """Each of these is more than the API takes, or than a cluster surely has."""
    assert taken(Request(GOOD))
    assert not taken(Request(pod))


def test_templates() -> None:
    """The pod template of a controller is looked at like a pod."""
    bad = {"spec": {**GOOD["spec"], "runtimeClassName": "gvisor"}}
    for workload in WORKLOADS[1:]:
        assert taken(Request(owner(workload, GOOD), workload))
        assert not taken(Request(owner(workload, bad), workload))
