"""Paths of a command line become files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from capgen.errors import InputError
from capgen.reader import find

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder with files of every kind, beside one that is out of it."""
    top = tmp_path / "top"
    for name in ("b.yaml", "a.yml", "c.json", "D.YAML", "x.txt", ".hid.yaml", "s/e.yaml",
                 "s/t/f.json", ".git/g.yaml", "..data/h.yaml"):  # fmt: skip
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a: 1\n")
    (tmp_path / "out.yaml").write_text("a: 1\n")
    (tmp_path / "outer").mkdir()
    (tmp_path / "outer" / "o.yaml").write_text("a: 1\n")
    (top / "in.yaml").symlink_to("..data/h.yaml")
    (top / "out.yaml").symlink_to(tmp_path / "out.yaml")
    (top / "outer").symlink_to(tmp_path / "outer")
    (top / "self").symlink_to(top)
    (top / "circle.yaml").symlink_to("circle.yaml")
    (top / "none.yaml").symlink_to("nowhere.yaml")
    return top


def _names(tree: Path, *paths: str) -> list[str]:
    return [path.removeprefix(f"{tree}/") for path in find(paths)]


def test_folder(tree: Path) -> None:
    """A folder is its manifests, sorted; hidden folders and links that lead out are passed over."""
    inside = [
        ".hid.yaml",
        "D.YAML",
        "a.yml",
        "b.yaml",
        "c.json",
        "in.yaml",
        "s/e.yaml",
        "s/t/f.json",
    ]
    assert _names(tree, str(tree)) == inside


def test_files_and_stdin_are_themselves(tree: Path) -> None:
    """What is named is taken: whatever its suffix, hidden, or a link that leads out."""
    named = [f"{tree}/{name}" for name in ("x.txt", ".hid.yaml", "out.yaml")]
    assert list(find(["-", *named])) == ["-", *named]


def test_globs(tree: Path) -> None:
    """A glob is its matches, sorted; a folder among them is its manifests."""
    assert _names(tree, f"{tree}/[ab].*") == ["a.yml", "b.yaml"]
    assert _names(tree, f"{tree}/s") == ["s/e.yaml", "s/t/f.json"]
    assert _names(tree, f"{tree}/[s]") == ["s/e.yaml", "s/t/f.json"]
    assert "s/t/f.json" in _names(tree, f"{tree}/**/f.json")


def test_closed_folder(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be listed is not passed over in silence."""
    listed = os.scandir

    def scandir(path: str) -> object:
        if path == f"{tree}/s/t":
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert _names(tree, f"{tree}/s") == ["s/e.yaml", "s/t"]


@pytest.mark.parametrize("name", ["none", "none/*.yaml", "[", "none.yaml"])
def test_missing(tree: Path, name: str) -> None:
    """A path that means nothing is an error before anything is read."""
    with pytest.raises(InputError, match=r"no such file or folder|no file matches"):
        find([str(tree), f"{tree}/{name}"])


def test_empty_path() -> None:
    """An empty argument is no folder."""
    with pytest.raises(InputError, match="no such file or folder: ``"):
        find([""])


def test_name_with_glob_characters(tree: Path) -> None:
    """A file whose name looks like a glob is that file."""
    odd = tree / "[x].yaml"
    odd.write_text("a: 1\n")
    assert list(find([str(odd)])) == [str(odd)]
