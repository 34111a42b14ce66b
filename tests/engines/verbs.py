"""What users do with the objects of an API server: create, change, delete, and have judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.engines.controlplane import ControlPlane, Server, User
from tests.engines.lab import LabError
from tests.engines.resources import PATCHES, dressed, path, place
from tests.engines.rest import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.engines.rest import Answer, Object, Outcome

# A misspelt field must be an error: by default the server drops it with a mere warning.
STRICT = "fieldValidation=Strict"
# What an old server does with the fields of later ones: it drops them.
IGNORE = "fieldValidation=Ignore"
# Else a ReplicationController stays until a controller lets go of its pods, and none runs.
_AT_ONCE = "gracePeriodSeconds=0&propagationPolicy=Background"
# How often an object is replaced anew: an engine may write its status in the meantime.
_REPLACING = 10


class Verbs:
    """The requests of the laboratory, each in the name of a user; `admin` if of none."""

    def __init__(self, server: Server) -> None:
        """Prepare to ask a server, which whoever inherits starts."""
        self._plane = ControlPlane(server)

    def apply(self, objects: Iterable[Object]) -> list[Answer]:
        """Creates or replaces objects in order; one that is not admitted is a `LabError`."""
        return [self._put(each) for each in objects]

    def create(self, obj: Object, *, user: User = "admin") -> Answer:
        """Creates one object for real; the answer may have any outcome."""
        return self.one(Call("POST", f"{place(obj)}?{STRICT}", obj), user=user)

    def delete(self, objects: Iterable[Object]) -> None:
        """Deletes objects at once; an absent one is no error.

        What a namespace holds is not deleted with it, as no controller runs: a later namespace of
        the same name would hold it again.
        """
        for each in objects:
            path = f"{place(each)}/{each['metadata']['name']}"
            answer = self.one(Call("DELETE", f"{path}?{_AT_ONCE}"), "absent")
            if each["kind"] == "Namespace" and answer.admitted:
                emptied = answer.object | {"spec": {"finalizers": []}}
                self.one(Call("PUT", f"{path}/finalize", emptied), "absent")

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

    def one(self, call: Call, *expected: Outcome, user: User = "admin") -> Answer:
        """Returns the answer to one request of any kind: see `Client.call`.

        Raises:
            LabError: As there, and where something could not be deleted.
        """
        answer = self._plane.client(user).call(call, *expected)
        if call.method == "DELETE" and answer.outcome not in ("admitted", *expected):
            raise LabError(f"{call.path}: {answer.message}")
        return answer

    def ask(self, calls: Iterable[Call], *, user: User = "admin") -> Iterator[Answer]:
        """Yields the answers to requests of any kind, in order, in bulk."""
        return self._plane.client(user).bulk(calls)

    def empty(self, kind: str, namespace: str) -> None:
        """Deletes every object of a kind in a namespace at once."""
        where = place({"kind": kind, "metadata": {"namespace": namespace}})
        self.one(Call("DELETE", f"{where}?{_AT_ONCE}"))

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """Returns a stored object; that there is none is a `LabError`."""
        return self.one(Call("GET", path(kind, name, namespace))).object

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
        return self.one(Call("PATCH", f"{where}?{STRICT}", patch, PATCHES[kind]), user=user)

    def add_ephemeral(
        self, namespace: str, pod: str, container: Object, *, user: User = "admin"
    ) -> Answer:
        """Adds an ephemeral container to a stored pod for real, the way `kubectl debug` does."""
        where = f"{path('Pod', pod, namespace)}/ephemeralcontainers"
        return self.patch(where, {"spec": {"ephemeralContainers": [container]}}, user=user)

    def _put(self, obj: Object) -> Answer:
        """Create an object, or replace it where it is.

        It is looked for first: to create what is there already is refused only after it, and every
        expression of it, was checked.
        """
        where = f"{place(obj)}/{obj['metadata']['name']}"
        for _ in range(_REPLACING):
            stored = self.one(Call("GET", where), "absent")
            if stored.outcome == "absent":
                call = Call("POST", f"{place(obj)}?{STRICT}", obj)
            else:
                # Policies cannot be replaced without naming the version that is replaced.
                version = {"resourceVersion": stored.object["metadata"]["resourceVersion"]}
                body = obj | {"metadata": obj["metadata"] | version}
                call = Call("PUT", f"{where}?{STRICT}", body)
            answer = self.one(call, "conflict")
            if answer.outcome != "conflict":
                break
        if not answer.admitted:
            raise LabError(f"{obj['kind']} {obj['metadata']['name']}: {answer.message}")
        return answer
