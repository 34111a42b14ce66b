"""A real API server as a judge of policies: `Cluster`."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from tests.engines.controlplane import CURRENT, Account, Server
from tests.engines.lab import LabError
from tests.engines.processes import NotYet
from tests.engines.resources import path, rights
from tests.engines.rest import Call
from tests.engines.verbs import Verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.engines.controlplane import User
    from tests.engines.rest import Answer, Object

T = TypeVar("T")


class Cluster(Verbs):
    """etcd and kube-apiserver on loopback, ready when entered; a context manager.

    The ServiceAccount admission plugin is on, so that pods get the token volume that policies see
    in real clusters; RBAC is on; nodes and controllers there are none. The user `admin` may do
    everything, `plain` only manage workloads, in any namespace.

    Attributes:
        version: The server's own version, such as `v1.36.3`.
    """

    def __init__(self, server: Server = CURRENT) -> None:
        super().__init__(server)
        self._stack = ExitStack()
        self.version = ""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._plane)
            self.version = self.one(Call("GET", "/version")).object["gitVersion"]
            self._empower_plain()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def kubeconfig(self) -> Path:
        """Returns a file that lets a program be `admin`."""
        return self._plane.kubeconfig()

    def namespace(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """Makes or relabels a namespace with its `default` ServiceAccount.

        It returns when pods can be judged there. New labels of an old namespace reach the admission
        plugins a little later: see `wait_enforced`.
        """
        meta = {"name": name, "labels": dict(labels or {})}
        self.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": meta}])
        meta = {"name": "default", "namespace": name}
        self.apply([{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}])
        pod = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
        self.wait_answer(name, pod, lambda _: True, what=f"namespace {name} to take pods")

    def service_account(self, namespace: str, name: str) -> Account:
        """Returns a ServiceAccount that stands, with a token of its own, as its pods have one."""
        where = f"{path('ServiceAccount', name, namespace)}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = self.one(Call("POST", where, request)).object["status"]["token"]
        return Account(f"system:serviceaccount:{namespace}:{name}", token=token)

    def type_checker(self) -> AbstractContextManager[None]:
        """Has the type checker run."""
        return self._plane.type_checker()

    def type_warnings(self, policies: Iterable[str]) -> dict[str, list[Object]]:
        """Returns what the type checker, which must run, says of each policy, by its name.

        Returns:
            `fieldRef` and `warning` of each mistake; an empty list for a policy without any.

        Raises:
            LabError: A policy is absent, or was not checked in time.
        """
        # The checker compiles every expression for every type: on a busy machine that takes its
        # time, and the checks of all policies are queued.
        wait = partial(self._plane.processes.until, seconds=400, pause=0.5)
        return {
            name: wait(partial(self._checked, name), what=f"policy {name} to be type-checked")
            for name in policies
        }

    def until(self, probe: Callable[[], T], *, what: str) -> T:
        """Probes until it succeeds, or an engine ends: see `Processes.until`."""
        return self._plane.processes.until(probe, what=what)

    def wait_answer(
        self,
        namespace: str,
        pod: Mapping[str, Any],
        accept: Callable[[Answer], bool],
        *,
        what: str,
        user: User = "admin",
    ) -> Answer:
        """Returns the first answer to creating `pod` (as a dry run) that `accept` takes.

        Raises:
            LabError: There was none in time; `what` says what was waited for.
        """

        def probe() -> Answer:
            try:
                (answer,) = self.judge(namespace, [pod], user=user)
            except LabError as error:
                raise NotYet(str(error)) from error
            if answer.outcome == "errored" or not accept(answer):
                raise NotYet(f"{answer.outcome}: {answer.message} {list(answer.warnings)}")
            return answer

        return self.until(probe, what=what)

    def wait_enforced(
        self,
        namespace: str,
        bad: Mapping[str, Any],
        good: Mapping[str, Any],
        *,
        says: str = "",
    ) -> None:
        """Waits until a policy refuses (or warns of) the bad canary and takes the good one as is.

        Args:
            namespace: Where the policy is to hold.
            bad: A pod that only this policy is against.
            good: A pod that no policy is against.
            says: What the refusal or the warning must contain, such as the policy's name.

        Raises:
            LabError: It did not come to pass in time, with what was seen last.
        """

        def refused(answer: Answer) -> bool:
            texts = answer.warnings if answer.admitted else (answer.message,)
            return answer.outcome != "invalid" and any(says in text for text in texts)

        what = f"the bad canary to be refused in {namespace} with `{says}`"
        self.wait_answer(namespace, bad, refused, what=what)
        what = f"the good canary to be admitted in {namespace} without a warning"
        self.wait_answer(namespace, good, lambda a: a.admitted and not a.warnings, what=what)

    def _checked(self, policy: str) -> list[Object]:
        found = self.get("ValidatingAdmissionPolicy", policy)
        status = found.get("status") or {}
        if status.get("observedGeneration") != found["metadata"]["generation"]:
            raise NotYet(f"status {status}")
        warnings: list[Object] = (status.get("typeChecking") or {}).get("expressionWarnings") or []
        return warnings

    def _empower_plain(self) -> None:
        self.apply(rights("plain"))

        def probe() -> None:
            try:
                self.one(Call("GET", "/api/v1/pods"), user="plain")
            except LabError as error:
                raise NotYet(str(error)) from error

        self.until(probe, what="the plain user's rights")
