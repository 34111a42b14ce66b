"""The processes of a control plane without nodes: etcd, kube-apiserver, and a controller of it."""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from tests.engines import lab
from tests.engines.processes import NotYet, Processes, free_ports
from tests.engines.rest import Call, Client

if TYPE_CHECKING:
    from pathlib import Path

User = Literal["admin", "plain"]

TYPE_CHECKER = "validatingadmissionpolicy-status-controller"


@dataclass(frozen=True, slots=True)
class Server:
    """Which API server runs: the name of its binary, and flags besides those of every server."""

    binary: str
    flags: tuple[str, ...] = ()


CURRENT = Server("kube-apiserver")


class ControlPlane:
    """etcd and kube-apiserver on loopback, ready when entered; a context manager.

    Attributes:
        processes: The engines, for waiting on them.
        clients: A client per user: `admin` is in `system:masters`, `plain` has no rights yet.
    """

    def __init__(self, server: Server = CURRENT) -> None:
        self._stack = ExitStack()
        self._server = server
        self._tokens: dict[User, str] = {
            "admin": secrets.token_hex(16),
            "plain": secrets.token_hex(16),
        }
        self._port = 0
        self._checking = False
        self.processes = Processes()
        self.clients: dict[User, Client] = {}

    def __enter__(self) -> Self:
        # What was started is ended even if what follows it does not start.
        with ExitStack() as stack:
            stack.enter_context(self.processes)
            trust = self._start()
            for user, token in self._tokens.items():
                self.clients[user] = Client(self._port, token, trust)
                stack.callback(self.clients[user].close)
            self.processes.until(self._ready, what="kube-apiserver to be ready", seconds=60)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_type_checker(self) -> None:
        """Starts the controller that writes `status.typeChecking`, unless it runs already."""
        if self._checking:
            return
        self.processes.start(
            "kube-controller-manager",
            lab.binary("kube-controller-manager"),
            f"--kubeconfig={self.kubeconfig()}",
            f"--controllers={TYPE_CHECKER}",
            "--leader-elect=false",
            "--secure-port=0",
        )
        self._checking = True

    def kubeconfig(self) -> Path:
        """Writes what lets a program be `admin`, and returns its path."""
        state = self.processes.state
        cluster = {
            "server": f"https://127.0.0.1:{self._port}",
            "certificate-authority": str(state / "certs" / "apiserver.crt"),
        }
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": "lab", "user": {"token": self._tokens["admin"]}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
            "current-context": "lab",
        }
        place = state / "kubeconfig"
        place.write_text(json.dumps(config), "utf-8")
        return place

    def _start(self) -> ssl.SSLContext:
        """Starts the server on a running etcd; returns how to trust it."""
        store, peers, self._port = free_ports(3)
        state = self.processes.state
        self.processes.start(
            "etcd",
            lab.binary("etcd"),
            f"--data-dir={state / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{store}",
            f"--advertise-client-urls=http://127.0.0.1:{store}",
            f"--listen-peer-urls=http://127.0.0.1:{peers}",
            "--unsafe-no-fsync",
            "--log-level=error",
        )
        self.processes.until(lambda: _healthy(store), what="etcd to be healthy")
        (state / "sa.key").write_text(_signing_key(), "ascii")
        users = [f'{self._tokens["admin"]},admin,admin,"system:masters"']
        users.append(f"{self._tokens['plain']},plain,plain")
        (state / "tokens.csv").write_text("\n".join(users) + "\n", "ascii")
        self.processes.start(
            "kube-apiserver",
            lab.binary(self._server.binary),
            f"--etcd-servers=http://127.0.0.1:{store}",
            f"--secure-port={self._port}",
            "--bind-address=127.0.0.1",
            # No address of the machine is looked for, and none published: it may have no network.
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--cert-dir={state / 'certs'}",
            f"--service-account-key-file={state / 'sa.key'}",
            f"--service-account-signing-key-file={state / 'sa.key'}",
            "--service-account-issuer=https://lab.local",
            f"--token-auth-file={state / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/24",
            # Else validation refuses privileged pods before any policy sees them.
            "--allow-privileged=true",
            *self._server.flags,
        )
        certificate = state / "certs" / "apiserver.crt"
        return self.processes.until(lambda: _trust(certificate), what="the server's certificate")

    def _ready(self) -> None:
        try:
            self.clients["admin"].call(Call("GET", "/readyz"))
        except lab.LabError as error:
            raise NotYet(str(error)) from error


def _healthy(port: int) -> None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            answer.read()
    except OSError as error:
        raise NotYet(str(error)) from error


def _trust(certificate: Path) -> ssl.SSLContext:
    """Returns a context that trusts the certificate which the server made for itself."""
    try:
        return ssl.create_default_context(cafile=str(certificate))
    except OSError as error:  # absent, or written in part
        raise NotYet(str(error)) from error


def _signing_key() -> str:
    """Returns a new P-256 key in PEM: the server wants one to sign service account tokens.

    RFC 5915 leaves the public key optional, so a random number is a whole key.
    """
    secret = secrets.token_bytes(32)
    # SEQUENCE { version 1, privateKey OCTET STRING, [0] parameters OID prime256v1 }
    der = b"\x30\x31\x02\x01\x01\x04\x20" + secret + bytes.fromhex("a00a06082a8648ce3d030107")
    text = base64.b64encode(der).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{text}\n-----END EC PRIVATE KEY-----\n"
