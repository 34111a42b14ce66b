"""Which artefacts the manager of Gatekeeper has taken, by the statuses that it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines.gatekeeper.manager import SYSTEM
from tests.engines.lab import LabError
from tests.engines.processes import NotYet
from tests.engines.resources import CLUSTER_KINDS
from tests.engines.rest import Call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Object


class _Family(NamedTuple):
    """Artefacts that one controller takes.

    Attributes:
        resource: holds the status of each; one is made when the artefact is taken and goes when it
            is dropped.
        uid: the field of a status that names the artefact.
        enforced: a status says besides whether the artefact acts.
    """

    resource: str
    uid: str
    enforced: bool


_TEMPLATES: Final = _Family("constrainttemplatepodstatuses", "templateUID", enforced=False)
_CONSTRAINTS: Final = _Family("constraintpodstatuses", "constraintUID", enforced=True)
_MUTATORS: Final = _Family("mutatorpodstatuses", "mutatorUID", enforced=True)
_EXPANSIONS: Final = _Family("expansiontemplatepodstatuses", "templateUID", enforced=False)
_VAP: Final = "vap.k8s.io"


def _family(kind: str) -> _Family:
    """Return the family of a kind; a kind that nobody knows is that of a constraint."""
    match kind:
        case "ConstraintTemplate":
            return _TEMPLATES
        case "ExpansionTemplate":
            return _EXPANSIONS
        case "Assign" | "AssignImage" | "AssignMetadata" | "ModifySet":
            return _MUTATORS
        case _ if kind not in CLUSTER_KINDS:
            return _CONSTRAINTS
        case _:
            raise LabError(f"Gatekeeper takes no artefact of kind `{kind}`")


class UntakenError(LabError):
    """The manager says that it cannot take an artefact; it may try again."""


def settled(cluster: Cluster, asked: Sequence[Object], others: Sequence[Object]) -> None:
    """Find the manager to have taken artefacts, and none that are not known.

    Args:
        cluster: where.
        asked: the artefacts that are to act, as the server keeps them.
        others: artefacts that may act or not.

    Raises:
        NotYet: it has not yet.
        UntakenError: it says that it cannot take one.
    """
    known = {each["metadata"].get("uid") for each in others}
    for each in (_TEMPLATES, _CONSTRAINTS, _MUTATORS, _EXPANSIONS):
        some = [obj for obj in asked if _family(obj["kind"]) is each]
        statuses = _statuses(cluster, each)
        for obj in some:
            _taken(each, obj, statuses.pop(obj["metadata"]["uid"], {}))
        if left := statuses.keys() - known:
            raise NotYet(f"{len(left)} of {each.resource} still act")


def _statuses(cluster: Cluster, kind: _Family) -> dict[str, Object]:
    """Return every status of a family by the uid of its artefact."""
    where = f"/apis/status.gatekeeper.sh/v1beta1/namespaces/{SYSTEM}/{kind.resource}"
    (answer,) = cluster.ask([Call("GET", where)])
    return {each["status"].get(kind.uid): each["status"] for each in answer.object["items"]}


def _taken(kind: _Family, obj: Object, status: Object) -> None:
    name = f"{obj['kind']} {obj['metadata']['name']}"
    if status.get("observedGeneration") != obj["metadata"]["generation"]:
        raise NotYet(f"{name} is not taken")
    if errors := status.get("errors"):
        said = "; ".join(each["message"] for each in errors)
        raise UntakenError(f"Gatekeeper does not take {name}: {said}")
    if kind.enforced and not status.get("enforced"):
        raise NotYet(f"{name} is not enforced")
    for point in status.get("enforcementPointsStatus") or ():
        if point["enforcementPoint"] == _VAP and point["state"] != "generated":
            raise NotYet(f"the binding of {name}: {point}")
