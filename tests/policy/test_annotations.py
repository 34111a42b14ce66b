"""Defaulting: the annotations that older pods name kernel profiles in.

Expected values are read off kubernetes v1.36.3; where the text says so, off older releases.
"""

from __future__ import annotations

from typing import Any

import pytest

from capgen.policy.admit import Request
from capgen.policy.defaults import defaulted
from capgen.profile.library import open_profile
from tests.pods import DROP, Pod, annotation, good, tweak
from tests.policy.made import admit, rules_of

NEW = range(36, 37)
ARMOR = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
POD_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
FIELD = "spec.securityContext.seccompProfile"


def armor(pod: Pod, span: range = NEW, *, template: bool = False) -> object:
    """Return the AppArmor profile of the container `web` after defaulting."""
    web = defaulted(pod, span, template=template)["spec"]["containers"][0]
    return web["securityContext"].get("appArmorProfile")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("runtime/default", {"type": "RuntimeDefault"}),
        ("unconfined", {"type": "Unconfined"}),
        ("localhost/web", {"type": "Localhost", "localhostProfile": "web"}),
        ("localhost/a/b", {"type": "Localhost", "localhostProfile": "a/b"}),
        # pkg/api/pod/util.go, ApparmorFieldForAnnotation: what it does not know is no profile.
        ("localhost/", None),
        ("", None),
        ("other", None),
        ("RuntimeDefault", None),
        ("docker/default", None),
    ],
)
def test_apparmor_annotation_becomes_the_field(text: str, expected: object) -> None:
    """pkg/registry/core/pod/strategy.go, applyAppArmorVersionSkew: since 1.30, on pods."""
    pod = tweak(good(), {annotation(ARMOR + "web"): text})
    assert armor(pod) == expected
    assert armor(pod, range(30, 31)) == expected
    assert armor(pod, range(29, 30)) is None
    assert armor(pod, range(29, 37)) is None
    assert armor(pod, template=True) is None
    assert armor(tweak(pod, {"spec.os.name": "windows"})) is None


def test_apparmor_field_stands_before_its_annotation() -> None:
    """A container that has the field keeps it."""
    field = {"type": "Localhost", "localhostProfile": "x"}
    changes = {
        annotation(ARMOR + "web"): "unconfined",
        "spec.containers.0.securityContext.appArmorProfile": field,
    }
    assert armor(tweak(good(), changes)) == field


@pytest.mark.parametrize("version", range(15, 30))
def test_seccomp_annotations_became_fields(version: int) -> None:
    """From 1.19 to 1.26 (older strategy.go, applySeccompVersionSkew) they were synced, then not."""
    synced = 19 <= version <= 26
    span = range(version, version + 1)
    pod = tweak(good(), {FIELD: DROP, annotation(POD_SECCOMP): "docker/default"})
    context = defaulted(pod, span, template=False)["spec"]["securityContext"]
    assert context.get("seccompProfile") == ({"type": "RuntimeDefault"} if synced else None)
    pod = tweak(good(), {annotation(SECCOMP + "setup"): "localhost/p.json"})
    setup = defaulted(pod, span, template=False)["spec"]["initContainers"][0]["securityContext"]
    expected = {"type": "Localhost", "localhostProfile": "p.json"} if synced else None
    assert setup.get("seccompProfile") == expected


@pytest.mark.parametrize("text", ["localhost/", "", "other", "Unconfined"])
def test_seccomp_annotation_that_names_no_profile_sets_none(text: str) -> None:
    """SeccompFieldForAnnotation knows no profile by such a name, so restricted misses one."""
    notes: dict[Any, str] = {
        annotation(SECCOMP + name): text for name in ("setup", "web", "sidecar")
    }
    pod = tweak(good(), {FIELD: DROP, **notes})
    decision = admit(Request(pod), open_profile("pss/restricted", "1.24"))
    assert rules_of(decision) == ["seccompProfile"]


def test_seccomp_annotations_count_while_they_are_synced() -> None:
    """Restricted admits a profile that stands in an annotation, and refuses an unconfined one."""
    at = {version: open_profile("pss/restricted", f"1.{version}") for version in (19, 26, 27)}
    pod = tweak(good(), {FIELD: DROP, annotation(POD_SECCOMP): "runtime/default"})
    assert [admit(Request(pod), one).allowed for one in at.values()] == [True, True, False]
    bad = tweak(good(), {annotation(SECCOMP + "web"): "unconfined"})
    assert [admit(Request(bad), one).allowed for one in at.values()] == [False, False, True]


@pytest.mark.parametrize("span", [range(18, 20), range(26, 28), range(18, 28)])
def test_seccomp_annotations_of_a_range(span: range) -> None:
    """Where only some versions sync, what makes a pod pass is left out."""
    pod = tweak(good(), {FIELD: DROP, annotation(POD_SECCOMP): "runtime/default"})
    context = defaulted(pod, span, template=False)["spec"]["securityContext"]
    assert "seccompProfile" not in context


def test_seccomp_field_of_the_pod_stands_before_its_annotation() -> None:
    """A pod that has the field keeps it."""
    pod = tweak(good(), {annotation(POD_SECCOMP): "unconfined"})
    context = defaulted(pod, range(24, 25), template=False)["spec"]["securityContext"]
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_annotation_makes_the_struct_it_needs() -> None:
    """A profile is written also where there was no securityContext."""
    notes = {annotation(POD_SECCOMP): "unconfined", annotation(SECCOMP + "web"): "unconfined"}
    bare = {"spec.securityContext": None, "spec.containers.0.securityContext": DROP}
    pod = tweak(tweak(good(), bare), notes)
    spec = defaulted(pod, range(24, 25), template=False)["spec"]
    expected = {"seccompProfile": {"type": "Unconfined"}}
    assert (spec["securityContext"], spec["containers"][0]["securityContext"]) == (
        expected,
        expected,
    )


@pytest.mark.parametrize("span", [range(24, 25), range(36, 37)])
def test_nothing_is_written_for_what_says_nothing(span: range) -> None:
    """Annotations that name no profile leave the pod as it was."""
    notes = {annotation(ARMOR + "web"): "other", annotation(SECCOMP + "web"): "other"}
    pod = tweak(good(), {FIELD: DROP, "spec.automountServiceAccountToken": False, **notes})
    assert defaulted(pod, span, template=False) == pod
