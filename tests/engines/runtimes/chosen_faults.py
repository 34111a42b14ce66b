"""Faults in the values that are chosen for pods, which containerd must show.

Of the target `security-context` the patches are broken in `tests/engines/security_context_faults`,
and what comes of them is compared. Here it is what a process has: a value that is lost or changed
must leave it with something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.engines.faults import Equivalent, Fault, Tally, all_asked, spoilt
from tests.engines.runtimes.check import pods
from tests.engines.runtimes.cri import Container, Containerd
from tests.engines.runtimes.faulty import Seeded, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.proving import Lab, Row

_CLUSTERS: Final = "no process shows it: the control plane acts upon it"

EQUIVALENT: Final = (
    Equivalent("pod", "", "container.privileged is left out", "it is false by itself"),
    Equivalent("pod", "", "fsGroupChangePolicy", "no volume is there"),
    Equivalent("pod", "", "automountServiceAccountToken", _CLUSTERS),
    Equivalent("pod", "", "runtimeClassName", _CLUSTERS),
    Equivalent("pod", "", "add[1]: 'other' for 'KILL'", "it is dropped as well, and drop wins"),
    Equivalent("pod", "", "type: 'other' for 'Unconfined'", "an unknown type confines nothing"),
)


def chosen_faults(_: Lab) -> Row:
    """Starts containers with each fault in the first pods that it can be made in."""
    tally = Tally(EQUIVALENT, whole=all_asked())
    with Containerd() as containerd:
        ask(containerd, tally, "pod", _seeded())
    return tally.row("security-context", "containerd", containerd.version)


def _seeded() -> Iterator[Seeded]:
    for asked in pods():
        spec = asked.case.pod["spec"]
        own = next(each for each in spec["containers"] if each["name"] == asked.case.name)
        values = {key: value for key, value in spec.items() if key != "containers"}
        values["container"] = own.get("securityContext", {})
        for what, worse in spoilt(values):
            if "container" in worse:
                pod = {**asked.case.pod, "spec": _spec(spec, asked.case.name, dict(worse))}
                case = Container(pod, asked.case.name, asked.case.image)
                yield Seeded(Fault(what, "", case), asked)


def _spec(spec: dict[str, Any], name: str, values: dict[str, Any]) -> dict[str, Any]:
    context = values.pop("container")
    containers = [
        each | {"securityContext": context} if each["name"] == name else each
        for each in spec["containers"]
    ]
    return {**values, "containers": containers}
