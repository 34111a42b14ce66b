"""The answer, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

from capgen.capabilities.table import capabilities, defaults, from_bitmap, full, names, printable

if TYPE_CHECKING:
    from capgen.capabilities.model import Facts, NamedSet, Subject

_WIDTH: Final = 96
# How far from a known set a set may be to be told as that set with a few changes.
_FEW: Final = 4
_UID_KINDS: Final = ("real", "effective", "saved", "filesystem")


@dataclass(frozen=True, slots=True)
class Report:
    """The sets that were read, ready to be shown."""

    subjects: tuple[Subject, ...]

    def text(self) -> str:
        """Return the answer for people, without a line break at its end.

        Each set has its bitmap, its count, how it relates to the runtimes' default sets, and its
        names in bit order; sets of one subject that are equal are shown once. An answer of one
        set says what each capability is.
        """
        alone = sum(len(subject.sets) for subject in self.subjects) == 1
        return "\n\n".join(_subject(subject, alone=alone) for subject in self.subjects)

    def json(self) -> str:
        """Return the answer for programs."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as data.

        `sets` has every set, with `of` where the text names its process or file; `equals` names
        the known sets it is (`docker-default`, ..., `all`, `none`). `processes` is there where
        the text tells more of one than its sets.
        """
        answer: dict[str, Any] = {
            "version": 1,
            "sets": [
                _set_json(one, subject.label) for subject in self.subjects for one in subject.sets
            ],
        }
        processes = [
            ({} if subject.label is None else {"of": subject.label}) | facts
            for subject in self.subjects
            if (facts := _facts_json(subject.facts))
        ]
        return answer | ({"processes": processes} if processes else {})


def _set_json(one: NamedSet, label: str | None) -> dict[str, Any]:
    known, unknown = from_bitmap(one.bitmap)
    return {
        "name": one.name,
        **({} if label is None else {"of": label}),
        "bitmap": f"{one.bitmap:016x}",
        "capabilities": known,
        "unknownBits": unknown,
        "equals": equals(one.bitmap),
    }


def _facts_json(facts: Facts) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if facts.uid:
        answer["uid"] = dict(zip(_UID_KINDS, facts.uid, strict=False))
    if facts.no_new_privs is not None:
        answer["noNewPrivs"] = facts.no_new_privs
    if facts.seccomp is not None:
        answer["seccomp"] = facts.seccomp
    return answer


def equals(bitmap: int) -> list[str]:
    """Return the keys of the known sets that a bitmap is."""
    known = {f"{default.key}-default": default.bitmap for default in defaults()}
    known |= {"all": full(), "none": 0}
    return [key for key, value in known.items() if value == bitmap]


def relation(bitmap: int) -> str | None:
    """Say which known set a bitmap is, or is with a few changes; None where it is near to none."""
    known = {value: f"{titles} default set" for value, titles in _default_titles().items()}
    known |= _generations()
    if bitmap in known:
        return known[bitmap]
    near = min(known, key=lambda value: (value ^ bitmap).bit_count())
    distance = (near ^ bitmap).bit_count()
    # A set of few is no runtime's default with almost everything taken away.
    if distance > _FEW or 3 * distance > near.bit_count():
        return None
    plus, minus = _names(bitmap & ~near), _names(near & ~bitmap)
    changes = [
        f"{word} {' '.join(part)}" for word, part in (("plus", plus), ("minus", minus)) if part
    ]
    return f"{known[near]} {', '.join(changes)}"


def _default_titles() -> dict[int, str]:
    """Return each default set with its owners: `docker's and containerd's`."""
    titles: dict[int, list[str]] = {}
    for default in defaults():
        titles.setdefault(default.bitmap, []).append(f"{default.title}'s")
    return {bitmap: " and ".join(owners) for bitmap, owners in titles.items()}


def _generations() -> dict[int, str]:
    """Return, for each generation of kernels, every capability that it has."""
    known = capabilities()
    answer = {full(): f"every capability (of Linux {known[-1].since} and later)"}
    for capability, following in pairwise(known):
        if capability.since != following.since:
            answer[(2 << capability.bit) - 1] = (
                f"every capability of Linux {capability.since}"
                f" (until {following.name} came with {following.since})"
            )
    return answer


def _names(bitmap: int) -> list[str]:
    known, unknown = from_bitmap(bitmap)
    return known + [f"bit {bit} (unknown)" for bit in unknown]


def _subject(subject: Subject, *, alone: bool) -> str:
    head = [] if subject.label is None else [printable(subject.label)]
    facts = _facts(subject.facts)
    head += [facts] if facts else []
    groups: dict[int, list[str]] = {}
    for one in subject.sets:
        groups.setdefault(one.bitmap, []).append(one.name)
    return "\n".join(
        head + [_group(bitmap, titles, alone=alone) for bitmap, titles in groups.items()]
    )


def _facts(facts: Facts) -> str:
    said: list[str] = []
    if len(set(facts.uid)) == 1:
        said.append(f"uid {facts.uid[0]}")
    elif facts.uid:
        ids = zip(_UID_KINDS, facts.uid, strict=False)
        said.append("uid " + ", ".join(f"{number} {kind}" for kind, number in ids))
    if facts.no_new_privs is not None:
        said.append(f"no_new_privs {'set' if facts.no_new_privs else 'not set'}")
    if facts.seccomp is not None:
        said.append(f"seccomp {facts.seccomp}")
    return "; ".join(said)


def _group(bitmap: int, titles: list[str], *, alone: bool) -> str:
    held = _names(bitmap)
    count = {0: "no capabilities", 1: "1 capability"}.get(len(held), f"{len(held)} capabilities")
    near = relation(bitmap)
    # A bitmap's own spelling says nothing beside its full form.
    said = [title for title in titles if not _spells(title, bitmap)]
    rows = [(f"{', '.join(said)}: " if said else "") + f"{bitmap:016x}, {count}"]
    rows += [f"  {near}"] if near else []
    if alone:
        rows += _table(bitmap, with_defaults=near is None)
    elif held:
        listed = " ".join(name.replace(" ", "\0") for name in held)
        broken = fill(listed, _WIDTH, initial_indent="  ", subsequent_indent="  ")
        rows.append(broken.replace("\0", " "))
    return "\n".join(rows)


def _spells(title: str, bitmap: int) -> bool:
    return title.lower().removeprefix("0x").lstrip("0") == f"{bitmap:x}".lstrip("0")


def _table(bitmap: int, *, with_defaults: bool) -> list[str]:
    known = capabilities()
    width = max(map(len, names()))
    rows: list[str] = []
    for bit in range(bitmap.bit_length()):
        if not bitmap >> bit & 1:
            continue
        if bit >= len(known):
            rows.append(f"  {bit:2}  bit {bit} (unknown)")
            continue
        owners = [default.title for default in defaults() if default.bitmap >> bit & 1]
        note = f" [default of {', '.join(owners)}]" if owners and with_defaults else ""
        rows.append(f"  {bit:2}  {known[bit].name:{width}}  {known[bit].description}{note}")
    return rows
