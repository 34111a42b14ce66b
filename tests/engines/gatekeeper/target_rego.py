"""Holds the Rego of our templates against the CEL beside it, and puts pods before it that are none.

Rego admits where it errs. The API server hands over nothing that is not a pod; an audit of what is
kept by other means, or a manifest that gator is shown, may be: whatever is of another type is to be
refused, or to be such that the rule does not look at it.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Operation, Request
from tests.engines.agreement import Reference
from tests.engines.gatekeeper.gator import Gator
from tests.engines.gatekeeper.target import chosen, emitted, taken
from tests.engines.judged import judged
from tests.engines.proving import Difference, Lab, Row
from tests.pods import good
from tests.served import handed_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.engines.engine import Verdict
    from tests.engines.rest import Object

Step = tuple[object, str, str]
# What stands where something of another type should.
_OTHERS: Final = (7, "x", True, ["x"], {"x": "y"})
_PROFILES: Final = ("pss-restricted", "all-plain")


def gator_rego(_: Lab) -> Row:
    """Says what Rego says in words, and of what is malformed."""
    with Gator() as cel, Gator(native=False) as rego:
        seen = [*_words(cel, rego), *_malformed(rego)]
        version = rego.version
    differences = tuple(Difference(*each) for each in seen if each[1] != each[2])
    note = "Rego: the words of CEL, pods that are none"
    return Row("gatekeeper", "gator", version, len(seen), differences, note)


def _words(cel: Gator, rego: Gator) -> Iterator[Step]:
    """Yield what each engine says of a pod that a rule refuses: the same, in whatever order."""
    for each in judged().values():
        reference = Reference(each.profile())
        created = [case for case in taken(each) if case.request.operation is Operation.CREATE]
        asked = chosen(created, reference, 0)
        objects = emitted(reference.profile, ("cel", "rego"))
        requests = [handed_over(case.request, reference.profile.minors) for case in asked]
        for gator in (cel, rego):
            gator.load(objects, judged=True)
        pairs = zip(cel.judge(requests), rego.judge(requests), strict=True)
        for case, (one, other) in zip(asked, pairs, strict=True):
            yield case.name, _words_of(one), _words_of(other)


def _words_of(verdict: Verdict) -> str:
    """Return the words of messages: a set of Rego is in order, a list of CEL as it was found."""
    return str(sorted(sorted(re.split(r"[ ,]+", each)) for each in verdict.messages))


def _malformed(gator: Gator) -> Iterator[Step]:
    """Yield what comes of a pod in which one thing is of another type."""
    for name in _PROFILES:
        reference = Reference(judged()[name].profile())
        gator.load(emitted(reference.profile, ("rego",)), judged=True)
        requests = [Request(pod) for pod in _broken(reference)]
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
