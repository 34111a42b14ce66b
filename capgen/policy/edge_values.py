"""Values at the edges of a predicate: just inside, and just outside.

What is expected of a value follows from how it was made, never from the interpreter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from .predicates import Globs, Includes, InRanges, OneOf, Predicate, Under, Within
from .subjects import LOCALHOST
from .values import Kind, Scalar
from .vocabulary import CLOSED, PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .subjects import Field

_LARGEST: Final = {"hostPort": 65535}
_LARGEST_USER: Final = 2**31 - 1
# Of many allowed values the first ones and the last stand for all.
_FEW: Final = 3
# Values that the API takes, of each vocabulary: one of them may stand outside of what is allowed.
_WORDS: Final = (
    CLOSED | PROFILES | {"capabilities": ("NET_BIND_SERVICE", "NET_RAW", "SYS_ADMIN", "ALL")}
)


def values_of(
    predicate: Predicate, field: Field, known: str | None
) -> Iterator[tuple[str, object, bool]]:
    """Yield values that stand there: a label, the value, and whether the predicate admits it."""
    match predicate:
        case OneOf(values):
            yield from _one_of(values, field, known)
        case InRanges(ranges):
            numbers = {0, 1, _LARGEST.get(field.path[-1], _LARGEST_USER)}
            for low, high in ranges:
                numbers |= {max(low - 1, 0), low}
                numbers |= set() if high is None else {high, high + 1}
            for number in sorted(numbers - {field.blank}):
                yield str(number), number, _inside(number, ranges)
        case Globs(values):
            yield from _globbed(values, field, known)
        case Under(values):
            yield from paths(values)
        case Within():
            yield from _within(predicate, known)
        case Includes():
            yield from _includes(predicate)
        case _:
            assert_never(predicate)


def _one_of(
    values: tuple[Scalar, ...], field: Field, known: str | None
) -> Iterator[tuple[str, object, bool]]:
    if field.kind is not Kind.BOOL:
        yield from _texts(tuple(map(str, values)), field, known)
        return
    for flag in (True, False):
        if flag is not field.blank:
            yield str(flag), flag, any(value is flag for value in values)


def _within(predicate: Within, known: str | None) -> Iterator[tuple[str, object, bool]]:
    yield from _lists(predicate.values, known, every=predicate.cover in predicate.values)


def _includes(predicate: Includes) -> Iterator[tuple[str, object, bool]]:
    values, cover = predicate.values, predicate.cover
    if cover is not None:
        yield "covered", [cover], True
        yield "covered wrong case", [cover.lower()], not values
    yield "all", list(values), True
    yield "more", ["NET_RAW", *reversed(values), *values], True
    for value in values:
        rest = [other for other in values if other != value]
        yield f"without {value}", rest, cover in rest
    yield "wrong case", [value.lower() for value in values], not values
    yield "prefixed", [f"CAP_{value}" for value in values], not values
    yield "other", ["NET_RAW"], not values


def paths(prefixes: tuple[str, ...]) -> Iterator[tuple[str, object, bool]]:
    """Yield paths of the node: a label, the path, and whether it is under one of the prefixes.

    Whole segments count: what only begins with the same letters is another path.
    """
    tops = [prefix.rstrip("/") for prefix in prefixes]

    def under(path: str) -> bool:
        return any(path == top or path.startswith(top + "/") for top in tops)

    for top in tops:
        yield f"at {top}", top or "/", True
        yield f"below {top}", f"{top}/web", True
        yield f"slash after {top}", f"{top}/", True
        yield f"beside {top}", f"{top}x", under(f"{top}x")
        above = top.rpartition("/")[0] or "/"
        yield f"above {top}", above, under(above)
    yield "elsewhere", "/elsewhere", under("/elsewhere")
    yield "root", "/", under("/") or "" in tops


def _globbed(
    values: tuple[str, ...], field: Field, known: str | None
) -> Iterator[tuple[str, object, bool]]:
    """Yield texts at the edges of globs: what a `*` matches, and the `/` that it does not."""
    whole = tuple(value for value in values if "*" not in value)
    globs = [value for value in values if "*" in value]
    heads = tuple(glob.partition("*")[0] for glob in globs)
    for label, text, fine in _texts(whole, field, known):
        # What begins as a glob does may match it: below are texts that surely do, or do not.
        if fine or not str(text).startswith(heads):
            yield label, text, fine
    for glob in globs[:_FEW]:
        for filling in ("web", ""):
            yield f"{glob} {filling}", glob.replace("*", filling), True
        if len(globs) == 1:
            yield f"{glob} deeper", glob.replace("*", "a/b"), False
            yield f"{glob} case", glob.swapcase().replace("*", "web"), False
            yield f"{glob} behind", "x" + glob.replace("*", "web"), glob.startswith("*")


def _texts(
    values: tuple[str, ...], field: Field, known: str | None
) -> Iterator[tuple[str, object, bool]]:
    for value in dict.fromkeys((*values[:_FEW], *values[-1:])):
        yield value, value, True
        for label, other in (("case", value.swapcase()), ("longer", value + "x")):
            yield f"{value} {label}", other, other in values
    words = (*_WORDS.get(known, ()), field.unset, "other")
    if field.joined:
        words = (*(word for word in words if word != LOCALHOST), f"{LOCALHOST}:no/such.json")
    for word in dict.fromkeys(str(word) for word in words if word and word not in values):
        yield word, word, False
    if field.blank is None:
        yield "empty", "", "" in values


def _lists(
    values: tuple[str, ...], known: str | None, *, every: bool
) -> Iterator[tuple[str, object, bool]]:
    for value in dict.fromkeys((*values[:_FEW], *values[-1:])):
        yield value, [value], True
        prefixed = f"CAP_{value}"
        yield f"prefixed {value}", [prefixed], every or prefixed in values
        yield f"lower {value}", [value.lower()], every or value.lower() in values
    if values:
        yield "all allowed", list(values), True
    for word in (word for word in _WORDS.get(known, ()) if word not in values):
        yield word, [word], every
        yield f"{word} last", [*values[:1], word], every
    yield "empty text", [""], every or "" in values
    # Go reads null in a list of texts as "".
    yield "null item", [None], every or "" in values


def _inside(number: int, ranges: tuple[tuple[int, int | None], ...]) -> bool:
    return any(low <= number and (high is None or number <= high) for low, high in ranges)


def member(text: str, predicate: Predicate) -> bool:
    """Tell whether a text is among those that a predicate lists."""
    return text in listed_in(predicate)


def listed_in(predicate: Predicate) -> tuple[str, ...]:
    """Return the texts that a predicate lists."""
    values: tuple[Scalar, ...] = predicate.values if isinstance(predicate, (OneOf, Globs)) else ()
    return tuple(value for value in values if isinstance(value, str))
