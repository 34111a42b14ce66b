"""Requests of every sort that Gatekeeper can see."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Operation, Request
from capgen.policy.owners import owner
from capgen.policy.workload import WORKLOADS
from tests.engines.canaries import GOOD

if TYPE_CHECKING:
    from tests.engines.rest import Object

_DEPLOYMENT: Final = next(each for each in WORKLOADS if each.kind == "Deployment")


def _pod(**fields: Any) -> Object:  # noqa: ANN401 - any JSON
    return {"spec": {**copy.deepcopy(GOOD["spec"]), **fields}}


def _container(name: str, *, privileged: bool) -> Object:
    if privileged:
        return {"name": name, "image": "i", "securityContext": {"privileged": True}}
    return {**GOOD["spec"]["containers"][0], "name": name}


PRIVILEGED: Final = _pod(containers=[_container("c", privileged=True)])
PRIVILEGED_INIT: Final = _pod(initContainers=[_container("first", privileged=True)])
HOST_NETWORK: Final = _pod(hostNetwork=True)
# It sets nothing.
BARE: Final[Object] = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
# It sets what the mutators of `mutators.yaml` would set, to something else.
SET: Final[Object] = {
    "spec": {
        "securityContext": {"runAsNonRoot": False},
        "containers": [
            {
                "name": "c",
                "image": "i",
                "securityContext": {"capabilities": {"drop": ["NET_RAW"]}},
            }
        ],
    }
}


def labelled(pod: Object) -> Request:
    """Put a label on a pod that stands."""
    changed = {"metadata": {"labels": {"changed": "yes"}}, **pod}
    return Request(changed, operation=Operation.UPDATE, old_object=pod)


def debugged(pod: Object, *, privileged: bool) -> Request:
    """Add an ephemeral container to a pod that stands."""
    added = [_container("debug", privileged=privileged)]
    return Request(
        {"spec": {**pod["spec"], "ephemeralContainers": added}},
        operation=Operation.UPDATE,
        old_object=pod,
        subresource="ephemeralcontainers",
    )


def deployed(pod: Object) -> Request:
    """Create a Deployment of a pod."""
    return Request(owner(_DEPLOYMENT, pod), _DEPLOYMENT)


def placed(pod: Object, team: str) -> Request:
    """Create a pod in the namespace of a team."""
    return Request(pod, namespace="lab-team", namespace_labels={"team": team})
