"""Who asks about the sets of profiles: users, and accounts, that may use PodSecurityPolicies.

A request that says what may be used is asked by a user who may, and, where a pod is made, by one
who may nothing for a pod whose account may. All others `admin` asks, who may use everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.admit import Operation
from capgen.policy.workload import WORKLOADS
from tests.engines.cluster.reviews import may_use
from tests.engines.controlplane import Account
from tests.engines.processes import NotYet
from tests.pods import tweak

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgen.policy.admit import Request
    from tests.engines.apiserver import Cluster
    from tests.engines.controlplane import User
    from tests.engines.rest import Object

_RBAC: Final = "rbac.authorization.k8s.io"
_USERS: Final = "sets:users"
_NOTHING: Final = frozenset[str]()
_ACCOUNT: Final = "system:serviceaccount"


class Asked(NamedTuple):
    """A request, by name, and who asks."""

    about: str
    request: Request
    user: User

    @property
    def placed(self) -> bool:
        """It is there for its namespace, its account or its labels."""
        return " in " in self.about and "debugger" not in self.about


def asked_by(requests: Iterable[tuple[str, Request]]) -> Iterator[Asked]:
    """Yield each request with whoever asks it."""
    for about, request in requests:
        may = request.may_use
        if may is None:
            yield Asked(about, request, "admin")
            continue
        yield Asked(f"{about}: a user", request, _user(may))
        if request.operation is Operation.CREATE and request.workload is WORKLOADS[0]:
            pod = tweak(dict(request.object), {"spec.serviceAccountName": _name(may)})
            yield Asked(f"{about}: an account", request._replace(object=pod), _user(_NOTHING))


def grant(cluster: Cluster, asked: Iterable[Asked]) -> list[Object]:
    """Give users and accounts what they may use, wait for it, and return what was made."""
    uses = {
        (str(each.request.namespace), each.request.may_use)
        for each in asked
        if each.request.may_use is not None
    }
    objects = [*_makers(), *(each for where, may in uses for each in _granted(where, may))]
    cluster.apply(objects)

    def probe() -> None:
        for where, may in uses:
            for name in may:
                for who in (_user(may), Account(f"{_ACCOUNT}:{where}:{_name(may)}")):
                    if not may_use(cluster, who, where, name):
                        raise NotYet(f"{who.name} may not use {name} in {where}")

    cluster.until(probe, what="the rights of those who ask about sets")
    return objects


def _name(may: frozenset[str]) -> str:
    return "-".join(["uses", *(name.replace(".", "-") for name in sorted(may))])


def _user(may: frozenset[str]) -> Account:
    return Account(_name(may), (_USERS,))


def _makers() -> Iterator[Object]:
    """Yield what lets the users make pods."""
    role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "lab-workloads"}
    yield {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "lab-sets"},
        "roleRef": role,
        "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": _USERS}],
    }


def _granted(where: str, may: frozenset[str]) -> Iterator[Object]:
    name = _name(may)
    meta = {"name": name, "namespace": where}
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}
    rule = {"apiGroups": ["policy"], "resources": ["podsecuritypolicies"], "verbs": ["use"]}
    role = f"sets-{name}"
    head: Object = {"apiVersion": f"{_RBAC}/v1"}
    # Without a name it would be a right to use all.
    rules = [rule | {"resourceNames": sorted(may)}] if may else []
    yield head | {"kind": "ClusterRole", "metadata": {"name": role}, "rules": rules}
    yield head | {
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [
            {"apiGroup": _RBAC, "kind": "User", "name": name},
            {"kind": "ServiceAccount", "name": name, "namespace": where},
        ],
    }
