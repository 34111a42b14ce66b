"""Asks the API server's authorizer itself who may use a PodSecurityPolicy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.engines.rest import Call

if TYPE_CHECKING:
    from tests.engines.apiserver import Cluster
    from tests.engines.controlplane import Account

_REVIEWS: Final = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


def may_use(cluster: Cluster, user: Account, namespace: str, name: str) -> bool:
    """Tell whether the authorizer lets a user use a PodSecurityPolicy in a namespace."""
    asked = {"verb": "use", "group": "policy", "resource": "podsecuritypolicies", "name": name}
    spec = {
        "user": user.name,
        "groups": list(user.groups),
        "resourceAttributes": {**asked, "namespace": namespace},
    }
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    (answer,) = cluster.ask([Call("POST", _REVIEWS, review)])
    return bool(answer.object["status"]["allowed"])
