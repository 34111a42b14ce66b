"""What `capgen compile` does to the output folder, and to one that is wrong or full."""

from __future__ import annotations

import resource
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Capgen

WEB = """\
apiVersion: capgen/v1
kind: Profile
metadata: {name: web}
spec: {kubernetes: "1.34", rules: {privileged: false}}
"""


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, what is hidden included."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_folder_is_replaced_whole(capgen: Capgen) -> None:
    """A stale file goes with its folder; what stands beside the folder is left alone."""
    for path in ("out/web/vap/stale.yaml", "out/web/vap/in/stale.yaml"):
        capgen.write(path, "old")
    for path in ("out/web/notes.txt", "out/web/kyverno/policy.yaml", "out/other/vap/x.yaml"):
        capgen.write(path, "mine")
    capgen.write("web.yaml", WEB)
    assert capgen("compile", "./web.yaml", "-t", "vap").code == 0
    found = tree(capgen.folder / "out")
    assert {name for name, data in found.items() if data == b"mine"} == {
        "web/notes.txt",
        "web/kyverno/policy.yaml",
        "other/vap/x.yaml",
    }
    assert {name for name, data in found.items() if data == b"old"} == set()
    assert "web/vap/pods-policy.yaml" in found


@pytest.mark.parametrize("link", ["out", "out/web", "out/web/vap"])
def test_a_link_out(capgen: Capgen, tmp_path_factory: pytest.TempPathFactory, link: str) -> None:
    """Nothing is written through a link that leads out of the output folder."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    path = capgen.folder / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(elsewhere)
    capgen.write("web.yaml", WEB)
    done = capgen("compile", "./web.yaml", "-t", "vap")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: `{link}` is a link")
    assert list(elsewhere.iterdir()) == []


def test_a_disk_that_is_full(capgen: Capgen) -> None:
    """Where a file cannot be written the old folder is whole, and nothing lies beside it."""
    arguments = ("compile", "pss/restricted", "-t", "security-context", "-t", "vap")
    assert capgen(*arguments, "--kubernetes", "1.33").code == 0
    before = tree(capgen.folder)
    done = subprocess.run(
        capgen.command(*arguments),
        check=False,
        cwd=capgen.folder,
        env=capgen.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        # As a disk with room for small files only.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)),
    )
    assert done.returncode == 2
    assert done.stderr.decode().startswith("error: cannot write")
    assert done.stderr.decode().endswith(": file too large\n")
    assert tree(capgen.folder) == before
