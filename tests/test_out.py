"""What is committed in `out/` and in the precompiled library is what the sources make."""

from __future__ import annotations

from pathlib import Path

from capgen.compiler.plan import plan
from capgen.profile.library import names

ROOT = Path(__file__).parent.parent
OUT = ROOT / "out"


def test_out_is_what_a_compile_writes() -> None:
    """Each committed file is what a compile of the library writes, and none is stray."""
    compiled = [each for name in names() for each in plan(name, (), None)]
    expected = {
        f"{each.profile.name}/{each.target}/{artefact.path}": artefact.text.encode()
        for each in compiled
        for artefact in each.artefacts
    }
    found = {
        path.relative_to(OUT).as_posix(): path.read_bytes()
        for path in OUT.rglob("*")
        if path.is_file()
    }
    assert found.keys() == expected.keys()
    for path, content in found.items():
        assert content == expected[path], path
