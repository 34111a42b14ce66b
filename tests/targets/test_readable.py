"""Policies are read by whoever gets paged: an expression fits a screen, and says things once."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.policy.catalogue import ENTRIES
from capgen.profile.library import names, open_profile
from capgen.targets.registry import TARGETS
from tests.loading import loaded
from tests.policy.made import profile as made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from capgen.targets.base import Target

# A screen that is not a large one, of half of which an editor shows the file; a line that is longer
# than it is wide takes several, as editors and `kubectl get -o yaml` in a terminal show it.
_LINES: Final = 50
_COLUMNS: Final = 120
_JUDGES: Final = ("vap", "kyverno", "kyverno-legacy", "gatekeeper")
# What only the variables that all rules share may say.
_PATHS: Final = re.compile(r"\bobject\.(?:spec|\?spec)\b")


def expressions(document: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - YAML
    """Yield each expression of a document, with the name that it has there."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in ("expression", "messageExpression") and isinstance(value, str):
                yield str(document.get("name", key)), value
            else:
                yield from expressions(value)
    elif isinstance(document, list):
        for each in document:
            yield from expressions(each)


# No profile of the library asks all that one rule can.
_LONG: Final = """
    kubernetes: "1.36"
    rules: {seLinuxOptions: {type: [a_t], user: [u], role: [r], level: ["s0:c1,c2"]}}
"""


def _profiles(target: Target) -> Iterator[Profile]:
    """Yield the library, whose targets judge and set all that they can, at the newest version."""
    version = f"1.{min(36, target.ceiling or 36)}"
    for profile in (*(open_profile(name, version) for name in names()), made(_LONG, version)):
        yield profile._replace(mutate=target.mutates, pods=True, controllers=True)


@cache
def _emitted(target: Target) -> list[tuple[str, str, str]]:
    """Return each expression that a target makes of the profiles: its file, its name, its text."""
    return [
        (f"{profile.name}/{each.path}", name, text)
        for profile in _profiles(target)
        for output in [target.emit(profile)]
        for each in (*output.objects, *output.shared)
        if each.path.endswith(".yaml")
        for name, text in expressions(loaded(each.text))
    ]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_an_expression_fits_a_screen(target: Target) -> None:
    """The longest of all are those of host paths, where a profile allows a dozen of them."""
    found = 0
    for where, name, text in _emitted(target):
        lines = sum(max(1, math.ceil(len(line) / _COLUMNS)) for line in text.splitlines())
        assert lines <= _LINES, (where, name, text)
        found += 1
    assert found or target.name in ("security-context", "psa", "psp", "docker")


@pytest.mark.parametrize(
    "target", [each for each in TARGETS if each.name in _JUDGES], ids=lambda target: target.name
)
def test_shared_parts_are_variables(target: Target) -> None:
    """Where a pod's spec and its containers are is said once a policy, not in each rule."""
    found = 0
    for where, name, text in _emitted(target):
        if name in ENTRIES or name == "offences":
            assert _PATHS.search(text) is None, (where, name, text)
            found += 1
    assert found
