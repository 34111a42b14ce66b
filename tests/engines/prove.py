"""Runs everything through the real engines and prints one table: `python -m tests.engines.prove`.

`ENGINES="psa vap"` in the environment chooses engines, and targets that several engines judge; by
default all run. The exit status is 1 when an engine differs, has judged nothing, or cannot be built
or started.

To add a row, write a function from `Lab` to `Row` and name it with its engine in `CHECKS`. Those
of one engine are begun in order, what is asked of its command line apart; three lanes run at a
time, each with a laboratory of its own.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

from tests.engines import lab, lanes, security_context, yaml_judge
from tests.engines.cel_environment import cel_environments
from tests.engines.cluster.check import cluster_check
from tests.engines.cluster.labels import labels
from tests.engines.cluster.mutation import mutations
from tests.engines.cluster.users import users
from tests.engines.emitted.gator import gator_tests
from tests.engines.emitted.kyverno import kyverno_tests
from tests.engines.emitted.vap import vap_tests
from tests.engines.gatekeeper.actions import gatekeeper_actions
from tests.engines.gatekeeper.check import gatekeeper_judges
from tests.engines.gatekeeper.faults import gatekeeper_faults
from tests.engines.gatekeeper.gator_check import gator_judges
from tests.engines.gatekeeper.target_gator import gator_profiles
from tests.engines.gatekeeper.target_live import gatekeeper_profiles, gatekeeper_updates
from tests.engines.gatekeeper.target_rego import gator_rego
from tests.engines.gatekeeper.target_shared import gator_shared
from tests.engines.gatekeeper.value_faults import gatekeeper_value_faults
from tests.engines.gatekeeper.values import gatekeeper_values
from tests.engines.gatekeeper.values_gator import gator_values
from tests.engines.implied_check import implied_levels
from tests.engines.kernel.check import apparmor_profiles, seccomp_filters
from tests.engines.kyverno import agree as kyverno
from tests.engines.kyverno.check import kyverno_live, kyverno_offline
from tests.engines.mutating.check import mutated
from tests.engines.mutating.faults import map_faults
from tests.engines.mutating.updates import mutated_updates
from tests.engines.node.check import node_processes
from tests.engines.openapi import openapi
from tests.engines.order_check import order_fuzzed, order_matrix, order_sampled
from tests.engines.pod_security_check import fixtures_agree, random_agree, witnesses_agree
from tests.engines.proving import Check, Difference, Lab, Row, report, table
from tests.engines.psa import Request, defaulted, fixtures
from tests.engines.psa_target import psa_agrees, psa_live
from tests.engines.psp.agree import agrees
from tests.engines.psp.check import judges
from tests.engines.psp.faults import psp_faults
from tests.engines.psp.gaps import psp_gaps
from tests.engines.psp.target import psp_agrees, psp_live
from tests.engines.rollout.check import (
    followed_in_apiserver,
    followed_in_gatekeeper,
    followed_in_kyverno,
    followed_in_psp,
)
from tests.engines.runtimes.check import (
    chosen_containers,
    containerd_cases,
    docker_cases,
    docker_lines,
    podman_cases,
    podman_lines,
)
from tests.engines.runtimes.chosen_faults import chosen_faults
from tests.engines.runtimes.docker_faults import docker_faults
from tests.engines.security_context_faults import security_context_faults
from tests.engines.vap.check import checks
from tests.engines.vap.exempt import exemptions
from tests.engines.vap.faults import vap_faults
from tests.engines.vap.match import matches
from tests.engines.vap.parameters import parameters
from tests.engines.vap.set_faults import set_faults
from tests.engines.vap.sets import set_policies
from tests.engines.vap.updates import updates


def psa_fixtures(laboratory: Lab) -> Row:
    """Judges the library's own fixtures: the judge, and the reading of reasons, are sound."""
    cases = list(fixtures())
    judge = laboratory.pod_security
    requests = (Request(defaulted(case.pod), ((case.level, case.version),)) for case in cases)
    differing = []
    for case, (verdict,) in zip(cases, judge.judge(requests), strict=True):
        # A fixture that fails must fail for some rule that we know; `rules` refuses other reasons.
        if verdict.allowed != case.allowed or verdict.allowed == bool(verdict.rules):
            expected = "allowed" if case.allowed else "refused"
            actual = "allowed" if verdict.allowed else f"refused for {', '.join(verdict.reasons)}"
            at = [case.level, case.version]
            differing.append(Difference({"pod": case.pod, "at": at}, expected, actual))
    return Row("(fixtures)", "pod-security-admission", judge.version, len(cases), tuple(differing))


def yaml_reader(_: Lab) -> Row:
    """Compares the reader of manifests with the library that Kubernetes reads them with."""
    cases, differing = yaml_judge.prove(lab.binary("yaml"))
    return Row("reader", "sigs.k8s.io/yaml", lab.version("yaml"), cases, differing)


def hardened(laboratory: Lab) -> Row:
    """Applies the chosen values, by patches and by kustomize, and has the pods judged."""
    cluster = laboratory.cluster
    cases, differing = security_context.prove(cluster)
    note = f"and kustomize {lab.version('kustomize')}"
    engine = "kube-apiserver"
    return Row("security-context", engine, cluster.version, cases, tuple(differing), note)


CHECKS = (
    Check("psa", psa_fixtures),
    Check("psa", fixtures_agree),
    Check("psa", witnesses_agree),
    Check("psa", random_agree),
    Check("psa", psa_agrees),
    Check("psa", psa_live),
    Check("yaml", yaml_reader),
    Check("cel", cel_environments, target="vap"),
    Check("order", order_matrix),
    Check("order", order_fuzzed),
    Check("order", implied_levels),
    Check("order", order_sampled),
    Check("apiserver", cluster_check),
    Check("apiserver", mutations),
    Check("apiserver", labels),
    Check("apiserver", users),
    Check("apiserver", openapi),
    *checks(),
    Check("apiserver", updates, target="vap"),
    Check("apiserver", matches, target="vap"),
    Check("apiserver", exemptions, target="vap"),
    Check("apiserver", vap_tests, target="vap"),
    Check("apiserver", set_policies, target="vap"),
    Check("apiserver", parameters, target="vap"),
    Check("apiserver", hardened, target="security-context"),
    Check("apiserver", mutated, target="map"),
    Check("apiserver", mutated_updates, target="map"),
    Check("apiserver", followed_in_apiserver),
    Check("runtimes", docker_cases, single=True),
    Check("runtimes", podman_cases),
    Check("runtimes", containerd_cases),
    Check("runtimes", docker_lines, target="docker"),
    Check("runtimes", podman_lines, target="docker"),
    Check("runtimes", chosen_containers, target="security-context"),
    Check("kernel", seccomp_filters),
    Check("kernel", apparmor_profiles),
    Check("node", node_processes, alone=True),
    Check("faults", vap_faults, single=True, target="vap"),
    Check("faults", set_faults, target="vap"),
    Check("faults", security_context_faults, target="security-context"),
    Check("faults", docker_faults, target="docker"),
    Check("faults", chosen_faults, target="security-context"),
    Check("faults", map_faults, target="map"),
    Check("psp", judges),
    Check("psp", agrees),
    Check("psp", psp_agrees),
    Check("psp", psp_live),
    Check("psp", followed_in_psp),
    Check("psp", psp_gaps),
    Check("psp", psp_faults),
    Check("gatekeeper", gatekeeper_judges, single=True),
    Check("gatekeeper", gator_judges, offline=True),
    Check("gatekeeper", gator_profiles, offline=True),
    Check("gatekeeper", gator_rego, offline=True),
    Check("gatekeeper", gator_shared, offline=True),
    Check("gatekeeper", gator_tests, offline=True),
    Check("gatekeeper", gatekeeper_profiles),
    Check("gatekeeper", gatekeeper_updates),
    Check("gatekeeper", gatekeeper_actions),
    Check("gatekeeper", followed_in_gatekeeper),
    Check("gatekeeper", gator_values, offline=True),
    Check("gatekeeper", gatekeeper_values),
    Check("gatekeeper", gatekeeper_faults, offline=True),
    Check("gatekeeper", gatekeeper_value_faults),
    Check("kyverno", kyverno_live, single=True),
    Check("kyverno", kyverno_offline, offline=True),
    Check("kyverno", kyverno_tests, offline=True),
    *kyverno.checks(),
    Check("kyverno", followed_in_kyverno),
)


def chosen(names: str) -> list[Check]:
    """Return the checks that have one of some names, by engine or by target; all where none is.

    Raises:
        LookupError: there is no such name.
    """
    known = {name for check in CHECKS for name in (check.engine, check.target) if name}
    asked = set(names.split()) or known
    if unknown := asked - known:
        said = ", ".join(f"`{name}`" for name in sorted(unknown))
        there = ", ".join(sorted(known))
        raise LookupError(f"no engine and no target {said}; there are {there}")
    return [each for each in CHECKS if {each.engine, each.target} & asked]


def main() -> int:
    """Runs the chosen checks and returns the exit status."""
    # Engines are ended by the way out of `with`: take that way when asked to end, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ.update(lab.COLLECTED)
    # What is imported stays, and what is made in between are pods, which are no cycles.
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    try:
        checks = chosen(os.environ.get("ENGINES", ""))
    except LookupError as error:
        print(f"prove: {error}", file=sys.stderr)
        return 1
    rows = lanes.run(checks)
    print(table(rows))
    for row in rows:
        if row.differences:
            print(report(row))
        if not row.cases:
            print(f"{row.target}, {row.engine}: no case was judged")
    cases, agreed = sum(row.cases for row in rows), sum(row.agreed for row in rows)
    print(f"prove: {cases} cases, {agreed} agreed, {cases - agreed} differing")
    return 0 if all(row.cases and row.agreed == row.cases for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
