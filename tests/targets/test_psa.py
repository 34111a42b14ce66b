"""Pod Security labels: which level is implied, what it enforces, and where the labels go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.compiler.plan import plan
from capgen.errors import CapgenError
from capgen.targets.base import Status
from capgen.targets.psa import TARGET
from capgen.targets.psa.level import implied
from tests.loading import loaded
from tests.policy.made import profile

if TYPE_CHECKING:
    from pathlib import Path

    from capgen.targets.base import Cell

PREFIX: Final = "pod-security.kubernetes.io/"
RESTRICTED: Final = 'kubernetes: "1.36"\nextends: [pss/restricted]\n'
BASELINE: Final = 'kubernetes: "1.30-1.36"\nextends: [pss/baseline]\n'


def files(spec: str) -> dict[str, Any]:
    """Return what is written, by path: objects as data, the README as text."""
    return {
        each.path: loaded(each.text) if each.path.endswith(".yaml") else each.text
        for each in TARGET.emit(profile(spec)).artefacts
    }


def cells(spec: str) -> dict[str, Cell]:
    """Return how the labels say each rule."""
    return TARGET.emit(profile(spec)).cells


def gaps(spec: str) -> set[str]:
    """Return the rules that the labels do not enforce."""
    return {rule for rule, cell in cells(spec).items() if cell.status is Status.GAP}


@pytest.mark.parametrize(
    ("spec", "level", "version"),
    [
        (RESTRICTED, "restricted", 36),
        (BASELINE, "baseline", 30),
        (RESTRICTED + "rules: {volumes: {allow: [secret]}}", "restricted", 36),
        (RESTRICTED + "rules: {runAsNonRoot: null}\nloosens: {runAsNonRoot: r}", "baseline", 36),
        (BASELINE + "rules: {hostPID: null}\nloosens: {hostPID: r}", "privileged", 30),
        ('kubernetes: "1.30"\nrules: {privileged: false}', "privileged", 30),
        ('kubernetes: "1.30"', "privileged", 30),
    ],
)
def test_level(spec: str, level: str, version: int) -> None:
    """The strongest level that is implied, at the oldest version, which all clusters know."""
    found = implied(profile(spec))
    assert (found.level, found.version) == (level, version)


def test_an_exemption_is_not_counted_on() -> None:
    """Labels exempt nobody: the level must not refuse the containers that are exempt."""
    exempt = "exempt: [{containers: [a], rules: [%s], reason: r, until: 9999-12-31}]"
    found = implied(profile(RESTRICTED + exempt % "runAsUser"))
    assert found.level == "baseline"
    assert (
        "`restricted` would refuse a pod that the profile admits by `runAsUser`" in found.stronger
    )
    assert implied(profile(RESTRICTED + exempt % "privileged")).level == "privileged"


@pytest.mark.parametrize(
    ("enforcement", "modes"),
    [("deny", ["enforce", "audit", "warn"]), ("warn", ["audit", "warn"]), ("audit", ["audit"])],
)
def test_labels(enforcement: str, modes: list[str]) -> None:
    """Each mode is a label with its version; what warns or audits refuses nothing."""
    patch = files(f"{RESTRICTED}enforcement: {enforcement}")["namespace.yaml"]
    expected = {PREFIX + mode: "restricted" for mode in modes}
    expected |= {f"{PREFIX}{mode}-version": "v1.36" for mode in modes}
    assert patch["kind"] == "Namespace"
    assert patch["metadata"]["labels"] == expected


def test_nothing_is_missed_of_a_level() -> None:
    """A level enforces its own profile; it is stricter by what it does on updates."""
    found = cells(RESTRICTED)
    assert {cell.status for cell in found.values()} == {Status.STRICTER}
    assert "judges the whole pod again when a container is added" in found["privileged"].note


def test_what_is_missed() -> None:
    """What goes beyond the level is a gap, with what a pod may have all the same."""
    found = cells(RESTRICTED + "rules: {readOnlyRootFilesystem: true, capabilities: {allow: []}}")
    missed = {rule for rule, cell in found.items() if cell.status is Status.GAP}
    assert missed == {"readOnlyRootFilesystem", "capabilities"}
    assert found["capabilities"].note == (
        "`restricted` of 1.36 admits a pod with"
        " `spec.containers[0].securityContext.capabilities.add[0]: NET_BIND_SERVICE`"
    )


def test_rules_of_newer_versions_are_missed() -> None:
    """The oldest version's checks do not know what came later."""
    assert gaps(BASELINE) == {"hostProbes"}


def test_privileged_enforces_nothing() -> None:
    """Where no level is implied every rule is a gap, which says why."""
    found = cells('kubernetes: "1.36"\nrules: {privileged: false}')["privileged"]
    assert found.status is Status.GAP
    assert "`privileged` of 1.36 admits a pod with" in found.note
    assert "`baseline` would refuse a pod that the profile admits by `" in found.note


def test_pods_alone_are_refused() -> None:
    """A profile for controllers alone is not enforced: of their templates PSA only warns."""
    assert gaps(RESTRICTED + "enforceOn: [controllers]") == set(cells(RESTRICTED))
    assert gaps(RESTRICTED + "enforceOn: [pods, controllers]") == set()
    page = files(RESTRICTED + "enforceOn: [pods, controllers]")["README.md"]
    assert "A controller's template is warned of and not refused: its pods are." in page


def test_labels_set_nothing() -> None:
    """With `mutate` what the profile sets is a gap: the labels set nothing."""
    missed = gaps(RESTRICTED + "mutate: true")
    assert {"runAsNonRoot", "seccompProfile", "allowPrivilegeEscalation"} <= missed
    assert "hostPID" not in missed


def test_pod_selector() -> None:
    """A namespace's labels hold for all its pods."""
    found = cells(RESTRICTED + "match: {podSelector: {matchLabels: {a: b}}}")
    assert "`podSelector` leaves alone" in found["hostPID"].note


SELECT: Final = (
    "namespaceSelector: {matchLabels: {team: web}, matchExpressions:"
    " [{key: x, operator: DoesNotExist}, {key: z, operator: NotIn, values: [a, b]}]}"
)
SELECTOR: Final = "team in (web),!x,z notin (a, b)"


@pytest.mark.parametrize(
    ("match", "target"),
    [
        ("", {}),
        ('namespaces: {include: [a, "team-*"]}', {"name": "a|team-.*"}),
        (SELECT, {"labelSelector": SELECTOR}),
    ],
)
def test_component(match: str, target: dict[str, str]) -> None:
    """The component labels the namespaces beside it that the profile is for."""
    made = files(f"{RESTRICTED}match: {{{match}}}")["kustomization.yaml"]
    assert made["kind"] == "Component"
    assert made["patches"] == [{"path": "namespace.yaml", "target": {"kind": "Namespace"} | target}]


@pytest.mark.parametrize(
    ("match", "where"),
    [
        ("", "namespace NAMESPACE"),
        ("namespaces: {include: [a, b]}", "namespace a b"),
        ("namespaces: {include: [a, b], exclude: [b]}", "namespace a"),
        ('namespaces: {include: ["a*"]}', "namespace NAMESPACE"),
        ("namespaces: {exclude: [kube-system]}", "namespace NAMESPACE"),
        (SELECT, f"namespaces -l '{SELECTOR}'"),
    ],
)
def test_lines(match: str, where: str) -> None:
    """The README has the lines of `kubectl label`: to try, to warn, to refuse, to take away."""
    page = files(f"{RESTRICTED}match: {{{match}}}")["README.md"]
    lines = [line.strip() for line in page.splitlines() if line.strip().startswith("kubectl")]
    enforce = f"{PREFIX}enforce=restricted {PREFIX}enforce-version=v1.36"
    soft = " ".join(
        f"{PREFIX}{mode}=restricted {PREFIX}{mode}-version=v1.36" for mode in ("audit", "warn")
    )
    keys = [
        f"{mode}{suffix}" for mode in ("enforce", "audit", "warn") for suffix in ("", "-version")
    ]
    assert lines == [
        f"kubectl label --dry-run=server --overwrite {where} {enforce}",
        f"kubectl label --overwrite {where} {soft}",
        f"kubectl label --overwrite {where} {enforce} {soft}",
        f"kubectl label {where} " + " ".join(f"{PREFIX}{key}-" for key in keys),
    ]


def test_no_namespace_is_made() -> None:
    """Nothing is an object to apply: to delete it would delete a namespace."""
    assert [each.object for each in TARGET.emit(profile(RESTRICTED)).artefacts] == ["", "", ""]


def test_floor(tmp_path: Path) -> None:
    """The labels act since 1.23."""
    path = tmp_path / "web.yaml"
    path.write_text(
        "apiVersion: capgen/v1\nkind: Profile\nmetadata: {name: web}\n"
        'spec: {kubernetes: "1.36", extends: [pss/restricted]}\n'
    )
    (fine,) = plan(str(path), ["psa"], None)
    assert fine.gaps == ()
    with pytest.raises(CapgenError, match=r"`psa` needs Kubernetes 1.23"):
        plan(str(path), ["psa"], "1.22")
