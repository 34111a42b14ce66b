"""Where the API server keeps what the laboratory sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engines.rest import Object

_ADMISSION = "apis/admissionregistration.k8s.io/v1"
_RBAC = "apis/rbac.authorization.k8s.io/v1"
# Where the kinds come with definitions of their own, and resources are called like them.
_DEFINED = ("constraints.gatekeeper.sh/v1beta1", "parameters.capgen.internal/v1")
_MUTATIONS = "apis/mutations.gatekeeper.sh/v1"
_KYVERNO = "apis/policies.kyverno.io/v1"

# What the laboratory can apply: each kind's API group with its version, and the resource's name.
CLUSTER_KINDS = {
    "Assign": (_MUTATIONS, "assign"),
    "AssignImage": ("apis/mutations.gatekeeper.sh/v1alpha1", "assignimage"),
    "AssignMetadata": (_MUTATIONS, "assignmetadata"),
    "ClusterPolicy": ("apis/kyverno.io/v1", "clusterpolicies"),
    "ClusterRole": (_RBAC, "clusterroles"),
    "ClusterRoleBinding": (_RBAC, "clusterrolebindings"),
    "ConstraintTemplate": ("apis/templates.gatekeeper.sh/v1", "constrainttemplates"),
    "CustomResourceDefinition": ("apis/apiextensions.k8s.io/v1", "customresourcedefinitions"),
    "ExpansionTemplate": ("apis/expansion.gatekeeper.sh/v1beta1", "expansiontemplate"),
    "ModifySet": (_MUTATIONS, "modifyset"),
    "MutatingAdmissionPolicy": (_ADMISSION, "mutatingadmissionpolicies"),
    "MutatingAdmissionPolicyBinding": (_ADMISSION, "mutatingadmissionpolicybindings"),
    "MutatingPolicy": (_KYVERNO, "mutatingpolicies"),
    "MutatingWebhookConfiguration": (_ADMISSION, "mutatingwebhookconfigurations"),
    "Namespace": ("api/v1", "namespaces"),
    "PodSecurityPolicy": ("apis/policy/v1beta1", "podsecuritypolicies"),
    "RuntimeClass": ("apis/node.k8s.io/v1", "runtimeclasses"),
    "ValidatingAdmissionPolicy": (_ADMISSION, "validatingadmissionpolicies"),
    "ValidatingAdmissionPolicyBinding": (_ADMISSION, "validatingadmissionpolicybindings"),
    "ValidatingPolicy": (_KYVERNO, "validatingpolicies"),
    "ValidatingWebhookConfiguration": (_ADMISSION, "validatingwebhookconfigurations"),
}
NAMESPACED_KINDS = {
    "ConfigMap": ("api/v1", "configmaps"),
    "CronJob": ("apis/batch/v1", "cronjobs"),
    "DaemonSet": ("apis/apps/v1", "daemonsets"),
    "Deployment": ("apis/apps/v1", "deployments"),
    "Job": ("apis/batch/v1", "jobs"),
    # Of a kind that the laboratory itself defines.
    "LabWidget": ("apis/lab.capgen.dev/v1", "labwidgets"),
    "Pod": ("api/v1", "pods"),
    "PodTemplate": ("api/v1", "podtemplates"),
    "ReplicaSet": ("apis/apps/v1", "replicasets"),
    "ReplicationController": ("api/v1", "replicationcontrollers"),
    "RoleBinding": (_RBAC, "rolebindings"),
    "ServiceAccount": ("api/v1", "serviceaccounts"),
    "StatefulSet": ("apis/apps/v1", "statefulsets"),
}

PATCHES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}


def path(kind: str, name: str, namespace: str = "") -> str:
    """Returns an object's path on the server, such as `/api/v1/namespaces/a/pods/b`."""
    return f"{place({'kind': kind, 'metadata': {'namespace': namespace}})}/{name}"


def place(obj: Mapping[str, Any]) -> str:
    """Returns the path of the collection that an object belongs to."""
    kind = obj["kind"]
    if obj.get("apiVersion") in _DEFINED:
        return f"/apis/{obj['apiVersion']}/{kind.lower()}"
    if kind in CLUSTER_KINDS:
        group, resource = CLUSTER_KINDS[kind]
        return f"/{group}/{resource}"
    if kind not in NAMESPACED_KINDS:
        raise LabError(f"the laboratory knows no path of kind `{kind}`")
    group, resource = NAMESPACED_KINDS[kind]
    return f"/{group}/namespaces/{obj['metadata'].get('namespace') or 'default'}/{resource}"


def dressed(pod: Mapping[str, Any], namespace: str, unnamed: Object) -> Object:
    """Returns a pod, or other object, complete enough to be sent."""
    meta = dict(pod.get("metadata") or {}) | {"namespace": namespace}
    if not (meta.get("name") or meta.get("generateName")):
        meta |= unnamed
    return {"apiVersion": "v1", "kind": "Pod"} | dict(pod) | {"metadata": meta}


def rights(user: str) -> list[Object]:
    """Returns what lets a user manage workloads, as a developer may, and nothing about policies."""
    group = "rbac.authorization.k8s.io"
    rule = {
        "apiGroups": ["", "apps", "batch"],
        "resources": ["pods/ephemeralcontainers", *(name for _, name in NAMESPACED_KINDS.values())],
        "verbs": ["*"],
    }
    head = {"apiVersion": f"{group}/v1", "metadata": {"name": "lab-workloads"}}
    role = {"apiGroup": group, "kind": "ClusterRole", "name": "lab-workloads"}
    subject = {"apiGroup": group, "kind": "User", "name": user}
    binding = {"kind": "ClusterRoleBinding", "roleRef": role, "subjects": [subject]}
    return [head | {"kind": "ClusterRole", "rules": [rule]}, head | binding]
