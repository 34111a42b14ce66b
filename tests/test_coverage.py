"""The page on coverage is what the targets say, and leaves nothing out."""

from __future__ import annotations

import re
from typing import Final

import pytest

from capgen.policy.catalogue import CATALOGUE
from capgen.targets.registry import TARGETS
from tests.coverage import PAGE, page

_CELL: Final = re.compile(r"(exact|stricter|gap|n/a) \(\d+(, \d+)*\)")


@pytest.fixture(scope="module")
def made() -> str:
    """Return the page as the code makes it."""
    return page()


def test_the_page_is_current(made: str) -> None:
    """`make out` has been run."""
    assert PAGE.read_text("utf-8") == made


def test_no_cell_is_empty(made: str) -> None:
    """Every target says a word, with a reason, on every rule."""
    everything = made.rpartition("\n## ")[2]
    rows = {
        cells[0].strip("`"): cells[1:]
        for line in everything.splitlines()
        if line.startswith("| `") and (cells := line.strip("| ").split(" | "))
    }
    assert set(rows) == {entry.id for entry in CATALOGUE}
    for rule, cells in rows.items():
        assert len(cells) == len(TARGETS), rule
        for cell in cells:
            assert all(_CELL.fullmatch(each) for each in re.split(r"(?<=\)), ", cell)), (rule, cell)
