"""The real kustomize, run on manifests that are made for it."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from capgen.policy.values import nested
from capgen.policy.workload import WORKLOADS, Workload
from tests.engines import lab
from tests.loading import loaded_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.engines.rest import Object


def patched(spec: Object, patch: str) -> Object:
    """Returns the spec of a Pod after a patch, in the form that kustomize takes it to be."""
    files = {"patch.yaml": patch}
    patches = [{"path": "patch.yaml", "target": {"kind": "Pod"}}]
    (pod,) = build(files, [_workload(WORKLOADS[0], spec)], patches=patches)
    found: Object = pod["spec"]
    return found


def component(
    spec: Object, files: Mapping[str, str], kinds: Sequence[Workload] = WORKLOADS
) -> dict[str, Object]:
    """Returns what a component makes of a pod's spec in each kind of workload, by kind.

    What it brings along for itself, and must not, is there as it is, and so is an object of which
    it changes more than the pod.
    """
    objects = [_workload(kind, spec) for kind in kinds]
    found = {each["kind"]: each for each in build(_own(files), objects, components=["own"])}
    for kind in kinds:
        node: Any = found.get(kind.kind)
        for step in (*kind.path, "spec"):
            node = node and node.get(step)
        if _workload(kind, node) == found.get(kind.kind):
            found[kind.kind] = node
    return found


def twice(spec: Object, files: Mapping[str, str]) -> str:
    """Tells what becomes of two folders that each list a component: `built`, or `refused`."""
    folders = _own(files)
    for kind in WORKLOADS[:2]:
        for name, text in _folder([_workload(kind, spec)], components=["../own"]).items():
            folders[f"{kind.resource}/{name}"] = text
    try:
        build(folders, [], resources=[kind.resource for kind in WORKLOADS[:2]])
    except lab.LabError as error:
        if "already registered id" not in str(error):
            raise
        return "refused"
    return "built"


def build(files: Mapping[str, str], objects: list[Object], **more: object) -> list[Object]:
    """Returns what `kustomize build` makes of objects.

    Args:
        files: Further files of the folder, by their path.
        objects: The folder's resources.
        more: Further keys of its kustomization.

    Raises:
        LabError: kustomize refused, with what it said.
    """
    texts = {**files, **_folder(objects, **more)}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            file = Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        command = [str(lab.binary("kustomize")), "build", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise lab.LabError(f"kustomize: {done.stderr.strip()}")
    return loaded_all(done.stdout)


def _own(files: Mapping[str, str]) -> dict[str, str]:
    """Returns a component's files in a folder of their own."""
    return {f"own/{name}": text for name, text in files.items()}


def _folder(objects: list[Object], **more: object) -> dict[str, str]:
    """Returns the files of a folder with objects, and with further keys in its kustomization."""
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["objects.yaml"],
        **more,
    }
    return {
        "objects.yaml": yaml.dump_all(objects, Dumper=yaml.CSafeDumper),
        "kustomization.yaml": yaml.dump(kustomization, Dumper=yaml.CSafeDumper),
    }


def _workload(kind: Workload, spec: Object) -> Object:
    body = nested(kind.path, {"spec": spec})
    version = f"{kind.group}/{kind.version}".lstrip("/")
    return {"apiVersion": version, "kind": kind.kind, "metadata": {"name": "w"}, **body}
