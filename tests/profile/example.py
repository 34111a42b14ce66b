"""The profile that the documentation shows: it says every key that the language has."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Admission, Request
from capgen.policy.profile import Profile, Union
from capgen.profile.library import find
from capgen.profile.load import parse
from capgen.profile.resolve import resolve
from capgen.reader import Document, read_bytes
from capgen.targets import docker, security_context
from tests.loading import loaded
from tests.pods import good, tweak
from tests.policy.made import rules_of

if TYPE_CHECKING:
    from capgen.profile.source import Source
    from tests.pods import Pod

# The target `seccomp` belongs here once there is one.
TEXT: Final = """\
apiVersion: capgen/v1
kind: Profile
metadata:
  name: web
  description: Web servers on port 8080
spec:
  extends: [pss/restricted]
  kubernetes: "1.34"
  targets:
    - security-context
    - vap
    - gatekeeper: {engines: [cel, rego]}
    - docker
  enforcement: deny
  enforceOn: [pods, controllers]
  match:
    namespaces: {exclude: [kube-system, kube-public]}
    namespaceSelector: {matchLabels: {team: web}}
    podSelector: {matchExpressions: [{key: legacy, operator: DoesNotExist}]}
  rules:
    privileged: false
    allowPrivilegeEscalation: false
    capabilities:
      drop: [ALL]
      allow: [NET_BIND_SERVICE]
      add: []
    runAsNonRoot: true
    runAsUser: {ranges: [10000-60000], default: 10001}
    seccompProfile: {allow: [RuntimeDefault, "Localhost:profiles/*"], default: RuntimeDefault, unset: refuse}
    volumes: {allow: [configMap, emptyDir, projected, secret, persistentVolumeClaim, hostPath]}
    hostPath: {allow: [{prefix: /var/log/app, readOnly: true}]}
    readOnlyRootFilesystem: true
    sysctls: {allow: [safe]}
  loosens:
    volumes: hostPath below, until the log shipper is a sidecar
    hostPath: /var/log/app only, read-only
  exempt:
    - images: ["registry.example.com/istio/proxyv2:*"]
      containers: [istio-proxy]
      rules: [runAsUser]
      reason: injected, runs as 1337
      until: 2027-03-31
  containers:
    sidecar: {runAsUser: 10002}
  accept:
    docker: {volumes: reviewed with the Compose file}
"""  # noqa: E501 - as the documentation has it

# Here: `syscalls`, `files`, `network` and `writable`, once they are wired.


def read(text: str, name: str = "web.yaml") -> Source:
    """Return the profile that a text holds."""
    (document,) = read_bytes(text.encode(), name)
    assert isinstance(document, Document), document
    return parse(document)


def data() -> Any:  # noqa: ANN401 - any part of a document
    """Return the example as plain data."""
    (document,) = read_bytes(TEXT.encode(), "web.yaml")
    assert isinstance(document, Document)
    return json.loads(json.dumps(document.value))


TODAY: Final = date(2027, 3, 31)
# A pod that the example admits.
FINE: Final = tweak(
    good(),
    {
        f"{where}.securityContext.readOnlyRootFilesystem": True
        for where in ("spec.containers.0", "spec.containers.1", "spec.initContainers.0")
    },
)


class Made:
    """What a document means."""

    def __init__(self, document: Any) -> None:  # noqa: ANN401 - a document
        """Read, check and resolve it."""
        self.source = read(json.dumps(document))
        self.profile: Profile = resolve(self.source, find, None, TODAY)

    def refused(self, changes: dict[str, Any], **asked: Any) -> list[str]:  # noqa: ANN401 - a request's
        """Return the rules that refuse the fine pod with changes."""
        pod: Pod = tweak(FINE, changes)
        return rules_of(Admission(Union((self.profile,))).admit(Request(pod, **asked)))

    def alone(self, changes: dict[str, Any], rule: str) -> bool:
        """Tell whether the fine pod is admitted, and with changes refused by one rule alone."""
        return self.refused({}) == [] and self.refused(changes) == [rule]

    def patch(self) -> Any:  # noqa: ANN401 - a pod
        """Return the strategic-merge patch for Linux."""
        files = {each.path: each.text for each in security_context.emit(self.profile).artefacts}
        return loaded(files["linux/strategic-merge.yaml"])["spec"]

    def own(self, container: str) -> Any:  # noqa: ANN401 - a securityContext
        """Return what the patch sets in a container by its name."""
        named = {each["name"]: each["securityContext"] for each in self.patch()["containers"]}
        return named.get(container, {})

    def flags(self, path: str = "flags.txt") -> str:
        """Return docker's flags."""
        return {each.path: each.text for each in docker.emit(self.profile).artefacts}[path]
