"""The audit log of an API server: what its plugins write about a request and nobody is told."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from tests.engines.processes import NotYet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_POLICY: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {
            "level": "Metadata",
            "verbs": ["create", "patch"],
            "resources": [
                {"group": "", "resources": ["pods", "pods/ephemeralcontainers"]},
                {"group": "", "resources": ["podtemplates", "replicationcontrollers"]},
                {"group": "apps"},
                {"group": "batch"},
            ],
        },
        {"level": "None"},
    ],
}


class Audit:
    """A log of what is asked about pods and what makes them; a context manager.

    Attributes:
        flags: those with which an API server writes it.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="capgen-audit-")
        self._log = Path(self._folder.name) / "audit.log"
        policy = Path(self._folder.name) / "policy.json"
        policy.write_text(json.dumps(_POLICY), "utf-8")
        self.flags = (f"--audit-policy-file={policy}", f"--audit-log-path={self._log}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def notes(self, namespace: str, key: str, names: Iterable[str]) -> list[str]:
        """Return the annotation with a key of each object that was asked about, by its name.

        One that is not there is "".

        Raises:
            NotYet: an object has not been written about so far.
        """
        found = {name: notes.get(key, "") for name, notes in self._events(namespace)}
        try:
            return [found[name] for name in names]
        except KeyError as error:
            raise NotYet(f"{len(found)} events, none of {error}") from error

    def _events(self, namespace: str) -> Iterator[tuple[str, dict[str, str]]]:
        here = f'"namespace":"{namespace}"'
        for line in self._log.read_text("utf-8").splitlines():
            if not line.endswith("}"):
                return  # the last one, which is being written
            if here not in line:
                continue
            event: dict[str, Any] = json.loads(line)
            where = event.get("objectRef") or {}
            if where.get("namespace") == namespace:
                yield where.get("name") or "", event.get("annotations") or {}
