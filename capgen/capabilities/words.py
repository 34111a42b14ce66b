"""Bitmaps, names and numbers as a person writes them.

A bitmap is hexadecimal, with or without `0x` and leading zeros. Some words could be read in two
ways, and a wrong guess would report the wrong privileges, so they are refused with both readings:
`12` is capability 12 or the bitmap 0x12, `bad` a bitmap or a slip. Several bitmaps are several
sets; several names are one set.
"""

from __future__ import annotations

import re
from typing import Final

from capgen.capabilities.model import NamedSet
from capgen.capabilities.table import (
    WIDTH,
    NotUnderstood,
    canonical,
    capabilities,
    from_bitmap,
    full,
    quote,
    to_bitmap,
)

_HEX: Final = re.compile(r"(?:0[xX])?[0-9a-fA-F]+")
_NUMBER: Final = re.compile(r"[0-9]{1,2}")
_ELIDED: Final = re.compile(r"\.\.\.|…")

# The lengths in which kernels print a set: one 32-bit word before 2.6.25, two since.
_KERNEL_LENGTHS: Final = frozenset({8, 16})


def split(text: str) -> list[str]:
    """Return the words of a list: separated by commas, white space or both."""
    return [word for word in re.split(r"[,\s]+", text) if word]


def refuse_elided(text: str) -> None:
    """Refuse a list that somebody shortened: what is not shown cannot be decoded.

    Raises:
        NotUnderstood: the text holds `...` where capabilities stood.
    """
    found = _ELIDED.search(text)
    if found is not None:
        msg = f"`{found[0]}` stands for capabilities that were left out; give the whole output"
        raise NotUnderstood(msg, found[0])


def hexadecimal(word: str) -> int:
    """Read a bitmap, where nothing but a bitmap can stand.

    Raises:
        NotUnderstood: the word is not hexadecimal, or has more than 64 bits.
    """
    if _HEX.fullmatch(word) is None:
        msg = f"{quote(word)} is no bitmap; expected hexadecimal digits"
        raise NotUnderstood(msg, word)
    # Lengths are compared before the conversion: that of a megabyte of digits takes a while.
    digits = word[2:] if word[:2] in ("0x", "0X") else word
    if len(digits.lstrip("0")) > WIDTH // 4:
        msg = f"{quote(word)} has more than {WIDTH} bits"
        raise NotUnderstood(msg, word)
    return int(digits, 16)


def member(word: str) -> int:
    """Read one member of a list of names as a bitmap: a name, a number below 64, or `ALL`.

    Raises:
        NotUnderstood: it is none of these.
    """
    if word.upper() == "ALL":
        return full()
    if _NUMBER.fullmatch(word):
        if int(word) >= WIDTH:
            msg = f"{quote(word)} is no capability's number; they end at {WIDTH - 1}"
            raise NotUnderstood(msg, word)
        return 1 << int(word)
    if not set("=+").isdisjoint(word):
        msg = (
            f"{quote(word)} is no capability text; write names, then `=`, `+` or `-`,"
            " then flags out of `e`, `i` and `p`"
        )
        raise NotUnderstood(msg, word)
    return to_bitmap([word])


def members(text: str) -> int:
    """Read a list of names and numbers, which may be empty, as one bitmap.

    Raises:
        NotUnderstood: a member is unknown, or the list was shortened.
    """
    refuse_elided(text)
    bitmap = 0
    for word in split(text):
        bitmap |= member(word)
    return bitmap


def words(text: str) -> tuple[NamedSet, ...]:
    """Read bitmaps, each a set of its own, or names and numbers, together one set.

    Raises:
        NotUnderstood: a word is unknown, has two readings, or bitmaps and names are mixed.
    """
    refuse_elided(text)
    found = split(text)
    hexed = [word for word in found if _HEX.fullmatch(word)]
    named = [word for word in found if not _HEX.fullmatch(word)]
    numbers = [word for word in hexed if _NUMBER.fullmatch(word)]
    bitmaps = [word for word in hexed if not _NUMBER.fullmatch(word)]
    if named or (numbers and not bitmaps and "," in text):
        for word in named:
            if word[:2] in ("0x", "0X"):
                hexadecimal(word)  # to be refused as the bitmap that it is not
        bitmap = members(" ".join(named + numbers))
        if bitmaps:
            msg = f"{quote(bitmaps[0])} is a bitmap among names; give one or the other"
            raise NotUnderstood(msg, bitmaps[0])
        return (NamedSet("names", bitmap),)
    for word in hexed:
        _refuse_ambiguous(word)
    return tuple(NamedSet(word, hexadecimal(word)) for word in hexed)


def _refuse_ambiguous(word: str) -> None:
    if _NUMBER.fullmatch(word):
        number = int(word)
        as_name = capabilities()[number].name if number < len(capabilities()) else None
        as_bitmap = " ".join(from_bitmap(int(word, 16))[0]) or "none"
        choice = f"write `{as_name}` or `0x{word}`" if as_name else f"write `0x{word}`"
        msg = (
            f"{quote(word)} could be capability number {number}"
            f" or the bitmap 0x{word} ({as_bitmap}); {choice}"
        )
        raise NotUnderstood(msg, word)
    if word.isalpha() and len(word) not in _KERNEL_LENGTHS:
        try:
            canonical(word)
        except NotUnderstood as unknown:
            msg = f"{unknown.message}; if it is a bitmap, write `0x{word}`"
            raise NotUnderstood(msg, word) from None
