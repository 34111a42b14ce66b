"""Kyverno's admission controller beside an API server: installed, started, and removed again."""

from __future__ import annotations

import ssl
import urllib.request
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, Self

from tests.engines import lab
from tests.engines.processes import NotYet, Processes, free_ports
from tests.engines.rest import Call
from tests.loading import loaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Object

# Its own namespace: without it there is no lease to lead by, and nothing is ever registered.
_SYSTEM: Final = "kyverno"
_ADMISSION: Final = "/apis/admissionregistration.k8s.io/v1"
_DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_OURS: Final = "lab.capgen.dev/engine"
_OUR_DEFINITIONS: Final = f"{_DEFINITIONS}?labelSelector={_OURS}%3D{_SYSTEM}"
_HOOKS: Final = (
    f"{_ADMISSION}/mutatingwebhookconfigurations",
    f"{_ADMISSION}/validatingwebhookconfigurations",
)
_HOOKED: Final = "labelSelector=webhook.kyverno.io/managed-by%3Dkyverno"
# A lease that outlives its holder keeps the next one from leading; a certificate names a port.
_LEFT: Final = (
    f"/apis/coordination.k8s.io/v1/namespaces/{_SYSTEM}/leases",
    f"/api/v1/namespaces/{_SYSTEM}/secrets",
)
# The webhook that checks policies comes last.
_CHECKER: Final = "validate-policy.kyverno.svc"
# All are required; what they name need not exist.
_ENVIRONMENT: Final = (
    f"KYVERNO_NAMESPACE={_SYSTEM}",
    "KYVERNO_SERVICEACCOUNT_NAME=kyverno-admission-controller",
    "KYVERNO_DEPLOYMENT=kyverno-admission-controller",
    "KYVERNO_POD_NAME=kyverno-admission-controller",
    "INIT_CONFIG=kyverno",
    "METRICS_CONFIG=kyverno-metrics",
)


class Controller:
    """The controller, asked by the API server as a webhook; a context manager.

    Its ConfigMap is absent, so that no namespace and no resource is left out.

    Attributes:
        processes: to wait for something while it runs.
    """

    def __init__(self, cluster: Cluster) -> None:
        """Prepare to run beside a running API server."""
        self._cluster = cluster
        self._stack = ExitStack()
        self.processes = Processes()

    def __enter__(self) -> Self:
        """Install and start it, and wait until it has registered its webhooks and serves them."""
        with ExitStack() as stack:
            stack.callback(self._remove)
            stack.enter_context(self.processes)
            self._install()
            port = self._start()
            wait = self.processes.until
            wait(self._registered, what="Kyverno to register its webhooks", seconds=120)
            wait(lambda: _serves(port), what="Kyverno to serve", seconds=60)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _install(self) -> None:
        definitions = list(_definitions())
        what = "the definitions of an earlier run to be gone"
        self.processes.until(self._gone, what=what, seconds=120)
        # At once: each on its own would make the server merge all that it serves 22 times.
        made = self._cluster.ask(Call("POST", _DEFINITIONS, each) for each in definitions)
        if refused := [answer.message for answer in made if not answer.admitted]:
            raise lab.LabError(f"a definition of Kyverno's resources is refused: {refused[0]}")
        self._cluster.namespace(_SYSTEM)
        what = "the definitions of Kyverno's resources to be established"
        self.processes.until(self._established, what=what, seconds=120)

    def _start(self) -> int:
        """Start the process; return the port that its webhooks are served on."""
        port, metrics = free_ports(2)
        self.processes.start(
            "kyverno",
            "/usr/bin/env",
            *_ENVIRONMENT,
            lab.binary("kyverno"),
            f"--kubeconfig={self._cluster.kubeconfig()}",
            # It stands in the webhooks' addresses as it is.
            f"--serverIP=127.0.0.1:{port}",
            "--webhookServerHost=127.0.0.1",
            f"--webhookServerPort={port}",
            "--metricsHost=127.0.0.1",
            f"--metricsPort={metrics}",
            "--controllerRuntimeMetricsAddress=0",
            "--caSecretName=ca",
            "--tlsSecretName=tls",
            "--admissionReports=false",
            # Otherwise each denial becomes an object, even that of a dry run.
            "--omitEvents=PolicyViolation,PolicyApplied,PolicyError,PolicySkipped",
            # Half a busy machine is slower than a cluster's own.
            "--webhookTimeout=30",
        )
        return port

    def _remove(self) -> None:
        """Remove what was installed, and what the controller put beside it. It has ended."""
        for where in _HOOKS:
            self._ask("DELETE", f"{where}?{_HOOKED}")
        for where in _LEFT:
            self._ask("DELETE", where)
        # With a definition go the objects of its kind, which takes the server a while.
        self._ask("DELETE", _OUR_DEFINITIONS)
        head = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _SYSTEM}}
        self._cluster.delete([head])

    def _stored(self) -> list[Object]:
        found: list[Object] = self._ask("GET", _OUR_DEFINITIONS)["items"]
        return found

    def _established(self) -> None:
        for each in self._stored():
            status = each.get("status") or {}
            conditions = {one["type"]: one["status"] for one in status.get("conditions") or []}
            if conditions.get("Established") != "True":
                raise NotYet(f"{each['metadata']['name']}: {conditions}")

    def _gone(self) -> None:
        if found := [each["metadata"] for each in self._stored()]:
            raise NotYet(f"{', '.join(each['name'] for each in found)} still there")

    def _registered(self) -> None:
        found = self._ask("GET", f"{_HOOKS[1]}?{_HOOKED}")["items"]
        names = {hook["name"] for each in found for hook in each.get("webhooks") or []}
        if _CHECKER not in names:
            raise NotYet(f"webhooks {sorted(names)}")

    def _ask(self, method: str, where: str) -> Object:
        (answer,) = self._cluster.ask([Call(method, where)])
        return answer.object


@contextmanager
def reporting(cluster: Cluster) -> Iterator[None]:
    """Have Kyverno's other controller run, which scans what stands and writes the reports.

    Kyverno's definitions have to be there.
    """
    (metrics,) = free_ports(1)
    with Processes() as processes:
        processes.start(
            "reports-controller",
            "/usr/bin/env",
            *(each.replace("admission", "reports") for each in _ENVIRONMENT),
            lab.binary("reports-controller"),
            f"--kubeconfig={cluster.kubeconfig()}",
            "--metricsHost=127.0.0.1",
            f"--metricsPort={metrics}",
            "--omitEvents=PolicyViolation,PolicyApplied,PolicyError,PolicySkipped",
        )
        yield


def _definitions() -> Iterator[Object]:
    """Yield the definitions of its resources, with a label to know them by."""
    for path in sorted(lab.data("kyverno", "crds").rglob("*.yaml")):
        each = loaded(path.read_text("utf-8"))
        yield each | {"metadata": each["metadata"] | {"labels": {_OURS: _SYSTEM}}}


def _serves(port: int) -> None:
    """Find the webhooks served: they are registered before their certificate is there."""
    trust = ssl.create_default_context()
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE
    address = f"https://127.0.0.1:{port}/health/readiness"
    try:
        with urllib.request.urlopen(address, context=trust, timeout=5) as answer:
            answer.read()
    except OSError as error:
        raise NotYet(str(error)) from error
