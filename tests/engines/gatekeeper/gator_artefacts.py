"""Artefacts of Gatekeeper as gator sees them, and what it does not see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Operation
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgen.policy.admit import Request
    from tests.engines.rest import Object

MUTATORS: Final = frozenset({"Assign", "AssignImage", "AssignMetadata", "ModifySet"})
_EVERY: Final = "*"
_ACTIONS: Final = frozenset({"deny", "warn", "dryrun", "scoped"})
_POINTS: Final = frozenset({_EVERY, "gator.gatekeeper.sh"})
# A policy that reads one of these sees nothing of it, save in an AdmissionReview.
_REVIEWED: Final = ("operation", "userInfo", "request.")
# Nor of this, in whatever form it is asked.
_UNSEEN: Final = "namespaceObject"
# What a mutator asks of a pod that it gets in a pod's own shape only.
_SHAPED: Final = frozenset({"name", "source"})
_CREATE: Final = Operation.CREATE.value


class Artefacts:
    """Artefacts that were loaded.

    Attributes:
        templates: the ConstraintTemplates, by the kind that each makes.
        constraints: the constraints.
        mutators: the mutators.
        expansions: the ExpansionTemplates.
    """

    def __init__(self, artefacts: Iterable[Object]) -> None:
        """Sort the artefacts.

        Raises:
            LabError: gator would pass over one in silence.
        """
        self.templates: dict[str, Object] = {}
        self.constraints: list[Object] = []
        self.mutators: list[Object] = []
        self.expansions: list[Object] = []
        for each in artefacts:
            match each["kind"]:
                case "ConstraintTemplate":
                    self.templates[each["spec"]["crd"]["spec"]["names"]["kind"]] = each
                case "ExpansionTemplate":
                    self.expansions.append(each)
                case kind if kind in MUTATORS:
                    self.mutators.append(each)
                case _:
                    self.constraints.append(_heard(each))
        if missing := {each["kind"] for each in self.constraints} - self.templates.keys():
            raise LabError(f"no template makes constraints of kind {', '.join(sorted(missing))}")
        texts = [json.dumps(each["spec"]) for each in self.templates.values()]
        self._blind = any(_UNSEEN in text for text in texts)
        self.reviewed = any(word in text for text in texts for word in _REVIEWED)

    def all(self) -> Iterator[Object]:
        """Yield every artefact."""
        yield from self.templates.values()
        yield from self.constraints
        yield from self.mutators
        yield from self.expansions

    def creating(self) -> Iterator[Object]:
        """Yield the mutators that act on what is created.

        gator knows no operation, and passes over a mutator that is meant for one.
        """
        for each in self.mutators:
            rows = [row for row in each["spec"]["applyTo"] if _acts(row, _CREATE)]
            plain = [{k: v for k, v in row.items() if k != "operations"} for row in rows]
            if plain:
                yield each | {"spec": each["spec"] | {"applyTo": plain}}

    def expands(self, request: Request) -> bool:
        """Tell whether a request is judged by the pods that its object would make."""
        return any(
            request.workload.kind in row["kinds"]
            for each in self.expansions
            for row in each["spec"]["applyTo"]
        )

    def unseen(self, request: Request) -> bool:
        """Tell whether gator cannot judge a request as the webhook would."""
        operation = request.operation.value
        targets = [target for each in self.templates.values() for target in each["spec"]["targets"]]
        if self._blind or not all(_acts(target, operation) for target in targets):
            # It judges by a template whatever the operations that the template names.
            return True
        if self.mutators and any(
            _SHAPED & (each["spec"].get("match") or {}).keys() for each in self.mutators
        ):
            return True
        if request.operation is not Operation.CREATE:
            # An AdmissionReview is neither mutated nor expanded.
            return bool(self.mutators) or self.expands(request)
        return self.reviewed and self.expands(request)


def denies(constraint: Object) -> bool:
    """Tell whether a constraint denies in gator, and does not merely warn."""
    spec: dict[str, Any] = constraint.get("spec") or {}
    action = spec.get("enforcementAction", "deny")
    scoped = spec.get("scopedEnforcementActions") or ()
    return action == "deny" or (
        action == "scoped"
        and any(each["action"] == "deny" and _points(each) & _POINTS for each in scoped)
    )


def _points(scoped: Object) -> set[str]:
    return {each["name"] for each in scoped.get("enforcementPoints") or ()}


def _acts(row: Object, operation: str) -> bool:
    operations: Sequence[str] = row.get("operations") or (_EVERY,)
    return operation in operations or _EVERY in operations


def _heard(constraint: Object) -> Object:
    """Return a constraint, if gator would take its violations for what they are."""
    spec: dict[str, Any] = constraint.get("spec") or {}
    action = spec.get("enforcementAction", "deny")
    name = f"{constraint['kind']} {constraint['metadata']['name']}"
    if action not in _ACTIONS:
        raise LabError(f"{name}: unknown enforcement action `{action}`")
    scoped = spec.get("scopedEnforcementActions") or ()
    points = {name for each in scoped for name in _points(each)}
    if action == "scoped" and not points & _POINTS:
        raise LabError(f"{name} does not act in gator, only at {', '.join(sorted(points))}")
    return constraint
