"""Where the output folder is wrong or full, `capgen compile` writes nothing anywhere."""

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
