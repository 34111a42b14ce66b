"""Whole texts that speak of capabilities, each recognised by lines that no other has.

- `/proc/PID/status`: `CapEff:` and its like, hexadecimal (proc(5)). Several files in a row, and
  grep's `path:` before each line, are several processes.
- `capsh --print`: `Current:`, `Bounding set =`, `Ambient set =`.
- `pscap`: a header, then a process a line with its permitted set.
- Otherwise, line by line: `capsh --decode`, getcap, libcap text; what is left is words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from capgen.capabilities import libcap
from capgen.capabilities.model import Facts, NamedSet, Subject
from capgen.capabilities.table import NotUnderstood, full, quote
from capgen.capabilities.words import hexadecimal, members, refuse_elided, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONGEST: Final = 16_384

_FIELD: Final = re.compile(
    r"(?:(?P<path>[^\s:/]*/[^\s:]*):)?"
    r"(?P<key>Name|Pid|Uid|NoNewPrivs|Seccomp|Cap(?:Inh|Prm|Eff|Bnd|Amb)):[ \t]*(?P<value>.*)"
)
_BEFORE_SET: Final = re.compile(r"(?<=\S)\s++(?=Cap(?:Inh|Prm|Eff|Bnd|Amb):)")
_SECCOMP: Final = {"0": "disabled", "1": "strict", "2": "filter"}

_CAPSH: Final = re.compile(r"(?P<key>Current:|(?:Bounding|Ambient) set\s?=)[ \t]*(?P<value>.*)")
_CAPSH_NNP: Final = re.compile(r"Securebits:.*\(no-new-privs=([01])\)")
_CAPSH_UID: Final = re.compile(r"uid=([0-9]+)(?:\(.*?\))?(?: euid=([0-9]+))?")

_DECODED: Final = re.compile(r"0x(?P<bitmap>[0-9a-fA-F]{16})=(?P<names>\S*)")

_PSCAP_HEADER: Final = re.compile(r"ppid\s+pid\s+\S+\s+command\s+capabilities")
_PSCAP: Final = re.compile(r"[0-9]+\s+(?P<pid>[0-9]+)\s+\S+\s+(?P<rest>\S.*)")
# After the names: `+` an open bounding set, `@` ambient capabilities.
_PSCAP_MARKS: Final = re.compile(r"(?: [+@*])+\Z")


def read(text: str) -> tuple[Subject, ...]:
    """Read a text of any kind above; nothing in it is nothing read.

    Raises:
        NotUnderstood: a part that should be capabilities is not, or was shortened.
    """
    # A list that a terminal or a page broke behind a comma goes on in the next line.
    lines = re.sub(r",[ \t\r]*\n[ \t]*", ", ", text).split("\n")
    lines = [line.strip() for line in lines]
    for line in lines:
        if len(line) > _LONGEST:
            msg = f"a line of {len(line)} characters is no list of capabilities"
            raise NotUnderstood(msg, line[:_LONGEST])
    lines = [part for line in lines for part in _fields_of(line)]
    if any(match["key"].startswith("Cap") for match in _matches(_FIELD, lines)):
        return tuple(_status(_matches(_FIELD, lines)))
    if any(_matches(_CAPSH, lines)):
        return tuple(_capsh(lines))
    if any(_matches(_PSCAP_HEADER, lines)):
        return tuple(_pscap(lines))
    if any(_matches(_FIELD, lines)):
        msg = "a process' status without its `CapInh` to `CapAmb` lines"
        raise NotUnderstood(msg, "")
    return tuple(_lines(lines))


def _fields_of(line: str) -> list[str]:
    """Split what a shell joined: `CapPrm: 1 CapEff: 0`. A line of `Name:` is never split."""
    return _BEFORE_SET.split(line) if line.startswith("Cap") else [line]


def _matches(pattern: re.Pattern[str], lines: Iterable[str]) -> Iterator[re.Match[str]]:
    return (match for line in lines if (match := pattern.fullmatch(line)))


def _status(fields: Iterable[re.Match[str]]) -> Iterator[Subject]:
    one: dict[str, str] = {}
    path: str | None = None
    for field in fields:
        # The next process begins with another path, with a name, or where a field comes again.
        if one and (field["path"] != path or field["key"] == "Name" or field["key"] in one):
            yield from _process(one, path)
            one = {}
        path = field["path"]
        one[field["key"]] = field["value"].strip()
    yield from _process(one, path)


def _process(fields: dict[str, str], path: str | None) -> Iterator[Subject]:
    sets = tuple(
        NamedSet(key, _mask(key, value)) for key, value in fields.items() if key.startswith("Cap")
    )
    if not sets:
        return
    label = path
    if "Name" in fields:
        label = fields["Name"] + (f" (pid {fields['Pid']})" if "Pid" in fields else "")
    uid = fields.get("Uid", "").split()
    for word in uid:
        if re.fullmatch(r"[0-9]{1,10}", word) is None:
            msg = f"{quote(word)} is no user id"
            raise NotUnderstood(msg, word)
    nnp = fields.get("NoNewPrivs")
    seccomp = fields.get("Seccomp")
    facts = Facts(
        tuple(map(int, uid)),
        None if nnp is None else nnp != "0",
        None if seccomp is None else _SECCOMP.get(seccomp, f"mode {seccomp}"),
    )
    yield Subject(label, sets, facts)


def _mask(key: str, value: str) -> int:
    if not value:
        msg = f"`{key}:` has no value"
        raise NotUnderstood(msg, f"{key}:")
    return hexadecimal(value)


def _capsh(lines: Iterable[str]) -> Iterator[Subject]:
    sets: list[NamedSet] = []
    uid: tuple[int, ...] = ()
    nnp: bool | None = None
    for line in lines:
        if found := _CAPSH.fullmatch(line):
            if found["key"] == "Current:":
                if sets:
                    yield Subject(None, tuple(sets), Facts(uid, nnp))
                    sets, uid, nnp = [], (), None
                sets += libcap.sets(found["value"])
            else:
                name = "bounding" if found["key"].startswith("Bounding") else "ambient"
                sets.append(NamedSet(name, members(found["value"])))
        elif found := _CAPSH_NNP.match(line):
            nnp = found[1] == "1"
        elif found := _CAPSH_UID.match(line):
            uid = tuple(int(part) for part in found.groups() if part is not None)
    yield Subject(None, tuple(sets), Facts(uid, nnp))


def _pscap(lines: Iterable[str]) -> Iterator[Subject]:
    for line in lines:
        found = _PSCAP.fullmatch(line)
        if found is None:
            continue
        # The command may hold blanks; from the capabilities at least two of them part it.
        command, _, listed = found["rest"].rpartition("  ")
        listed = _PSCAP_MARKS.sub("", listed)
        bitmap = full() if listed == "full" else members(listed)
        yield Subject(f"{command.strip()} (pid {found['pid']})", (NamedSet("permitted", bitmap),))


def _lines(lines: Iterable[str]) -> Iterator[Subject]:
    rest: list[str] = []
    for line in lines:
        if found := _DECODED.fullmatch(line):
            yield Subject(None, (_decoded(found),))
        elif clauses := libcap.line(line):
            yield Subject(*clauses)
        else:
            rest.append(line)
    joined = "\n".join(rest)
    refuse_elided(joined)
    if joined.strip():
        for one in words(joined):
            yield Subject(None, (one,))


def _decoded(found: re.Match[str]) -> NamedSet:
    bitmap = hexadecimal(found["bitmap"])
    if members(found["names"]) != bitmap:
        msg = f"bitmap and names of {quote(found[0])} differ"
        raise NotUnderstood(msg, found[0])
    return NamedSet(found["bitmap"], bitmap)
