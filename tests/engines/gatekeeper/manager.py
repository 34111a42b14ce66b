"""The process that is Gatekeeper: its manager, outside of the cluster, on loopback."""

from __future__ import annotations

import urllib.request
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines import lab
from tests.engines.certificate import certificate
from tests.engines.processes import NotYet, free_ports

if TYPE_CHECKING:
    from tests.engines.apiserver import Cluster
    from tests.engines.processes import Processes

_NAME: Final = "gatekeeper-manager"
# Where Gatekeeper keeps its own state.
SYSTEM: Final = "gatekeeper-system"
# Without `generate` the kinds of constraints are never made, and everything is admitted.
_OPERATIONS: Final = (
    "webhook",
    "mutation-webhook",
    "mutation-controller",
    "generate",
)


# Else every template in CEL becomes a policy.
_QUIET: Final = ("--default-create-vap-for-templates=false",)
# What it writes into constraints and mutators for people. Who asks reads `podstatuses`.
_TELLING: Final = ("mutation-status", "status")
# It audits every minute, if it does: each time it lists all that there is of every kind.
_AUDITING: Final = ("--operation=audit", "--audit-interval=10")


class Serving(NamedTuple):
    """Where the manager serves its webhooks.

    Attributes:
        port: of 127.0.0.1.
        bundle: by which its certificate is trusted, as a webhook configuration wants it.
    """

    port: int
    bundle: str


def start(processes: Processes, cluster: Cluster, *, shipped: bool) -> Serving:
    """Start the manager in a cluster that knows its kinds, and wait until it is ready.

    Args:
        processes: it becomes one of them.
        cluster: where it runs.
        shipped: it audits, and makes policies of all templates, as it does by default.

    Raises:
        LabError: it cannot be built, ends, or is not ready in time.
    """
    port, health = free_ports(2)
    shown = certificate(processes.state / "webhook")
    cached = processes.state / "audit"
    cached.mkdir()
    processes.start(
        _NAME,
        lab.binary(_NAME),
        f"--kubeconfig={cluster.kubeconfig()}",
        # It looks for the pod that it runs in, and takes nothing up without one.
        "--debug-use-fake-pod",
        "--host=127.0.0.1",
        f"--port={port}",
        f"--health-addr=127.0.0.1:{health}",
        f"--cert-dir={shown.folder}",
        "--disable-cert-rotation",
        "--logtostderr",
        # The shipped `{http.send}`, in braces, disables nothing.
        "--disable-opa-builtin=http.send",
        f"--exempt-namespace={SYSTEM}",
        "--shutdown-delay=0",
        # Prometheus would be served on every address; there is no collector at this one.
        "--metrics-backend=opentelemetry",
        "--otlp-endpoint=127.0.0.1:9",
        *(f"--operation={each}" for each in (*_OPERATIONS, *(_TELLING if shipped else ()))),
        # Else these policies hold, and answer before the webhook does.
        "--default-create-vap-binding-for-constraints=false",
        # It is removed and made anew with every audit.
        f"--api-cache-dir={cached}",
        *(_AUDITING if shipped else _QUIET),
    )
    processes.until(partial(_ready, health), what=f"{_NAME} to be ready", seconds=60)
    return Serving(port, shown.bundle)


def _ready(port: int) -> None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            answer.read()
    except OSError as error:
        raise NotYet(str(error)) from error
