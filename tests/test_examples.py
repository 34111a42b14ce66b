"""The examples: what a profile of the library admits, and the mistakes that it refuses."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from capgen.check.judge import Judge, Judged, accounts_of
from capgen.compiler.plan import plan
from capgen.profile.sets import open_union
from capgen.reader import find, read_path

EXAMPLES = Path(__file__).parent.parent / "examples"
# Before the exemption in `mesh` ends.
TODAY = date(2026, 11, 30)

# Whose folders are judged by something else: `demo.sh` judges `shop`.
OTHERS = {"bad", "shop"}

# By which profile an example's folder is admitted, and by which rules each object of its file in
# `bad` is refused.
PROFILES = {
    "batch-job": "worked/batch-job",
    "cni-agent": "worked/cni-agent",
    "database": "worked/database",
    "docker-default": "docker/default",
    "image-builder": "worked/image-builder",
    "ingress-controller": "worked/ingress-controller",
    "log-shipper": "worked/log-shipper",
    "mesh": str(EXAMPLES / "mesh" / "profile.yaml"),
    "node-exporter": "worked/node-exporter",
    "team": str(EXAMPLES / "team" / "set.yaml"),
    "web-server": "worked/web-server",
    "windows-service": "worked/windows-service",
}
REFUSED: dict[str, dict[str, set[str]]] = {
    "batch-job": {
        "report-unset": {
            "allowPrivilegeEscalation",
            "automountServiceAccountToken",
            "capabilities",
            "readOnlyRootFilesystem",
            "runAsGroup",
            "runAsNonRoot",
            "runAsUser",
            "seccompProfile",
            # The service account's token.
            "volumes",
        },
        "report-with-slips": {"capabilities", "readOnlyRootFilesystem", "shareProcessNamespace"},
        "clean-up": {"automountServiceAccountToken", "volumes"},
    },
    "cni-agent": {
        "calico-node-wants-more": {"hostPath", "hostPID"},
        "calico-node-writes-modules": {"appArmorProfile", "hostPath"},
    },
    "database": {
        "postgres-with-chown": {"capabilities", "fsGroup", "runAsNonRoot", "runAsUser"},
        "postgres-by-default": {
            "automountServiceAccountToken",
            "fsGroupChangePolicy",
            "supplementalGroups",
            "supplementalGroupsPolicy",
            "volumes",
        },
        "postgres-on-the-node": {"fsGroup", "runAsGroup", "volumes"},
    },
    "docker-default": {
        "monitor-with-flags": {"capabilities", "hostNetwork", "hostPID", "seccompProfile"},
        "monitor-with-the-socket": {"hostPath", "hostPorts", "privileged"},
    },
    "image-builder": {
        "build-with-the-socket": {"hostUsers", "runAsNonRoot", "volumes"},
        "build-in-docker": {
            "capabilities",
            "hostUsers",
            "privileged",
            "runAsNonRoot",
            "runAsUser",
        },
        "build-with-all": {"capabilities", "seccompProfile"},
    },
    "ingress-controller": {
        "traefik-on-the-host": {
            "allowPrivilegeEscalation",
            "capabilities",
            "hostNetwork",
            "hostPorts",
        },
        "traefik-with-certificates-on-the-node": {"hostProbes", "volumes"},
    },
    "log-shipper": {
        "fluent-bit-writes-to-the-logs": {"hostPath"},
        "fluent-bit-with-a-sidecar": {"hostPath"},
        "fluent-bit-privileged": {
            "allowPrivilegeEscalation",
            "hostPID",
            "hostPorts",
            "privileged",
        },
    },
    "mesh": {
        "false-sidecar": {"runAsUser"},
        "sidecar-with-net-admin": {"capabilities"},
    },
    "node-exporter": {
        "node-exporter-writes": {"hostPath"},
        "node-exporter-as-root": {
            "capabilities",
            "hostPorts",
            "runAsGroup",
            "runAsNonRoot",
            "runAsUser",
        },
    },
    # By the first profile of the set; the other refuses them too.
    "team": {
        "shipper-with-a-secret": {"volumes"},
        "shipper-as-root": {"runAsNonRoot", "runAsUser", "volumes"},
    },
    "web-server": {
        "web-as-root": {"capabilities", "runAsNonRoot", "runAsUser"},
        "web-with-the-capability": {"capabilities"},
        "web-tuned": {"sysctls", "volumes"},
    },
    "windows-service": {
        "orders-as-administrator": {"runAsNonRoot", "windowsOptions"},
        "orders-on-the-node": {"hostNetwork", "hostProcess", "windowsOptions"},
        "orders-without-os": {"allowPrivilegeEscalation", "capabilities", "seccompProfile"},
    },
}


def judged(path: Path, profile: str) -> list[Judged]:
    """Judge every object of a file, or of a folder, as `capgen check` does."""
    documents = [document for file in find([str(path)], []) for document in read_path(file)]
    judge = Judge([open_union(profile, today=TODAY)], accounts_of(documents))
    found = []
    for each in judge.run(documents):
        assert isinstance(each, Judged), each
        found.append(each)
    return found


def test_every_example_is_told() -> None:
    """Each folder is in the tables, with a file of mistakes beside it, and none is stray."""
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()} - OTHERS
    mistakes = {path.stem for path in (EXAMPLES / "bad").iterdir()}
    assert folders == PROFILES.keys() == REFUSED.keys() == mistakes


@pytest.mark.parametrize("name", PROFILES)
def test_admitted(name: str) -> None:
    """The workload is admitted by its profile; only in the mesh with an exemption."""
    found = judged(EXAMPLES / name, PROFILES[name])
    assert [violation for each in found for violation in each.violations] == []
    statuses = {each.status for each in found} - {"skipped"}
    assert statuses == ({"exempt"} if name == "mesh" else {"admitted"})


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """Each mistake is refused by the rules that it is a mistake of, and by no others."""
    found = judged(EXAMPLES / "bad" / f"{name}.yaml", PROFILES[name])
    refused = {
        each.object.name: {violation.rule for violation in each.violations} for each in found
    }
    assert refused == REFUSED[name]
    assert {each.status for each in found} == {"refused"}


def test_the_sidecar_is_exempt_by_name_and_image() -> None:
    """Without the exemption the injected pod is refused: by the rules it is exempt from."""
    (pod,) = [
        each for each in judged(EXAMPLES / "mesh", "worked/web-server") if each.object.kind == "Pod"
    ]
    assert {violation.rule for violation in pod.violations} == {
        "runAsGroup",
        "runAsUser",
        "volumes",
    }


def test_values_are_set_by_either_engine() -> None:
    """The example that sets values has no gap: the API server sets them all, and Gatekeeper too."""
    path = str(EXAMPLES / "defaults.yaml")
    for targets in ((), ("gatekeeper",), ("map", "vap")):
        compiled = plan(path, targets, None)
        assert [gap for each in compiled for gap in each.gaps] == []
    (alone,) = plan(path, ("gatekeeper",), None)
    made = {each.object.partition("/")[0] for each in alone.artefacts}
    assert {"Assign", "ModifySet"} <= made


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda path: path.name)
def test_images(path: Path) -> None:
    """Images come from a registry that nobody has."""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    images = [line.removeprefix("image: ") for line in lines if line.startswith("image: ")]
    assert all(image.startswith("registry.example.com/") for image in images)
    assert all(":" in image.rpartition("/")[2] for image in images), "an image has a tag"
