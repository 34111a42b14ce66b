"""Which values of an inherited field a rule judges."""

from __future__ import annotations

from enum import Enum


class Reading(Enum):
    """A rule's reading.

    DECLARED judges every value that is written, at the pod and in containers (Pod Security
    admission). EFFECTIVE judges only what takes effect: container over pod over unset
    (PodSecurityPolicy).
    """

    DECLARED = "declared"
    EFFECTIVE = "effective"
