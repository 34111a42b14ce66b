"""Sheets: settings of a rule, and what they say of pods.

For what is beyond Pod Security there is no library profile, so each sheet names its settings. Its
cases are read off the Kubernetes API: k8s.io/api v0.36.3, `core/v1/types.go`, and kubernetes
v1.36.3, never off capgen. What unset means is INTERFACE.md's: judged as what Kubernetes does then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Admission, Request
from capgen.policy.profile import Union
from capgen.policy.workload import WORKLOADS
from tests.pods import container, good, tweak
from tests.policy.made import adding, profile

from .cases import Case, How, absolute

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the good pod says of each rule, and hardly anything else: a case must break its own rule, and
# none of these.
NEIGHBOURS: Final = {
    "privileged": "false",
    "allowPrivilegeEscalation": "false",
    "readOnlyRootFilesystem": "false",
    "capabilities": "{allow: [], drop: [ALL]}",
    "runAsNonRoot": "true",
    "runAsUser": "{ranges: []}",
    "runAsGroup": "{ranges: []}",
    "supplementalGroups": "{ranges: []}",
    "supplementalGroupsPolicy": "Merge",
    "fsGroup": "{ranges: []}",
    "fsGroupChangePolicy": "Always",
    "seLinuxOptions": "{type: [], user: [], role: [], level: []}",
    "seLinuxChangePolicy": "{allow: []}",
    "seccompProfile": "RuntimeDefault",
    "appArmorProfile": "RuntimeDefault",
    "procMount": "Default",
    "sysctls": "{allow: []}",
    "hostNetwork": "false",
    "hostPID": "false",
    "hostIPC": "false",
    "hostUsers": "true",
    "hostPorts": "{ranges: []}",
    "hostProbes": "{allow: []}",
    "hostProcess": "false",
    "windowsOptions": "{runAsUserName: [], hostProcess: [false]}",
    "volumes": "{allow: [projected]}",
    "hostPath": "{allow: []}",
    "flexVolumes": "{allow: []}",
    "csiDrivers": "{allow: []}",
    "runtimeClassName": "{allow: [], unset: allow}",
    "shareProcessNamespace": "false",
    "automountServiceAccountToken": "{allow: [true, false]}",
}
_DEPLOYMENT = next(workload for workload in WORKLOADS if workload.kind == "Deployment")
_NEW = "ephemeralContainers.1"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What some settings say.

    Attributes:
        settings: the rule's, as a profile writes them.
        cases: the rows.
        apart: the rules that its pods break besides, by the nature of the thing.
    """

    settings: str
    cases: tuple[Case, ...]
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheets:
    """All sheets of one rule.

    Attributes:
        rule: its id.
        file: where the fields and functions that the rows name are, unless a row says.
        sheets: one for each way to set it.
    """

    rule: str
    file: str
    sheets: tuple[Sheet, ...]

    @property
    def cases(self) -> tuple[Case, ...]:
        """All rows."""
        return tuple(case for sheet in self.sheets for case in sheet.cases)


@cache
def admission(rule: str, settings: str, apart: tuple[str, ...]) -> Admission:
    """Return the profile of a sheet, its rule's neighbours beside it, ready to judge."""
    left = (rule, *apart)
    beside = [f"  {name}: {text}" for name, text in NEIGHBOURS.items() if name not in left]
    head = ['kubernetes: "1.36"', "enforceOn: [pods, controllers]", "rules:"]
    spec = "\n".join([*head, f"  {rule}: {settings}", *beside])
    return Admission(Union((profile(spec),)))


def requests(case: Case) -> Iterator[tuple[str, Request]]:
    """Yield what is asked of the judge, one for each list of containers that the case speaks of."""
    if case.how is How.ADDED:
        yield "", _added(case)
        return
    for place, pod in case.pods():
        match case.how:
            case How.TEMPLATE:
                yield place, Request({"spec": {"template": pod}}, _DEPLOYMENT, namespace="x")
            case _:
                automount = case.how is not How.TOKENLESS
                yield place, Request(pod, namespace="x", automount=automount)


def _added(case: Case) -> Request:
    """Ask for one more container: `*.` is what it says, all else is what its pod has."""
    new = {way: value for way, value in case.changes.items() if way[:2] == "*."}
    standing = {way: value for way, value in case.changes.items() if way not in new}
    old = tweak(good(ephemeral=True), absolute(standing, _NEW))
    whole = adding(old, container("new")).object
    made = tweak(whole, absolute(new, _NEW))["spec"]["ephemeralContainers"][-1]
    return adding(old, made)._replace(namespace="x")
