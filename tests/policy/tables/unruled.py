"""Fields of a pod that no rule judges, and why not.

`OPEN` are those by which a pod may gain what it was not meant to have, with what guards them:
whoever adds a rule for one takes it out. `HARMLESS` are the rest.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_BOTH: Final = ("Container", "EphemeralContainer")


class Reason(NamedTuple):
    """Why some fields are judged by no rule.

    Attributes:
        why: in words.
        fields: a schema and fields of it, with blanks between them.
    """

    why: str
    fields: tuple[tuple[str, str], ...]


def _each(fields: str) -> tuple[tuple[str, str], ...]:
    return tuple((schema, fields) for schema in _BOTH)


OPEN: Final[tuple[Reason, ...]] = (
    Reason(
        "A pod may take any service account of its namespace, with all that RBAC gives it: no more"
        " of them in a namespace than its pods may use, and rights bound to none that is shared.",
        (("PodSpec", "serviceAccountName serviceAccount"),),
    ),
    Reason(
        "Placement: to run beside what it should not, such as on a control plane's node (nodeName"
        " goes past the scheduler and the taints that bind it). PodNodeSelector and"
        " PodTolerationRestriction, or a policy of the cluster's own, guard it.",
        (("PodSpec", "nodeName nodeSelector affinity tolerations topologySpreadConstraints"),),
    ),
    Reason(
        "Devices of the node: what a device plugin offers is a resource, what a DRA driver offers"
        " is a claim. Quotas and the drivers' own classes guard them.",
        (("PodSpec", "resources resourceClaims"), *_each("resources resizePolicy")),
    ),
    Reason(
        "Precedence: a pod of a high class evicts others. A quota scoped to classes guards it.",
        (("PodSpec", "priorityClassName priority preemptionPolicy"),),
    ),
    Reason(
        "Secrets of the namespace by another way than a volume: whoever creates a pod reads them.",
        (("PodSpec", "imagePullSecrets"), *_each("env envFrom")),
    ),
    Reason(
        "A private image that lies on the node can be had without its credentials; AlwaysPullImages"
        " guards it.",
        _each("imagePullPolicy"),
    ),
    Reason(
        "Which image runs is not a rule's question, but an image policy's.",
        _each("image"),
    ),
    Reason(
        "Unset, what is mounted below a host path stays writable under a mount that is readOnly:"
        " a prefix that is read-only should have no mounts of its own below it.",
        (("VolumeMount", "recursiveReadOnly"),),
    ),
    Reason(
        "DirectoryOrCreate and FileOrCreate have the kubelet create the path as root, also for a"
        " mount that is readOnly; only at a path that `hostPath` allows.",
        (("HostPathVolumeSource", "type"),),
    ),
    Reason(
        "The webhook that GMSA needs asks RBAC who may `use` the named resource, and fills the"
        " credential in from it; in a cluster without that webhook neither does anything.",
        (("WindowsSecurityContextOptions", "gmsaCredentialSpec gmsaCredentialSpecName"),),
    ),
    Reason(
        "What a driver makes of its settings only the driver knows: `csiDrivers` and `flexVolumes`"
        " say which drivers there are.",
        (
            ("CSIVolumeSource", "fsType nodePublishSecretRef readOnly volumeAttributes"),
            ("FlexVolumeSource", "fsType options readOnly secretRef"),
        ),
    ),
)

HARMLESS: Final[tuple[Reason, ...]] = (
    Reason(
        "A sysctl is safe or not by its name; its value stays in the pod's own namespaces.",
        (("Sysctl", "value"),),
    ),
    Reason(
        "What runs in the container, with the privileges that the rules leave it.",
        (
            *_each("args command workingDir stdin stdinOnce tty"),
            ("Probe", "exec"),
            ("LifecycleHandler", "exec sleep"),
            ("Lifecycle", "stopSignal"),
        ),
    ),
    Reason(
        "Names a container, and is unique in its pod; exemptions and choices look at it.",
        _each("name"),
    ),
    Reason(
        "A file of the container, of which the kubelet shows the end.",
        _each("terminationMessagePath terminationMessagePolicy"),
    ),
    Reason(
        "How long things run, and when again.",
        (
            ("PodSpec", "activeDeadlineSeconds restartPolicy terminationGracePeriodSeconds"),
            *_each("restartPolicy restartPolicyRules"),
            ("Probe", "failureThreshold initialDelaySeconds periodSeconds successThreshold"),
            ("Probe", "terminationGracePeriodSeconds timeoutSeconds"),
        ),
    ),
    Reason(
        "When a pod is scheduled, by whom, and when it is ready.",
        (("PodSpec", "readinessGates schedulerName schedulingGates schedulingGroup"),),
    ),
    Reason(
        "The RuntimeClass's overhead, which the API server fills in and lets nobody set.",
        (("PodSpec", "overhead"),),
    ),
    Reason(
        "Names in the network, as the pod itself sees them.",
        (
            ("PodSpec", "dnsConfig dnsPolicy enableServiceLinks hostAliases hostname subdomain"),
            ("PodSpec", "hostnameOverride setHostnameAsFQDN"),
        ),
    ),
    Reason(
        "The pod's own ports and names of them; what is bound on the node is hostPort, to which the"
        " API server sets it in the host's network.",
        (("ContainerPort", "containerPort name protocol"),),
    ),
    Reason(
        "Narrows a host port, which is ruled, to one address of the node.",
        (("ContainerPort", "hostIP"),),
    ),
    Reason(
        "What the kubelet asks of the pod; elsewhere it asks only by `host`, which is ruled. A grpc"
        " probe has none.",
        (
            ("HTTPGetAction", "httpHeaders path port scheme"),
            ("TCPSocketAction", "port"),
            ("Probe", "grpc"),
        ),
    ),
    Reason(
        "A debugger joins the process namespace of a container of its own pod.",
        (("EphemeralContainer", "targetContainerName"),),
    ),
    Reason(
        "A block device of a claim, which `volumes` rules like any other claim.",
        _each("volumeDevices"),
    ),
    Reason(
        "A part of a volume that is ruled; the kubelet lets it lead nowhere else.",
        (("VolumeMount", "subPath subPathExpr"),),
    ),
    Reason(
        "Bidirectional is refused by the API in any container that is not privileged.",
        (("VolumeMount", "mountPropagation"),),
    ),
)

UNRULED: Final = OPEN + HARMLESS
