"""The subjects: what a rule judges.

A plain `Field`, or one of a closed set of derived subjects, because the truth of Kubernetes is not
one field each. All are data; `find.py` finds their values in a pod, `lang/` says them in a
language.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, assert_never

if TYPE_CHECKING:
    from .values import Kind, Scalar

Path: TypeAlias = tuple[str | int, ...]

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
    """

    level: Level
    path: tuple[str, ...]
    kind: Kind
    unset: Scalar | tuple[str, ...] | None = None
    blank: Scalar | None = None
    required: bool = False
    whole: bool = False
    linux: bool = True


@dataclass(frozen=True, slots=True)
class VolumeTypes:
    """The type of each of the pod's volumes: the key that stands beside its name.

    A volume without one has become an `emptyDir` by the API server's defaulting (`defaults.py`).
    Where several keys stand (which the API refuses) each is judged.
    """


@dataclass(frozen=True, slots=True)
class HandlerHosts:
    """The hosts that a container's probes and lifecycle handlers connect to; "" is the pod."""


class Annotation(Enum):
    """The annotations that named a kernel profile before there was a field."""

    SECCOMP = "seccomp"
    APPARMOR = "AppArmor"


@dataclass(frozen=True, slots=True)
class ProfileAnnotations:
    """The seccomp or AppArmor profiles named in annotations, as the field would name them."""

    scheme: Annotation


Subject: TypeAlias = Field | VolumeTypes | HandlerHosts | ProfileAnnotations

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS = ("postStart", "preStop")
HANDLERS = ("httpGet", "tcpSocket")

# Each way from a container down to a handler's host.
# Upstream: pod-security-admission v0.37.2, policy/check_hostProbesAndhostLifecycle.go.
HOST_PATHS: tuple[tuple[str, ...], ...] = tuple(
    (*way, handler, "host")
    for way in (*((probe,) for probe in PROBES), *(("lifecycle", hook) for hook in HOOKS))
    for handler in HANDLERS
)


class Scheme(NamedTuple):
    """How one family of annotations is written.

    Attributes:
        pod: the key that speaks for the whole pod, if there is one.
        prefix: before a container's name, the key that speaks for that container.
        any_container: keys are judged whether or not the pod has a container of that name.
        blank_is_unset: the value "" says nothing (else it is an invalid profile).
        exact: value to the field's type.
        prefixes: what a value starts with, to the field's type.
    """

    pod: str | None
    prefix: str
    any_container: bool
    blank_is_unset: bool
    exact: tuple[tuple[str, str], ...]
    prefixes: tuple[tuple[str, str], ...]


# Upstream: k8s.io/api v0.37.2, core/v1/annotation_key_constants.go, and pod-security-admission's
# check_seccompProfile_baseline.go and check_appArmorProfile.go.
SCHEMES: dict[Annotation, Scheme] = {
    Annotation.SECCOMP: Scheme(
        pod="seccomp.security.alpha.kubernetes.io/pod",
        prefix="container.seccomp.security.alpha.kubernetes.io/",
        any_container=False,
        blank_is_unset=False,
        exact=(
            ("runtime/default", "RuntimeDefault"),
            ("docker/default", "RuntimeDefault"),
            ("unconfined", "Unconfined"),
        ),
        prefixes=(("localhost/", "Localhost"),),
    ),
    Annotation.APPARMOR: Scheme(
        pod=None,
        prefix="container.apparmor.security.beta.kubernetes.io/",
        any_container=True,
        blank_is_unset=True,
        exact=(("runtime/default", "RuntimeDefault"), ("unconfined", "Unconfined")),
        prefixes=(("localhost/", "Localhost"),),
    ),
}


def meaning(scheme: Scheme, text: str) -> str:
    """Return the field's type that an annotation's value stands for, or the value itself."""
    for value, kind in scheme.exact:
        if text == value:
            return kind
    for prefix, kind in scheme.prefixes:
        if text.startswith(prefix):
            return kind
    # A field's own word is none of an annotation's: it must not read as the type of that name.
    kinds = {kind for _, kind in (*scheme.exact, *scheme.prefixes)}
    return f'"{text}"' if text in kinds else text


def may_be_unset(subject: Subject) -> bool:
    """Tell whether the subject can be absent from where it is looked for.

    Not so a volume's type, nor a field that each item of a list must have.
    """
    match subject:
        case Field(path=path, required=required):
            return not (required and path[-2:-1] == (EACH,))
        case VolumeTypes():
            return False
        case HandlerHosts() | ProfileAnnotations():
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


def brief(subject: Subject) -> str:
    """Name the subject in a sentence, in backticks where it is a field."""
    match subject:
        case Field(path=path):
            return f"`{dotted(path[1:] if path[0] == 'securityContext' else path)}`"
        case VolumeTypes():
            return "a volume's type"
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
