"""Sets of profiles on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from capgen.targets.registry import TARGETS
from tests.profile.test_sets import PORTS, ROOT, write

if TYPE_CHECKING:
    from tests.cli.conftest import Capgen

POD: Final = """\
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: team-a}
spec: {containers: [{name: web, image: i, securityContext: {runAsUser: 0}}]}
"""


def test_check(capgen: Capgen) -> None:
    """`check -p SET` judges by it; the findings name the profile that refuses."""
    write(capgen.folder, "root", ROOT)
    write(capgen.folder, "ports", PORTS)
    spec = "  scope: {namespaces: [team-a]}\n  anyOf: [MEMBERS]\n"
    write(capgen.folder, "set", spec.replace("MEMBERS", "ports, root"), "ProfileSet", "")
    done = capgen("check", "-p", "set.yaml", "-f", "json", "-", stdin=POD)
    assert (done.code, done.json["documents"][0]["status"]) == (0, "admitted")
    write(capgen.folder, "set", spec.replace("MEMBERS", "ports"), "ProfileSet", "")
    done = capgen("check", "-p", "set.yaml", "-f", "json", "-", stdin=POD)
    (found,) = done.json["results"]
    assert (done.code, found["profile"], found["rule"]) == (1, "ports", "runAsUser")
    other = POD.replace("team-a", "team-b")
    done = capgen("check", "-p", "set.yaml", "-f", "json", "-", stdin=other)
    assert (done.code, done.json["documents"][0]["status"]) == (0, "unmatched")


def test_compile(capgen: Capgen) -> None:
    """A set is compiled into the targets that take one, and what is written is up to date."""
    write(capgen.folder, "root", ROOT)
    write(capgen.folder, "ports", PORTS)
    write(capgen.folder, "set", "  anyOf: [root, ports]\n", "ProfileSet", "")
    done = capgen("compile", "./set.yaml")
    assert (done.code, done.stdout) == (0, "")
    assert done.stderr == "out/set/vap: 6 files; rules: 4 exact\n"
    assert (capgen.folder / "out/set/vap/pods-policy.yaml").is_file()
    assert capgen("compile", "./set.yaml", "--check").code == 0
    write(capgen.folder, "set", "  anyOf: [ports, root]\n", "ProfileSet", "")
    assert capgen("compile", "./set.yaml", "--check").code == 1
    printed = capgen("compile", "./set.yaml", "--stdout")
    assert printed.stdout.count("kind: ValidatingAdmissionPolicy\n") == 2


def test_sets_among_the_profiles(capgen: Capgen) -> None:
    """Without a name every set in `profiles/` is compiled beside the profiles."""
    write(capgen.folder, "profiles/root", ROOT + "  targets: [vap]\n")
    write(capgen.folder, "profiles/set", "  anyOf: [root]\n", "ProfileSet", "")
    assert capgen("compile").code == 0
    assert {each.parent.name for each in capgen.folder.glob("out/*/vap")} == {"root", "set"}


@pytest.mark.parametrize("name", [each.name for each in TARGETS if each.emit_set is None])
def test_targets_that_take_no_set(capgen: Capgen, name: str) -> None:
    """They are refused, wherever they are named, and nothing is written."""
    write(capgen.folder, "root", ROOT)
    said = (
        f"the target `{name}` says one profile, not that one of several must admit the pod; a set"
        " is taken by `vap`\n"
    )
    for spec, asked in (("", ("-t", name)), (f"  targets: [vap, {name}]\n", ())):
        write(capgen.folder, "set", "  anyOf: [root]\n" + spec, "ProfileSet", "")
        done = capgen("compile", "./set.yaml", *asked)
        assert (done.code, done.stdout) == (2, "")
        assert done.stderr == f"error: ./set.yaml:5:3: {said}"
    assert not (capgen.folder / "out").exists()


SETS: Final = "  mutate: true\n  rules: {readOnlyRootFilesystem: true, hostPID: false}\n"
# What a set accepts, and what is said of it.
ACCEPTED: Final = {
    "{vap: {sets: {readOnlyRootFilesystem: set by hand}}}": "",
    "{vap: {sets: {hostPID: r}}}": (
        "6:34: `sets/hostPID` is accepted as a gap of `vap`, which says it: exact"
    ),
    "{vap: {set: {hostPID: r}}}": (
        "6:23: a gap of `set` is accepted, but the set has none of this name"
    ),
    "{vap: {sets: {hostIPC: r}}}": (
        "6:34: `hostIPC` of `sets` is accepted, but the set has none of this name"
    ),
    "{vpa: {}}": "6:17: `vpa` is no target; did you mean `vap`?",
}


@pytest.mark.parametrize("accept", ACCEPTED)
def test_gaps(capgen: Capgen, accept: str) -> None:
    """What a profile of the set sets is a gap, which the set itself accepts; others are stale."""
    write(capgen.folder, "sets", SETS)
    spec = f"  anyOf: [sets]\n  accept: {accept}\n"
    write(capgen.folder, "set", "  anyOf: [sets]\n", "ProfileSet", "")
    done = capgen("compile", "./set.yaml")
    assert done.code == 1
    assert done.stdout == (
        "set: vap: `sets/readOnlyRootFilesystem` is a gap: a ValidatingAdmissionPolicy sets"
        " nothing, and no target sets the values of a set: `true` must be set by other means\n"
    )
    write(capgen.folder, "set", spec, "ProfileSet", "")
    done = capgen("compile", "./set.yaml")
    said = ACCEPTED[accept]
    assert done.code == (2 if said else 0)
    assert done.stderr.startswith(f"error: ./set.yaml:{said}\n" if said else "out/set/vap: ")


def test_what_is_said_of_a_set(capgen: Capgen) -> None:
    """Who chooses the account, what does not count, and what its profiles say of themselves."""
    row = "\n  exempt: [{containers: [a], rules: [runAsUser], reason: r, until: 9999-12-31}]\n"
    write(capgen.folder, "root", f"{ROOT}  enforcement: warn{row}")
    spec = "  anyOf: [root]\n  scope: {serviceAccounts: [a]}\n"
    write(capgen.folder, "set", spec, "ProfileSet", "")
    said = capgen("compile", "./set.yaml").stderr
    assert "./set.yaml:6:28: warning: `serviceAccounts` rests on the account that" in said
    assert "./set.yaml:5:11: note: `root` says `enforcement: warn`, which does not count" in said
    assert "root.yaml:8:12: warning: the exemption of `a` rests on a container's name" in said


def test_versions(capgen: Capgen) -> None:
    """A profile of the set that is for a version without such policies is an error."""
    write(capgen.folder, "root", ROOT, version="1.29")
    write(capgen.folder, "set", "  anyOf: [root]\n", "ProfileSet", "")
    done = capgen("compile", "./set.yaml")
    said = "the target `vap` needs Kubernetes 1.30; the profile is for 1.29 too"
    assert (done.code, done.stderr) == (2, f"error: ./set.yaml:5:11: {said}\n")
    assert capgen("compile", "./set.yaml", "--kubernetes", "1.30").code == 0


USE: Final = "  anyOf: [{profile: root, use: psp-root}, ports]\n"


def test_who_may_use_it_is_not_known_offline(capgen: Capgen) -> None:
    """`check` has no authorizer: every profile counts, which is said once."""
    write(capgen.folder, "root", ROOT)
    write(capgen.folder, "ports", PORTS)
    write(capgen.folder, "set", USE, "ProfileSet", "")
    done = capgen("check", "-p", "set.yaml", "-", stdin=f"{POD}---\n{POD}")
    assert done.code == 0
    assert done.stderr.startswith(
        "note: `set` has profiles for those who may `use` a PodSecurityPolicy, which manifests do"
        " not tell: all count (`root`)\n"
    )
    assert done.stderr.count("note: ") == 1
    said = capgen("explain", "./set.yaml").stdout
    assert "\nroot counts for those who may use podsecuritypolicies/psp-root\n" in said


def test_more_uses_than_the_authorizer_is_asked_about(capgen: Capgen) -> None:
    """A set that would cost the API server more than it grants is refused, with its place."""
    for number in range(13):
        write(capgen.folder, f"p{number}", PORTS)
    rows = [f"{{profile: p{number}, use: p{number}}}" for number in range(13)]
    write(capgen.folder, "set", f"  anyOf: [{', '.join(rows[:12])}, p12]\n", "ProfileSet", "")
    assert capgen("compile", "./set.yaml").code == 0
    write(capgen.folder, "set", f"  anyOf: [{', '.join(rows)}]\n", "ProfileSet", "")
    done = capgen("compile", "./set.yaml", "--check")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == (
        "error: ./set.yaml:5:10: 13 profiles of the set are for those who may `use` them; the API"
        " server lets a policy ask about 12\n"
    )


def test_explain(capgen: Capgen) -> None:
    """`explain SET` explains each of its profiles, and how it is said by what takes a set."""
    write(capgen.folder, "root", ROOT)
    write(capgen.folder, "ports", PORTS)
    write(capgen.folder, "set", "  anyOf: [root, ports]\n", "ProfileSet", "1.34")
    done = capgen("explain", "./set.yaml")
    assert (done.code, done.stderr) == (0, "")
    assert "\ndeny; sha256 " in done.stdout
    assert "targets that take a set: vap\n" in done.stdout
    assert done.stdout.count("Kubernetes 1.34; sha256 ") == 2
    assert "securityContext.runAsUser must be at least 0" in done.stdout
    assert "securityContext.runAsUser must be at least 1" in done.stdout
    assert done.stdout.count("    vap               exact: a validation in CEL\n") == 4
    assert "docker" not in done.stdout
