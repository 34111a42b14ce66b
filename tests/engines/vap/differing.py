"""A difference, for people: the smallest request that shows it, both verdicts, and the line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgen.policy.admit import Operation
from capgen.targets import vap
from tests.engines import recording
from tests.engines.proving import Difference, shrink
from tests.engines.vap.asking import resource
from tests.loading import loaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.admit import Request
    from capgen.policy.profile import Profile
    from tests.engines.agreement import Reference, Word
    from tests.engines.proving import Data
    from tests.engines.vap.judging import Judging


def smallest(judging: Judging, reference: Reference, request: Request) -> Request:
    """Return the smallest request on which the API server and the interpreter still differ.

    What changes something that stands is returned as it is: it would have to stand anew.
    """
    if request.operation is not Operation.CREATE or request.workload.path:
        return request

    def differs(smaller: Data) -> bool:
        if not isinstance(smaller, dict) or not isinstance(smaller.get("spec"), dict):
            return False
        asked = request._replace(object=smaller)
        said = judging.word(asked)
        return said is not None and said != reference.word(asked)

    found = shrink(dict(request.object), differs)
    assert isinstance(found, dict)
    return request._replace(object=found)


def told(
    about: list[object], request: Request, ours: Word, said: Word, profile: Profile
) -> Difference:
    """Return the difference, with the lines of the policies that judge the rules in question."""
    rules = ours.rules ^ said.rules
    shown = [*about, request.operation.value, request.subresource, request.object]
    lines = [*_lines(profile, request, rules)]
    return Difference([*shown, *lines], str(ours), recording.said(said))


def _lines(profile: Profile, request: Request, rules: frozenset[str]) -> Iterator[str]:
    """Yield `FILE:LINE` of what is said of some rules on the occasion of a request."""
    for artefact in vap.emit(profile).objects:
        spec = loaded(artefact.text)["spec"]
        judged = spec.get("matchConstraints", {}).get("resourceRules", ())
        if not any(resource(request) in each["resources"] for each in judged):
            continue
        for number, line in enumerate(artefact.text.splitlines(), 1):
            found = re.fullmatch(r"\s*- name: (\w+)", line)
            if found is not None and found[1] in rules:
                yield f"{artefact.path}:{number}"
