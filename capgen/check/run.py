"""Runs `capgen check`."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from capgen.errors import CapgenError, InputError, UsageError, nearest
from capgen.policy.exempt import day
from capgen.profile.sets import open_union
from capgen.reader import find, read_path, read_stream
from capgen.terminal import printable, short

from .judge import Judge, Judged, accounts_of, minds_token
from .report import JsonReport, Summary, TextReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.profile import Union
    from capgen.reader import Document, Failure

_FORMATS = ("text", "json")
_PROGRESS_EVERY = 500


class Input:
    """The documents of the command line's paths; what can be read only once is kept."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Take the paths; none means stdin, unless that is a terminal."""
        if not paths and (sys.stdin is None or sys.stdin.isatty()):
            msg = "no manifests: name files or folders, or pipe them in"
            raise UsageError(msg)
        self.passed_over: list[str] = []
        self._paths = list(find(paths or ["-"], self.passed_over))
        self._kept: dict[str, bytes] = {}

    def documents(self, *, again: bool) -> Iterator[Document | Failure]:
        """Read every document; `again` says that they will be read once more."""
        for path in self._paths:
            if again and path not in self._kept and not Path(path).is_file():
                # A pipe. Where reading fails, `read_path` says why.
                with suppress(OSError):
                    self._kept[path] = (
                        sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
                    )
            if path in self._kept:
                yield from read_stream(io.BytesIO(self._kept[path]), path)
            else:
                yield from read_path(path)


def run(
    paths: Sequence[str],
    names: Sequence[str],
    output: str,
    kubernetes: str | None,
    today: str | None = None,
) -> int:
    """Judge the manifests, print what is found, and return the exit code."""
    if output not in _FORMATS:
        hint = nearest(output, _FORMATS) or f"; known: {', '.join(_FORMATS)}"
        msg = f"`{output}` is no format{hint}"
        raise UsageError(msg)
    report = (
        JsonReport(sys.stdout)
        if output == "json"
        else TextReport(sys.stdout, colour=sys.stdout.isatty())
    )
    summary = Summary()
    try:
        now = day(today) if today is not None else None
        unions = [open_union(name, kubernetes, now) for name in names]
        given = Input(paths)
        accounts = accounts_of(given.documents(again=True)) if minds_token(unions) else None
    except CapgenError as error:
        # A profile holds several errors.
        for each in getattr(error, "errors", [error]):
            report.error(each)
        report.close(summary)
        raise
    judge = Judge(unions, accounts)
    for found in _shown(judge.run(given.documents(again=False)), summary):
        if isinstance(found, InputError):
            summary.errors += 1
            report.error(found)
            print(f"error: {short(str(found))}", file=sys.stderr)
        else:
            summary.count(found)
            report.add(found)
    report.close(summary)
    _say(unions, summary, given.passed_over)
    if summary.errors:
        return 2
    return 1 if summary.violations else 0


def _shown(found: Iterator[Judged | InputError], summary: Summary) -> Iterator[Judged | InputError]:
    """Pass on what is found, counting it on a terminal."""
    if not sys.stderr.isatty():
        yield from found
        return
    for each in found:
        yield each
        if summary.documents % _PROGRESS_EVERY == 0 and summary.documents:
            print(f"\r{summary.documents} objects", end="", file=sys.stderr, flush=True)
    if summary.documents >= _PROGRESS_EVERY:
        print("\r\x1b[K", end="", file=sys.stderr)


def _say(unions: Sequence[Union], summary: Summary, passed_over: Sequence[str]) -> None:
    for path in passed_over:
        note = "not looked at: a hidden folder, or a link that is not followed"
        print(f"note: {printable(path)}: {note}", file=sys.stderr)
    for union in unions:
        if union.uses:
            named = ", ".join(f"`{name}`" for name in union.uses)
            print(
                f"note: `{union.name}` has profiles for those who may `use` a PodSecurityPolicy,"
                f" which manifests do not tell: all count ({named})",
                file=sys.stderr,
            )
    for profile in (profile for union in unions for profile in union.any_of):
        if profile.match.namespace_selector:
            print(
                f"note: `{profile.name}` selects namespaces by label, which manifests do not tell: "
                "all count as matching",
                file=sys.stderr,
            )
    print(summary.text(), file=sys.stderr)
