"""The processes of a control plane without nodes: etcd, kube-apiserver, and a controller of it."""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from tests.engines import lab
from tests.engines.client import Client
from tests.engines.processes import NotYet, Processes, free_ports
from tests.engines.rest import Call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody besides the two users that are always there.

    Attributes:
        name: As the API server knows it: `anna`, or `system:serviceaccount:NAMESPACE:NAME`.
        groups: What it is in besides `system:authenticated`. A service account without any is in
            the two that every service account is in.
        token: What it shows to be itself. Without one `admin` impersonates it: nobody is
            authenticated then, but authorization and admission see the account and not `admin`.
    """

    name: str
    groups: tuple[str, ...] = ()
    token: str = ""


User = Literal["admin", "plain"] | Account

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
    """

    def __init__(self, server: Server = CURRENT) -> None:
        self._stack = ExitStack()
        self._server = server
        # Of these two the server knows the tokens: `admin` is in `system:masters`.
        self._tokens = {"admin": secrets.token_hex(16), "plain": secrets.token_hex(16)}
        self._trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._port = 0
        self.processes = Processes()
        self._clients: dict[User, Client] = {}

    def __enter__(self) -> Self:
        # What was started is ended even if what follows it does not start.
        with ExitStack() as stack:
            stack.enter_context(self.processes)
            stack.callback(self._hang_up)
            self._trust = self._start()
            self.processes.until(self._ready, what="kube-apiserver to be ready", seconds=60)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def client(self, user: User) -> Client:
        """Returns the client of a user; `plain` has no rights yet."""
        if user not in self._clients:
            self._clients[user] = Client(self._port, self._headers(user), self._trust)
        return self._clients[user]

    @contextmanager
    def type_checker(self) -> Iterator[None]:
        """Has the controller run that writes `status.typeChecking`.

        It checks every policy there is, which takes a good part of a core: only while it is asked.
        """
        self.processes.start(
            "kube-controller-manager",
            lab.binary("kube-controller-manager"),
            f"--kubeconfig={self.kubeconfig()}",
            f"--controllers={TYPE_CHECKER}",
            "--leader-elect=false",
            "--secure-port=0",
        )
        try:
            yield
        finally:
            self.processes.end("kube-controller-manager")

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
            # What is kept is thrown away: it need not be written ten times a second.
            "--backend-batch-interval=1s",
            "--backend-batch-limit=100000",
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
            # To see to it that all who ask have their turn takes a sixth of what a request takes.
            "--enable-priority-and-fairness=false",
            # Else validation refuses privileged pods before any policy sees them.
            "--allow-privileged=true",
            *self._server.flags,
        )
        certificate = state / "certs" / "apiserver.crt"
        return self.processes.until(lambda: _trust(certificate), what="the server's certificate")

    def _headers(self, user: User) -> list[tuple[str, str]]:
        """Returns the headers that say who asks."""
        if not isinstance(user, Account):
            return [("Authorization", f"Bearer {self._tokens[user]}")]
        if user.token:
            return [("Authorization", f"Bearer {user.token}")]
        groups = [("Impersonate-Group", group) for group in user.groups]
        return [*self._headers("admin"), ("Impersonate-User", user.name), *groups]

    def _hang_up(self) -> None:
        for client in self._clients.values():
            client.close()

    def _ready(self) -> None:
        try:
            self.client("admin").call(Call("GET", "/readyz"))
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
