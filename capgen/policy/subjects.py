"""The subjects: what a rule judges.

A plain `Field`, or one of a closed set of derived subjects, because the truth of Kubernetes is not
one field each. All are data; `find.py` finds their values in a pod, `lang/` says them in a
language.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias, assert_never

from .values import Kind

if TYPE_CHECKING:
    from .annotations import Annotation
    from .values import Scalar

Path: TypeAlias = tuple[str | int, ...]

# The type of a kernel profile that is a file of the node, or one loaded there.
LOCALHOST = "Localhost"

# In a field's path: each item of the list that stands there.
EACH = "*"

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


class Level(Enum):
    """Where a field stands."""

    POD = "pod"
    CONTAINER = "container"
    # In both; a container that leaves it unset has the pod's.
    INHERITED = "container, falling back to the pod"


@dataclass(frozen=True, slots=True)
class Field:
    """A plain field.

    Attributes:
        level: where it stands.
        path: its way down from the pod's `spec`, or from the container; `*` is each item of a list.
        kind: the type of its value.
        unset: what Kubernetes does where it is unset; None where that is not known (the image
            decides which user runs).
        blank: the value that the API treats as unset (Go's zero value of a field that is no
            pointer), such as `hostPort: 0`.
        required: the field must stand wherever its struct does, so a struct without it is judged as
            holding "" there: it is no way to leave the struct unset.
        whole: a container's struct takes the place of its pod's struct as a whole, what is unset in
            it included (kubernetes 1.36, pkg/securitycontext/util.go).
        linux: the API refuses it in a pod with `os.name: windows`.
        detail: the field beside it that says which, where the value is `Localhost`.
        joined: the value is read together with its detail: `Localhost:profiles/web.json`.
    """

    level: Level
    path: tuple[str, ...]
    kind: Kind
    unset: Scalar | tuple[str, ...] | None = None
    blank: Scalar | None = None
    required: bool = False
    whole: bool = False
    linux: bool = True
    detail: str | None = None
    joined: bool = False


@dataclass(frozen=True, slots=True)
class VolumeTypes:
    """The type of each of the pod's volumes: the key that stands beside its name.

    A volume without one has become an `emptyDir` by the API server's defaulting (`defaults.py`).
    Where several keys stand (which the API refuses) each is judged.
    """


@dataclass(frozen=True, slots=True)
class HandlerHosts:
    """The hosts that a container's probes and lifecycle handlers connect to; "" is the pod."""


@dataclass(frozen=True, slots=True)
class ProfileAnnotations:
    """The seccomp or AppArmor profiles named in annotations, as the field would name them.

    Attributes:
        scheme: how the annotations are written.
        joined: a local profile is read together with its name: `Localhost:profiles/web.json`.
    """

    scheme: Annotation
    joined: bool = False


@dataclass(frozen=True, slots=True)
class HostPaths:
    """The paths of the node that a pod mounts; "" where the path is missing.

    A volume speaks for its pod. Of a pod that stands already, what its new containers mount.

    Attributes:
        written: only what some container mounts without `readOnly: true`, mount by mount: a host
            path is read-only if every mount of it is.
    """

    written: bool = False


@dataclass(frozen=True, slots=True)
class TokenMount:
    """Whether the pod gets its service account's token: the effective value.

    The pod's own field, or what its account says, which shows by the mount that the API server has
    added. A template has no mounts yet: there unset is unset, and Kubernetes mounts the token.
    """


Subject: TypeAlias = (
    Field | VolumeTypes | HandlerHosts | ProfileAnnotations | HostPaths | TokenMount
)

# Where the service account's token is mounted.
# Upstream: kubernetes 1.36, plugin/pkg/admission/serviceaccount, DefaultAPITokenMountPath.
ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
# What its volume's name begins with (as above, ServiceAccountVolumeName).
ACCOUNT_VOLUME = "kube-api-access-"

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS = ("postStart", "preStop")
HANDLERS = ("httpGet", "tcpSocket")

# Each way from a container down to a handler's host.
# Upstream: pod-security-admission v0.37.2, policy/check_hostProbesAndhostLifecycle.go.
HOST_WAYS: tuple[tuple[str, ...], ...] = tuple(
    (*way, handler, "host")
    for way in (*((probe,) for probe in PROBES), *(("lifecycle", hook) for hook in HOOKS))
    for handler in HANDLERS
)


def may_be_unset(subject: Subject) -> bool:
    """Tell whether the subject can be absent from where it is looked for.

    Not so a volume's type, nor a field that each item of a list must have.
    """
    match subject:
        case Field(path=path, required=required):
            return not (required and path[-2:-1] == (EACH,))
        case VolumeTypes() | HostPaths():
            return False
        case HandlerHosts() | ProfileAnnotations() | TokenMount():
            return True
        case _:
            assert_never(subject)


def shown(subject: Subject) -> str:
    """Name the subject as a reader of a message knows it, without the way to a container."""
    match subject:
        case Field(level=Level.POD, path=path):
            return "spec." + dotted(path)
        case Field(path=path):
            return dotted(path)
        case VolumeTypes():
            return "spec.volumes[*]"
        case HandlerHosts():
            return "the host of a probe or lifecycle handler"
        case ProfileAnnotations(scheme):
            return f"the {scheme.value} annotation"
        case HostPaths(written):
            from_node = "spec.volumes[*].hostPath.path"
            return f"{from_node}, mounted for writing," if written else from_node
        case TokenMount():
            return "spec.automountServiceAccountToken"


def settable(subject: Subject) -> Field | None:
    """Return the field that is set to bring a subject's value about, or None where there is none.

    The items of a list are set together, in the list's place.
    """
    match subject:
        case Field(path=path) if EACH not in path[:-1]:
            return subject
        case TokenMount():
            return Field(Level.POD, ("automountServiceAccountToken",), Kind.BOOL, True, linux=False)
        case _:
            return None


def is_of_containers(subject: Subject) -> bool:
    """Tell whether a refusal may speak of one container, which then can be exempt."""
    match subject:
        case Field(level=level):
            return level is not Level.POD
        case HostPaths(written):
            return written
        case HandlerHosts() | ProfileAnnotations():
            return True
        case VolumeTypes() | TokenMount():
            return False
        case _:
            assert_never(subject)


def plain(subject: Subject) -> Subject:
    """Return the subject as the catalogue knows it: not joined with a detail."""
    match subject:
        case Field(joined=True) | ProfileAnnotations(joined=True):
            return replace(subject, joined=False)
        case _:
            return subject


def brief(subject: Subject) -> str:
    """Name the subject in a sentence, in backticks where it is a field."""
    match subject:
        case Field(path=path):
            return f"`{dotted(path[1:] if path[0] == 'securityContext' else path)}`"
        case VolumeTypes():
            return "a volume's type"
        case TokenMount():
            return "`automountServiceAccountToken`"
        case HostPaths(written):
            from_node = "`volumes[*].hostPath.path`"
            return f"{from_node} that is mounted for writing" if written else from_node
        case HandlerHosts() | ProfileAnnotations():
            return shown(subject)
        case _:
            assert_never(subject)


def dotted(path: Path | tuple[str, ...]) -> str:
    """Write a path as Kubernetes' messages do: `spec.containers[0].ports[1].hostPort`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step == EACH:
            text += "[*]"
        elif "/" in step or "." in step:
            text += f"[{step!r}]"
        else:
            text += f".{step}" if text else step
    return text
