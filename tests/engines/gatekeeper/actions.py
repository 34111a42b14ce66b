"""What is done with a bad pod in the webhook, in an audit and in gator, where these differ.

A bad pod stands, and a bad one is created, in the namespace of one profile for each way.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.admit import Request
from capgen.policy.match import Match
from capgen.policy.profile import Enforcement
from capgen.targets.gatekeeper.asked import Asked
from tests.engines.apiserver import Cluster
from tests.engines.canaries import BAD, GOOD
from tests.engines.gatekeeper.gator import Gator
from tests.engines.gatekeeper.live import Gatekeeper
from tests.engines.gatekeeper.requests import labelled
from tests.engines.gatekeeper.target import emitted
from tests.engines.gatekeeper.words import verdict
from tests.engines.processes import NotYet, Processes
from tests.engines.proving import Lab, Row, differing
from tests.engines.resources import place
from tests.engines.rest import Call
from tests.policy.made import profile as made

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from capgen.policy.profile import Profile
    from tests.engines.engine import Verdict
    from tests.engines.rest import Object

_ADMITTED: Final = "admitted"
_WARNED: Final = "admitted, warned"
_DENIED: Final = "denied"
# Seconds for an audit that began anew: on a busy machine it takes longer than it pauses.
_PATIENCE: Final = 120
# Of an audit.
_PASSED: Final = "nothing listed"


class Way(NamedTuple):
    """What is asked for, and what comes of it.

    Attributes:
        enforcement: the profile's.
        actions: the options.
        webhook: what becomes of a bad pod that is created.
        audit: as which action the bad pod that stands is listed.
        gator: what gator says of a bad pod.
    """

    enforcement: str
    actions: Mapping[str, str]
    webhook: str
    audit: str
    gator: str


_WAYS: Final = (
    Way("deny", {}, _DENIED, "deny", _DENIED),
    Way("deny", {"audit": "none"}, _DENIED, _PASSED, _DENIED),
    Way("deny", {"audit": "warn", "gator": "audit"}, _DENIED, "warn", _WARNED),
    Way("warn", {"gator": "deny"}, _WARNED, "warn", _DENIED),
    Way("audit", {"gator": "deny"}, _ADMITTED, "dryrun", _DENIED),
    Way("audit", {"audit": "none", "gator": "warn"}, _ADMITTED, _PASSED, _WARNED),
)


def gatekeeper_actions(_: Lab) -> Row:
    """Asks the webhook and gator about bad pods, and reads what an audit lists."""
    # The laboratory's own does not audit.
    with Cluster() as cluster, Gatekeeper(cluster, shipped=True) as engine:
        seen = list(_seen(engine, cluster))
        version = engine.version
    differences = differing(seen)
    note = "what is done in the webhook, in an audit and in gator"
    return Row("gatekeeper", "gatekeeper", version, len(seen), differences, note)


def _seen(engine: Gatekeeper, cluster: Cluster) -> Iterator[tuple[object, str, str]]:
    """Yield what was asked of an engine that audits, what is expected, and what came of it."""
    profiles = [_profile(number, way) for number, way in enumerate(_WAYS)]
    objects = [
        emitted(profile, asked=Asked(actions=way.actions))
        for profile, way in zip(profiles, _WAYS, strict=True)
    ]
    with ExitStack() as stack:
        for profile in profiles:
            # The pod of which a label would change stands.
            stack.enter_context(engine.watched(profile.name, {}, [labelled(BAD)]))
        # All have the one template.
        engine.load([objects[0][0], *(constraint for _, constraint in objects)])
        # An audit says when it began, in seconds.
        loaded = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        for (_, constraint), profile, way in zip(objects, profiles, _WAYS, strict=True):
            about = [way.enforcement, way.actions]
            for pod, expected in ((BAD, way.webhook), (GOOD, _ADMITTED)):
                (answer,) = cluster.judge(profile.name, [pod])
                yield [*about, "webhook", pod], expected, _said(verdict(answer))
            yield [*about, "audit"], way.audit, _audited(cluster, constraint, loaded)
    yield from _in_gator(objects)


def _profile(number: int, way: Way) -> Profile:
    profile = made("kubernetes: '1.36'\nrules: {hostPID: false}")
    name = f"actions-{number}"
    enforcement = Enforcement(way.enforcement)
    return profile._replace(name=name, enforcement=enforcement, match=Match(include=(name,)))


def _audited(cluster: Cluster, constraint: Object, loaded: str) -> str:
    """Return as what an audit that began after that time lists the pod that stands."""
    name = constraint["metadata"]["name"]
    where = f"{place(constraint)}/{name}"

    def probe() -> Object:
        (answer,) = cluster.ask([Call("GET", where)])
        status: Object = answer.object.get("status") or {}
        if status.get("auditTimestamp", "") <= loaded:
            raise NotYet(f"{status}")
        return status

    found = Processes().until(probe, what=f"an audit by {name}", seconds=_PATIENCE)
    listed = found.get("violations") or ()
    actions = {
        action
        for each in listed
        for action in each.get("enforcementActions") or [each["enforcementAction"]]
    }
    return " ".join(sorted(actions)) or _PASSED


def _in_gator(objects: list[list[Object]]) -> Iterator[tuple[object, str, str]]:
    with Gator() as gator:
        for each, way in zip(objects, _WAYS, strict=True):
            gator.load(each, judged=True)
            (namespace,) = each[-1]["spec"]["match"]["namespaces"]
            asked = [Request(pod, namespace=namespace) for pod in (BAD, GOOD)]
            for expected, found in zip((way.gator, _ADMITTED), gator.judge(asked), strict=True):
                yield [way.enforcement, way.actions, "gator"], expected, _said(found)


def _said(found: Verdict) -> str:
    warned = found.outcome == "admitted" and found.messages
    return _WARNED if warned else found.outcome
