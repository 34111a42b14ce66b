"""A real API server as a judge of policies: `Cluster`."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from tests.engines.controlplane import CURRENT, ControlPlane, Server, User
from tests.engines.lab import LabError
from tests.engines.processes import NotYet
from tests.engines.resources import PATCHES, dressed, path, place, rights
from tests.engines.rest import Answer, Call, Object, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

# A misspelt field must be an error: by default the server drops it with a mere warning.
STRICT = "fieldValidation=Strict"
# What an old server does with the fields of later ones: it drops them.
IGNORE = "fieldValidation=Ignore"


class Cluster:
    """etcd and kube-apiserver on loopback, ready when entered; a context manager.

    The ServiceAccount admission plugin is on, so that pods get the token volume that policies see
    in real clusters; RBAC is on; nodes and controllers there are none. The user `admin` may do
    everything, `plain` only manage workloads, in any namespace.

    Attributes:
        version: The server's own version, such as `v1.36.3`.
    """

    def __init__(self, server: Server = CURRENT) -> None:
        self._plane = ControlPlane(server)
        self._stack = ExitStack()
        self.version = ""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._plane)
            self.version = self._call(Call("GET", "/version")).object["gitVersion"]
            self._empower_plain()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def kubeconfig(self) -> Path:
        """Returns a file that lets a program be `admin`."""
        return self._plane.kubeconfig()

    def apply(self, objects: Iterable[Object]) -> list[Answer]:
        """Creates or replaces objects in order; one that is not admitted is a `LabError`."""
        return [self._put(each) for each in objects]

    def create(self, obj: Object, *, user: User = "admin") -> Answer:
        """Creates one object for real; the answer may have any outcome."""
        return self._call(Call("POST", f"{place(obj)}?{STRICT}", obj), user=user)

    def delete(self, objects: Iterable[Object]) -> None:
        """Deletes objects at once; an absent one is no error.

        What a namespace holds is not deleted with it, as no controller runs: a later namespace of
        the same name would hold it again.
        """
        for each in objects:
            path = f"{place(each)}/{each['metadata']['name']}"
            answer = self._call(Call("DELETE", f"{path}?gracePeriodSeconds=0"), "absent")
            if each["kind"] == "Namespace" and answer.admitted:
                emptied = answer.object | {"spec": {"finalizers": []}}
                self._call(Call("PUT", f"{path}/finalize", emptied), "absent")

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

    def judge(
        self,
        namespace: str,
        pods: Iterable[Mapping[str, Any]],
        *,
        dry_run: bool = True,
        user: User = "admin",
        fields: str = STRICT,
    ) -> Iterator[Answer]:
        """Yields the answer to creating each pod, or other object, in order, in bulk.

        Args:
            namespace: Where to create them, whatever their metadata say.
            pods: `metadata` and `spec`; an object without `kind` is a Pod. One without a name is
                called `judged`, or gets a random name where it is really created.
            dry_run: Nothing is stored.
            user: Who creates them.
            fields: What becomes of a field that the server does not know: `STRICT` or `IGNORE`.

        Raises:
            LabError: As `Client.call`.
        """
        query = f"dryRun=All&{fields}" if dry_run else fields
        name = {"name": "judged"} if dry_run else {"generateName": "judged-"}
        bodies = (dressed(pod, namespace, name) for pod in pods)
        calls = (Call("POST", f"{place(body)}?{query}", body) for body in bodies)
        return self.ask(calls, user=user)

    def ask(self, calls: Iterable[Call], *, user: User = "admin") -> Iterator[Answer]:
        """Yields the answers to requests of any kind, in order, in bulk."""
        return self._plane.clients[user].bulk(calls)

    def empty(self, kind: str, namespace: str) -> None:
        """Deletes every object of a kind in a namespace at once."""
        where = place({"kind": kind, "metadata": {"namespace": namespace}})
        # Else a ReplicationController waits for a controller that lets go of its pods.
        query = "gracePeriodSeconds=0&propagationPolicy=Background"
        self._call(Call("DELETE", f"{where}?{query}"))

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """Returns a stored object; that there is none is a `LabError`."""
        return self._call(Call("GET", path(kind, name, namespace))).object

    def patch(
        self, where: str, patch: object, kind: str = "strategic", *, user: User = "admin"
    ) -> Answer:
        """Patches an object or a subresource of it for real.

        Args:
            where: As `resources.path` returns it, perhaps with `/SUBRESOURCE`.
            patch: The patch, ready for JSON.
            kind: How it is meant: a key of `PATCHES`.
            user: Who patches.
        """
        return self._call(Call("PATCH", f"{where}?{STRICT}", patch, PATCHES[kind]), user=user)

    def add_ephemeral(
        self, namespace: str, pod: str, container: Object, *, user: User = "admin"
    ) -> Answer:
        """Adds an ephemeral container to a stored pod for real, the way `kubectl debug` does."""
        where = f"{path('Pod', pod, namespace)}/ephemeralcontainers"
        return self.patch(where, {"spec": {"ephemeralContainers": [container]}}, user=user)

    def type_warnings(self, policies: Iterable[str]) -> dict[str, list[Object]]:
        """Returns what the type checker says of each ValidatingAdmissionPolicy, by its name.

        Returns:
            `fieldRef` and `warning` of each mistake; an empty list for a policy without any.

        Raises:
            LabError: A policy is absent, or was not checked in time.
        """
        self._plane.start_type_checker()
        # The checker compiles every expression for every type: on a busy machine that takes its
        # time, and the checks of all policies are queued.
        wait = partial(self._plane.processes.until, seconds=400, pause=0.5)
        return {
            name: wait(partial(self._checked, name), what=f"policy {name} to be type-checked")
            for name in policies
        }

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

        return self._plane.processes.until(probe, what=what)

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

    def _put(self, obj: Object) -> Answer:
        answer = self._call(Call("POST", f"{place(obj)}?{STRICT}", obj), "conflict")
        if answer.outcome == "conflict":
            where = f"{place(obj)}/{obj['metadata']['name']}"
            # Policies cannot be replaced without naming the version that is replaced.
            stored = self._call(Call("GET", where)).object["metadata"]["resourceVersion"]
            body = obj | {"metadata": obj["metadata"] | {"resourceVersion": stored}}
            answer = self._call(Call("PUT", f"{where}?{STRICT}", body))
        if not answer.admitted:
            raise LabError(f"{obj['kind']} {obj['metadata']['name']}: {answer.message}")
        return answer

    def _call(self, call: Call, *expected: Outcome, user: User = "admin") -> Answer:
        answer = self._plane.clients[user].call(call, *expected)
        if call.method == "DELETE" and answer.outcome not in ("admitted", *expected):
            raise LabError(f"{call.path}: {answer.message}")
        return answer

    def _empower_plain(self) -> None:
        self.apply(rights("plain"))

        def probe() -> None:
            try:
                self._call(Call("GET", "/api/v1/pods"), user="plain")
            except LabError as error:
                raise NotYet(str(error)) from error

        self._plane.processes.until(probe, what="the plain user's rights")
