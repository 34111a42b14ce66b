"""What policies that ask who asks are known to make of users, groups and service accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines.canaries import BAD, GOOD
from tests.engines.controlplane import Account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engines.controlplane import User
    from tests.engines.rest import Object

# The groups that may make pods at all; every service account is in the second one.
MAKERS: Final = ("lab:users", "system:serviceaccounts")
_USERS: Final = MAKERS[:1]
_SYSTEM: Final = "system:serviceaccount:kube-system:replicaset-controller"
_WEB: Final = "system:serviceaccount:lab-may-use:web"

USERS: Final[Mapping[str, User]] = {
    "admin": "admin",
    "anna": Account("anna", _USERS),
    "bert": Account("bert", _USERS),
    "carl on call": Account("carl", (*_USERS, "lab:on-call")),
    "dora of the agents": Account("dora", (*_USERS, "lab:agents")),
    "nobody": Account("nobody"),
    # A user may be called as a group is.
    "emil": Account("lab:on-call", _USERS),
    "builder": Account("system:serviceaccount:lab-who:builder"),
    "builder elsewhere": Account("system:serviceaccount:lab-else:builder"),
    "nearly a system's": Account("system:serviceaccount:kube-system-2:controller"),
    "controller": Account(_SYSTEM),
    "agent": Account("system:serviceaccount:lab-may-use:agent"),
    "web": Account(_WEB),
}


class Asked(NamedTuple):
    """Who asks for which pod.

    Attributes:
        user: a key of `USERS`.
        account: the service account of the pod; "" where it says none, and gets `default`.
        bad: the pod has hostPID.
        note: its annotation `account`.
    """

    user: str
    account: str = ""
    bad: bool = True
    note: str = ""

    @property
    def pod(self) -> Object:
        """The pod."""
        pod = BAD if self.bad else GOOD
        account = {"serviceAccountName": self.account} if self.account else {}
        notes = {"metadata": {"annotations": {"account": self.note}}} if self.note else {}
        return {**pod, "spec": {**pod["spec"], **account}, **notes}


def _may_not(user: str, account: str = "default") -> str:
    return f"denied: neither {user} nor {account} may"


def _not_for(user: str) -> str:
    return f"denied: hostPID is not for {user}"


# What each is answered by the policies of a file; `users.in_words` says how it is written.
EXPECTED: Final[Mapping[str, Mapping[Asked, str]]] = {
    "who": {
        Asked("bert", bad=False): "admitted",
        Asked("bert"): _not_for("bert"),
        Asked("carl on call"): "admitted",
        Asked("emil"): _not_for("lab:on-call"),
        Asked("builder"): "admitted",
        Asked("builder elsewhere"): _not_for("system:serviceaccount:lab-else:builder"),
        Asked("controller"): "admitted",
        Asked("nearly a system's"): _not_for("system:serviceaccount:kube-system-2:controller"),
        # No policy asks what a user may do of itself.
        Asked("admin"): _not_for("admin"),
        Asked("nobody", bad=False): "no right",
    },
    "may-use": {
        Asked("bert", bad=False): "admitted",
        Asked("bert"): _may_not("bert"),
        Asked("bert", "web"): _may_not("bert", "web"),
        # The account of the pod may.
        Asked("bert", "agent"): "admitted",
        # The user may: by name, by group, as an account.
        Asked("anna"): "admitted",
        Asked("anna", "web"): "admitted",
        Asked("anna", "agent"): "admitted",
        Asked("dora of the agents", "web"): "admitted",
        Asked("agent", "web"): "admitted",
        Asked("web", "web"): _may_not(_WEB, "web"),
        Asked("web", "agent"): "admitted",
        # Who makes the pods of a ReplicaSet may nothing: their account decides.
        Asked("controller", "web"): _may_not(_SYSTEM, "web"),
        Asked("controller", "agent"): "admitted",
        # `system:masters` may use everything, and so nothing is asked of it.
        Asked("admin", "web"): "admitted",
    },
    "mutates": {
        Asked("bert"): "admitted as for-bert",
        Asked("anna"): "admitted",
        # What she may do elsewhere does not count here.
        Asked("dora of the agents"): "admitted as for-dora",
        Asked("admin"): "admitted",
    },
    "no-account": {
        Asked("bert"): "errored: Invalid service account name",
        Asked("bert", bad=False): "errored: Invalid service account name",
        Asked("bert", note="A_B"): "errored: Invalid service account name",
        # There need not be such an account.
        Asked("bert", note="unknown"): "denied: no hostPID",
        Asked("bert", bad=False, note="unknown"): "admitted",
    },
    "no-account-ignored": {
        Asked("bert"): "admitted",
        Asked("bert", note="unknown"): "denied: no hostPID",
    },
}

# Those of "may-use" who show a token of their own give the same answers as when impersonated.
TOKENS: Final = ("agent", "web")

# Each must be refused when it is loaded, in these words.
REFUSED: Final = {
    "message": "undeclared reference to 'authorizer'",
    "user": "undeclared reference to 'user'",
}
