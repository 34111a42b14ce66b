"""`capgen compile` as a user meets it: what is written where, what is refused, the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loading import loaded_all

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Capgen

WEB = """\
apiVersion: capgen/v1
kind: Profile
metadata: {name: web, description: Web servers}
spec:
  kubernetes: "1.34"
  match:
    namespaces: {exclude: [kube-system]}
    podSelector: {matchLabels: {tier: front, team: web}}
  rules:
    privileged: false
    runAsNonRoot: true
    runAsUser: {ranges: [10000-60000], default: 10001}
"""
# The same, in another order.
SHUFFLED = """\
spec:
  rules:
    runAsUser: {default: 10001, ranges: [10000-60000]}
    runAsNonRoot: true
    privileged: false
  match:
    podSelector: {matchLabels: {team: web, tier: front}}
    namespaces: {exclude: [kube-system]}
  kubernetes: "1.34"
metadata: {description: Web servers, name: web}
kind: Profile
apiVersion: capgen/v1
"""
VAP = {
    "README.md",
    "kustomization.yaml",
    "ephemeralcontainers-binding.yaml",
    "ephemeralcontainers-policy.yaml",
    "pods-binding.yaml",
    "pods-policy.yaml",
}


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, what is hidden included."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_default_targets(capgen: Capgen) -> None:
    """A profile without targets gets the default ones, below `out/` and its own name."""
    capgen.write("some/where.yaml", WEB)
    done = capgen("compile", "some/where.yaml")
    assert (done.code, done.stdout) == (0, "")
    assert sorted(path.name for path in (capgen.folder / "out").iterdir()) == ["web"]
    assert sorted(path.name for path in (capgen.folder / "out/web").iterdir()) == [
        "security-context",
        "vap",
    ]
    assert set(tree(capgen.folder / "out/web/vap")) == VAP
    assert [line.split(":")[0] for line in done.stderr.splitlines() if line.startswith("out/")] == [
        "out/web/security-context",
        "out/web/vap",
    ]


def test_every_profile_of_the_folder(capgen: Capgen) -> None:
    """Without a name, each profile in `profiles/` is compiled to its own targets."""
    capgen.write("profiles/web.yaml", WEB)
    capgen.write("profiles/in/b.yaml", WEB.replace("name: web", "name: b") + "  targets: [vap]\n")
    assert capgen("compile").code == 0
    found = {str(path.relative_to(capgen.folder)) for path in capgen.folder.glob("out/*/*")}
    assert found == {"out/web/security-context", "out/web/vap", "out/b/vap"}


def test_no_profiles_folder(capgen: Capgen) -> None:
    """Nothing named and nothing there is bad usage."""
    done = capgen("compile")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == "error: no profile is named, and there is none in `profiles/`\n"


def test_targets_and_folder(capgen: Capgen) -> None:
    """`-t` chooses targets, each once, and `-o` the folder."""
    done = capgen("compile", "pss/baseline", "-t", "vap", "-t", "docker", "-t", "vap", "-o", "a/b")
    assert done.code == 0
    assert {path.name for path in (capgen.folder / "a/b/pss-baseline").iterdir()} == {
        "vap",
        "docker",
    }


def test_a_profile_named_twice(capgen: Capgen) -> None:
    """The second mention changes nothing: the folder is whole."""
    for _ in range(2):
        assert capgen("compile", "pss/baseline", "pss/baseline", "-t", "vap").code == 0
        assert set(tree(capgen.folder / "out")) == {f"pss-baseline/vap/{name}" for name in VAP}


def test_stdout(capgen: Capgen) -> None:
    """One target's YAML can be piped on; nothing is written, and stderr is quiet."""
    done = capgen("compile", "pss/baseline", "-t", "vap", "--stdout")
    kinds = [document["kind"] for document in loaded_all(done.stdout)]
    assert sorted(kinds) == sorted(
        ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"] * 2
    )
    assert (done.code, done.stderr) == (0, "")
    assert not (capgen.folder / "out").exists()


def test_stdout_is_what_a_cluster_takes(capgen: Capgen) -> None:
    """What stands beside the objects, a kustomization, is no input of `kubectl apply`."""
    done = capgen("compile", "pss/privileged", "-t", "psp", "--stdout", "--kubernetes", "1.24")
    kinds = [document["kind"] for document in loaded_all(done.stdout)]
    assert kinds == ["PodSecurityPolicy", "ClusterRole", "ClusterRoleBinding"]


def test_stdout_takes_one_target(capgen: Capgen) -> None:
    """Several targets on stdout are bad usage, with their names."""
    capgen.write("web.yaml", WEB)
    done = capgen("compile", "./web.yaml", "--stdout")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr.endswith(
        "\nerror: --stdout prints one target of one profile; found 2: security-context, vap\n"
    )


def test_kubernetes_overrides(capgen: Capgen) -> None:
    """`--kubernetes` takes the place of the profile's own version."""
    arguments = ("compile", "pss/baseline", "-t", "vap", "--stdout")
    own = capgen(*arguments).stdout
    assert "hostProbes" in own
    assert "hostProbes" not in capgen(*arguments, "--kubernetes", "1.33").stdout
    assert capgen(*arguments, "--kubernetes", "1.36").stdout == own
    pinned = capgen("compile", "pss/baseline@1.33", "-t", "vap", "--stdout").stdout
    assert "hostProbes" not in pinned


def test_deterministic(capgen: Capgen) -> None:
    """Neither the order of keys nor the hash seed changes a byte."""
    outputs = []
    for seed, text in (("0", WEB), ("1", SHUFFLED), ("31337", WEB)):
        capgen.write("web.yaml", text)
        done = capgen(
            "compile", "./web.yaml", "-t", "vap", "-t", "security-context", PYTHONHASHSEED=seed
        )
        assert done.code == 0
        outputs.append(tree(capgen.folder / "out"))
    assert outputs[0] == outputs[1] == outputs[2]


def test_keep_going(capgen: Capgen) -> None:
    """The profile that can be compiled is, and the exit code still tells of the other."""
    capgen.write("profiles/a.yaml", WEB.replace("privileged", "privilegd"))
    capgen.write("profiles/b.yaml", WEB)
    plain = capgen("compile")
    assert plain.code == 2
    assert not (capgen.folder / "out").exists()
    done = capgen("compile", "--keep-going")
    assert done.code == 2
    assert "error: ./profiles/a.yaml:10:5: `privilegd` is no key here" in done.stderr
    assert set(tree(capgen.folder / "out/web/vap")) == VAP


REFUSED = {
    "unknown target": (
        ("pss/baseline", "-t", "dockr"),
        "error: `dockr` is no target; did you mean `docker`?",
    ),
    "unknown profile": (
        ("pss/basline",),
        "error: the library has no profile `pss/basline`; did you mean `pss/baseline`?",
    ),
    "missing file": (
        ("./none.yaml",),
        "error: ./none.yaml: cannot read: no such file or directory",
    ),
    "too old for vap": (
        ("./web.yaml", "-t", "vap", "--kubernetes", "1.29-1.36"),
        (
            "error: ./web.yaml:5:15: the target `vap` needs Kubernetes 1.30;"
            " the profile is for 1.29 too"
        ),
    ),
    "no version": (
        ("pss/baseline", "--kubernetes", "latest"),
        "error: `latest` is no Kubernetes minor version; expected one like `1.34`",
    ),
    "two of one name": (
        ("./web.yaml", "./other.yaml"),
        "error: two profiles are called `web`: each needs a name of its own",
    ),
    "output is a file": (
        ("pss/baseline", "-o", "web.yaml"),
        "error: the output folder `web.yaml` is a file",
    ),
    "output below a file": (
        ("pss/baseline", "-o", "web.yaml/in"),
        "error: cannot write `web.yaml/in`: not a directory",
    ),
    "stale accept": (
        ("./stale.yaml", "-t", "vap"),
        (
            "error: ./stale.yaml:13:30: `privileged` is accepted as a gap of `vap`,"
            " which says it: exact"
        ),
    ),
    "accept of an unknown target": (
        ("./dokcer.yaml", "-t", "vap"),
        "error: ./dokcer.yaml:13:20: `dokcer` is no target; did you mean `docker`?",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(capgen: Capgen, case: str) -> None:
    """Bad usage and bad profiles are one line each, exit 2, and nothing is written."""
    arguments, message = REFUSED[case]
    capgen.write("web.yaml", WEB)
    capgen.write("other.yaml", WEB.replace("privileged: false", "hostPID: false"))
    capgen.write("stale.yaml", WEB + "  accept: {vap: {privileged: seen}}\n")
    capgen.write("dokcer.yaml", WEB + "  accept: {dokcer: {runAsNonRoot: seen}}\n")
    done = capgen("compile", *arguments)
    assert (done.code, done.stdout, done.stderr) == (2, "", message + "\n")
    assert not (capgen.folder / "out").exists()


def test_gap(capgen: Capgen) -> None:
    """A gap that nobody accepted is a finding: exit 1, and no target is written."""
    text = WEB.replace("    runAsUser: {ranges: [10000-60000], default: 10001}\n", "")
    capgen.write("web.yaml", text)
    done = capgen("compile", "./web.yaml", "-t", "vap", "-t", "docker")
    assert done.code == 1
    assert done.stdout == (
        "web: docker: `runAsNonRoot` is a gap: docker cannot refuse an image that runs as root\n"
    )
    assert "\nnothing written: accept a gap in the profile" in done.stderr
    assert not (capgen.folder / "out").exists()
    capgen.write("web.yaml", text + "  accept: {docker: {runAsNonRoot: images are reviewed}}\n")
    assert capgen("compile", "./web.yaml", "-t", "vap", "-t", "docker").code == 0


def test_a_path_with_an_at_sign(capgen: Capgen) -> None:
    """Only the library's names are pinned with `@`; a path may hold one."""
    capgen.write("team@home/web.yaml", WEB)
    assert capgen("compile", "./team@home/web.yaml", "-t", "vap", "--stdout").code == 0
