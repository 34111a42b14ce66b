"""`capgen test` as a user meets it: what is written where, what is said, the exit code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_compile import WEB, tree
from tests.loading import loaded
from tests.profile.test_sets import ROOT, write

if TYPE_CHECKING:
    from tests.cli.conftest import Capgen

THERE_ARE = "vap, kyverno, kyverno-legacy, gatekeeper"


def test_own_targets(capgen: Capgen) -> None:
    """The profile's own targets that have tests are written; what has none is said."""
    capgen.write("web.yaml", WEB + "  targets: [security-context, vap, kyverno]\n")
    done = capgen("test", "-p", "web.yaml")
    assert (done.code, done.stdout) == (0, "")
    assert {path.name for path in (capgen.folder / "out/web").iterdir()} == {
        "kyverno-test",
        "vap-test",
    }
    assert "note: web.yaml: there are no tests of `security-context`\n" in done.stderr
    folder = capgen.folder / "out/web/kyverno-test"
    count = len(list((folder / "resources").iterdir()))
    assert f"out/web/kyverno-test: {count} cases; kyverno test .\n" in done.stderr
    script = capgen.folder / "out/web/vap-test/test.sh"
    assert os.access(script, os.X_OK)
    readme = (folder / "README.md").read_text("utf-8")
    assert f"\n{count} cases, " in readme
    assert "- debug containers and updates are not tested" in readme


def test_chosen_targets(capgen: Capgen) -> None:
    """`-t` chooses targets, with their options, and `-o` the folder."""
    arguments = ("-t", "gatekeeper:engines=cel", "-t", "kyverno-legacy", "-o", "a/b")
    done = capgen("test", "-p", "pss/baseline", *arguments, "--kubernetes", "1.30")
    assert done.code == 0
    assert {path.name for path in (capgen.folder / "a/b/pss-baseline").iterdir()} == {
        "gatekeeper-test",
        "kyverno-legacy-test",
    }
    folder = capgen.folder / "a/b/pss-baseline/gatekeeper-test"
    suite = loaded((folder / "suite.yaml").read_text("utf-8"))
    count = sum(len(test["cases"]) for test in suite["tests"])
    said = f"a/b/pss-baseline/gatekeeper-test: {count} cases; gator verify suite.yaml\n"
    assert said in done.stderr


def test_what_gatekeeper_expands_is_not_tested(capgen: Capgen) -> None:
    """A suite has no such objects, and says so where a profile names kinds of them."""
    for option, said in (("engines=cel", False), ("expand=argoproj.io/v1alpha1/Rollout", True)):
        done = capgen("test", "-p", "pss/baseline", "-t", f"gatekeeper:{option}")
        readme = (capgen.folder / "out/pss-baseline/gatekeeper-test/README.md").read_text("utf-8")
        for text in (done.stderr, readme):
            assert ("controllers that Gatekeeper expands" in text) is said


def test_beside_what_is_compiled(capgen: Capgen) -> None:
    """The folder of the target is left alone, a stale file in that of the tests is gone."""
    assert capgen("compile", "pss/baseline", "-t", "vap").code == 0
    before = tree(capgen.folder / "out")
    stray = capgen.write("out/pss-baseline/vap-test/refused/stray.yaml", "stray")
    assert capgen("test", "-p", "pss/baseline", "-t", "vap").code == 0
    assert not stray.exists()
    after = tree(capgen.folder / "out")
    assert before.items() <= after.items()
    assert (
        after["pss-baseline/vap-test/policies/pods-policy.yaml"]
        == (before["pss-baseline/vap/pods-policy.yaml"])
    )
    assert capgen("compile", "--check", "pss/baseline", "-t", "vap").code == 0
    assert capgen("test", "-p", "pss/baseline", "-t", "vap").code == 0
    assert tree(capgen.folder / "out") == after


def test_a_profile_given_twice(capgen: Capgen) -> None:
    """Two profiles each have their folder; one name for two is refused."""
    capgen.write("web.yaml", WEB)
    capgen.write("b.yaml", WEB.replace("name: web", "name: b"))
    assert capgen("test", "-p", "web.yaml", "-p", "b.yaml", "-p", "web.yaml").code == 0
    assert {path.name for path in (capgen.folder / "out").iterdir()} == {"web", "b"}
    capgen.write("b.yaml", WEB.replace("runAsNonRoot: true", "runAsNonRoot: false"))
    done = capgen("test", "-p", "web.yaml", "-p", "b.yaml")
    assert (done.code, done.stderr.splitlines()[-1]) == (
        2,
        "error: two profiles are called `web`: each needs a name of its own",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("-p", "pss/baseline", "-t", "docker"),
            f"there are no tests of `docker`; there are of: {THERE_ARE}\n",
        ),
        (
            ("-p", "pss/baseline", "-t", "kyvern"),
            f"no tests of `kyvern`; did you mean `kyverno`?; there are of: {THERE_ARE}\n",
        ),
        (
            ("-p", "pss/baseline", "-t", "gatekeeper:engine=cel"),
            "the target `gatekeeper` has no option `engine`; did you mean `engines`?",
        ),
        (
            ("-p", "flags.yaml"),
            f"no target that has tests, only `docker`; choose with -t one of: {THERE_ARE}\n",
        ),
        (("-p", "pss/baseline", "--today", "soon"), "`soon` is no day; expected one like"),
        (("-p", "pss/baseline", "-t", "vap", "--kubernetes", "1.29"), "needs Kubernetes 1.30"),
        (("-p", "none.yaml"), "none.yaml"),
        (("-p", "pss/baseline", "-t", "vap", "-o", "flags.yaml"), "`flags.yaml` is a file"),
    ],
)
def test_bad_usage(capgen: Capgen, arguments: tuple[str, ...], said: str) -> None:
    """Bad usage is said, and nothing is written."""
    capgen.write(
        "flags.yaml",
        WEB.replace("runAsNonRoot: true", "runAsNonRoot: false") + "  targets: [docker]\n",
    )
    done = capgen("test", *arguments)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr
    assert not (capgen.folder / "out").exists()


def test_a_set(capgen: Capgen) -> None:
    """A set is refused: its profiles are tested one by one."""
    write(capgen.folder, "root", ROOT)
    write(capgen.folder, "set", "  anyOf: [root]\n", "ProfileSet", "")
    done = capgen("test", "-p", "./set.yaml", "-t", "vap")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == (
        "error: ./set.yaml:1:1: `set` is a set of profiles; expected one profile: tests are of one"
        " profile; name its profiles, each with -p\n"
    )


def test_a_gap(capgen: Capgen) -> None:
    """What is not enforced, and not accepted, is not tested."""
    capgen.write("web.yaml", WEB + "  mutate: true\n")
    done = capgen("test", "-p", "web.yaml", "-t", "vap")
    assert done.code == 1
    assert "web: vap: `runAsUser` is a gap: " in done.stdout
    assert not (capgen.folder / "out").exists()


def test_an_exemption_that_has_ended(capgen: Capgen) -> None:
    """`--today` decides whether an exemption holds."""
    exempt = "{containers: [a], rules: [privileged], reason: r, until: 2030-01-01}"
    capgen.write("web.yaml", WEB + f"  exempt: [{exempt}]\n")
    done = capgen("test", "-p", "web.yaml", "-t", "vap", "--today", "2029-01-01")
    assert done.code == 0
    assert list((capgen.folder / "out/web/vap-test/admitted").glob("exempt-1-*"))
    done = capgen("test", "-p", "web.yaml", "-t", "vap", "--today", "2031-01-01")
    assert done.code == 2


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "nothing can be tested: it has no rules"),
        (
            '  match: {namespaces: {exclude: ["*"]}}\n  rules: {privileged: false}\n',
            "nothing can be tested: no namespace that `match` selects can be made up",
        ),
        (
            "  enforcement: audit\n  rules: {privileged: false}\n",
            "nothing can be tested: with `enforcement: audit`",
        ),
    ],
)
def test_nothing_to_test(capgen: Capgen, spec: str, said: str) -> None:
    """Where nothing can be tested that is said, and what stood there is gone."""
    head = "apiVersion: capgen/v1\nkind: Profile\nmetadata: {name: a}\nspec:\n"
    capgen.write("a.yaml", f'{head}  kubernetes: "1.36"\n{spec}')
    capgen.write("out/a/vap-test/test.sh", "stale")
    done = capgen("test", "-p", "a.yaml", "-t", "vap")
    assert (done.code, done.stdout) == (0, "")
    assert f"note: out/a/vap-test: {said}" in done.stderr
    assert not (capgen.folder / "out/a/vap-test").exists()


def test_names_cannot_break_out(capgen: Capgen) -> None:
    """Texts of the profile stay texts in the script and in the files."""
    capgen.write("web.yaml", WEB.replace("Web servers", '"\'; touch broken; {{ 1 }} $(x)"'))
    done = capgen("test", "-p", "web.yaml", "-t", "vap", "-t", "kyverno")
    assert done.code == 0
    assert "touch" not in (capgen.folder / "out/web/vap-test/test.sh").read_text("utf-8")
