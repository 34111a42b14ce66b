"""The service account's token: where Kubernetes mounts it, and what a rule on it says.

Expected values are read off kubernetes v1.36.3, plugin/pkg/admission/serviceaccount/admission.go.
"""

from __future__ import annotations

import pytest

from capgen.policy.admit import Request
from capgen.policy.defaults import defaulted
from capgen.policy.values import UNSET
from capgen.policy.workload import WORKLOADS
from tests.pods import Pod, good, tweak
from tests.policy.made import admit, profile, rules_of

NEW = range(36, 37)
MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def volumes(
    pod: Pod, span: range = NEW, *, template: bool = False, automount: bool = True
) -> list[str]:
    """Return the types of the volumes that a pod has after defaulting."""
    found = defaulted(pod, span, template=template, automount=automount)["spec"].get("volumes", [])
    return [next(key for key in volume if key != "name") for volume in found]


def mounts(*places: str) -> dict[str, object]:
    """Make the change that gives containers a mount where the token goes."""
    return {f"spec.{place}.volumeMounts": [{"name": "t", "mountPath": MOUNT}] for place in places}


@pytest.mark.parametrize(
    ("changes", "automount", "expected"),
    [
        # plugin/pkg/admission/serviceaccount/admission.go:255-264: the pod's word, the account's.
        ({}, True, ["projected"]),
        ({}, False, []),
        ({"spec.automountServiceAccountToken": False}, True, []),
        ({"spec.automountServiceAccountToken": True}, False, ["projected"]),
        ({"spec.automountServiceAccountToken": None}, False, []),
        # 421-428: a volume of that name stands already.
        ({"spec.volumes": [{"name": "kube-api-access-x", "secret": {}}]}, True, ["secret"]),
        ({"spec.volumes": [{"name": "kube-api", "secret": {}}]}, True, ["secret", "projected"]),
        ({"spec.volumes": None}, True, ["projected"]),
        # 444-473: containers that have a mount there need none, init containers count, others not.
        (mounts("initContainers.0", "containers.0", "containers.1"), True, []),
        (mounts("initContainers.0", "containers.0"), True, ["projected"]),
        (mounts("containers.0", "containers.1"), True, ["projected"]),
    ],
)
def test_token_volume(changes: dict[str, object], automount: bool, expected: list[str]) -> None:
    """The service account's token is mounted where Kubernetes mounts it."""
    assert volumes(tweak(good(), dict(changes)), automount=automount) == expected


def mounted(
    pod: Pod, span: range = NEW, *, template: bool = False, automount: bool = True
) -> list[list[object]]:
    """Return the names of what each container mounts after defaulting."""
    spec = defaulted(pod, span, template=template, automount=automount)["spec"]
    listed = [*spec["initContainers"], *spec["containers"], *spec.get("ephemeralContainers", ())]
    return [[mount["name"] for mount in one.get("volumeMounts") or ()] for one in listed]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # 444-473: init containers and containers get the mount, ephemeral ones do not.
        ({}, [["new"], ["new"], ["new"], []]),
        ({"spec.containers.1.volumeMounts": None}, [["new"], ["new"], ["new"], []]),
        # Where the container mounts something there it keeps that.
        (mounts("containers.0"), [["new"], ["t"], ["new"], []]),
        (mounts("initContainers.0", "containers.1"), [["t"], ["new"], ["t"], []]),
        (mounts("ephemeralContainers.0"), [["new"], ["new"], ["new"], ["t"]]),
        (mounts("initContainers.0", "containers.0", "containers.1"), [["t"], ["t"], ["t"], []]),
        # Elsewhere, and if by a slash only, is not there.
        (
            {"spec.containers.0.volumeMounts": [{"name": "t", "mountPath": MOUNT + "/"}]},
            [["new"], ["t", "new"], ["new"], []],
        ),
        ({"spec.automountServiceAccountToken": False}, [[], [], [], []]),
    ],
)
def test_token_mount(changes: dict[str, object], expected: list[list[str]]) -> None:
    """The token's volume is mounted in each container that has no other mount there."""
    pod = tweak(good(ephemeral=True), dict(changes))
    new = "kube-api-access-projected"
    assert mounted(pod) == [[new if name == "new" else name for name in one] for one in expected]


def test_token_mount_is_read_only_and_of_its_volume() -> None:
    """The mount names the volume that was added, and may not be written to (436-440)."""
    for span, kind in ((range(20, 21), "secret"), (range(21, 22), "projected")):
        spec = defaulted(good(), span, template=False)["spec"]
        (volume,) = spec["volumes"]
        assert kind in volume
        (mount,) = spec["containers"][1]["volumeMounts"]
        assert mount == {"name": volume["name"], "mountPath": MOUNT, "readOnly": True}


def test_token_mount_of_accounts_and_templates() -> None:
    """A template has no mount yet, nor has a pod whose account does not want one."""
    none: list[list[object]] = [[], [], []]
    assert mounted(good(), template=True) == none
    assert mounted(good(), automount=False) == none
    assert (
        mounted(tweak(good(), {"spec.automountServiceAccountToken": True}), automount=False) != none
    )


@pytest.mark.parametrize("value", ["t", {"name": "t"}, 3])
def test_mounts_of_another_shape_stay(value: object) -> None:
    """What is no list of mounts is left for the check of shapes."""
    pod = tweak(good(), {"spec.containers.0.volumeMounts": value})
    spec = defaulted(pod, NEW, template=False)["spec"]
    assert spec["containers"][0]["volumeMounts"] == value
    assert len(spec["containers"][1]["volumeMounts"]) == 1


TOKEN = profile(
    "kubernetes: '1.36'\nenforceOn: [pods, controllers]\n"
    "rules: {automountServiceAccountToken: false}"
)


@pytest.mark.parametrize("automount", [True, False])
def test_template_does_not_know_its_account(automount: bool) -> None:
    """Unset in a template counts as mounted, whatever the account says."""
    deployment = next(each for each in WORKLOADS if each.kind == "Deployment")
    request = Request({"spec": {"template": good()}}, deployment, automount=automount)
    (violation,) = admit(request, TOKEN).violations
    way = ("spec", "template", "spec", "automountServiceAccountToken")
    assert (violation.path, violation.value, violation.container) == (way, UNSET, None)


def test_token_is_told_where_it_is_said() -> None:
    """The finding is the pod's field: unset where the account's word holds."""
    way = ("spec", "automountServiceAccountToken")
    (unset,) = admit(Request(good()), TOKEN).violations
    assert (unset.path, unset.value) == (way, UNSET)
    (said,) = admit(Request(tweak(good(), {".".join(way): True})), TOKEN).violations
    assert (said.path, said.value) == (way, True)
    assert admit(Request(good(), automount=False), TOKEN).allowed


def test_ephemeral_container_needs_no_token() -> None:
    """The plugin looks at init containers and containers alone (admission.go:444, 458)."""
    pod = tweak(
        good(ephemeral=True), dict(mounts("initContainers.0", "containers.0", "containers.1"))
    )
    assert volumes(pod) == []


def test_template_has_no_token() -> None:
    """The plugin judges pods; a template's own pods will get their volume."""
    assert volumes(good(), template=True) == []


def test_token_was_a_secret_once() -> None:
    """BoundServiceAccountTokenVolume is on since 1.21; a range of versions has to bear both."""
    assert volumes(good(), range(20, 21)) == ["secret"]
    assert volumes(good(), range(21, 22)) == ["projected"]
    assert volumes(good(), range(20, 23)) == ["projected", "secret"]


def test_profile_without_projected_refuses_a_plain_pod() -> None:
    """The volume that nobody wrote is judged (TRAPS 18d)."""
    made = profile("kubernetes: '1.36'\nrules: {volumes: {allow: [secret]}}")
    assert rules_of(admit(Request(good()), made)) == ["volumes"]
    assert admit(Request(good(), automount=False), made).allowed
