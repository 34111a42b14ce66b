"""What admission is asked, and what it answers."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from .workload import WORKLOADS, Workload

if TYPE_CHECKING:
    from .pod import Mapping
    from .subjects import Path

POD = WORKLOADS[0]


class Operation(Enum):
    """What is done to an object."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"


class Request(NamedTuple):
    """What an API server asks its admission policies.

    Attributes:
        object: the object as it was sent: a pod, or a controller with a pod template.
        workload: what kind it is.
        operation: what is done to it.
        old_object: what stood there before; None on CREATE.
        subresource: `ephemeralcontainers` where `kubectl debug` adds one, else "".
        namespace: the name of its namespace; None where a manifest does not tell.
        namespace_labels: the labels of its namespace; None where they are not known.
        automount: what the pod's ServiceAccount says of mounting its token.
        may_use: the names of the PodSecurityPolicies that whoever asks, or the pod's account, may
            `use` in the namespace; None where that is not known, and then it is all.
    """

    object: Mapping
    workload: Workload = POD
    operation: Operation = Operation.CREATE
    old_object: Mapping | None = None
    subresource: str = ""
    namespace: str | None = None
    namespace_labels: Mapping | None = None
    automount: bool = True
    may_use: frozenset[str] | None = None


class Violation(NamedTuple):
    """One value that a rule refuses.

    Attributes:
        profile: the name of the profile.
        rule: the rule, or `unknownField`, or `malformed`; or `use`, where nobody who counts may use
            what the profile is for.
        container: the name of the container; None where it is the pod.
        path: the way down to the value from the object; the field may be missing there.
        value: what stands there, or UNSET.
        allowed: what would be allowed, in words.
        message: what must be, in one sentence for people.
    """

    profile: str
    rule: str
    container: str | None
    path: Path
    value: object
    allowed: str
    message: str

    def below(self, base: Path) -> Violation:
        """Return the same violation, seen from further up."""
        return self._replace(path=base + self.path)


class Decision(NamedTuple):
    """What becomes of a request.

    Attributes:
        allowed: the request is admitted.
        matched: some profile judges the object at all.
        violations: why not, in the order of the profile's rules; of the first profile, where
            several would do.
        pod: the pod as it was judged, after mutation and defaulting.
        exempted: it is admitted, and would not be without an exemption.
    """

    allowed: bool
    matched: bool
    violations: tuple[Violation, ...]
    pod: Mapping
    exempted: bool = False
