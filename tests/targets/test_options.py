"""Options of targets, on the command line and in a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capgen.errors import UsageError
from capgen.targets.options import listed, with_options
from capgen.targets.registry import target

if TYPE_CHECKING:
    from capgen.targets.base import Options


def test_values_are_texts() -> None:
    """A value alone is a list of one; what is no text is refused."""
    assert listed({}) == {}
    assert listed({"a": "x", "b": ["y", "z"], "c": []}) == {"a": ["x"], "b": ["y", "z"], "c": []}
    wrong: tuple[object, ...] = (1, None, True, {}, ["x", 1], [["x"]])
    for value in wrong:
        with pytest.raises(UsageError, match="`a` of a target is a text or a list of texts; found"):
            listed({"a": value})


def test_a_target_with_options() -> None:
    """It is another one where options are given, for profiles only, and itself where none are."""
    found = target("vap")
    assert with_options(found, {}) is found
    configured = with_options(found, {"parameters": ["crd"]})
    assert configured.name == found.name
    assert configured.emit is not found.emit
    assert found.emit_set is not None
    assert configured.emit_set is None


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("map", {"a": ["x"], "b": ["y"]}, "the target `map` has no options; found `a`, `b`"),
        ("vap", {"parameters": ["map"]}, "`vap` has no parameters in a `map`; known: crd"),
    ],
)
def test_mistakes(name: str, options: Options, message: str) -> None:
    """Options of a target that has none, and those that it refuses."""
    with pytest.raises(UsageError, match=message):
        with_options(target(name), options)
