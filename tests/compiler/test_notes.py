"""What is said beside a compile: what rests on the tenant's word, and what is not covered."""

from __future__ import annotations

from typing import Final

import pytest

from capgen.compiler.notes import notes
from capgen.profile.library import find
from capgen.profile.resolve import resolve
from tests.policy.made import FIRST_LINE, source

RULES: Final = 'kubernetes: "1.36"\nrules: {privileged: false, hostPorts: {ranges: []}}\n'
# The line on which what follows the rules begins.
LINE: Final = FIRST_LINE + 2
_SELECTS: Final = (
    "warning: `podSelector` rests on the pod's labels, which whoever creates the pod chooses;"
    " `namespaces` and `namespaceSelector` rest on the namespace"
)
_NAMED: Final = (
    "warning: the exemption of {} rests on a container's name, which whoever creates the pod"
    " chooses; name its `images` too"
)
_LOST: Final = "note: coverage lost: {} exempt from {} until 9999-12-31: {}"
_PARENTS: Final = (
    "note: coverage lost: only what `match` selects is judged, by this profile and by what it has"
    " of its parents"
)
_ANY: Final = (
    "warning: `{}` is an image of any registry that its creator chooses; begin it with the"
    " registry's name"
)
_GIVEN: Final = (
    "note: with `mutate` a pod that the parents refuse for want of a value is given it, and"
    " admitted"
)
_UNTIL: Final = "until: 9999-12-31"

# What stands below the rules, and what is said: line, column, and text.
CASES: Final[dict[str, list[tuple[int, int, str]]]] = {
    "": [],
    "match: {}": [],
    "match: {namespaces: {exclude: [kube-system]}}": [],
    "match: {namespaceSelector: {matchLabels: {team: web}}}": [],
    "match: {podSelector: {}}": [],
    "match: {podSelector: {matchLabels: {team: web}}}": [(0, 24, _SELECTS)],
    "match: {podSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}": [
        (0, 24, _SELECTS)
    ],
    "mutate: true\nreading: both\nenforcement: audit": [],
    "containers: {web: {privileged: false}}": [],
    f"exempt: [{{images: ['r.io/a:*', r.io/b], rules: [privileged], reason: one, {_UNTIL}}}]": [
        (0, 12, _LOST.format("image `r.io/a:*`, `r.io/b`", "`privileged`", "one")),
    ],
    f"exempt: [{{images: [r.io/a, '*/b', c], rules: [privileged], reason: one, {_UNTIL}}}]": [
        (0, 21, _ANY.format("*/b")),
        (0, 21, _ANY.format("c")),
        (0, 12, _LOST.format("image `r.io/a`, `*/b`, `c`", "`privileged`", "one")),
    ],
    f"exempt: [{{containers: [a, b], rules: [hostPorts, privileged], reason: two, {_UNTIL}}}]": [
        (0, 12, _NAMED.format("`a`, `b`")),
        (0, 12, _LOST.format("container `a`, `b`", "`hostPorts`, `privileged`", "two")),
    ],
    f"exempt:\n  - {{images: [r/a], containers: [b], rules: [privileged], reason: x, {_UNTIL}}}\n"
    f"  - {{containers: [c], rules: [hostPorts], reason: z, {_UNTIL}}}": [
        (2, 7, _NAMED.format("`c`")),
        (1, 7, _LOST.format("image `r/a` and container `b`", "`privileged`", "x")),
        (2, 7, _LOST.format("container `c`", "`hostPorts`", "z")),
    ],
    "network: [inet stream]": [
        (0, 12, "note: `network` is read and checked; no target compiles it yet")
    ],
    "extends: pss/baseline": [],
    "extends: pss/baseline\nmatch: {}": [],
    "extends: pss/baseline\nmutate: true": [(1, 11, _GIVEN)],
    "extends: pss/baseline\nmutate: false": [],
    "extends: pss/baseline\nmatch: {namespaces: {include: [shop]}}": [(1, 10, _PARENTS)],
    "extends: pss/baseline\nmatch: {namespaces: {exclude: [shop]}}": [(1, 10, _PARENTS)],
    "extends: pss/baseline\nmatch: {namespaceSelector: {matchLabels: {a: b}}}": [(1, 10, _PARENTS)],
    "extends: pss/baseline\nmatch: {podSelector: {matchLabels: {a: b}}}": [
        (1, 24, _SELECTS),
        (1, 10, _PARENTS),
    ],
}


def said(spec: str) -> list[str]:
    """Return the notes of a profile."""
    read = source(RULES + spec)
    return list(notes(read, resolve(read, find)))


@pytest.mark.parametrize("spec", CASES)
def test_each(spec: str) -> None:
    """A line each, with its place; and none for a plain profile."""
    expected = [f"made.yaml:{LINE + line}:{column}: {text}" for line, column, text in CASES[spec]]
    assert said(spec) == expected


def test_of_the_library() -> None:
    """A profile of the library has nothing that its author should be told."""
    for name in ("pss/baseline", "pss/restricted"):
        read = find(name, None)
        assert list(notes(read, resolve(read, find))) == []
