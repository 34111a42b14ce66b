"""The reports of Kyverno's command line."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from tests.engines.engine import Verdict
from tests.engines.kyverno.words import Said, refused, unjudged
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from subprocess import CompletedProcess

    from tests.engines.rest import Object


_REPORT: Final = re.compile(r'\{"kind":"(Cluster)?Report".*')
# How the rules are called that are made of a legacy rule for controllers.
_TWINS: Final = ("autogen-", "autogen-cronjob-")


class Report:
    """What one run of `kyverno apply` found, by objects."""

    def __init__(self, done: CompletedProcess[str], artefacts: Iterable[Object]) -> None:
        """Read what a run printed.

        Args:
            done: the run; its report is in JSON.
            artefacts: the policies that it was given.

        Raises:
            LabError: it did not come to an end.
        """
        self._denying = {name for each in artefacts for name in _denying(each)}
        self._said: defaultdict[tuple[str, str, str], list[Object]] = defaultdict(list)
        # Other words may stand before it in its line.
        found = (_REPORT.search(line) for line in done.stdout.splitlines())
        reports = [json.loads(each[0]) for each in found if each]
        if not reports or "Error: " in done.stderr:
            raise LabError(f"Kyverno's command line: {(done.stderr or done.stdout).strip()}")
        for result in (each for report in reports for each in report["results"]):
            for resource in result["resources"]:
                where = resource.get("namespace") or "default"
                self._said[resource["kind"], where, resource["name"]].append(result)

    def of(self, obj: Object, changed: Object | None = None) -> Verdict:
        """Return the verdict on an object.

        Args:
            obj: as it was judged.
            changed: as it is after mutation.
        """
        meta = obj["metadata"]
        found = self._said[obj["kind"], meta.get("namespace") or "default", meta["name"]]
        against, warned = [], []
        for result in found:
            policy, message = result["policy"], result.get("message") or ""
            broken = result["result"] == "error" or unjudged(message)
            if result["result"] not in ("fail", "error", "warn"):
                continue
            if broken or (policy, result.get("rule", "")) in self._denying:
                against.append(Said(policy, message, failed=broken))
            else:
                warned.append(f"Policy {policy} failed: {message}")
        if against:
            return refused(against)
        return Verdict("admitted", tuple(warned), object=changed or obj)


def _denying(artefact: Object) -> list[tuple[str, str]]:
    """Return the rules of a policy that deny; the command line calls all of them failures.

    Each is a policy's name with a rule's, which is empty where rules have none.
    """
    name, spec = artefact["metadata"]["name"], artefact["spec"]
    if artefact["kind"] == "ClusterPolicy":
        common = spec.get("validationFailureAction", "Audit")
        rules = [
            each["name"]
            for each in spec["rules"]
            if each.get("validate", {}).get("failureAction", common).lower() == "enforce"
        ]
        return [(name, f"{start}{rule}") for rule in rules for start in ("", *_TWINS)]
    return [(name, "")] if "Deny" in (spec.get("validationActions") or ["Deny"]) else []
