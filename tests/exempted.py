"""Containers that are exempt, nearly exempt, and exempt no longer: who must refuse them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.admit import Operation, Request
from capgen.policy.workload import WORKLOADS
from tests.exempted_rows import ADDED, CREATED, POD, SETUP, SIDE, UPDATED, WEB
from tests.pods import DROP, container, good, tweak
from tests.policy.made import adding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.pods import Pod

    Changes = Mapping[Any, object]

SPEC: Final = """
    kubernetes: "1.36"
    enforceOn: [pods, controllers]
    rules:
      privileged: false
      capabilities: {drop: [ALL], allow: []}
      runAsNonRoot: true
      runAsUser: {ranges: ["1-"]}
      runAsGroup: {ranges: ["1-"], unset: refuse}
      seLinuxOptions: {type: [container_t]}
      seccompProfile: {allow: [RuntimeDefault, "Localhost:profiles/*"], unset: refuse}
      appArmorProfile: {allow: [RuntimeDefault]}
      hostPath: {allow: [{prefix: /var/log, readOnly: true}, /data]}
    exempt:
      - images: ["registry.example.com/mesh/*:1.*", "registry.example.com/pinned@sha256:0a"]
        rules: [capabilities, runAsNonRoot, runAsUser, runAsGroup, seLinuxOptions, seccompProfile]
        reason: injected
        until: 9999-12-31
      - {containers: [logger], rules: [hostPath], reason: writes logs, until: 9999-12-31}
      - images: ["registry.example.com/agent*"]
        containers: [agent, setup]
        rules: [privileged, appArmorProfile]
        reason: watches the node
        until: 9999-12-31
"""


class Row(NamedTuple):
    """A request, and who must refuse it.

    Attributes:
        name: what is special about it.
        request: the request.
        rules: the rules that must refuse it; none: it must be admitted.
    """

    name: str
    request: Request
    rules: frozenset[str]


def pod(changes: Changes) -> Pod:
    """Return a pod that the profile admits, with changes.

    It says nothing of privilege escalation, as the API takes no privileged container that does.
    """
    escalation = "securityContext.allowPrivilegeEscalation"
    bare = {f"{each}.{escalation}": DROP for each in (SETUP, WEB, SIDE)}
    return tweak(good(), {**bare, f"{POD}.runAsGroup": 1000, **changes})


def rows() -> Iterator[Row]:
    """Yield the table: creations, templates, debug containers and updates."""
    for name, changes, rules in CREATED:
        yield Row(name, Request(pod(changes)), frozenset(rules))
        yield Row(f"{name}, template", _deployed(pod(changes)), frozenset(rules))
    for name, changes, added, rules in ADDED:
        new = tweak(container("new"), {"securityContext.allowPrivilegeEscalation": DROP, **added})
        yield Row(name, adding(pod(changes), new), frozenset(rules))
    for name, before, after, rules in UPDATED:
        stands = pod(before)
        changed = tweak(stands, after)
        request = Request(changed, operation=Operation.UPDATE, old_object=stands)
        yield Row(name, request, frozenset(rules))


def _deployed(template: Pod) -> Request:
    return Request({"metadata": {"name": "shop"}, "spec": {"template": template}}, WORKLOADS[4])
