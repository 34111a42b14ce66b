"""What an author is told is in plain words, and what means nothing is not taken."""

from __future__ import annotations

from typing import Final

import pytest

from tests.profile.test_language_errors import RULES, complaints

EMPTY: Final = (
    "exempt: [{containers: [a], rules: [], reason: r, until: 2030-01-01}]",
    "enforceOn: []",
    "containers: {web: {runAsUser: x}}",
    "containers: {web: {runAsUser: '1'}}",
    "rules: {runAsUser: {ranges: ['1-'], default: '1'}}",
    "rules: {fsGroup: {ranges: ['1-'], default: true}}",
)


@pytest.mark.parametrize("text", EMPTY)
def test_our_words(text: str) -> None:
    """What is expected is said in the author's words, not in those of a library."""
    (found,) = complaints(text)
    assert "hould" not in found
    assert "valid" not in found


def test_an_empty_namespace_is_no_reason() -> None:
    """A name that is empty is told as a name."""
    (found,) = complaints('match: {namespaces: {exclude: [""]}}')
    assert "reason" not in found


CHOSEN: Final = (
    "rules: {seccompProfile: {allow: ['Localhost:x/*'], default: 'Localhost:x/*'}}",
    "rules: {seccompProfile: 'Localhost:*'}\n  containers: {a: {seccompProfile: 'Localhost:*'}}",
    "rules: {appArmorProfile: {allow: ['Localhost:web-*'], default: 'Localhost:web-*'}}",
)


@pytest.mark.parametrize("text", CHOSEN)
def test_a_pattern_is_no_value(text: str) -> None:
    """No pod can have a pattern as its profile: it cannot be chosen."""
    assert complaints(text) != []


def test_null_is_no_choice() -> None:
    """Null, which takes a parent's rule out, has nothing to take out here."""
    assert complaints(f"{RULES}\n  containers: {{a: {{runAsUser: null}}}}") != []


def test_a_blank_reason() -> None:
    """Spaces give no reason."""
    text = "exempt: [{containers: [a], rules: [privileged], reason: '  ', until: 2030-01-01}]"
    assert complaints(f"{RULES}\n  {text}") != []
