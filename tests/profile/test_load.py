"""Profiles from files: their parents, what a child may not do, and where that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from capgen.errors import CapgenError, ProfileError
from capgen.profile.library import open_profile
from capgen.profile.load import InvalidProfileError, load

if TYPE_CHECKING:
    from pathlib import Path


class Folder:
    """A folder of profiles."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, spec: str, kubernetes: str | None = "1.34") -> None:
        """Write a profile: its version stands on line 5, what is given below it."""
        version = f'  kubernetes: "{kubernetes}"' if kubernetes else "  # no version"
        head = f"apiVersion: capgen/v1\nkind: Profile\nmetadata: {{name: {name}}}\nspec:\n"
        (self.path / f"{name}.yaml").write_text(f"{head}{version}\n{spec}")

    def settings(self, name: str) -> dict[str, Any]:
        """Return the settings of a profile's rules."""
        profile = open_profile(str(self.path / f"{name}.yaml"))
        return {rule.id: rule.settings for rule in profile.rules}

    def complaint(self, name: str) -> str:
        """Return what is said of a profile, its folder cut off."""
        with pytest.raises(CapgenError) as caught:
            open_profile(str(self.path / f"{name}.yaml"))
        return str(caught.value).replace(f"{self.path}/", "")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return an empty folder for profiles."""
    return Folder(tmp_path)


REFUSED = {
    "  extends: [pss/restrictd]\n": (
        "6:13: the library has no profile `pss/restrictd`; did you mean `pss/restricted`?"
    ),
    "  extends: pss/baseline@1.99\n": (
        "6:12: Kubernetes `1.99` is newer than 1.37, the newest that capgen knows"
    ),
    "  extends: [./web.yaml]\n": "6:13: `./web.yaml` extends itself",
    "  extends: [pss/restricted]\n  rules: {runAsUser: {ranges: ['0-']}}\n": (
        "7:22: `runAsUser` is looser than its parent's: it allows at least 0 or unset, its parent's"
        " allows at least 1 or unset; it admits a Pod with"
        " `spec.containers[0].securityContext.runAsUser: 0`; say why in `loosens`"
    ),
    "  extends: [pss/restricted]\n  rules: {capabilities: {allow: [NET_RAW]}}\n": (
        "7:25: `capabilities` is looser than its parent's: it allows NET_RAW or unset, its parent's"
        " allows NET_BIND_SERVICE or unset; it admits a Pod with"
        " `spec.containers[0].securityContext.capabilities.add: [NET_RAW]`; say why in `loosens`"
    ),
    "  extends: [pss/restricted]\n  rules: {seccompProfile: {unset: allow}}\n": (
        "7:27: `seccompProfile` is looser than its parent's: it allows RuntimeDefault, Localhost or"
        " unset, its parent's allows RuntimeDefault or Localhost; it admits a Pod without"
        " `spec.containers[0].securityContext.seccompProfile.type`; say why in `loosens`"
    ),
    "  extends: [pss/restricted]\n  rules: {runAsNonRoot: {unless: [windows]}}\n": (
        "7:25: `runAsNonRoot` is looser than its parent's: it admits a Pod without"
        " `spec.containers[0].securityContext.runAsNonRoot` with `spec.os.name: windows`; say why"
        " in `loosens`"
    ),
    "  extends: [pss/baseline]\n  rules: {hostPID: null}\n": (
        "7:20: `hostPID` is looser than its parent's: it is taken out, its parent's allows false or"
        " unset; it admits a Pod with `spec.hostPID: true`; say why in `loosens`"
    ),
    "  extends: [pss/baseline]\n  loosens: {hostPID: a debugger}\n": (
        "7:22: `hostPID` loosens nothing: the profile does not set it"
    ),
    "  accept: {docker: {privileged: seen}}\n": (
        "6:33: `privileged` is accepted as a gap, but no rule of this name is set"
    ),
    "  rules: {procMount: {unset: allow}}\n": (
        "6:22: the rule `procMount` says nothing; expected one of `allow`"
    ),
}


@pytest.mark.parametrize("spec", REFUSED)
def test_refused(folder: Folder, spec: str) -> None:
    """What contradicts a parent or the library is told at its place."""
    folder.write("web", spec)
    assert folder.complaint("web") == f"web.yaml:{REFUSED[spec]}"


def test_a_reason_loosens(folder: Folder) -> None:
    """With its reason a looser rule is taken as it is written."""
    folder.write(
        "web",
        "  extends: [pss/restricted]\n"
        "  rules: {runAsUser: {ranges: ['0-']}, hostPID: null}\n"
        "  loosens: {runAsUser: legacy, hostPID: a debugger}\n",
    )
    assert folder.settings("web")["runAsUser"]["ranges"] == ["0-"]
    assert "hostPID" not in folder.settings("web")


def test_a_child_inherits_by_key(folder: Folder) -> None:
    """A child's `allow` leaves the parent's `drop` alone."""
    folder.write("web", "  extends: [pss/restricted]\n  rules: {capabilities: {allow: []}}\n")
    capabilities = folder.settings("web")["capabilities"]
    assert (capabilities["allow"], capabilities["drop"]) == ([], ["ALL"])


def test_a_circle(folder: Folder) -> None:
    """Parents that lead back are told where the circle closes."""
    folder.write("a", "  extends: [./b.yaml]\n")
    folder.write("b", "  extends: [./c.yaml]\n")
    folder.write("c", "  extends: [./a.yaml]\n")
    assert folder.complaint("a") == "a.yaml:6:13: `./b.yaml` extends itself"


def test_a_broken_parent(folder: Folder) -> None:
    """What is wrong with a parent is told with the parent's own place, all of it."""
    folder.write("above", "  rules: {privilegd: false, hostPid: false}\n")
    folder.write("web", "  extends: [./above.yaml]\n")
    assert folder.complaint("web").splitlines() == [
        "above.yaml:6:11: `privilegd` is no key here; did you mean `privileged`?",
        "above.yaml:6:29: `hostPid` is no key here; did you mean `hostPID`?",
    ]


def test_two_parents(folder: Folder) -> None:
    """Several parents intersect; two defaults that differ are an error until the child sets one."""
    folder.write("one", "  rules: {runAsUser: {ranges: [1000-2000], default: 1000}}\n")
    folder.write("two", "  rules: {runAsUser: {ranges: [1500-3000], default: 1500}}\n")
    folder.write("web", "  extends: [./one.yaml, ./two.yaml]\n")
    assert folder.complaint("web") == (
        "web.yaml:5:3: `runAsUser`: two different values of `default`: `1000` and `1500`;"
        " set it here"
    )
    folder.write(
        "web", "  extends: [./one.yaml, ./two.yaml]\n  rules: {runAsUser: {default: 1700}}\n"
    )
    assert folder.settings("web") == {"runAsUser": {"ranges": ["1500-2000"], "default": 1700}}


def test_the_version_of_the_parents(folder: Folder) -> None:
    """A version is inherited where the parents agree, and required otherwise."""
    folder.write("one", "", "1.30")
    folder.write("two", "", "1.31")
    folder.write("web", "  extends: [./one.yaml]\n", None)
    assert open_profile(str(folder.path / "web.yaml")).minors == range(30, 31)
    folder.write("web", "  extends: [./one.yaml, ./two.yaml]\n", None)
    assert folder.complaint("web") == (
        "web.yaml:6:12: the parents are for different versions (`1.30`, `1.31`): say `kubernetes`"
    )
    folder.write("web", "  rules: {privileged: false}\n", None)
    assert folder.complaint("web") == (
        "web.yaml:6:3: `kubernetes` is required: neither it nor a parent says a version"
    )


def test_a_range_of_versions(folder: Folder) -> None:
    """Over a range the rules of all its minors hold, and what is allowed on all of them."""
    folder.write("web", "  extends: [pss/baseline]\n", "1.30-1.36")
    settings = folder.settings("web")
    assert settings["hostProbes"] == {"allow": []}
    assert settings["seLinuxOptions"]["type"] == [
        "container_t",
        "container_init_t",
        "container_kvm_t",
    ]
    assert "unless" not in settings["procMount"]


def test_one_file_one_profile(folder: Folder) -> None:
    """Neither no document nor two make a profile, and broken YAML makes none."""
    path = folder.path / "p.yaml"
    for text, said in (
        ("# nothing\n", "expected one profile; found 0 documents"),
        ("a: 1\n---\nb: 1\n", "expected one profile; found 2 documents"),
    ):
        path.write_text(text)
        with pytest.raises(ProfileError, match=said):
            load(str(path))
    path.write_text("a: [\n")
    with pytest.raises(CapgenError, match=r"p\.yaml:1:5: did not find expected node content"):
        load(str(path))


def test_all_errors_are_one(folder: Folder) -> None:
    """The error of a profile is the first of them, and holds the rest."""
    folder.write("web", "  rules: {privilegd: false, hostPid: false}\n")
    with pytest.raises(InvalidProfileError) as caught:
        load(str(folder.path / "web.yaml"))
    assert caught.value.position == caught.value.errors[0].position == (6, 11)
    assert len(caught.value.errors) == 2
