"""The annotations that named a kernel profile before there was a field."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Annotation(Enum):
    """The annotations that named a kernel profile before there was a field."""

    SECCOMP = "seccomp"
    APPARMOR = "AppArmor"


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


def meaning(scheme: Scheme, text: str, *, joined: bool = False) -> str:
    """Return the field's type that an annotation's value stands for, or the value itself.

    Args:
        scheme: how the annotation is written.
        text: its value.
        joined: of a local profile also its name: `Localhost:profiles/web.json`.
    """
    for value, kind in scheme.exact:
        if text == value:
            return kind
    for prefix, kind in scheme.prefixes:
        if text.startswith(prefix):
            return f"{kind}:{text.removeprefix(prefix)}" if joined else kind
    # A field's own word is none of an annotation's: it must not read as the type of that name.
    kinds = {kind for _, kind in (*scheme.exact, *scheme.prefixes)}
    return f'"{text}"' if text.partition(":")[0] in kinds else text
