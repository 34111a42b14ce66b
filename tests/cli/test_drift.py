"""`capgen compile --check`: says where the tree differs, and touches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Capgen

PROFILE = """\
apiVersion: capgen/v1
kind: Profile
metadata: {name: web}
spec:
  kubernetes: "1.34"
  targets: [vap]
  rules: {privileged: false}
"""
CHECK = ("compile", "./web.yaml", "--check")
POLICY = "out/web/vap/pods-policy.yaml"


@pytest.fixture
def compiled(capgen: Capgen) -> Capgen:
    """Return the command in a folder with a profile and its compiled tree."""
    capgen.write("web.yaml", PROFILE)
    assert capgen("compile", "./web.yaml").code == 0
    return capgen


def stats(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return what would betray a write, for everything below a folder."""
    return {
        str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns, path.lstat().st_size)
        for path in (folder, *sorted(folder.rglob("*")))
    }


def test_equal(compiled: Capgen) -> None:
    """A tree that is what a compile writes is exit 0."""
    before = stats(compiled.folder)
    done = compiled(*CHECK)
    assert (done.code, done.stdout, done.stderr) == (0, "", "out: is what a compile writes\n")
    assert stats(compiled.folder) == before


def test_changed(compiled: Capgen) -> None:
    """A changed value is exit 1 and a diff, the values first."""
    path = compiled.folder / POLICY
    path.write_text(path.read_text().replace("failurePolicy: Fail", "failurePolicy: Ignore"))
    before = stats(compiled.folder)
    done = compiled(*CHECK)
    assert done.code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == f"{POLICY}: differs"
    assert '"Ignore" to "Fail"' in lines[1]
    assert lines[2:4] == [f"--- {POLICY}", f"+++ {POLICY} (compiled)"]
    assert "-  failurePolicy: Ignore" in lines
    assert "+  failurePolicy: Fail" in lines
    assert done.stderr == "out: differs\n"
    assert stats(compiled.folder) == before


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"# a comment\n", f"{POLICY}: differs in its layout only"),
        (b"a: [\n", f"{POLICY}: differs: it cannot be read"),
        (b"\xff\n", f"{POLICY}: differs: it is no text in UTF-8"),
    ],
)
def test_changed_otherwise(compiled: Capgen, data: bytes, said: str) -> None:
    """A comment, broken YAML and no text at all are told apart."""
    path = compiled.folder / POLICY
    path.write_bytes(path.read_bytes() + data)
    done = compiled(*CHECK)
    assert (done.code, done.stdout.splitlines()[0]) == (1, said)
    assert "Traceback" not in done.stderr


def test_missing_and_stray(compiled: Capgen) -> None:
    """A file that is not there and one that no compile writes are named."""
    (compiled.folder / POLICY).unlink()
    compiled.write("out/web/vap/in/stray.yaml", "a: 1\n")
    compiled.write("out/web/beside/mine.yaml", "a: 1\n")
    done = compiled(*CHECK)
    assert done.code == 1
    assert done.stdout.splitlines() == [
        "out/web/vap/in/stray.yaml: stray: no compile writes it",
        f"{POLICY}: missing",
    ]
    assert not (compiled.folder / POLICY).exists()


def test_nothing_compiled_yet(capgen: Capgen) -> None:
    """Without a tree every file is missing, and none is made."""
    capgen.write("web.yaml", PROFILE)
    done = capgen(*CHECK)
    assert done.code == 1
    assert done.stdout.count(": missing\n") == 6
    assert not (capgen.folder / "out").exists()


def test_a_gap_comes_first(compiled: Capgen) -> None:
    """A profile that cannot be compiled is not compared."""
    compiled.write("web.yaml", PROFILE.replace("privileged: false", "runAsNonRoot: true"))
    done = compiled("compile", "./web.yaml", "-t", "docker", "--check")
    assert done.code == 1
    assert done.stdout.startswith("web: docker: `runAsNonRoot` is a gap: ")


def test_control_characters_stay_in_the_file(compiled: Capgen) -> None:
    """A diff of a file that somebody else wrote cannot rewrite the terminal."""
    path = compiled.folder / POLICY
    path.write_bytes(path.read_bytes() + b"# \x1b[2J\n")
    assert "\x1b" not in compiled(*CHECK).stdout
