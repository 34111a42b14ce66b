"""Groups of subjects: what is in different ones is independent, once the conditions are settled.

A group holds what hangs together: a field in any reading, alone or joined with its detail; a struct
that is inherited as a whole; what defaulting makes of one another.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple, assert_never

from capgen.policy.annotations import Annotation
from capgen.policy.subjects import (
    EACH,
    Field,
    HandlerHosts,
    HostPaths,
    ProfileAnnotations,
    Subject,
    TokenMount,
    VolumeTypes,
)

# The struct in `securityContext` that holds what an annotation named.
PROFILES: Final = {
    Annotation.SECCOMP: "seccompProfile",
    Annotation.APPARMOR: "appArmorProfile",
}
HOST_NETWORK: Final = ("hostNetwork",)
HOST_PORT: Final = ("ports", EACH, "hostPort")


class Family(Enum):
    """How the frames of a group are made, and whether defaulting has a hand in it."""

    FIELD = "one field"
    STRUCT = "a struct that takes the place of the pod's as a whole"
    HOSTS = "hosts of probes and handlers"
    KERNEL = "a kernel profile: its field and its annotations"
    PORTS = "host ports and the host's network"
    VOLUMES = "volumes, host paths and the token's mount"

    @property
    def is_defaulted(self) -> bool:
        """Whether the API server's defaulting changes what the group holds."""
        return self in (Family.KERNEL, Family.PORTS, Family.VOLUMES)


class Group(NamedTuple):
    """A group of subjects.

    Attributes:
        family: how its frames are made.
        at: where it stands: a path, or the name of a struct.
    """

    family: Family
    at: tuple[str, ...] = ()


def group_of(subject: Subject) -> Group:
    """Return the group that a subject is in."""
    match subject:
        case Field(path=path) if path in (HOST_NETWORK, HOST_PORT):
            return Group(Family.PORTS)
        case Field(path=path) if path[:2] == ("volumes", EACH):
            return Group(Family.VOLUMES)
        case Field(detail=str(), path=path):
            return Group(Family.KERNEL, path[-2:-1])
        case Field(whole=True, path=path):
            return Group(Family.STRUCT, path[:-1])
        case Field(path=path):
            return Group(Family.FIELD, path)
        case ProfileAnnotations(scheme):
            return Group(Family.KERNEL, (PROFILES[scheme],))
        case HandlerHosts():
            return Group(Family.HOSTS)
        case VolumeTypes() | HostPaths() | TokenMount():
            return Group(Family.VOLUMES)
        case _:
            assert_never(subject)
