"""Shows that the API server mutates by MutatingAdmissionPolicies, and how, by hand-written ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from tests.engines.cluster.artefacts import artefacts
from tests.engines.cluster.mutation_cases import EXPECTED, REFUSED, REQUESTS
from tests.engines.cluster.policies import Policies
from tests.engines.lab import LabError
from tests.engines.patches import json_patch
from tests.engines.proving import Difference, Lab, Row
from tests.engines.rest import Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.engines.apiserver import Cluster
    from tests.engines.cluster.mutation_cases import Result
    from tests.engines.engine import Verdict
    from tests.engines.rest import Object

_GROUP: Final = "/apis/admissionregistration.k8s.io"
# Versions of the API that the server has behind gates, which are closed by default.
_GATED: Final = ("v1alpha1", "v1beta1")
# What of an object's metadata is the same each time that it is asked for.
_STEADY: Final = ("labels", "annotations")
# The group that has no policies.
_NONE: Final = "none"

# What was asked, the result that is right, and the result.
_Case = tuple[object, str, str]


def mutations(laboratory: Lab) -> Row:
    """Loads each file of policies, and compares what becomes of the requests with what must."""
    cluster = laboratory.cluster
    cases = [*_mutated(cluster), *_refused(cluster)]
    for version in _GATED:
        answer = cluster.one(Call("GET", f"{_GROUP}/{version}/mutatingadmissionpolicies"), "absent")
        cases.append(({"get": version}, "absent", answer.outcome))
    differing = tuple(Difference(*case) for case in cases if case[1] != case[2])
    return Row("(engine)", "kube-apiserver", cluster.version, len(cases), differing, "mutation")


def _mutated(cluster: Cluster) -> Iterator[_Case]:
    every = {name: [REQUESTS[each] for each in asked] for name, asked in EXPECTED.items()}
    groups = {name: (artefacts("map", name), asked) for name, asked in every.items()}
    with Policies(cluster, groups | {_NONE: ([], list(REQUESTS.values()))}) as policies:
        verdicts = policies.judge(_NONE, list(REQUESTS.values()))
        plain = dict(zip(REQUESTS, verdicts, strict=True))
        for name, expected in EXPECTED.items():
            verdicts = policies.judge(name, every[name])
            for (each, right), verdict in zip(expected.items(), verdicts, strict=True):
                actual = _shortened(right, _result(plain[each], verdict))
                about = {"policies": name, "request": each}
                yield about, _text(right), _text(actual)


def _refused(cluster: Cluster) -> Iterator[_Case]:
    """Yield policies that are not taken."""
    for name, words in REFUSED.items():
        policies = artefacts("map/refused", name)
        try:
            cluster.apply(policies)
        except LabError as error:
            actual = words if words in str(error) else str(error)
        else:
            actual = "taken"
            cluster.delete(policies)
        yield {"load": name}, words, actual


def _text(result: Result) -> str:
    return json.dumps(result, sort_keys=True)


def _result(plain: Verdict, verdict: Verdict) -> Result:
    """Return what was changed, against what becomes of the same request without policies."""
    if verdict.outcome != "admitted":
        return f"{verdict.outcome}: {' '.join(verdict.messages)}"
    before, after = (_steady(each.object) for each in (plain, verdict))
    return {each["path"]: each.get("value") for each in json_patch(before, after)}


def _shortened(right: Result, actual: Result) -> Result:
    """Return a result as the right one is written, if it is that one or one of those.

    Of an error it says what the right one names between commas, in any order: the server lists
    fields now in one order and now in another.
    """
    if isinstance(right, list):
        return right if actual in right else actual
    if isinstance(right, str) and isinstance(actual, str):
        outcome, _, words = right.partition(": ")
        named = all(each in actual for each in words.split(", "))
        return right if actual.startswith(f"{outcome}: ") and named else actual
    return actual


def _steady(obj: Mapping[str, object]) -> Object:
    metadata = obj.get("metadata")
    kept = metadata if isinstance(metadata, dict) else {}
    return {"metadata": {key: kept.get(key) for key in _STEADY}, "spec": obj.get("spec")}
