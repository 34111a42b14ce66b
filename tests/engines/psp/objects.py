"""The laboratory's own PodSecurityPolicies, which show that others act, and who may use them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.engines.rest import Object

_RBAC: Final = "rbac.authorization.k8s.io"
_RESOURCE: Final = "podsecuritypolicies"
KINDS: Final = ("PodSecurityPolicy", "ClusterRole", "ClusterRoleBinding")
# What the server takes beside, and the plugin in process does not.
LIVE_KINDS: Final = (*KINDS, "RoleBinding")
_STRATEGIES: Final = ("seLinux", "runAsUser", "supplementalGroups", "fsGroup")

# The namespace and the account of the canaries.
HOME: Final = "lab-home"
MARKED: Final = "marked"
# A pod that is admitted as it is wherever little is forbidden: what it leaves unset stays unset.
BARE: Final[Object] = {"spec": {"containers": [{"name": "c", "image": "i"}]}}


def policy(name: str, **spec: object) -> Object:
    """Return a policy that leaves users, groups and SELinux alone, and allows every volume."""
    anything = {strategy: {"rule": "RunAsAny"} for strategy in _STRATEGIES}
    return {
        "apiVersion": "policy/v1beta1",
        "kind": "PodSecurityPolicy",
        "metadata": {"name": name},
        "spec": {**anything, "volumes": ["*"], **spec},
    }


def usable(name: str, *policies: str, subject: Object) -> list[Object]:
    """Return a role to use policies, and its binding to a subject."""
    rule = {
        "apiGroups": ["policy"],
        "resources": [_RESOURCE],
        "resourceNames": list(policies),
        "verbs": ["use"],
    }
    head: Object = {"apiVersion": f"{_RBAC}/v1", "metadata": {"name": name}}
    ref = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name}
    return [
        head | {"kind": "ClusterRole", "rules": [rule]},
        head | {"kind": "ClusterRoleBinding", "roleRef": ref, "subjects": [subject]},
    ]


# It allows all that a policy can allow and changes nothing. Only the administrator may use it, to
# make what stands already. By its name it is the first choice where all policies change a pod.
ANY: Final = policy(
    "0",
    privileged=True,
    allowPrivilegeEscalation=True,
    allowedCapabilities=["*"],
    hostNetwork=True,
    hostPID=True,
    hostIPC=True,
    hostPorts=[{"min": 0, "max": 65535}],
    allowedUnsafeSysctls=["*"],
)
ANY["metadata"]["annotations"] = {"seccomp.security.alpha.kubernetes.io/allowedProfileNames": "*"}


def marker(number: int) -> list[Object]:
    """Return a policy of its own name for the canaries' account, first; its role and binding."""
    name = f"0.{number:06}"
    subject = {"kind": "ServiceAccount", "name": MARKED, "namespace": HOME}
    return [policy(name), *usable(f"lab-marker-{number}", name, subject=subject)]


def marked(pod: Object) -> Object:
    """Return a pod of the canaries' account."""
    found = copy.deepcopy(pod)
    found["spec"]["serviceAccountName"] = MARKED
    return found


def account(namespace: str, name: str, *, automount: bool = True) -> Object:
    """Return a ServiceAccount."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace},
        "automountServiceAccountToken": automount,
    }


def check(artefacts: Iterable[Object], kinds: tuple[str, ...] = KINDS) -> None:
    """Refuse artefacts of which the laboratory could not say what they do.

    Raises:
        LabError: one is of another kind, or a role to use every policy.
    """
    for each in artefacts:
        name = f"{each['kind']} {each['metadata']['name']}"
        if each["kind"] not in kinds:
            raise LabError(f"{name} is no artefact of PodSecurityPolicy")
        if any(map(_uses_all, each.get("rules") or ())):
            raise LabError(f"{name} lets every policy be used, the laboratory's own too")


def _uses_all(rule: dict[str, Any]) -> bool:
    resources, verbs = ({*(rule.get(key) or ())} for key in ("resources", "verbs"))
    listed = {_RESOURCE, "*"} & resources and {"use", "*"} & verbs
    return bool(listed) and not rule.get("resourceNames")
