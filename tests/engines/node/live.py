"""A node of Kubernetes: the kubelet, containerd and runc make processes of securityContexts.

It is a virtual machine, without an API server and without a network: the kubelet takes its pods
from files. Every container says what it is and ends; whatever does not start, the kubelet explains.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from tests.engines import lab
from tests.engines.engine import Refusal
from tests.engines.kernel import apparmor, libseccomp, machine
from tests.engines.lab import LabError
from tests.engines.runtimes import image, seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engines.engine import Process
    from tests.engines.kernel.initramfs import Initramfs
    from tests.engines.rest import Object

# What runs on a node, by its path there.
PROGRAMS: Final = {
    "/bin/containerd": "containerd",
    "/bin/containerd-shim-runc-v2": "containerd-shim-runc-v2",
    "/bin/ctr": "ctr",
    "/bin/runc": "runc",
    "/bin/kubelet": "kubelet",
}
_FILES: Final = Path(__file__).resolve().parent / "image"
_SECCOMP: Final = "/var/lib/kubelet/seccomp"
_USERS: Final = "root:x:0:0::/root:/bin/sh\n"
# So many seconds the node waits for the next container to come to something, and the laboratory for
# the node. A busy machine of two processors needs ten times what an idle one does.
_PATIENCE: Final = 400
_SECONDS: Final = 1800
_MEGABYTES: Final = 3000

# Threads that look for work on an emulated processor find it slowly: this halves what a node takes.
_GO: Final = "export GOMAXPROCS=1 GOGC=400\n"

_UNDECIDED: Final = (None, "ContainerCreating", "PodInitializing")

# `NAMESPACE_POD_UID/CONTAINER/0.log`
_LOG: Final = re.compile(r"/node/logs/[^_]*_(?P<pod>[^_]*)-node_[^/]*/(?P<container>[^/]*)/0\.log")


def version() -> str:
    """Return the kubelet's version, as it is pinned."""
    return lab.version("kubelet")


def load(
    pods: Mapping[str, Object],
    profiles: Mapping[str, str] | None = None,
    filters: Mapping[str, str] | None = None,
) -> dict[str, dict[str, Process | Refusal]]:
    """Start pods on a node, and return what became of their containers.

    Args:
        pods: by their names. A container that names an image of `runtimes.image` gets it, any
            other gets the one that runs as root. If it has a command, that runs first: where it
            fails, what it says is the refusal.
        profiles: of AppArmor, to load: texts by whatever name.
        filters: of seccomp: texts by the names under which the kubelet finds them.

    Returns:
        What the process of each container is, or why there is none; by pod and container.

    Raises:
        LabError: the node does not start, or does not say what became of a container.
    """
    started = {name: _static(name, pod) for name, pod in pods.items()}
    containers = [len(pod["spec"]["containers"]) for pod in started.values()]
    with TemporaryDirectory(prefix="capgen-lab-") as folder:
        files = _files(Path(folder))
        for name, pod in started.items():
            files.text(f"/node/pods/{name}.json", json.dumps(pod))
        for number, text in enumerate((profiles or {}).values()):
            files.text(f"/profiles/{number:04}", text)
        for name, text in (filters or {}).items():
            files.text(f"{_SECCOMP}/{name}", text)
        counts = f"COUNT={sum(containers)}\nPATIENCE={_PATIENCE}\n"
        script = (_FILES / "start").read_text("utf-8")
        files.text("/node/start", machine.PROLOGUE + _GO + counts + script, program=True)
        records = machine.run(files, seconds=_SECONDS, megabytes=_MEGABYTES)
    return _became(started, dict(records))


def _files(folder: Path) -> Initramfs:
    """Return the files of a node without pods."""
    files = apparmor.base()
    for path, name in PROGRAMS.items():
        files.program(path, lab.binary(name), libseccomp.tree())
    files.text("/init", (_FILES / "init").read_text("utf-8"), program=True)
    files.file("/node/containerd.toml", _FILES / "containerd.toml")
    files.file("/node/kubelet.yaml", _FILES / "kubelet.yaml")
    files.file("/node/cni/10-lab.conflist", _FILES / "cni.conflist")
    files.text("/node/plugins/lab", (_FILES / "lab").read_text("utf-8"), program=True)
    files.file("/node/overlay.ko", machine.module("overlay"))
    files.text("/etc/passwd", _USERS)
    files.text("/etc/hosts", "127.0.0.1 localhost\n")
    files.text("/etc/resolv.conf", "")
    image.write(folder / "images.tar")
    files.file("/node/images.tar", folder / "images.tar")
    return files


def _static(name: str, pod: Object) -> Object:
    """Return a pod whose containers report and end."""
    pod = deepcopy(pod)
    labels = pod.get("metadata", {}).get("labels", {})
    pod |= {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}}
    pod["spec"]["restartPolicy"] = "Never"
    for container in pod["spec"]["containers"]:
        if container.get("image") not in (image.ROOT, image.PLAIN):
            container["image"] = image.ROOT
        container["imagePullPolicy"] = "Never"
        first = container.pop("command", ["true"])
        # The kubelet would replace variables, and takes two dollars for one.
        script = f'"$@" || exit\n{seen.SCRIPT}'.replace("$", "$$")
        container["command"] = ["/bin/sh", "-c", script, "sh", *first]
    return pod


def _became(
    pods: Mapping[str, Object], records: Mapping[str, str]
) -> dict[str, dict[str, Process | Refusal]]:
    namespaces = dict(line.split() for line in records["namespaces"].splitlines())
    logs = {}
    for name, text in records.items():
        if found := _LOG.fullmatch(name):
            logs[found["pod"], found["container"]] = _printed(text)
    told = _statuses(records["status"])
    became: dict[str, dict[str, Process | Refusal]] = {}
    for pod, spec in pods.items():
        became[pod] = {}
        for container in spec["spec"]["containers"]:
            name = container["name"]
            status = told.get(pod, {})
            if message := _refused(status, name):
                said = f"{message}: {logs.get((pod, name), '')}"
                became[pod][name] = Refusal(said.strip().removesuffix(":"))
            elif (pod, name) in logs:
                became[pod][name] = seen.parse(logs[pod, name], namespaces)
            else:
                lines = [line for line in records["kubelet.log"].splitlines() if pod in line]
                raise LabError(f"{pod}: the kubelet does not say what became of it:\n{lines[-5:]}")
    return became


def _statuses(answer: str) -> dict[str, Object]:
    """Return the statuses of pods, as the kubelet has them, by the pods' names."""
    _, _, body = answer.partition("\r\n\r\n")
    try:
        listed = json.loads(body).get("items") or []
    except json.JSONDecodeError as error:
        raise LabError(f"the kubelet does not tell its pods: {answer[:2000]}") from error
    return {each["metadata"]["name"].removesuffix("-node"): each["status"] for each in listed}


def _refused(status: Object, container: str) -> str:
    """Return the kubelet's words on why a container did not start, or failed; "" if it did."""
    for each in status.get("containerStatuses", ()):
        if each["name"] == container:
            state = each["state"].get("waiting") or each["state"].get("terminated") or {}
            if state.get("exitCode") == 0 or state.get("reason") in _UNDECIDED:
                return ""
            return f"{state.get('reason')}: {state.get('message', '')}"
    if status.get("phase") == "Failed":
        return f"{status.get('reason')}: {status.get('message', '')}"
    return ""


def _printed(log: str) -> str:
    """Return what a container wrote: its log has more in each line."""
    texts = []
    for line in log.splitlines():
        # When, to which stream, whether the line goes on, and the text.
        _, _, part, text = [*line.split(" ", 3), ""][:4]
        texts.append(text + ("" if part == "P" else "\n"))
    return "".join(texts)
