"""Defaulting: the pod that the API server would judge.

Expected values are read off kubernetes v1.36.3; where the text says so, off older releases.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from capgen.policy.admit import Request
from capgen.policy.defaults import defaulted, spans
from capgen.profile.library import open_profile
from tests.pods import DROP, Pod, annotation, good, tweak
from tests.policy.made import admit, profile, rules_of

NEW = range(36, 37)
ARMOR = "container.apparmor.security.beta.kubernetes.io/"


def test_volume_without_a_source_is_an_empty_dir() -> None:
    """pkg/apis/core/v1/defaults.go:66-71."""
    pod = tweak(good(), {"spec.volumes": [{"name": "v"}, {"name": "w", "hostPath": None}]})
    only = "kubernetes: '1.36'\nrules: {{volumes: {{allow: [projected, {}]}}}}"
    assert admit(Request(pod), profile(only.format("emptyDir"))).allowed
    assert not admit(Request(pod), profile(only.format("secret"))).allowed


PORTS: dict[Any, object] = {
    "spec.hostNetwork": True,
    "spec.containers.0.ports": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 9000}],
    "spec.containers.1.ports": [{"containerPort": 82, "hostPort": 0}, {"containerPort": 83}],
    "spec.initContainers.0.ports": [{"containerPort": 84, "hostPort": None}],
}


def host_ports(pod: Pod, span: range, *, template: bool) -> list[object]:
    """Return the host ports of a pod after defaulting."""
    spec = defaulted(pod, span, template=template)["spec"]
    listed = [*spec["initContainers"], *spec["containers"], *spec.get("ephemeralContainers", ())]
    return [port.get("hostPort") for one in listed for port in one.get("ports") or ()]


def test_ports_under_host_network() -> None:
    """A port of a pod on the node's network is the node's (defaults.go:206-209, 398-406)."""
    pod = tweak(good(), dict(PORTS))
    bound = [84, 80, 9000, 82, 83]
    written = [None, None, 9000, 0, None]
    assert host_ports(pod, NEW, template=False) == bound
    for value in (False, None, DROP):
        apart = tweak(pod, {"spec.hostNetwork": value})
        assert host_ports(apart, NEW, template=False) == written


def test_ports_of_templates_are_left_alone_since_1_28() -> None:
    """DefaultHostNetworkHostPortsInPodTemplates is off since 1.28; a range bears the stricter."""
    pod = tweak(good(), dict(PORTS))
    bound = [84, 80, 9000, 82, 83]
    assert host_ports(pod, range(28, 29), template=True) == [None, None, 9000, 0, None]
    assert host_ports(pod, range(27, 28), template=True) == bound
    assert host_ports(pod, range(27, 37), template=True) == bound


def test_ports_of_ephemeral_containers_are_left_alone() -> None:
    """Defaulting knows containers and init containers (defaults.go:207-208)."""
    ports = {"spec.hostNetwork": True, "spec.ephemeralContainers.0.ports": [{"containerPort": 80}]}
    assert host_ports(tweak(good(ephemeral=True), ports), NEW, template=False) == [None]


def test_bound_ports_are_judged() -> None:
    """Ports that only defaulting binds break the rule on host ports."""
    pod = tweak(
        good(), {"spec.hostNetwork": True, "spec.containers.0.ports": [{"containerPort": 80}]}
    )
    decision = admit(Request(pod), open_profile("pss/baseline", "1.36"))
    assert rules_of(decision) == ["hostNetwork", "hostPorts"]


def test_volumes_get_their_source() -> None:
    """An emptyDir stands where there was no source, and what is no volume stays."""
    listed = [{"name": "v"}, {"name": "w", "nfs": None}, {"name": "x", "secret": {}}, "y"]
    pod = tweak(good(), {"spec.volumes": listed})
    found = defaulted(pod, NEW, template=True)["spec"]["volumes"]
    assert [volume.get("emptyDir") for volume in found[:3]] == [{}, {}, None]
    assert found[2:] == listed[2:]
    assert len(defaulted(pod, NEW, template=False)["spec"]["volumes"]) == len(listed) + 1


def test_port_of_another_shape_stays() -> None:
    """What is no port is left for the check of shapes."""
    pod = tweak(good(), {"spec.hostNetwork": True, "spec.containers.0.ports": [80]})
    assert defaulted(pod, NEW, template=False)["spec"]["containers"][0]["ports"] == [80]


def test_input_is_left_alone() -> None:
    """Defaulting copies what it changes."""
    pod = tweak(good(), {**PORTS, annotation(ARMOR + "web"): "unconfined"})
    before = deepcopy(pod)
    defaulted(pod, NEW, template=False)
    assert pod == before


@pytest.mark.parametrize("spec", [3, None, [], "x"])
def test_spec_of_another_shape_stays(spec: object) -> None:
    """What is no spec is left for the check of shapes."""
    assert defaulted({"spec": spec}, NEW, template=False) == {"spec": spec}


@pytest.mark.parametrize(
    ("minors", "parts"),
    [
        # 1.19: seccomp annotations are synced; 1.21: tokens are projected; 1.27: seccomp's sync is
        # gone; 1.28: a template's host ports are left alone; 1.30: AppArmor annotations are synced.
        (range(38), [(0, 18), (19, 20), (21, 26), (27, 27), (28, 29), (30, 37)]),
        (range(36, 37), [(36, 36)]),
        (range(18, 20), [(18, 18), (19, 19)]),
        (range(19, 21), [(19, 20)]),
        (range(20, 22), [(20, 20), (21, 21)]),
        (range(26, 28), [(26, 26), (27, 27)]),
        (range(30, 38), [(30, 37)]),
    ],
)
def test_spans(minors: range, parts: list[tuple[int, int]]) -> None:
    """A range is cut just where the API server began, or ceased, to default something."""
    assert [(span[0], span[-1]) for span in spans(minors)] == parts


def test_range_is_judged_as_each_of_its_minors() -> None:
    """What one minor's defaulting makes bad is refused over the range (upstream's sync to 1.26)."""
    note = {"container.seccomp.security.alpha.kubernetes.io/web": "unconfined"}
    pod = tweak(good(), {"metadata.annotations": note})
    verdicts = {
        minors: admit(Request(pod), open_profile("pss/restricted", minors)).allowed
        for minors in ("1.26", "1.27", "1.26-1.27")
    }
    assert verdicts == {"1.26": False, "1.27": True, "1.26-1.27": False}
