"""What the API server says of a pod by the Pod Security labels of its namespace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines.lab import LabError
from tests.engines.psa import REASONS, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A denial says `violates`, a warning and an annotation of the audit log `would violate`.
_VIOLATES: Final = re.compile(
    r'^(?:\S+ "[^"]*" is forbidden: violates|would violate) PodSecurity "(?P<at>[^"]*)": ',
    re.DOTALL,
)
# The longest first: a reason may begin with the words of another.
_REASON: Final = re.compile(
    "|".join(re.escape(each) for each in sorted(REASONS, key=len, reverse=True))
)
# A detail holds values in Go's quotes, in which brackets count for nothing.
_DETAIL: Final = re.compile(r' \((?P<text>(?:[^"()]|"(?:[^"\\]|\\.)*")*)\)', re.DOTALL)
_NEXT: Final = ", "


class Violations(NamedTuple):
    """What one label is against.

    Attributes:
        at: level and version of the label, such as `baseline:v1.36`.
        rules: the rules that a pod breaks.
    """

    at: str
    rules: frozenset[str]


def violations(texts: Iterable[str]) -> list[Violations]:
    """Return what the texts of denials, warnings or annotations say; other texts are passed over.

    Raises:
        LabError: one is none of Pod Security admission's, although it begins like one.
    """
    found = []
    for text in texts:
        if seen := _VIOLATES.match(text):
            reasons, details = zip(*_reasons(text, seen.end()), strict=True)
            found.append(Violations(seen["at"], Verdict(False, reasons, details).rules))
    return found


def _reasons(text: str, start: int) -> Iterator[tuple[str, str]]:
    """Yield the reasons in a text from a place on, each with its detail, which may be empty."""
    place = start
    while seen := _REASON.match(text, place):
        place = seen.end()
        detail = _DETAIL.match(text, place)
        if detail:
            place = detail.end()
        yield seen[0], detail["text"] if detail else ""
        if place == len(text):
            return
        if not text.startswith(_NEXT, place):
            break
        place += len(_NEXT)
    raise LabError(f"unknown words of Pod Security admission at {place}: {text}")
