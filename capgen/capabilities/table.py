"""The Linux capabilities and the runtimes' default sets, and the codec between names and bitmaps.

The facts stand in `capgen/data/capabilities.json`, each with its source: bit numbers from
include/uapi/linux/capability.h, kernel versions from capabilities(7), default sets from the
runtimes' own code. A name is *bare* here: upper case, without `CAP_`, as Kubernetes writes it.
A bitmap is an int of up to 64 bits; bit N stands for capability N.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from capgen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH: Final = 64
_QUOTED = 60


class NotUnderstood(UsageError):  # noqa: N818 -- reads as what it says of the word
    """A word that means no capability; `word` is as the user wrote it, to find its position."""

    def __init__(self, message: str, word: str) -> None:
        super().__init__(message)
        self.word = word


@dataclass(frozen=True, slots=True)
class Capability:
    """One capability.

    Attributes:
        bit: its number in the kernel, 0 for CAP_CHOWN.
        name: the bare name.
        since: the version of Linux that brought it, such as `5.8`.
        description: what it permits, in one line.
    """

    bit: int
    name: str
    since: str
    description: str


@dataclass(frozen=True, slots=True)
class Release:
    """A runtime's default set as its source code states it.

    Attributes:
        version: the release whose code was read.
        also: other releases with the same set.
        source: where it stands.
        bitmap: the set.
    """

    version: str
    also: tuple[str, ...]
    source: str
    bitmap: int


@dataclass(frozen=True, slots=True)
class Default:
    """The capabilities that a runtime gives to a container that asks for nothing.

    Attributes:
        key: the name that commands take, such as `cri-o`.
        title: the name in sentences, such as `CRI-O`.
        releases: newest first.
    """

    key: str
    title: str
    releases: tuple[Release, ...]

    @property
    def bitmap(self) -> int:
        """The set of the newest release."""
        return self.releases[0].bitmap


@cache
def _data() -> dict[str, Any]:
    path = Path(__file__).parent.parent / "data" / "capabilities.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@cache
def capabilities() -> tuple[Capability, ...]:
    """Return every known capability; the one at index N is bit N."""
    return tuple(Capability(**row) for row in _data()["capabilities"])


@cache
def defaults() -> tuple[Default, ...]:
    """Return the runtimes' default sets, the best known first."""
    return tuple(
        Default(
            row["key"],
            row["title"],
            tuple(
                Release(
                    release["version"],
                    tuple(release["alsoSeenIn"]),
                    release["source"],
                    to_bitmap(release["capabilities"]),
                )
                for release in row["releases"]
            ),
        )
        for row in _data()["defaults"]
    )


@cache
def _bits() -> dict[str, int]:
    return {capability.name: capability.bit for capability in capabilities()}


def names() -> tuple[str, ...]:
    """Return the bare names in bit order."""
    return tuple(_bits())


def full() -> int:
    """Return the bitmap of every known capability, what `ALL` means."""
    return (1 << len(capabilities())) - 1


def quote(word: str) -> str:
    """Return a word in backticks, safe to print: cut where long, control characters escaped."""
    shown = word if len(word) <= _QUOTED else word[:_QUOTED] + "[cut]"
    return f"`{printable(shown)}`"


def printable(text: str) -> str:
    """Return the text with whatever could steer a terminal escaped."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def canonical(name: str) -> str:
    """Return the bare name: `cap_net_admin`, `CAP_NET_ADMIN` and `net_admin` are `NET_ADMIN`.

    This is how people, docker and libcap read a name. Kubernetes does not: it compares and hands
    on what is written, so never put a pod's values through this.

    Raises:
        UsageError: no capability has that name; with the nearest one. `ALL` is none either.
    """
    bare = _bare(name)
    if is_name(name):
        return bare
    if bare == "ALL":
        msg = f"{quote(name)} is not one capability; every capability together is written `ALL`"
    else:
        msg = f"{quote(name)} is no capability{nearest(bare[:_QUOTED], names())}"
    raise NotUnderstood(msg, name)


def is_name(word: str) -> bool:
    """Return whether `canonical` takes the word; cheaper than the error that it would make."""
    # Only ASCII: upper() turns other letters into ours, so that a long s would pass for an S.
    return word.isascii() and _bare(word) in _bits()


def _bare(name: str) -> str:
    return name.upper().removeprefix("CAP_")


def to_bitmap(names: Iterable[str]) -> int:
    """Return the bitmap of the named capabilities, each in any spelling that `canonical` takes.

    Raises:
        UsageError: a name is unknown.
    """
    bitmap = 0
    for name in names:
        bitmap |= 1 << _bits()[canonical(name)]
    return bitmap


def from_bitmap(bitmap: int) -> tuple[list[str], list[int]]:
    """Return the bare names in bit order, and the bits that are set and have no name yet.

    Raises:
        ValueError: the number is negative or does not fit 64 bits.
    """
    if not 0 <= bitmap < 1 << WIDTH:
        msg = f"a capability bitmap has {WIDTH} bits, not {bitmap:#x}"
        raise ValueError(msg)
    known = names()
    bits = [bit for bit in range(bitmap.bit_length()) if bitmap >> bit & 1]
    return (
        [known[bit] for bit in bits if bit < len(known)],
        [bit for bit in bits if bit >= len(known)],
    )


def default_set(runtime: str) -> frozenset[str]:
    """Return the bare names that a runtime grants by default, in the newest release known.

    Args:
        runtime: `docker`, `containerd`, `cri-o` or `podman`.

    Raises:
        UsageError: no such runtime is known; with the nearest one.
    """
    known = {default.key: default.bitmap for default in defaults()}
    if runtime not in known:
        msg = f"no default capabilities are known for {quote(runtime)}{nearest(runtime, known)}"
        raise UsageError(msg)
    return frozenset(from_bitmap(known[runtime])[0])
