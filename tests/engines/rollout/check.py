"""Brings every admission target in as its README says, and out again, in the real engines.

The lines are typed as they stand, by kubectl, in the folders that a compile has written. Nothing is
refused while a profile only audits or warns; what is told of is told where the page says it is;
what is to be refused is; and with the folder goes all that it brought.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from tests.engines import lab
from tests.engines.apiserver import Cluster
from tests.engines.canaries import GOOD
from tests.engines.cluster.audit import Audit
from tests.engines.controlplane import Server
from tests.engines.gatekeeper.live import Gatekeeper
from tests.engines.kyverno.install import reporting
from tests.engines.processes import Processes
from tests.engines.proving import Lab, Row, differing
from tests.engines.psp.live import SERVER
from tests.engines.psp.objects import ANY, usable
from tests.engines.rollout.plays import ANEW, PLAYS, ROLLED
from tests.engines.rollout.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tests.engines.rest import Object
    from tests.engines.rollout.stage import Seen

# The role by which everybody may use a policy for a while that allows all.
_WIDE: Final = "lab-wide"
_NOTE: Final = "READMEs followed: rollout and removal"
# Of a policy in which a field is misspelt the API server's type checker says so.
_MISTAKEN: Final[Object] = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "metadata": {"name": "lab-mistaken"},
    "spec": {
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["pods"],
                }
            ]
        },
        "validations": [{"expression": "object.spec.hostPidd == false"}],
    },
}


def followed_in_apiserver(_: Lab) -> Row:
    """Follows the pages of what the API server enforces by itself, and reads its audit log."""
    with Audit() as audit, Cluster(Server("kube-apiserver", audit.flags)) as cluster:
        cluster.namespace(ROLLED)
        cluster.apply([_MISTAKEN])
        # It is only read of `vap`, and would check what is applied for other targets too.
        with cluster.type_checker():
            seen = list(_played(cluster, ("vap",), audit))
        seen += _played(cluster, ("map", "psa"), audit)
        return _row("vap, map, psa", "kube-apiserver", cluster.version, seen)


def followed_in_kyverno(laboratory: Lab) -> Row:
    """Follows the pages of policies for Kyverno, and reads its reports."""
    kyverno, cluster = laboratory.kyverno, laboratory.cluster
    kyverno.load([])
    cluster.namespace(ROLLED)
    with reporting(cluster):
        seen = list(_played(cluster, ("kyverno", "kyverno-legacy")))
    return _row("kyverno, kyverno-legacy", "kyverno", kyverno.version, seen)


def followed_in_gatekeeper(_: Lab) -> Row:
    """Follows the pages of constraints, which two profiles have of the same templates."""
    with ExitStack() as stack:
        # The laboratory's own does not audit, and its cluster is not empty.
        cluster = stack.enter_context(Cluster())
        engine = stack.enter_context(Gatekeeper(cluster, shipped=True))
        for play in PLAYS:
            if play.target == "gatekeeper":
                for name in play.profiles:
                    stack.enter_context(engine.watched(name, {}, ()))
        # Not before: the pod that owns what Gatekeeper says of its templates is made up.
        cues = {"collect": lambda: stack.enter_context(_collected(cluster))}
        seen = list(_played(cluster, ("gatekeeper",), cues=cues))
        return _row("gatekeeper", "gatekeeper", engine.version, seen)


def followed_in_psp(_: Lab) -> Row:
    """Follows the page of a PodSecurityPolicy, where a wider one may be used at first and last."""
    with Cluster(SERVER) as cluster:
        everyone = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group"}
        everyone |= {"name": "system:authenticated"}
        wide = [ANY, *usable(_WIDE, ANY["metadata"]["name"], subject=everyone)]

        head = {"name": ANEW, "namespace": ROLLED}
        anew = {"apiVersion": "v1", "kind": "Pod", "metadata": head, **GOOD}

        def widen() -> None:
            cluster.delete([anew])
            cluster.apply(wide)

        # Before it no namespace takes pods.
        widen()
        cluster.namespace(ROLLED)
        cues: Mapping[str, Callable[[], object]] = {
            "narrow": lambda: cluster.delete(wide[-1:]),
            "make": lambda: cluster.create(anew, user="plain"),
            "widen": widen,
        }
        seen = list(_played(cluster, ("psp",), cues=cues))
        return _row("psp", "kube-apiserver", cluster.version, seen)


def _played(
    cluster: Cluster,
    targets: tuple[str, ...],
    audit: Audit | None = None,
    cues: Mapping[str, Callable[[], object]] | None = None,
) -> Iterator[Seen]:
    """Yield what is seen in the plays of some targets."""
    for play in PLAYS:
        if play.target in targets:
            with Stage(cluster, play, audit, cues) as stage:
                yield from stage.played()


@contextmanager
def _collected(cluster: Cluster) -> Iterator[None]:
    """Have what a deleted object was the owner of deleted, too, as a cluster has."""
    with Processes() as processes:
        processes.start(
            "kube-controller-manager",
            lab.binary("kube-controller-manager"),
            f"--kubeconfig={cluster.kubeconfig()}",
            "--controllers=garbage-collector-controller",
            "--leader-elect=false",
            "--secure-port=0",
        )
        yield


def _row(target: str, engine: str, version: str, seen: Iterable[Seen]) -> Row:
    seen = list(seen)
    differences = differing(seen)
    return Row(target, engine, version, len(seen), differences, _NOTE)
