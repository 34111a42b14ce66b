"""What was read: sets of capabilities, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamedSet:
    """One set of capabilities.

    Attributes:
        name: the source's own word for it: `CapEff`, `bounding`, the bitmap as written, `names`.
        bitmap: bit N is capability N.
    """

    name: str
    bitmap: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What else a text says of a process that decides what its capabilities are worth.

    Attributes:
        uid: real, effective, saved and file system user id, or as many of them as were printed.
        no_new_privs: whether exec can no longer gain anything; None where the text is silent.
        seccomp: `disabled`, `strict` or `filter`; None where the text is silent.
    """

    uid: tuple[int, ...] = ()
    no_new_privs: bool | None = None
    seccomp: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A process, a file or nothing in particular, with its sets in the order of the source.

    Attributes:
        label: a path, or a process' name and id; None where the text names nothing.
        sets: never empty.
        facts: all unknown except for a process.
    """

    label: str | None
    sets: tuple[NamedSet, ...]
    facts: Facts = Facts()
