"""docker: the flags of `docker run`.

The emitted line is complete in itself: what docker does without a flag counts, as long as nobody
adds one. A cell is *exact* where the flags or docker's default give a value that the rule allows,
and a *gap* where docker has no way to say it. docker runs Linux containers as the daemon is set up:
what lifts a rule from Windows pods, or from pods with a user namespace, lifts nothing here.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from capgen.policy.choice import wanted
from capgen.policy.expressions import tests
from capgen.policy.predicates import holds
from capgen.policy.rules import part_of
from capgen.policy.subjects import EACH, Field, plain, settable
from capgen.policy.values import Unset, show
from capgen.targets.base import Artefact, Cell, Output, Status, Target, without_exemptions
from capgen.targets.templates import render

from .says import GAPS, NOT_THERE, SAYS

if TYPE_CHECKING:
    from capgen.policy.chosen import Chosen
    from capgen.policy.expressions import Test
    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule

    from .says import Flag, Known, Say

_NONE_EXEMPT: Final = "no container is exempt from this line"
# It overrules much of what other flags say.
_PRIVILEGED: Final = ("--privileged",)


def emit(profile: Profile) -> Output:
    """Write the flags as a script, as one line of a shell, and as an argument list.

    A container for which the profile chooses values of its own has a folder of its own.
    """
    artefacts, cells = _line(profile, None)
    for name in profile.choices:
        own, said = _line(profile, name)
        artefacts += [replace(each, path=f"containers/{name}/{each.path}") for each in own]
        for rule, cell in said.items():
            if cell.status is Status.GAP and cells[rule].status is not Status.GAP:
                cells[rule] = Cell(Status.GAP, f"for `{name}`: {cell.note}")
    return Output(tuple(artefacts), without_exemptions(cells, profile, _NONE_EXEMPT))


def _line(profile: Profile, container: str | None) -> tuple[list[Artefact], dict[str, Cell]]:
    """Write the files of one command line, and how it says each rule."""
    chosen = wanted(profile, "linux", container)
    spoken = [_speak(rule, chosen, privileged=False) for rule in profile.rules]
    if any(_PRIVILEGED in flags for flags, _ in spoken):
        spoken = [_speak(rule, chosen, privileged=True) for rule in profile.rules]
    flags = _settled(dict.fromkeys(flag for flags, _ in spoken for flag in flags))
    cells = {rule.id: cell for rule, (_, cell) in zip(profile.rules, spoken, strict=True)}
    script = render(
        "docker-run.sh.j2",
        profile=profile.name,
        gaps=[(rule, cell.note) for rule, cell in cells.items() if cell.status is Status.GAP],
        flags=[shlex.join(flag) for flag in flags],
    )
    words = [word for flag in flags for word in flag]
    artefacts = [
        Artefact("run.sh", script),
        Artefact("flags.txt", shlex.join(words) + "\n"),
        Artefact("args.json", json.dumps(words, indent=1) + "\n"),
    ]
    return artefacts, cells


def _speak(
    rule: Rule, chosen: tuple[Chosen, ...], *, privileged: bool
) -> tuple[tuple[Flag, ...], Cell]:
    """Say a rule: its flags, and its cell."""
    if rule.id in NOT_THERE:
        return (), Cell(Status.NOT_APPLICABLE, NOT_THERE[rule.id])
    if rule.id in GAPS:
        return (), Cell(Status.GAP, GAPS[rule.id])
    flags: list[Flag] = []
    notes: list[str] = []
    reasons: list[str] = []
    for test in tests(rule.expression):
        say = SAYS[rule.id][part_of(rule, test.subject).key]
        said = _flags(say, test, chosen, privileged=privileged)
        if said is not None:
            flags += said
            notes.append(", ".join(f"`{shlex.join(flag)}`" for flag in said) or say.note)
        elif (note := _instead(say, chosen)) is not None:
            notes.append(note)
        else:
            reasons.append(say.why_not)
    status = Status.GAP if reasons else Status.EXACT
    return tuple(flags), Cell(status, "; ".join(dict.fromkeys(reasons or notes)))


def _flags(
    say: Say, test: Test, chosen: tuple[Chosen, ...], *, privileged: bool
) -> tuple[Flag, ...] | None:
    """Return the flags for a value that the test allows: chosen, docker's default, or another.

    None where docker has none, or where `--privileged` overrules what they say.
    """
    if privileged and say.privileged is not None:
        return () if _allows(test, say.privileged) else None
    for each in chosen:
        if each.field != settable(plain(test.subject)):
            continue
        if say.each is not None:
            if say.needs and all(other.field.path != say.needs for other in chosen):
                return None
            items = each.value if isinstance(each.value, tuple) else (each.value,)
            return tuple(say.each(item) for item in items)
        if each.value in say.flags:
            return say.flags[each.value]
        if each.value != say.default:
            # What docker does of itself is not what was chosen.
            return None
    if _allows(test, say.default):
        return () if isinstance(say.default, Unset) else say.flags.get(say.default, ())
    return next((words for value, words in say.flags.items() if _allows(test, value)), None)


def _allows(test: Test, value: Known) -> bool:
    """Tell whether a test allows what docker does, as if a pod said it."""
    field = test.subject if isinstance(test.subject, Field) else None
    if isinstance(value, Unset):
        # Where nothing is listed no item of it can be refused.
        return test.unset_allowed or field is None or EACH in field.path
    if holds(test.predicate, value):
        return True
    means_unset = field is not None and type(field.unset) is type(value) and field.unset == value
    return test.unset_allowed and means_unset


def _instead(say: Say, chosen: tuple[Chosen, ...]) -> str | None:
    """Say by which other values this one comes about, if it does."""
    found = []
    for path, values in say.instead:
        telling = [each for each in chosen if each.field.path == path and holds(values, each.value)]
        if not telling:
            return None
        found.append(f"`{path[-1]}: {show(telling[0].value)}`")
    return f"by {' and '.join(found)}" if found else None


def _settled(flags: dict[Flag, None]) -> tuple[Flag, ...]:
    """Leave out what is added and dropped: docker would grant it, Kubernetes' runtimes do not.

    A user and a group are one flag: the second of two would count.
    """
    dropped = {flag[1] for flag in flags if flag[0] == "--cap-drop"}
    kept = [flag for flag in flags if not (flag[0] == "--cap-add" and flag[1] in dropped)]
    who = [flag for flag in kept if flag[0] == "--user"]
    if len(who) > 1:
        whole = ("--user", "".join(sorted((value for _, value in who), key=lambda v: v[0] == ":")))
        kept = [whole if flag == who[0] else flag for flag in kept if flag not in who[1:]]
    return tuple(kept)


TARGET = Target("docker", "the flags of `docker run`, as a script and as lists", 0, emit)
