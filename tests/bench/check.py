"""Measures `check` against what it cannot do without: `python -m tests.bench.check`.

Judging 5,000 Deployments, against reading the same bytes; and one pod from a cold start, against
importing the command line's own library and the YAML parser. Ratios within one run; exit 1 above
the ceilings.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from capgen.check.judge import Judge
from capgen.policy.profile import Union
from capgen.profile.library import open_profile
from capgen.reader import read_bytes

from .reader import deployments, measure

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTS = 5000
JUDGED_CEILING = 1.5
COLD_CEILING = 2.0
COLD_ROUNDS = 15
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: app
      image: registry.example.com/web:1
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""


def _judged(data: bytes) -> Callable[[], None]:
    judge = Judge([Union((open_profile("pss/restricted"),))])

    def run() -> None:
        for found in judge.run(read_bytes(data, "bench.yaml")):
            if not hasattr(found, "status") or found.status != "admitted":
                raise SystemExit(f"the bench's own document is not admitted: {found}")

    return run


def _read(data: bytes) -> Callable[[], None]:
    def run() -> None:
        for _ in read_bytes(data, "bench.yaml"):
            pass

    return run


def throughput() -> float:
    """Return the time to judge, over the time to read the same bytes."""
    data = deployments(DOCUMENTS)
    best = measure({"read": _read(data), "judge": _judged(data)}, 5)
    ratio = best["judge"] / best["read"]
    rate = DOCUMENTS / best["judge"]
    print(
        f"check of {DOCUMENTS} Deployments: {ratio:.2f} x the reader alone ({rate:,.0f} a second)"
    )
    return ratio


def cold_start() -> float:
    """Return the time of one cold check, over that of the imports it stands on."""
    with tempfile.TemporaryDirectory() as folder:
        pod = Path(folder) / "pod.yaml"
        pod.write_text(POD, "utf-8")
        check = [sys.executable, "-m", "capgen", "check", "-p", "pss/restricted", str(pod)]
        floor = [sys.executable, "-c", "import typer, yaml"]
        times: dict[str, list[float]] = {"check": [], "floor": []}
        for _ in range(COLD_ROUNDS):
            for name, command in (("check", check), ("floor", floor)):
                start = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                times[name].append(time.perf_counter() - start)
    ratio = min(times["check"]) / min(times["floor"])
    print(f"one pod, cold: {ratio:.2f} x `python -c 'import typer, yaml'`")
    return ratio


def main() -> int:
    """Measure, print, and return the exit code."""
    good = throughput() <= JUDGED_CEILING
    good = cold_start() <= COLD_CEILING and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
