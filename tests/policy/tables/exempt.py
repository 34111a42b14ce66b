"""What an exemption excuses, and what it does not: profiles, requests, and who is refused.

Judged by the interpreter (`test_exempt.py`) and by what the profiles are compiled into
(`targets/test_vap_exempt.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.admit import Operation, Request
from capgen.policy.workload import WORKLOADS
from tests.pods import DROP, annotation, container, good, tweak
from tests.policy.made import adding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.pods import Pod

PROXY: Final = "registry.example.com/mesh/proxy"
HEAD: Final = """
kubernetes: "1.36"
enforceOn: [pods, controllers]
rules:
  privileged: false
  allowPrivilegeEscalation: false
  runAsNonRoot: true
  runAsUser: {ranges: ["1-"]}
  capabilities: {drop: [ALL]}
  hostPorts: {ranges: []}
  hostProbes: {allow: []}
  hostPath: {allow: [{prefix: /var/log, readOnly: true}]}
  appArmorProfile: {allow: [RuntimeDefault]}
exempt:
"""
_EVERY: Final = (
    "[privileged, runAsNonRoot, runAsUser, hostPorts, hostProbes, hostPath, appArmorProfile]"
)


def row(rules: str, **who: str) -> str:
    """Return an exemption as a line of a profile."""
    keys = "".join(f"{key}: {value}, " for key, value in who.items())
    return f"  - {{{keys}rules: {rules}, reason: seen, until: 9999-12-31}}\n"


PROFILES: Final = {
    "image": HEAD + row(_EVERY, images=f'["{PROXY}:*"]'),
    "name": HEAD + row("[privileged]", containers="[agent]"),
    "both": HEAD + row("[privileged]", images=f'["{PROXY}:*"]', containers="[sidecar, setup]"),
    # One rule is lifted by two exemptions, another by the second only.
    "two": HEAD
    + row("[privileged]", images=f'["{PROXY}:*"]')
    + row("[privileged, runAsUser]", images='["example.com/tool@sha256:*"]'),
    "selected": HEAD.replace("rules:", "match: {podSelector: {matchLabels: {team: web}}}\nrules:")
    + row("[privileged]", images=f'["{PROXY}:*"]'),
    "pods only": HEAD.replace("[pods, controllers]", "[pods]")
    + row("[privileged]", images=f'["{PROXY}:*"]'),
    "controllers only": HEAD.replace("[pods, controllers]", "[controllers]")
    + row("[privileged]", images=f'["{PROXY}:*"]'),
}


class Case(NamedTuple):
    """A request.

    Attributes:
        profile: the profile that is asked.
        request: what it is asked.
        refused: rule, container ("" for the pod) and place of each violation, in one text.
        matched: the profile judges something of it.
        exempted: it is admitted by an exemption.
    """

    profile: str
    request: Request
    refused: tuple[str, ...] = ()
    matched: bool = True
    exempted: bool = False


SIDE: Final = "spec.containers.1"
INIT: Final = "spec.initContainers.0"
ROOT: Final = {f"{SIDE}.securityContext.privileged": True, f"{SIDE}.image": f"{PROXY}:1"}
ESCALATION: Final = (
    "allowPrivilegeEscalation sidecar spec.containers[1].securityContext.allowPrivilegeEscalation"
)
PRIVILEGED: Final = "privileged sidecar spec.containers[1].securityContext.privileged"


def made(changes: Mapping[Any, object]) -> Pod:
    """Return the good pod with changes."""
    return tweak(good(), changes)


def create(changes: Mapping[Any, object]) -> Request:
    """Ask for a new pod."""
    return Request(made(changes))


def update(old: Mapping[Any, object], new: Mapping[Any, object]) -> Request:
    """Ask for changes of a pod that stands."""
    stands = made(old)
    return Request(tweak(stands, new), operation=Operation.UPDATE, old_object=stands)


def debug(changes: Mapping[Any, object], image: str) -> Request:
    """Ask for a privileged ephemeral container in a pod that stands."""
    added = tweak(container("new"), {"image": image, "securityContext.privileged": True})
    return adding(made(changes), added)


DEPLOYMENT: Final = WORKLOADS[4]


def deploy(new: Mapping[Any, object], old: Mapping[Any, object] | None = None) -> Request:
    """Ask for a new Deployment, or for one in the place of an old one."""
    value: Pod = {"metadata": {"name": "cart"}, "spec": {"template": made(new)}}
    if old is None:
        return Request(value, DEPLOYMENT)
    stands: Pod = {"metadata": {"name": "old"}, "spec": {"template": made(old)}}
    return Request(value, DEPLOYMENT, Operation.UPDATE, stands)


_NODE: Final = [{"name": "log", "hostPath": {"path": "/var/log"}}]
_MOUNT: Final = [{"name": "log", "mountPath": "/log"}]
_ARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"

CREATE: Final = {
    "by image": Case("image", create(ROOT), exempted=True),
    "nothing to excuse": Case("image", create({f"{SIDE}.image": f"{PROXY}:1"})),
    "another image": Case("image", create(ROOT | {f"{SIDE}.image": "x:1"}), (PRIVILEGED,)),
    "no image": Case("image", create(ROOT | {f"{SIDE}.image": DROP}), (PRIVILEGED,)),
    "another container of the pod": Case(
        "image",
        create(ROOT | {"spec.containers.0.securityContext.privileged": True}),
        ("privileged web spec.containers[0].securityContext.privileged",),
    ),
    "another rule": Case(
        "image",
        create(ROOT | {f"{SIDE}.securityContext.allowPrivilegeEscalation": True}),
        (ESCALATION,),
    ),
    "a misspelt key": Case(
        "image",
        create(ROOT | {f"{SIDE}.securityContext.privilegd": True}),
        ("unknownField sidecar spec.containers[1].securityContext.privilegd",),
    ),
    "init container": Case(
        "image",
        create({f"{INIT}.securityContext.privileged": True, f"{INIT}.image": f"{PROXY}:1"}),
        exempted=True,
    ),
    "own user": Case(
        "image", create(ROOT | {f"{SIDE}.securityContext.runAsUser": 0}), exempted=True
    ),
    "the pod's user": Case(
        "image",
        create({f"{SIDE}.image": f"{PROXY}:1", "spec.securityContext.runAsUser": 0}),
        ("runAsUser  spec.securityContext.runAsUser",),
    ),
    "unset in the pod too": Case(
        "image",
        create(ROOT | {"spec.securityContext.runAsNonRoot": DROP}),
        (
            "runAsNonRoot setup spec.initContainers[0].securityContext.runAsNonRoot",
            "runAsNonRoot web spec.containers[0].securityContext.runAsNonRoot",
        ),
    ),
    "port": Case(
        "image",
        create(ROOT | {f"{SIDE}.ports": [{"containerPort": 80, "hostPort": 80}]}),
        exempted=True,
    ),
    "probe": Case(
        "image",
        create(ROOT | {f"{SIDE}.livenessProbe": {"tcpSocket": {"host": "a", "port": 1}}}),
        exempted=True,
    ),
    "writes to the node": Case(
        "image",
        create(ROOT | {"spec.volumes": _NODE, f"{SIDE}.volumeMounts": _MOUNT}),
        exempted=True,
    ),
    "another writes to the node": Case(
        "image",
        create(ROOT | {"spec.volumes": _NODE, "spec.containers.0.volumeMounts": _MOUNT}),
        ("hostPath web spec.containers[0].volumeMounts[0]",),
    ),
    "the pod's volume": Case(
        "image",
        create(ROOT | {"spec.volumes": [{"name": "e", "hostPath": {"path": "/etc"}}]}),
        ("hostPath  spec.volumes[0].hostPath.path",),
    ),
    "annotation": Case(
        "image", create(ROOT | {annotation(f"{_ARMOR}sidecar"): "unconfined"}), exempted=True
    ),
    "annotation of nobody": Case(
        "image",
        create(ROOT | {annotation(f"{_ARMOR}nobody"): "unconfined"}),
        (f"appArmorProfile  metadata.annotations['{_ARMOR}nobody']",),
    ),
    "by name": Case("name", create(ROOT | {f"{SIDE}.name": "agent"}), exempted=True),
    "another name": Case("name", create(ROOT), (PRIVILEGED,)),
    "by both": Case("both", create(ROOT), exempted=True),
    "the name alone": Case("both", create(ROOT | {f"{SIDE}.image": "x:1"}), (PRIVILEGED,)),
    "the image alone": Case(
        "both",
        create(ROOT | {f"{SIDE}.name": "other"}),
        ("privileged other spec.containers[1].securityContext.privileged",),
    ),
    "the image in one container, the name in another": Case(
        "both",
        create(ROOT | {f"{SIDE}.image": "x:1", "spec.containers.0.image": f"{PROXY}:1"}),
        (PRIVILEGED,),
    ),
    "ephemeral": Case("image", debug({}, f"{PROXY}:2"), exempted=True),
    "ephemeral, another image": Case(
        "image",
        debug({}, "x:1"),
        ("privileged new spec.ephemeralContainers[0].securityContext.privileged",),
    ),
    "ephemeral, the pod's user": Case(
        "image",
        debug({"spec.securityContext.runAsUser": 0}, f"{PROXY}:2"),
        exempted=True,
    ),
    "template": Case("image", deploy(ROOT), exempted=True),
    "template, another image": Case(
        "image",
        deploy(ROOT | {f"{SIDE}.image": "x:1"}),
        ("privileged sidecar spec.template.spec.containers[1].securityContext.privileged",),
    ),
}
