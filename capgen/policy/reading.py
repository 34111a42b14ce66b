"""Which values of an inherited field a rule judges."""

from __future__ import annotations

from enum import Enum


class Reading(Enum):
    """A rule's reading.

    DECLARED judges every value that is written, at the pod and in containers (Pod Security
    admission). EFFECTIVE judges only what takes effect: container over pod over unset
    (PodSecurityPolicy). BOTH judges each level for itself: what the pod says, even if that is
    nothing, and what takes effect in each container (PodSecurityPolicy's way with seccomp and
    SELinux: where every container has a profile, and the pod has none, the pod is refused).
    """

    DECLARED = "declared"
    EFFECTIVE = "effective"
    BOTH = "both"
