"""libcap's text form, as capsh, getcap and setcap have it.

A text is clauses between blanks; a clause is names, then `=`, `+` or `-`, then flags: `e`ffective,
`i`nheritable, `p`ermitted. `=` clears the names in all three sets and raises them in those
flagged; `+` raises, `-` lowers; without names, `=` means every capability. Older releases begin a
text with a bare `=`, so that getcap prints `path = names+p`, newer ones `path names=p`: the same
to this reader, for a bare `=` clears what is clear already.

Source: cap_from_text(3), libcap 2.66.
"""

from __future__ import annotations

import re
from typing import Final

from capgen.capabilities.model import NamedSet
from capgen.capabilities.table import NotUnderstood, full, is_name, quote
from capgen.capabilities.words import members, refuse_elided

_CLAUSE: Final = re.compile(
    r"(?P<names>[A-Za-z0-9_]+(?:,[A-Za-z0-9_]+)*)"
    r"(?P<operations>(?:=[eip]*|[+-][eip]+)(?:[+-][eip]+)*)"
    r"|(?P<every>=[eip]*)"
)
_OPERATION: Final = re.compile(r"([=+-])([eip]*)")
_LIST_GOES_ON: Final = re.compile(r"(?:[A-Za-z0-9_]+,)+")
_ROOT_ID: Final = re.compile(r"\[rootid=[0-9]+\]")

# The kernel's order of the sets in /proc/PID/status.
_FLAGS: Final = {"i": "inheritable", "p": "permitted", "e": "effective"}


def sets(text: str) -> tuple[NamedSet, ...]:
    """Read a whole text as its inheritable, permitted and effective set.

    Raises:
        NotUnderstood: a clause is not well-formed, a name is unknown, or the text was shortened.
    """
    refuse_elided(text)
    before, clauses = _clauses(text)
    if before:
        word = before.split()[-1]
        msg = f"{quote(word)} is no capability text; expected one like `cap_net_raw=ep`"
        raise NotUnderstood(msg, word)
    return _apply(clauses)


def line(text: str) -> tuple[str | None, tuple[NamedSet, ...]] | None:
    """Read a line of getcap, or a text alone, as path and sets; None where it is neither.

    Raises:
        NotUnderstood: it has the form of one, and names a capability that is none.
    """
    text, root = _without_root_id(text)
    before, clauses = _clauses(text)
    if not clauses or _is_text(before):
        return None
    return (before + root if before else None), _apply(clauses)


def _without_root_id(text: str) -> tuple[str, str]:
    """Split off what `getcap -n` adds for a file that counts in one user namespace only."""
    before, _, last = text.rstrip().rpartition(" ")
    return (before, f" {last}") if _ROOT_ID.fullmatch(last) else (text, "")


def _clauses(text: str) -> tuple[str, list[str]]:
    """Return the clauses at the end of a text, and what stands before them.

    From the end, because a path may hold blanks and the clauses cannot. A page that broke a long
    list behind a comma is mended.
    """
    found: list[str] = []
    end = len(text)
    for token in reversed(list(re.finditer(r"\S+", text))):
        if _CLAUSE.fullmatch(token[0]):
            found.append(token[0])
        elif found and found[-1][0] != "=" and _LIST_GOES_ON.fullmatch(token[0]):
            found[-1] = token[0] + found[-1]
        else:
            break
        end = token.start()
    return text[:end].strip(), found[::-1]


def _apply(clauses: list[str]) -> tuple[NamedSet, ...]:
    state = dict.fromkeys(_FLAGS, 0)
    for clause in clauses:
        match = _CLAUSE.fullmatch(clause)
        if match is None:  # only if `_clauses` mends a list into what is no clause
            msg = f"{quote(clause)} is no capability text"
            raise NotUnderstood(msg, clause)
        _apply_one(state, match)
    return tuple(NamedSet(name, state[flag]) for flag, name in _FLAGS.items())


def _apply_one(state: dict[str, int], clause: re.Match[str]) -> None:
    bitmap = full() if clause["names"] is None else members(clause["names"])
    for operator, flags in _OPERATION.findall(clause["operations"] or clause["every"]):
        if operator == "=":
            for flag in state:
                state[flag] &= ~bitmap
        for flag in flags:
            state[flag] = state[flag] & ~bitmap if operator == "-" else state[flag] | bitmap


def _is_text(before: str) -> bool:
    """Return whether what stands before the clauses is a bad clause or a name, and no path.

    Taking it for a path would drop a capability without a word.
    """
    if "/" in before:
        return False
    words = re.split(r"[,\s=+-]+", before)
    return before.startswith(("=", "+", "-")) or any(
        is_name(word) or word.upper() == "ALL" for word in words
    )
