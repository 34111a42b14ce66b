"""The script that capgen writes for ValidatingAdmissionPolicies, by a real kubectl.

What its README says is done as it stands: the policies are applied, the namespace is created.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

from tests.engines import lab
from tests.engines.emitted.folders import ODD, ODD_ONES, Command, Folder, Said, lose, proved
from tests.engines.lab import LabError
from tests.engines.processes import NotYet
from tests.engines.proving import Lab, Row
from tests.loading import loaded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engines.apiserver import Cluster

_LINE: Final = re.compile(
    r"^(?P<word>ok|not as expected): \w+/(?P<name>[a-z0-9-]+)\.", re.MULTILINE
)
_COUNT: Final = re.compile(r"^(\d+) of (\d+) cases: \d+ as expected, \d+ not$", re.MULTILINE)
# What a pod is refused with, or warned of.
_POLICY: Final = "ValidatingAdmissionPolicy 'capgen-"


def vap_tests(laboratory: Lab) -> Row:
    """Runs the scripts."""
    cluster = laboratory.cluster
    # A kubectl is started for each case: one half of the rules is lost, and their cases alone fail.
    sources = ("pss/baseline", ODD)
    command = Command("vap", sources, partial(_run, cluster), _written, _spoil, (ODD_ONES,))
    cases, differences = proved(command)
    note = f"capgen test; kubectl {lab.version('kubectl')}"
    return Row("vap", "kube-apiserver", cluster.version, cases, tuple(differences), note)


def said(code: int, output: str) -> Said:
    """Return what the script printed, case by case."""
    words = {"ok": list[str](), "not as expected": list[str]()}
    for row in _LINE.finditer(output):
        words[row["word"]].append(row["name"])
    count = _COUNT.search(output)
    odd = "" if count and count[1] == count[2] else f"it ended early: {output[-500:]}"
    passed, failed = words.values()
    return Said(tuple(passed), tuple(failed), int(count[2]) if count else 0, code == 0, odd)


def _run(cluster: Cluster, folder: Folder) -> Said:
    namespace = loaded((folder.path / "namespace.yaml").read_text("utf-8"))["metadata"]
    kubectl = partial(_kubectl, cluster, folder.path)
    # There is no controller that would give a namespace its account.
    cluster.namespace(namespace["name"], namespace.get("labels"))
    kubectl("apply", "-f", "namespace.yaml")
    kubectl("apply", "-k", "policies")
    _wait(cluster, folder, holds=True)
    done = _in(cluster, folder.path, "sh", "test.sh")
    kubectl("delete", "-k", "policies")
    _wait(cluster, folder, holds=False)
    standing = kubectl("get", "pods", "-n", namespace["name"], "-o", "name")
    found = said(done.returncode, done.stdout)
    left = f"left behind: {standing}" if standing else ""
    return found._replace(suspicious=found.suspicious or left)


def _wait(cluster: Cluster, folder: Folder, *, holds: bool) -> None:
    """Wait until what the policies on each kind of object refuse is refused, or is no longer."""
    refused = {
        each.request.workload.path: each.name
        for each in folder.cases.values()
        if each.broken and each.live and each.pod is not None
        if set(each.broken).isdisjoint(folder.lost)
    }

    def probe() -> None:
        for name in refused.values():
            asked = ("create", "--dry-run=server", "-f", f"refused/{name}.yaml")
            answer = _in(cluster, folder.path, "kubectl", *asked)
            if (_POLICY in answer.stderr) != holds:
                raise NotYet(f"{name}: {answer.stderr}")

    cluster.until(probe, what=f"{folder.profile.name}: the policies, {holds}")


def _kubectl(cluster: Cluster, path: Path, *arguments: str) -> str:
    done = _in(cluster, path, "kubectl", *arguments)
    if done.returncode:
        raise LabError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def _in(cluster: Cluster, path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder, where `kubectl` is the real one and reaches the cluster."""
    programs = lab.binary("kubectl").parent
    env = {"HOME": str(path), "KUBECONFIG": str(cluster.kubeconfig()), **lab.COLLECTED}
    env["PATH"] = f"{programs}:/usr/bin:/bin"
    return subprocess.run(
        command,
        cwd=path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def _written(path: Path) -> Counter[str]:
    folders = (path / "admitted", path / "refused")
    return Counter(each.stem for folder in folders for each in folder.iterdir())


def _spoil(path: Path, rules: frozenset[str]) -> None:
    lose(path / "policies", [f"variables.{rule}.size() == 0" for rule in sorted(rules)])
