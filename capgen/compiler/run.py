"""Runs `capgen compile`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from capgen.errors import CapgenError, OutputError, UsageError
from capgen.policy.exempt import day
from capgen.terminal import complain, printable

from .bundles import bundles
from .drift import drift
from .plan import plan
from .write import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from .bundles import Shared
    from .compiled import Compiled

_FOLDER = "profiles"


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks.

    Attributes:
        profiles: names and paths; none: every profile in `profiles/`.
        targets: the targets; none: each profile's own.
        out: the output folder.
        kubernetes: the version or range; None: each profile's own.
        today: the day, by which exemptions end; None: today.
        check: write nothing, compare.
        stdout: print one target.
        keep_going: do what can be done beside a profile that is wrong.
    """

    profiles: Sequence[str]
    targets: Sequence[str]
    out: str
    kubernetes: str | None
    today: str | None = None
    check: bool = False
    stdout: bool = False
    keep_going: bool = False


def run(request: Request) -> int:
    """Compile, write or compare, and return the exit code."""
    names = list(request.profiles) or _every()
    today = day(request.today) if request.today is not None else None
    compiled, wrong = _planned(request, names, today)
    compiled = each_once(compiled)
    for note in dict.fromkeys(note for each in compiled for note in each.notes):
        print(printable(note), file=sys.stderr)
    if gaps(compiled):
        return 2 if wrong else 1
    if request.stdout:
        _print(compiled)
        found = False
    elif request.check:
        found = _compare(Path(request.out), compiled)
    else:
        shared = write(Path(request.out), compiled)
        _say(Path(request.out), compiled, shared)
        found = False
    return 2 if wrong else int(found)


def gaps(compiled: Iterable[Compiled]) -> bool:
    """Print the gaps that are not accepted, and tell whether there are any."""
    found = [gap for each in compiled for gap in each.gaps]
    for gap in found:
        print(f"{gap.profile}: {gap.target}: `{gap.rule}` is a gap: {gap.reason}")
    if found:
        print(
            "nothing written: accept a gap in the profile, `accept: {target: {rule: reason}}`, or "
            "take the target out",
            file=sys.stderr,
        )
    return bool(found)


def _planned(request: Request, names: list[str], today: date | None) -> tuple[list[Compiled], bool]:
    """Return what would be written, and whether some profile is wrong that is passed over."""
    compiled: list[Compiled] = []
    wrong = False
    for name in names:
        try:
            compiled += plan(name, request.targets, request.kubernetes, today)
        except CapgenError as error:
            if not request.keep_going:
                raise
            wrong = True
            complain(str(error))
    return compiled, wrong


def _every() -> list[str]:
    files = sorted(str(path) for path in Path(_FOLDER).rglob("*.yaml"))
    if not files:
        msg = f"no profile is named, and there is none in `{_FOLDER}/`"
        raise UsageError(msg)
    return [name if name.startswith(("/", ".")) else f"./{name}" for name in files]


def each_once(compiled: list[Compiled]) -> list[Compiled]:
    """Drop what is named twice.

    Raises:
        UsageError: two profiles write one folder, or one object.
    """
    once: dict[tuple[str, str], Compiled] = {}
    for each in compiled:
        first = once.setdefault((each.profile.name, each.target), each)
        if (first.artefacts, first.shared) != (each.artefacts, each.shared):
            msg = f"two profiles are called `{each.profile.name}`: each needs a name of its own"
            raise UsageError(msg)
    objects: dict[str, str] = {}
    for each in once.values():
        for artefact in each.artefacts:
            owner = objects.setdefault(artefact.object, each.profile.name)
            if artefact.object and owner != each.profile.name:
                msg = (
                    f"the profiles `{owner}` and `{each.profile.name}` would both write the object "
                    f"`{artefact.object}`, and one would be lost: rename one of them"
                )
                raise UsageError(msg)
    return list(once.values())


def _print(compiled: list[Compiled]) -> None:
    if len(compiled) != 1:
        listed = ", ".join(each.target for each in compiled)
        msg = f"--stdout prints one target of one profile; found {len(compiled)}: {listed}"
        raise UsageError(msg)
    # What is shared comes first: the others are of no use without it.
    artefacts = (*compiled[0].shared, *compiled[0].artefacts)
    # What stands beside a cluster's objects is no input of `kubectl apply -f -`.
    objects = [each for each in artefacts if each.object]
    documents = objects or [each for each in artefacts if each.path.endswith(".yaml")]
    if documents:
        print("---\n".join(f"# {each.path}\n{each.text}" for each in documents), end="")
    elif artefacts:
        print(artefacts[0].text, end="")


def _compare(out: Path, compiled: list[Compiled]) -> bool:
    try:
        shared = bundles(out, compiled)
        folders = {out / each.name: each.artefacts for each in shared}
        folders |= {out / each.profile.name / each.target: each.artefacts for each in compiled}
        differences = [text for place, files in folders.items() for text in drift(place, files)]
    except OSError as error:
        msg = f"cannot read `{error.filename}`: {(error.strerror or str(error)).lower()}"
        raise OutputError(msg) from error
    differences += _missing(out, shared)
    for difference in differences:
        print("\n".join(map(printable, difference.splitlines())))
    found = bool(differences)
    state = "differs" if found else "is what a compile writes"
    print(f"{out}: {state}", file=sys.stderr)
    return found


def _missing(out: Path, shared: Iterable[Shared]) -> list[str]:
    """Say what the folders of profiles need that are not compiled, and that is not there."""
    return [
        f"{out / each.name / name}: missing: {path} needs it; compile its profile"
        for each in shared
        for path, name in each.missing
    ]


def _say(out: Path, compiled: list[Compiled], shared: list[Shared]) -> None:
    for bundle in shared:
        print(f"{out / bundle.name}: {len(bundle.artefacts)} files, shared", file=sys.stderr)
    for line in _missing(out, shared):
        print(f"warning: {printable(line)}", file=sys.stderr)
    for each in compiled:
        counts: dict[str, int] = {}
        for cell in each.cells.values():
            counts[cell.status.value] = counts.get(cell.status.value, 0) + 1
        said = ", ".join(f"{count} {status}" for status, count in counts.items()) or "no rules"
        folder = out / each.profile.name / each.target
        print(f"{folder}: {len(each.artefacts)} files; rules: {said}", file=sys.stderr)
