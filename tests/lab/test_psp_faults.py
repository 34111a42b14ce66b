"""The faults that are seeded into a PodSecurityPolicy, its role and its bindings."""

from __future__ import annotations

from typing import Any, Final

from tests.engines.psp.faults import faults

POLICY: Final[dict[str, Any]] = {
    "metadata": {"annotations": {"capgen/profile": "web", "a/allowed": "x,y"}},
    "spec": {
        "privileged": False,
        "volumes": ["secret"],
        "runAsUser": {"rule": "MustRunAs", "ranges": [{"min": 5, "max": 9}]},
        "fsGroup": {"rule": "RunAsAny"},
    },
}
ROLE: Final = {"rules": [{"resourceNames": ["web"]}]}
BINDING: Final = {"kind": "ClusterRoleBinding"}


def test_faults() -> None:
    """One thing changes at a time; what is so without being said is not left out."""
    made = {each.what: each.artefact for each in faults([POLICY, ROLE, BINDING])}
    assert list(made) == [
        "privileged: turned",
        "volumes: secret is left out",
        "volumes is left out",
        "runAsUser: RunAsAny",
        "runAsUser: ranges is left out",
        "runAsUser: ranges: {'min': 5, 'max': 9} is left out",
        "runAsUser: ranges: {'min': 5, 'max': 9}: min is left out",
        "runAsUser: ranges: {'min': 5, 'max': 9}: min is moved",
        "runAsUser: ranges: {'min': 5, 'max': 9}: max is left out",
        "runAsUser: ranges: {'min': 5, 'max': 9}: max is moved",
        "runAsUser is left out",
        "a/allowed is left out",
        "a/allowed: x is left out",
        "a/allowed: y is left out",
        "the binding is lost",
        "the role names another policy",
    ]
    moved = made["runAsUser: ranges: {'min': 5, 'max': 9}: max is moved"]
    assert moved[0]["spec"]["runAsUser"]["ranges"] == [{"min": 5, "max": 8}]
    assert moved[0]["spec"]["volumes"] == ["secret"]
    assert moved[1:] == [ROLE, BINDING]
    assert made["the binding is lost"] == [POLICY, ROLE]
