"""Puts pods before the Rego of our templates that are none.

Rego admits where it errs. The API server hands over nothing that is not a pod; an audit of what is
kept by other means, or a manifest that gator is shown, may be: whatever is of another type is to be
refused, or to be such that the rule does not look at it.
"""

from __future__ import annotations

import copy
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Operation, Request
from tests.engines.agreement import Reference
from tests.engines.gatekeeper.gator import Gator
from tests.engines.gatekeeper.target import emitted, taken
from tests.engines.judged import judged
from tests.engines.proving import Lab, Row, differing
from tests.pods import good

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.engines.rest import Object

Step = tuple[object, str, str]
# What stands where something of another type should.
_OTHERS: Final = (7, "x", True, ["x"], {"x": "y"})
# Profiles, and of how many of their pods one is asked about.
_PROFILES: Final = {"pss-restricted": 2, "all-plain": 4}


def gator_rego(_: Lab) -> Row:
    """Asks Rego about what is malformed."""
    with Gator(native=False) as rego:
        seen = list(_malformed(rego))
        version = rego.version
    differences = differing(seen)
    note = "Rego: pods that are none"
    return Row("gatekeeper", "gator", version, len(seen), differences, note)


def _malformed(gator: Gator) -> Iterator[Step]:
    """Yield what comes of a pod in which one thing is of another type."""
    for name, share in _PROFILES.items():
        reference = Reference(judged()[name].profile())
        gator.load(emitted(reference.profile, ("rego",)), judged=True)
        requests = [Request(pod) for pod in islice(_broken(reference), 0, None, share)]
        for request, verdict in zip(requests, gator.judge(requests), strict=True):
            ours = reference.word(request)
            # What no rule looks at may be malformed.
            refused = ours.rules & {rule.id for rule in reference.profile.rules}
            wider = verdict.outcome == "admitted" and refused
            expected = "stricter"
            yield (
                [name, request.object, sorted(ours.rules)],
                expected,
                "wider" if wider else expected,
            )


def _broken(reference: Reference) -> Iterator[Object]:
    """Yield a pod that a profile admits, each of its parts in turn being of each other type."""
    pod = next(
        each.request.object
        for each in taken(judged()[reference.profile.name])
        if each.request.operation is Operation.CREATE and reference.word(each.request).allowed
    )
    for base in (good(), pod):
        spec: Any = base["spec"]
        for path in _paths(spec, ()):
            for other in _OTHERS:
                changed: Any = copy.deepcopy(base)
                holder = changed["spec"]
                for step in path[:-1]:
                    holder = holder[step]
                if type(holder[path[-1]]) is not type(other):
                    holder[path[-1]] = copy.deepcopy(other)
                    yield changed


def _paths(node: object, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    steps: Iterable[tuple[str | int, object]] = ()
    if isinstance(node, list):
        steps = enumerate(node)
    elif isinstance(node, dict):
        steps = node.items()
    for step, inner in steps:
        yield (*path, step)
        yield from _paths(inner, (*path, step))
