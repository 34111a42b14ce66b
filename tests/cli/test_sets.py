"""Sets of profiles on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
    """To compile a set is refused, and nothing is written."""
    write(capgen.folder, "root", ROOT)
    write(capgen.folder, "set", "  anyOf: [root]\n", "ProfileSet", "")
    done = capgen("compile", "./set.yaml")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == (
        "error: ./set.yaml:1:1: `set` is a set of profiles; expected one profile: no target says a"
        " set yet; compile its profiles\n"
    )
    assert not (capgen.folder / "out").exists()


def test_explain(capgen: Capgen) -> None:
    """`explain SET` explains each of its profiles."""
    write(capgen.folder, "root", ROOT)
    write(capgen.folder, "ports", PORTS)
    write(capgen.folder, "set", "  anyOf: [root, ports]\n", "ProfileSet", "1.34")
    done = capgen("explain", "./set.yaml")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.count("Kubernetes 1.34; deny; sha256 ") == 2
    assert "securityContext.runAsUser must be at least 0" in done.stdout
    assert "securityContext.runAsUser must be at least 1" in done.stdout
