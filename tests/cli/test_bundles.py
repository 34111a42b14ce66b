"""What profiles share: written with them, kept while somebody needs it, and gone with the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.cli.conftest import Capgen

BUNDLE: Final = "gatekeeper-templates"
HEAD: Final = "apiVersion: capgen/v1\nkind: Profile\nmetadata: {{name: {}}}\nspec:\n"
SPEC: Final = '  kubernetes: "1.34"\n  targets: [gatekeeper]\n  rules: {{{}}}\n'
ONE: Final = "privileged: false, hostPID: false"
TWO: Final = "privileged: false, runAsUser: {ranges: [5], default: 5}"


@pytest.fixture
def both(capgen: Capgen) -> Capgen:
    """Return the command in a folder with two profiles compiled one after the other."""
    for name, rules in (("one", ONE), ("two", TWO)):
        capgen.write(f"{name}.yaml", (HEAD + SPEC).format(name, rules))
        assert capgen("compile", f"./{name}.yaml").code == 0
    return capgen


def shared(capgen: Capgen) -> set[str]:
    """Return the rules whose templates are in the bundle; each file is a resource of it."""
    folder = capgen.folder / "out" / BUNDLE
    files = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if files:
        listed = (folder / "kustomization.yaml").read_text()
        page = (folder / "README.md").read_text()
        files -= {"kustomization.yaml", "README.md"}
        assert all(f"- {name}\n" in listed and f"`{name}`" in page for name in files)
        assert listed.count(".yaml\n") == len(files)
    return {name[len("capgen") : -len("01234567.yaml")] for name in files}


def kinds(folder: Path) -> Iterable[str]:
    """Return the templates that the constraints of a profile are of."""
    texts = [path.read_text() for path in (folder / "gatekeeper").glob("*.yaml")]
    return {line[6:].lower() for text in texts for line in text.splitlines() if "kind: Cap" in line}


def test_each_keeps_what_the_others_need(both: Capgen) -> None:
    """A compile of one profile leaves the templates of another, and drops its own old ones."""
    assert shared(both) == {"privileged", "hostpid", "runasuser"}
    both.write("one.yaml", (HEAD + SPEC).format("one", "hostIPC: false"))
    assert both("compile", "./one.yaml").code == 0
    assert shared(both) == {"hostipc", "privileged", "runasuser"}
    for name in ("one", "two"):
        for kind in kinds(both.folder / "out" / name):
            assert (both.folder / "out" / BUNDLE / f"{kind}.yaml").is_file()


def test_a_profile_that_is_gone(both: Capgen) -> None:
    """Its templates go with the next compile; those that others need stay, byte for byte."""
    before = {path: path.read_bytes() for path in (both.folder / "out" / BUNDLE).glob("capgen*")}
    for path in (both.folder / "out/one/gatekeeper").iterdir():
        path.unlink()
    done = both("compile", "./two.yaml", "--check")
    assert done.code == 1
    assert "stray: no compile writes it" in done.stdout
    assert "hostpid" in done.stdout
    assert both("compile", "./two.yaml").code == 0
    assert shared(both) == {"privileged", "runasuser"}
    for path in (both.folder / "out" / BUNDLE).glob("capgen*"):
        assert path.read_bytes() == before[path]


def test_compiled_together_or_alone(both: Capgen) -> None:
    """The bundle is the same whichever profiles are compiled last."""
    assert both("compile", "./one.yaml", "./two.yaml", "--check").code == 0
    for name in ("one", "two"):
        done = both("compile", f"./{name}.yaml", "--check")
        assert (done.code, done.stdout) == (0, "")


def test_drift(both: Capgen) -> None:
    """A changed, a missing and a stray file of the bundle are differences."""
    folder = both.folder / "out" / BUNDLE
    (privileged,) = folder.glob("capgenprivileged*")
    (user,) = folder.glob("capgenrunasuser*")
    privileged.write_text(privileged.read_text().replace("Fail", "Ignore"))
    (folder / "mine.yaml").write_text("mine")
    user.unlink()
    done = both("compile", "./one.yaml", "--check")
    assert done.code == 1
    assert f"out/{BUNDLE}/{privileged.name}: differs" in done.stdout
    assert '"Ignore" to "Fail"' in done.stdout
    assert f"out/{BUNDLE}/mine.yaml: stray: no compile writes it" in done.stdout
    needed = "missing: out/two/gatekeeper/runAsUser.yaml needs it; compile its profile"
    assert f"out/{BUNDLE}/{user.name}: {needed}" in done.stdout
    done = both("compile", "./one.yaml")
    assert done.code == 0
    assert f"warning: out/{BUNDLE}/{user.name}: {needed}" in done.stderr
    assert both("compile", "./two.yaml").code == 0
    assert both("compile", "./one.yaml", "./two.yaml", "--check").code == 0


def test_printed(both: Capgen) -> None:
    """What is printed can be applied: the templates come before what is of them."""
    done = both("compile", "./one.yaml", "--stdout")
    assert done.code == 0
    found = [line for line in done.stdout.splitlines() if line.startswith("kind: ")]
    assert found[:2] == ["kind: ConstraintTemplate"] * 2
    assert [line.startswith("kind: Capgen") for line in found[2:]] == [True, True]


def test_other_targets_share_nothing(capgen: Capgen) -> None:
    """Without the target there is no bundle, and with a link in its place nothing is written."""
    capgen.write("one.yaml", (HEAD + SPEC).format("one", ONE))
    assert capgen("compile", "./one.yaml", "-t", "vap").code == 0
    assert not (capgen.folder / "out" / BUNDLE).exists()
    (capgen.folder / "elsewhere").mkdir()
    (capgen.folder / "out" / BUNDLE).symlink_to("../elsewhere")
    done = capgen("compile", "./one.yaml")
    assert done.code == 2
    assert f"`out/{BUNDLE}` is a link" in done.stderr
    assert list((capgen.folder / "elsewhere").iterdir()) == []


def test_the_name_of_the_bundle_is_taken(capgen: Capgen) -> None:
    """A profile cannot be called like the folder: its own would lie in it."""
    capgen.write("one.yaml", (HEAD + SPEC).format(BUNDLE, ONE))
    done = capgen("compile", "./one.yaml", "-t", "vap")
    assert done.code == 2
    assert done.stderr.startswith(f"error: ./one.yaml:3:18: `{BUNDLE}` is the name of a folder")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("engines=cue", "`gatekeeper` writes for no engine `cue`"),
        ("engines=cel,regos", "no engine `regos`; did you mean `rego`?; known: cel, rego"),
        ("engines", "`engines` is no option of a target; expected one like `engines=cel`, once"),
        ("engines=cel:engines=cel", "`engines=cel` is no option of a target"),
        ("engines=", "`gatekeeper` writes for no engine ``; known: cel, rego"),
        ("engin=cel", "the target `gatekeeper` has no option `engin`"),
    ],
)
def test_options_on_the_command_line(capgen: Capgen, option: str, message: str) -> None:
    """An option, or a value of it, that is not known is refused, and nothing is written."""
    capgen.write("one.yaml", (HEAD + SPEC).format("one", ONE))
    done = capgen("compile", "./one.yaml", "-t", f"gatekeeper:{option}")
    assert done.code == 2
    assert message in done.stderr
    assert not (capgen.folder / "out").exists()


def test_options_of_a_profile(capgen: Capgen) -> None:
    """The profile's own options are checked in the same way, with their place."""
    text = (HEAD + SPEC).format("one", ONE)
    for options, code, said in (
        ("{engines: [cel]}", 0, ""),
        ("{engines: cel}", 0, ""),
        ("{engines: [cel, rego]}", 0, ""),
        ("{engines: [cel, cue]}", 2, "./one.yaml:6:12: `gatekeeper` writes for no engine `cue`"),
        ("{engines: [1]}", 2, "`engines` of a target is a text or a list of texts; found `1`"),
    ):
        capgen.write("one.yaml", text.replace("[gatekeeper]", f"[gatekeeper: {options}]"))
        done = capgen("compile", "./one.yaml")
        assert (done.code, said in done.stderr) == (code, True), done.stderr


def test_definitions_of_parameters(capgen: Capgen) -> None:
    """Profiles of one structure share one; without the option there is no such folder."""
    shared = capgen.folder / "out/vap-parameters"
    for name, ranges in (("one", "[1-5]"), ("two", "[7]")):
        spec = f'  kubernetes: "1.36"\n  rules: {{runAsUser: {{ranges: {ranges}}}}}\n'
        spec += "  targets: [{vap: {parameters: crd}}]\n"
        capgen.write(f"{name}.yaml", HEAD.format(name) + spec)
        assert capgen("compile", f"./{name}.yaml", "-t", "vap").code == 0
    assert not shared.exists()
    for name in ("one", "two"):
        assert capgen("compile", f"./{name}.yaml").code == 0
    assert len(list(shared.glob("capgenparameters*.yaml"))) == 1
    assert capgen("compile", "./one.yaml", "-t", "vap").code == 0
    assert len(list(shared.glob("capgenparameters*.yaml"))) == 1
    assert capgen("compile", "./two.yaml", "-t", "vap").code == 0
    assert not list(shared.glob("*"))
