"""PodSecurityPolicy as the API server of 1.24 enforces it, the last that did: `PspCluster`."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import groupby
from typing import TYPE_CHECKING, Final, Self

from capgen.policy.admit import account_of
from capgen.policy.pod import mapping
from capgen.policy.workload import pod_of
from tests.engines.apiserver import Cluster
from tests.engines.canaries import BAD
from tests.engines.controlplane import Server
from tests.engines.engine import Outcome, Verdict
from tests.engines.lab import LabError
from tests.engines.psp import objects as psp_objects
from tests.engines.psp.objects import ANY, BARE, HOME, MARKED
from tests.engines.vap.asking import Standing, furnish
from tests.engines.verbs import IGNORE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgen.policy.admit import Request
    from tests.engines.rest import Answer, Object

# It judges the requests that name no namespace.
NAMESPACE: Final = "lab-pods"
SERVER: Final = Server(
    "kube-apiserver-1.24",
    (
        "--enable-admission-plugins=PodSecurityPolicy",
        # Else a misspelt field of a policy is dropped in silence.
        "--feature-gates=ServerSideFieldValidation=true",
    ),
)
_OUTCOMES: Final[dict[str, Outcome]] = {
    "admitted": "admitted",
    "psp": "denied",
    "invalid": "invalid",
    "errored": "errored",
}
_CHOSEN: Final = "kubernetes.io/psp"
_TOKEN: Final = "kube-api-access-"  # noqa: S105 - the beginning of a volume's name


class PspCluster:
    """The API server with the PodSecurityPolicy plugin, RBAC and its other plugins; an `Admission`.

    Requests are those of the user `plain`, who manages workloads and may use only what the loaded
    artefacts let him. Of a pod, what 1.24 does not know is dropped, as it is in such a cluster.

    Attributes:
        version: the server's own version.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._cluster = Cluster(SERVER)
        self._loaded: list[Object] = []
        self._marker: list[Object] = []
        self._rounds = 0
        # Of each namespace the accounts that are there, and whether they mount their token.
        self._accounts: dict[str, dict[str, bool]] = {}
        self.version = ""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._cluster)
            self.version = self._cluster.version
            # No pod comes to be without a policy.
            self._cluster.apply([ANY])
            self._cluster.namespace(HOME)
            self._cluster.apply([psp_objects.account(HOME, MARKED)])
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def load(self, artefacts: Sequence[Object]) -> None:
        """Put PodSecurityPolicies, ClusterRoles and ClusterRoleBindings in the place of others.

        Raises:
            LabError: the server does not take one; it is of another kind, or lets everything be
                used, the laboratory's own policies too; or they did not act in time.
        """
        psp_objects.check(artefacts, psp_objects.LIVE_KINDS)
        self._cluster.delete(reversed(self._loaded))
        self._loaded = []
        # That the old ones are gone, and that the plugin refuses at all, is seen before new ones
        # may admit everything.
        self._mark()
        what = "the bad canary to be refused by PodSecurityPolicy"
        bad = psp_objects.marked(BAD)
        self._cluster.wait_answer(
            HOME,
            bad,
            lambda a: a.outcome == "psp" and "hostPID" in a.denial,
            what=what,
            user="plain",
        )
        self._loaded = list(artefacts)
        for namespace in {each["metadata"].get("namespace", "") for each in artefacts} - {""}:
            self._make(namespace, automount=True, requests=())
        self._cluster.apply(artefacts)
        self._mark()

    def judge(self, requests: Iterable[Request]) -> Iterator[Verdict]:
        """Yield the verdict on each request, in order; nothing that is new is stored.

        What an update changes is stored before, by one who may use every policy.
        """
        for (namespace, automount), group in groupby(requests, _place):
            listed = list(group)
            self._make(namespace, automount, listed)
            furnish(self._cluster, listed)
            standing = Standing(self._cluster, namespace, listed, user="plain", fields=IGNORE)
            with standing:
                for request, answer in zip(listed, standing.answers(listed), strict=True):
                    yield _never(answer) if _stands_not(request, answer) else verdict(answer)

    def _mark(self) -> None:
        """Wait until all that was applied and deleted before acts.

        The server watches each kind of object for itself, in the order of changes. A policy that is
        made last, with a role and a binding of its own, and is chosen, shows that it has seen all.
        """
        self._rounds += 1
        old, self._marker = self._marker, psp_objects.marker(self._rounds)
        self._cluster.apply(self._marker)
        self._cluster.delete(old)
        name = self._marker[0]["metadata"]["name"]
        self._cluster.wait_answer(
            HOME,
            psp_objects.marked(BARE),
            lambda answer: answer.admitted and chosen(answer.object) == name,
            what=f"the good canary to be admitted by {name}",
            user="plain",
        )

    def _make(self, namespace: str, automount: bool, requests: Iterable[Request]) -> None:
        """Make a namespace and the ServiceAccounts that pods ask for there."""
        if namespace not in self._accounts:
            self._cluster.namespace(namespace)
            self._accounts[namespace] = {}
        known = self._accounts[namespace]
        pods = (mapping(pod_of(each.workload, each.object)) for each in requests)
        named = {account_of(pod) for pod in pods} | set(known)
        stale = {name for name in {*named, "default"} if known.get(name) is not automount}
        if not stale:
            return
        # The one that is looked at is applied last.
        for name in sorted(stale, key=lambda name: (name == "default", name)):
            self._cluster.apply([psp_objects.account(namespace, name, automount=automount)])
            known[name] = automount
        self._cluster.wait_answer(
            namespace,
            BARE,
            lambda answer: answer.admitted and _mounts(answer.object) is automount,
            what=f"pods in {namespace} to be given a token: {automount}",
        )


def chosen(pod: Object) -> str:
    """Return the name of the policy by which a pod was admitted, "" if none had to."""
    return str((pod["metadata"].get("annotations") or {}).get(_CHOSEN, ""))


def verdict(answer: Answer) -> Verdict:
    """Return what an answer of the API server means.

    A denial's message has the reasons of all policies in one; it does not say whose they are. An
    update may be denied without any.

    Raises:
        LabError: something else than PodSecurityPolicy and validation refused.
    """
    outcome = _OUTCOMES.get(answer.outcome)
    if outcome is None:
        raise LabError(f"{answer.outcome}: {answer.message}")
    if outcome == "admitted":
        return Verdict(outcome, object=answer.object)
    said = answer.denial if outcome == "denied" else answer.message
    return Verdict(outcome, (said,) if said else ())


def _never(answer: Answer) -> Verdict:
    """Say of an update that what it changes cannot stand in such a cluster."""
    return Verdict("invalid", (answer.message,))


def _stands_not(request: Request, answer: Answer) -> bool:
    return request.old_object is not None and "unable to admit pod" in answer.message


def _place(request: Request) -> tuple[str, bool]:
    return request.namespace or NAMESPACE, request.automount


def _mounts(pod: Object) -> bool:
    volumes = pod["spec"].get("volumes") or []
    return any(volume["name"].startswith(_TOKEN) for volume in volumes)
