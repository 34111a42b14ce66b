"""Writes what `check` found: as text with the line and a caret, or as one JSON object."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TextIO

from capgen.policy.shape import UNKNOWN_FIELD
from capgen.policy.subjects import dotted
from capgen.policy.values import UNSET, Unset, member, show
from capgen.terminal import excerpt, printable, short

if TYPE_CHECKING:
    from capgen.errors import CapgenError, Position
    from capgen.policy.admit import Violation
    from capgen.reader import Document

    from .judge import Judged
    from .objects import Object

_OTHER_TYPE: Final = re.compile(r"(?:true|false|null|[-+]?\d+(?:\.\d+)?)$", re.IGNORECASE)


@dataclass(slots=True)
class Summary:
    """The counts of a run.

    Attributes:
        documents: objects that were read, each item of a List for itself.
        judged: those that were admitted, exempt or refused.
        skipped: those that hold no pod, or that no profile matches.
        violations: results.
        errors: documents that could not be read.
    """

    documents: int = 0
    judged: int = 0
    skipped: int = 0
    violations: int = 0
    errors: int = 0

    def count(self, judged: Judged) -> None:
        """Count one object."""
        self.documents += 1
        if judged.status in ("admitted", "refused", "exempt"):
            self.judged += 1
        else:
            self.skipped += 1
        self.violations += len(judged.violations)

    def text(self) -> str:
        """Return the counts as one line."""
        parts = [
            _plural(self.documents, "object"),
            f"{self.judged} judged",
            f"{self.skipped} skipped",
            _plural(self.violations, "violation"),
        ]
        if self.errors:
            parts.append(_plural(self.errors, "unreadable document"))
        return ", ".join(parts)


class TextReport:
    """Prints each finding as it comes."""

    def __init__(self, out: TextIO, *, colour: bool) -> None:
        """Print to a stream, with or without colour."""
        self._out = out
        self._strong, self._weak, self._end = (
            ("\x1b[1;31m", "\x1b[2m", "\x1b[0m") if colour else ("", "", "")
        )

    def add(self, judged: Judged) -> None:
        """Print what is refused in one object."""
        for violation in judged.violations:
            self._print(judged.object, violation)

    def error(self, error: CapgenError) -> None:
        """Print nothing: errors go to stderr, by the command line."""

    def close(self, summary: Summary) -> None:
        """Print nothing more: the summary goes to stderr."""

    def _print(self, found: Object, violation: Violation) -> None:
        document = found.document
        at = _position(document, violation)
        who = f"{found.kind} {_qualified(found)}"
        if violation.container is not None:
            who += f", container {violation.container or '(without a name)'}"
        field_path = dotted(violation.path[len(found.path) :])
        rule = f"{self._strong}{violation.rule}{self._end}"
        place = f"{printable(document.file)}:{at.line}:{at.column}"
        lines = [
            f"{place}: {rule}: {short(_sentence(violation))}",
            f"    {short(who)}: {short(field_path)} ({violation.profile})",
        ]
        source = document.source_line(at.line)
        if source is not None:
            number = str(at.line)
            margin = " " * len(number)
            shown, shift = excerpt(source, at.column)
            lines += [
                f"{self._weak} {number} |{self._end} {shown}",
                f"{self._weak} {margin} |{self._end} {shift}{self._strong}^{self._end}",
            ]
        self._out.write("\n".join(lines) + "\n")


@dataclass(slots=True)
class JsonReport:
    """Collects everything, and prints one object at the end."""

    out: TextIO
    documents: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def add(self, judged: Judged) -> None:
        """Note one object, and what is refused in it."""
        found = judged.object
        place: dict[str, Any] = {
            "file": found.document.file,
            "document": found.document.number,
            "item": found.item,
        }
        names = {
            "apiVersion": found.api_version,
            "kind": found.kind,
            "namespace": found.namespace,
            "name": found.name,
        }
        self.documents.append({**place, **names, "status": judged.status})
        for violation in judged.violations:
            at = _position(found.document, violation)
            row = {
                **place,
                "line": at.line,
                "column": at.column,
                **names,
                "container": violation.container,
                "profile": violation.profile,
                "rule": violation.rule,
                "field": dotted(violation.path[len(found.path) :]),
                "value": _value(found, violation),
                "allowed": violation.allowed,
                "message": violation.message,
            }
            if isinstance(row["value"], Unset):
                del row["value"]
            self.results.append(row)

    def error(self, error: CapgenError) -> None:
        """Note what cannot be read: a document, or what the command line names."""
        at = error.position
        self.errors.append(
            {
                "file": error.file,
                "line": at.line if at else None,
                "column": at.column if at else None,
                "message": error.message,
            }
        )

    def close(self, summary: Summary) -> None:
        """Print the object."""
        counts = {
            "documents": summary.documents,
            "judged": summary.judged,
            "skipped": summary.skipped,
            "violations": summary.violations,
        }
        whole = {
            "version": 1,
            "summary": counts,
            "documents": self.documents,
            "results": self.results,
            "errors": self.errors,
        }
        self.out.write(json.dumps(whole, indent=1) + "\n")


def _sentence(violation: Violation) -> str:
    """Return what must be, and what was found; a fault's message says both already."""
    if not violation.allowed:
        return violation.message
    value = violation.value
    # A text that reads like a value of another type is shown as the text that it is.
    quoted = (
        json.dumps(value) if isinstance(value, str) and _OTHER_TYPE.match(value) else show(value)
    )
    found = "it unset" if isinstance(value, Unset) else f"`{quoted}`"
    return f"{violation.message}; found {found}"


def _position(document: Document, violation: Violation) -> Position:
    """Return the place of the value; of the key, where the key is what is wrong."""
    if violation.rule == UNKNOWN_FIELD:
        return document.locate_key(violation.path)
    return document.locate(violation.path)


def _value(found: Object, violation: Violation) -> object:
    """Return the value: null where null is written, UNSET where nothing is."""
    if violation.value is not None and not isinstance(violation.value, Unset):
        return violation.value
    node: object = found.document.value
    for step in violation.path:
        node = member(node, step)
    return None if node is None else UNSET


def _qualified(found: Object) -> str:
    name = found.name or "(without a name)"
    return f"{found.namespace}/{name}" if found.namespace else name


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
