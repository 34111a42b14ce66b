"""What a fault is shown that the witnesses do not show: fuller pods, and longer parameters.

Where a list has one item, "all" and "any" say the same.
"""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Operation
from capgen.policy.values import nested
from capgen.policy.workload import pod_of
from tests.pods import container
from tests.served import handed_over

if TYPE_CHECKING:
    from capgen.policy.admit import Request
    from capgen.policy.pod import Mapping
    from capgen.policy.workload import Workload
    from tests.engines.gatekeeper.fault_cases import Case
    from tests.engines.rest import Object

_SEED: Final = 77
# So many requests, of those that create something and of others: an AdmissionReview takes as long
# as a hundred objects.
_MOST: Final = {True: 120, False: 16}


def more(case: Case, *, created: bool) -> list[Request]:
    """Return requests that create something, or do not, half of them about fuller pods."""
    own = [each for each in case.own if (each.operation is Operation.CREATE) is created]
    chance = random.Random(_SEED)
    some = chance.sample(own, min(len(own), _MOST[created] // 2))
    fuller = [_fuller(each, chance.choice(own)) for each in some]
    return [handed_over(each, case.reference.profile.minors) for each in (*some, *fuller)]


def longer(case: Case) -> Case:
    """Return a case with more in every list of its constraint's parameters."""
    changed: Any = copy.deepcopy(case.constraint)
    place = f"{case.place}-longer"
    changed["spec"]["match"]["namespaces"] = [place]
    changed["spec"]["parameters"] = _longer(changed["spec"].get("parameters", {}))
    own = [each._replace(namespace=place) for each in case.own]
    return case._replace(place=place, constraint=changed, own=own)


def _longer(value: Any) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case dict():
            return {key: _longer(each) for key, each in value.items()}
        case [str(), *_]:
            return ["MORE", *value]
        case [{"images": _}, *_]:
            return [{"images": ["more.example.com/*"]}, *map(_longer, value)]
        case [{"containers": _}, *_]:
            return [{"containers": ["more"]}, *map(_longer, value)]
        case [{"min": _}, *_]:
            return [{"min": 90_001, "max": 90_002}, *value]
        case _:
            return value


def _fuller(one: Request, other: Request) -> Request:
    """Return a request about pods that have what the pods of another have, too, and more."""
    new = _joined(_pod(one.workload, one.object), _pod(other.workload, other.object))
    old = one.old_object
    if old is not None:
        stood = _pod(one.workload, old)
        if other.old_object is not None:
            stood = _joined(stood, _pod(other.workload, other.old_object))
        old = nested(one.workload.path, _with_more(stood))
    return one._replace(object=nested(one.workload.path, _with_more(new)), old_object=old)


def _pod(workload: Workload, obj: Mapping) -> Any:  # noqa: ANN401 - any JSON
    return pod_of(workload, dict(obj))


def _with_more(pod: Any) -> Object:  # noqa: ANN401 - any JSON
    """Return a pod with a container and a volume more, which are in order."""
    spec = pod["spec"]
    containers = [*(spec.get("containers") or ()), container("more")]
    volumes = [*(spec.get("volumes") or ()), {"name": "more", "emptyDir": {}}]
    found: Object = pod | {"spec": spec | {"containers": containers, "volumes": volumes}}
    return found


def _joined(one: Any, other: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return what either has: of two values the first, of lists all, what has a name by that."""
    match one, other:
        case dict(), dict():
            missing = {key: each for key, each in other.items() if key not in one}
            return {
                key: _joined(each, other[key]) if key in other else each
                for key, each in one.items()
            } | missing
        case [{"name": _}, *_], [{"name": _}, *_]:
            named = {each["name"]: each for each in other}
            known = {each["name"] for each in one}
            both = [_joined(each, named.get(each["name"], {})) for each in one]
            return [*both, *(each for each in other if each["name"] not in known)]
        case list(), list():
            return [*one, *(each for each in other if each not in one)]
        case _:
            return one
