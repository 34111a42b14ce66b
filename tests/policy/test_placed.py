"""Where chosen values are set, for all pods at once: as `mutate` does for each."""

from __future__ import annotations

import pytest

from capgen.errors import ProfileError
from capgen.policy.mutate import mutator
from capgen.policy.placed import placed
from tests.policy.made import profile

SPEC = """
kubernetes: "1.36"
rules:
  privileged: false
  capabilities: {drop: [ALL], allow: [KILL]}
  runAsNonRoot: true
  runAsUser: {ranges: ["1-"], default: 5}
  seccompProfile: {allow: [RuntimeDefault], unless: [windows]}
  windowsOptions: {runAsUserName: [App, Web], default: {runAsUserName: Web}}
  hostPID: false
containers:
  agent: {runAsUser: 7, capabilities: {add: [KILL]}}
  other: {runAsUser: 7}
"""


def test_places() -> None:
    """In the pod what containers inherit; by system, and by the containers' names."""
    found = {
        (".".join(one.path), str(one.value)): (one.inside, one.system, one.only, one.others)
        for one in placed(profile(SPEC))
    }
    assert found == {
        ("securityContext.privileged", "False"): (True, "linux", (), ()),
        ("securityContext.capabilities.drop", "['ALL']"): (True, "linux", (), ()),
        ("securityContext.runAsNonRoot", "True"): (False, "", (), ()),
        ("securityContext.runAsUser", "5"): (False, "linux", (), ()),
        ("securityContext.seccompProfile", "{'type': 'RuntimeDefault'}"): (False, "linux", (), ()),
        ("securityContext.windowsOptions.runAsUserName", "Web"): (False, "windows", (), ()),
        ("securityContext.runAsUser", "7"): (True, "linux", ("agent", "other"), ()),
        ("securityContext.capabilities.add", "['KILL']"): (True, "linux", ("agent",), ()),
    }


def test_a_container_with_a_value_of_its_own() -> None:
    """It does not get the one of the others."""
    spec = SPEC.replace("allow: [KILL]}", "allow: [CHOWN, KILL], add: [CHOWN]}")
    adds = {
        str(one.value): (one.only, one.others)
        for one in placed(profile(spec))
        if one.path[-1] == "add"
    }
    assert adds == {"['CHOWN']": ((), ("agent",)), "['KILL']": (("agent",), ())}


def test_a_list_of_nothing() -> None:
    """To add no capability is to set nothing, and makes no struct."""
    made = profile('kubernetes: "1.36"\nrules: {capabilities: {allow: [KILL], unset: refuse}}')
    assert list(placed(made)) == []
    pod = {"spec": {"containers": [{"name": "web"}]}}
    assert mutator(made)(pod) == pod


def test_values_that_the_api_refuses_together() -> None:
    """No pod could have them: they are refused before any pod comes."""
    spec = """
    kubernetes: "1.36"
    rules:
      privileged: {allow: [true], default: true}
      allowPrivilegeEscalation: false
    """
    with pytest.raises(ProfileError, match="the API refuses"):
        list(placed(profile(spec)))


@pytest.mark.parametrize(
    ("value", "unmounts"), [("false", True), ("{allow: [true], default: true}", False)]
)
def test_the_token(value: str, unmounts: bool) -> None:
    """Only a pod that is to be without its token has it taken away."""
    spec = f'kubernetes: "1.36"\nrules: {{automountServiceAccountToken: {value}}}'
    (one,) = placed(profile(spec))
    assert one.unmounts is unmounts
