"""Which fields a pod of Windows may not have: what the catalogue says is what the API says."""

from __future__ import annotations

from typing import Final

import pytest

from capgen.policy.catalogue import CATALOGUE
from capgen.policy.subjects import Field, Level

# Upstream: kubernetes v1.36.3, pkg/apis/core/validation/validation.go, validateWindows.
OF_THE_POD: Final = {
    "hostUsers",
    "hostPID",
    "hostIPC",
    "shareProcessNamespace",
    "securityContext.appArmorProfile",
    "securityContext.seLinuxOptions",
    "securityContext.seccompProfile",
    "securityContext.fsGroup",
    "securityContext.fsGroupChangePolicy",
    "securityContext.sysctls",
    "securityContext.runAsUser",
    "securityContext.runAsGroup",
    "securityContext.supplementalGroups",
    "securityContext.supplementalGroupsPolicy",
    "securityContext.seLinuxChangePolicy",
}
OF_A_CONTAINER: Final = {
    "securityContext.appArmorProfile",
    "securityContext.seLinuxOptions",
    "securityContext.seccompProfile",
    "securityContext.capabilities",
    "securityContext.readOnlyRootFilesystem",
    "securityContext.privileged",
    "securityContext.allowPrivilegeEscalation",
    "securityContext.procMount",
    "securityContext.runAsUser",
    "securityContext.runAsGroup",
}
FIELDS: Final = [
    pytest.param(part.subject, id=".".join(part.subject.path))
    for entry in CATALOGUE
    for part in entry.parts
    if isinstance(part.subject, Field)
]


@pytest.mark.parametrize("field", FIELDS)
def test_fields_of_linux(field: Field) -> None:
    """A field is one of Linux alone just where `os.name: windows` forbids it."""
    names = {".".join(field.path[:end]) for end in range(1, len(field.path) + 1)}
    found = {
        Level.POD: [names & OF_THE_POD],
        Level.CONTAINER: [names & OF_A_CONTAINER],
        Level.INHERITED: [names & OF_THE_POD, names & OF_A_CONTAINER],
    }[field.level]
    assert [bool(each) for each in found] == [field.linux] * len(found)
