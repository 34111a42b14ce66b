"""Holds our mutators, in gator, against the reference interpreter: in bulk, and pods alone.

gator mutates no template: the live manager is asked about these.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from capgen.policy.match import Match
from capgen.policy.mutate import mutator
from tests.engines.gatekeeper.gator import Gator
from tests.engines.gatekeeper.target import emitted
from tests.engines.gatekeeper.values import MUTATORS, is_refused, without_gaps
from tests.engines.lab import LabError
from tests.engines.mutating.check import profiles
from tests.engines.mutating.pods import created
from tests.engines.proving import Difference, Row
from tests.served import handed_over, without_empty

if TYPE_CHECKING:
    from tests.engines.proving import Lab


def gator_values(_: Lab) -> Row:
    """Asks about each profile that sets values in pods, without its gaps."""
    differences: list[Difference] = []
    cases = 0
    with Gator() as gator:
        for profile, share in profiles():
            if not profile.pods:
                continue
            # gator knows no namespaces.
            match = Match(pod_selector=profile.match.pod_selector)
            held = without_gaps(profile._replace(match=match, controllers=False))
            asked = [
                each._replace(object=without_empty(handed_over(each, held.minors).object))
                for _, each in created(held, 2 * share)
                if not each.workload.path and not is_refused(held, each)
            ]
            mutate = mutator(held)
            gator.load([each for each in emitted(held) if each["kind"] in MUTATORS], judged=True)
            for request, verdict in zip(asked, gator.judge(asked), strict=True):
                if verdict.object is None:
                    raise LabError(f"gator made nothing of {request.object}")
                cases += 1
                expected, actual = mutate(request.object)["spec"], verdict.object["spec"]
                if expected != actual:
                    about = [profile.name, request.object]
                    differences.append(Difference(about, json.dumps(expected), json.dumps(actual)))
        version = gator.version
    return Row("gatekeeper", "gator", version, cases, tuple(differences), "values")
