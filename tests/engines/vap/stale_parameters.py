"""Why our parameters are of a kind of their own: ConfigMaps as parameters go stale.

When the last policy with ConfigMaps as parameters is deleted, the API server stops watching them,
and does not begin again for a policy that comes later: what that is given is what was known then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.engines.vap.refusing import refusing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Answer, Object

BUG: Final = "apiserver-stale-configmaps"
SHOWN: Final = "parameters: applied again"
_HERE: Final = "stale-parameters"
_ELSEWHERE: Final = "stale-parameters-later"
_POD: Final[Object] = {"spec": {"containers": [{"name": "c", "image": "i"}]}}


def stale(cluster: Cluster) -> Iterator[tuple[object, str, str]]:
    """Yield what is done, what the API server is known to do, and what it does."""
    for each in (_HERE, _ELSEWHERE):
        cluster.namespace(each)
    named = refusing(_HERE, _HERE, "'it is ' + params.data.word")
    named[0]["spec"]["paramKind"] = {"apiVersion": "v1", "kind": "ConfigMap"}
    place = {"name": _HERE, "namespace": _HERE, "parameterNotFoundAction": "Deny"}
    named[1]["spec"]["paramRef"] = place
    later = refusing(_ELSEWHERE, _ELSEWHERE, "'it is later'")
    cluster.apply([_values("first"), *named])
    yield "applied", "it is first", _denied(cluster, _HERE, "it is first")
    cluster.apply([_values("second")])
    yield "changed", "it is second", _denied(cluster, _HERE, "it is second")
    cluster.delete(named)
    cluster.wait_answer(_HERE, _POD, _admits, what=f"{_HERE} to be gone")
    cluster.apply([_values("third"), *named])
    yield "deleted, changed, applied again", "it is second", _denied(cluster, _HERE, "it is")
    # What comes after the change is acted upon: that it is not seen is not for want of time.
    cluster.apply(later)
    _denied(cluster, _ELSEWHERE, "it is later")
    yield "a while later", "it is second", _denied(cluster, _HERE, "it is")
    cluster.delete([*named, *later, _values("third")])


def _values(word: str) -> Object:
    metadata = {"name": _HERE, "namespace": _HERE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"word": word}}


def _denied(cluster: Cluster, namespace: str, begins: str) -> str:
    """Wait for a denial whose words begin so, and return them."""
    what = f"{namespace} to say {begins}"
    answer = cluster.wait_answer(namespace, _POD, lambda a: a.denial.startswith(begins), what=what)
    return answer.denial


def _admits(answer: Answer) -> bool:
    return answer.admitted
