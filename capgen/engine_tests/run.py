"""Runs `capgen test`: writes an engine's own tests beside each other, a folder for each target."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from capgen.compiler.plan import plan
from capgen.compiler.run import each_once, gaps
from capgen.compiler.write import write
from capgen.errors import SetError, UsageError, nearest
from capgen.policy.exempt import day
from capgen.profile.library import find
from capgen.profile.reference import split
from capgen.targets.base import Artefact, content_hash
from capgen.targets.folder import README, inline
from capgen.targets.registry import DEFAULT
from capgen.targets.templates import render
from capgen.terminal import printable

from . import gatekeeper, kyverno, vap
from .base import Given, Suite
from .cases import chosen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from capgen.compiler.compiled import Compiled

    from .base import Format
    from .cases import Cases

FORMATS: Final[dict[str, Format]] = {
    each.target: each for each in (*vap.FORMATS, *kyverno.FORMATS, *gatekeeper.FORMATS)
}
# Beside the target's own folder, so that both may be in one output folder.
_FOLDER: Final = "{}-test"
_NOTHING: Final = Suite((), 0, (), ("nothing can be tested: it has no rules",))
_NOWHERE: Final = Suite(
    (), 0, (), ("nothing can be tested: no namespace that `match` selects can be made up",)
)


def run(
    profiles: Sequence[str],
    targets: Sequence[str],
    out: str,
    kubernetes: str | None,
    today: str | None,
) -> int:
    """Write the tests of profiles, and return the exit code.

    Args:
        profiles: names and paths.
        targets: whose tests; none: those of each profile's own targets that have tests.
        out: the output folder.
        kubernetes: the version or range; None: each profile's own.
        today: the day, by which exemptions end; None: today.

    Raises:
        CapgenError: a profile, a target, the version or the output folder is wrong.
    """
    for target in targets:
        _known(target)
    until = day(today) if today is not None else None
    compiled = [
        each
        for name in dict.fromkeys(profiles)
        for each in _compiled(name, targets, kubernetes, until)
    ]
    if gaps(compiled):
        return 1
    cases: dict[str, Cases | None] = {}
    made = []
    for each in compiled:
        if each.profile.name not in cases:
            cases[each.profile.name] = chosen(each.one)
        made.append((each, _tests(each, cases[each.profile.name])))
    folders = each_once([_folder(each, tests) for each, tests in made])
    write(Path(out), folders)
    for each, tests in made:
        place = Path(out) / each.profile.name / _FOLDER.format(each.target)
        for line in tests.untested:
            print(f"note: {place}: {printable(line)}", file=sys.stderr)
        if tests.artefacts:
            print(
                f"{place}: {tests.reported} cases; {FORMATS[each.target].command}", file=sys.stderr
            )
    return 0


def _known(target: str) -> None:
    name = target.partition(":")[0]
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        msg = f"there are no tests of `{name}`{nearest(name, FORMATS)}; there are of: {known}"
        raise UsageError(msg)


def _compiled(
    name: str, targets: Sequence[str], kubernetes: str | None, today: date | None
) -> list[Compiled]:
    try:
        # A set compiles, but tests are made of one profile.
        find(split(name)[0], None)
        compiled = plan(name, targets, kubernetes, today, only=FORMATS)
    except SetError as error:
        msg = f"{error.message}: tests are of one profile; name its profiles, each with -p"
        raise SetError(msg, file=error.file, position=error.position) from None
    if not targets:
        _say_without(name, some=bool(compiled))
    return compiled


def _say_without(name: str, *, some: bool) -> None:
    """Say which of a profile's own targets have no tests.

    Raises:
        UsageError: none has any.
    """
    own = list(find(split(name)[0], None).data["targets"]) or list(DEFAULT)
    without = [each for each in own if each not in FORMATS]
    if not some:
        listed = ", ".join(f"`{each}`" for each in without)
        msg = (
            f"`{name}` has no target that has tests, only {listed}; choose with -t one of:"
            f" {', '.join(FORMATS)}"
        )
        raise UsageError(msg)
    for each in without:
        print(f"note: {printable(name)}: there are no tests of `{each}`", file=sys.stderr)


def _tests(compiled: Compiled, cases: Cases | None) -> Suite:
    if not compiled.one.rules:
        return _NOTHING
    if cases is None:
        return _NOWHERE
    return FORMATS[compiled.target].tests(Given(compiled, cases))


def _folder(compiled: Compiled, tests: Suite) -> Compiled:
    """Return the folder of tests, in the place of the target's."""
    artefacts = tests.artefacts
    if artefacts:
        named = FORMATS[compiled.target]
        text = render(
            "engine-tests.md.j2",
            target=compiled.target,
            profile=compiled.profile.name,
            hash=content_hash(compiled.profile),
            count=tests.reported,
            command=named.command,
            about=named.about,
            shown=tests.shown,
            untested=[inline(line) for line in tests.untested],
        )
        artefacts = (*artefacts, Artefact(README, text))
    target = _FOLDER.format(compiled.target)
    return replace(compiled, target=target, artefacts=artefacts, shared=(), bundle=None)
