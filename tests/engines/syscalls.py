"""Writes `capgen/data/syscalls.json` anew, from a table of libseccomp and the sets of systemd.

    git -C libseccomp show v2.6.1:src/syscalls.csv > syscalls.csv
    systemd-analyze syscall-filter --no-pager > filters
    python -m tests.engines.syscalls syscalls.csv 2.6.1 filters 262 > capgen/data/syscalls.json

libseccomp's table and not a kernel's headers, because it is libseccomp that reads the names of a
seccomp profile. As of these versions, the headers of Linux 7.2 have the same names and numbers.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# What profiles are compiled for, by libseccomp's names.
ARCHITECTURES = ("x86_64", "x86", "aarch64", "arm")
# How the table writes that an architecture has no such syscall.
_NONE = "PNR"
# All that systemd knows of, which is no set to grant or to deny.
_KNOWN = "@known"


def numbers(table: str) -> tuple[str, dict[str, dict[str, int]]]:
    """Return the table's version of Linux, and of each syscall its number by architecture."""
    head, *rows = csv.reader(table.splitlines())
    places = {name: head.index(name) for name in ARCHITECTURES}
    found = {
        row[0]: {name: int(row[place]) for name, place in places.items() if row[place] != _NONE}
        for row in rows
    }
    return head[0].partition("(")[2].split()[0], found


def groups(text: str) -> dict[str, list[str]]:
    """Return the sets that `systemd-analyze syscall-filter` prints; a member may be a set."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        word = line.strip()
        if line.startswith("@"):
            found[word] = []
        elif found and line.startswith(" ") and word and not word.startswith("#"):
            found[[*found][-1]].append(word)
    del found[_KNOWN]
    return found


def members(group: str, listed: dict[str, list[str]]) -> set[str]:
    """Return the syscalls of a set, and of the sets in it."""
    inner = (members(word, listed) if word in listed else {word} for word in listed[group])
    return set().union(*inner)


def text(table: str, libseccomp: str, filters: str, systemd: str) -> str:
    """Return the text of the file, a line for each syscall and each group."""
    linux, found = numbers(table)
    syscalls = {name: rows for name, rows in sorted(found.items()) if rows}
    listed = groups(filters)
    sources = {
        "syscalls": f"libseccomp {libseccomp}, src/syscalls.csv, of Linux {linux}",
        "groups": f"systemd {systemd}, systemd-analyze syscall-filter, of the syscalls above;"
        " @io-uring is those of that name",
    }
    sets = {name: sorted(members(name, listed) & syscalls.keys()) for name in sorted(listed)}
    # Not a group of systemd's, but one that people ask for by name.
    sets["@io-uring"] = [name for name in syscalls if name.startswith("io_uring_")]
    sets = dict(sorted(sets.items()))
    blocks = {
        "sources": _block(sources),
        "syscalls": _block(syscalls),
        "elsewhere": json.dumps(sorted(found.keys() - syscalls.keys())),
        "groups": _block(sets),
    }
    return "{\n" + ",\n".join(f' "{key}": {block}' for key, block in blocks.items()) + "\n}\n"


def _block(rows: Mapping[str, object]) -> str:
    lines = (f'  "{name}": {json.dumps(row)}' for name, row in rows.items())
    return "{\n" + ",\n".join(lines) + "\n }"


if __name__ == "__main__":
    csv_file, libseccomp_version, filter_file, systemd_version = sys.argv[1:]
    sys.stdout.write(
        text(
            Path(csv_file).read_text("utf-8"),
            libseccomp_version,
            Path(filter_file).read_text("utf-8"),
            systemd_version,
        )
    )
