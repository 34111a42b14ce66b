"""Measures what it costs to have a pod judged: `python -m tests.bench.admission`.

`pss/restricted` as each engine judges by it, in a real API server: pods a second, as dry runs,
against the same server without any policy; and, where the server judges by itself, its own
histogram of what its plugin ValidatingAdmissionPolicy took for each pod that was admitted (the one
of single policies observes refusals only). Beside it stands the same profile laid out naively: a
policy for each rule, which matches, and finds the containers, for itself. Ratios within one run;
whoever asks shares the processors with who answers.

Exit 1 only where a pod is judged wrongly.
"""

from __future__ import annotations

import re
import sys
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.match import Operator, Requirement
from capgen.profile.library import open_profile
from capgen.targets import gatekeeper, vap
from capgen.targets.kyverno import legacy, policies
from tests.bench.reader import deployments
from tests.engines.apiserver import Cluster
from tests.engines.applied import LABEL, emitted
from tests.engines.canaries import BAD
from tests.engines.gatekeeper.live import Gatekeeper
from tests.engines.gatekeeper.target import emitted as shared_and_own
from tests.engines.kyverno.live import Kyverno
from tests.engines.rest import Call
from tests.loading import loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from capgen.policy.profile import Profile
    from tests.engines.rest import Answer, Object

_MINOR: Final = "1.36"
_HERE: Final = "bench"
_PODS: Final = 150
_ROUNDS: Final = 2
_METRIC: Final = "apiserver_admission_controller_admission_duration_seconds"
_LABELS: Final = (
    'name="ValidatingAdmissionPolicy",operation="CREATE",rejected="false",type="validate"'
)
_LINE: Final = re.compile(rf"^{_METRIC}_(sum|count)\{{{_LABELS}\}} (\S+)$", re.MULTILINE)


class Layout(NamedTuple):
    """A way to have pods judged.

    Attributes:
        name: what it is called in the table.
        objects: how many objects are applied.
        holding: have it act upon the pods of the bench, for a while.
        judges: it refuses bad pods.
    """

    name: str
    objects: int
    holding: Callable[[], AbstractContextManager[object]]
    judges: bool = True


class Turn(NamedTuple):
    """What one turn of a layout took.

    Attributes:
        rate: pods a second.
        spent: seconds that the server's own policies took, for each pod.
    """

    rate: float
    spent: float


def main() -> int:
    """Measure, print, and return the exit code."""
    print(f"{'layout':40} {'objects':>8} {'pods/s':>8} {'of none':>8} {'own policies':>13}")
    with Cluster() as cluster:
        cluster.namespace(_HERE, {LABEL: _HERE})
        _measured(cluster, "kube-apiserver", _own(cluster))
        with Kyverno(cluster) as kyverno:
            _measured(cluster, "kyverno", _of_kyverno(kyverno))
            kyverno.load([])
        with Gatekeeper(cluster) as engine:
            _measured(cluster, "gatekeeper", _of_gatekeeper(cluster, engine))
    return 0


def _profile() -> Profile:
    profile = open_profile("pss/restricted", _MINOR)
    here = Requirement(LABEL, Operator.IN, (_HERE,))
    return profile._replace(name=_HERE, match=profile.match._replace(namespace_selector=(here,)))


def _own(cluster: Cluster) -> list[Layout]:
    profile = _profile()
    naive = [
        each
        for rule in profile.rules
        for each in emitted(profile._replace(name=f"naive-{rule.id.lower()}", rules=(rule,)))
    ]
    whole = emitted(profile)
    return [
        _none(cluster),
        Layout(vap.TARGET.name, len(whole), partial(_applied, cluster, whole)),
        Layout("a policy for each rule", len(naive), partial(_applied, cluster, naive)),
    ]


def _of_kyverno(kyverno: Kyverno) -> list[Layout]:
    @contextmanager
    def loaded(objects: Sequence[Object]) -> Iterator[None]:
        kyverno.load(objects)
        yield

    found = [Layout("none", 0, partial(loaded, []), judges=False)]
    for target in (policies.TARGET, legacy.TARGET):
        objects = emitted(_profile(), target)
        found.append(Layout(target.name, len(objects), partial(loaded, objects)))
    return found


def _of_gatekeeper(cluster: Cluster, engine: Gatekeeper) -> list[Layout]:
    @contextmanager
    def watched(objects: Sequence[Object]) -> Iterator[None]:
        engine.load(objects)
        with engine.watched(_HERE, {LABEL: _HERE}, ()):
            yield
        cluster.namespace(_HERE, {LABEL: _HERE})

    objects = shared_and_own(_profile())
    return [
        _none(cluster),
        Layout(gatekeeper.TARGET.name, len(objects), partial(watched, objects)),
    ]


def _none(cluster: Cluster) -> Layout:
    return Layout("none", 0, partial(_applied, cluster, []), judges=False)


@contextmanager
def _applied(cluster: Cluster, objects: Sequence[Object]) -> Iterator[None]:
    cluster.apply(objects)
    try:
        yield
    finally:
        cluster.delete(objects)


def _measured(cluster: Cluster, engine: str, layouts: Sequence[Layout]) -> None:
    """Measure layouts in turns, so that all meet the machine alike, and print the best of each."""
    best: dict[str, Turn] = {}
    for _ in range(_ROUNDS):
        for layout in layouts:
            with layout.holding():
                _acts(cluster, layout)
                turn = _turn(cluster)
            known = best.get(layout.name)
            if known is None or turn.rate > known.rate:
                best[layout.name] = turn
    for layout in layouts:
        rate, spent = best[layout.name]
        ratio = rate / best[layouts[0].name].rate
        print(
            f"{f'{engine}, {layout.name}':40} {layout.objects:8} {rate:8.0f} {ratio:8.2f}"
            f" {spent * 1e6:10.0f} us",
            flush=True,
        )


def _acts(cluster: Cluster, layout: Layout) -> None:
    """Wait until a layout refuses the bad pod, or nothing does, and the bench's own is admitted."""

    def right(answer: Answer) -> bool:
        return answer.admitted is not layout.judges

    cluster.wait_answer(_HERE, BAD, right, what=f"{layout.name} to act")
    cluster.wait_answer(_HERE, _pod(), lambda answer: answer.admitted, what="the bench's pod")


def _turn(cluster: Cluster) -> Turn:
    before = _spent(cluster)
    start = time.perf_counter()
    answers = list(cluster.judge(_HERE, [_pod()] * _PODS))
    took = time.perf_counter() - start
    after = _spent(cluster)
    if refused := [each.message for each in answers if not each.admitted]:
        raise SystemExit(f"the bench's own pod is not admitted: {refused[0]}")
    spent, count = (new - old for old, new in zip(before, after, strict=True))
    if count < _PODS:
        raise SystemExit(f"the server counted {count:.0f} pods of {_PODS} that were asked about")
    return Turn(_PODS / took, spent / count)


def _spent(cluster: Cluster) -> tuple[float, float]:
    """Return the seconds that the server's policies took so far, and for how many objects."""
    (answer,) = cluster.ask([Call("GET", "/metrics")])
    found = dict(_LINE.findall(answer.object["message"]))
    return float(found["sum"]), float(found["count"])


def _pod() -> Object:
    """Return a pod like a real one: an application and two containers beside it."""
    spec: Object = loaded(deployments(1))["spec"]["template"]["spec"]
    del spec["serviceAccountName"]
    (own,) = spec["containers"]
    beside = [{**own, "name": name} for name in ("proxy", "logs")]
    for each in beside:
        each.pop("ports")
    return {"spec": {**spec, "containers": [own, *beside]}}


if __name__ == "__main__":
    sys.exit(main())
