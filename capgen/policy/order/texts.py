"""Texts that tell predicates apart: for each way to satisfy some of them, the shortest text.

Literals and globs are regular languages, so the question is decided, not sampled: all patterns run
side by side as one automaton, whose states are sets of places in the patterns, kept as the bits of
an integer. A walk over the states that can be reached meets every combination of predicates that
some text satisfies.
"""

from __future__ import annotations

from itertools import chain
from string import ascii_lowercase
from typing import TYPE_CHECKING, Final

from capgen.policy.predicates import Globs, OneOf

from .answers import UndecidedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.predicates import Predicate

# Beyond so many states the question is left open.
_MOST_STATES: Final = 20_000


def telling(predicates: Sequence[Predicate], prefix: str = "") -> list[str]:
    """Return texts that stand for all: what some text satisfies, one of these satisfies just so.

    Args:
        predicates: `OneOf` and `Globs`; others tell no texts apart.
        prefix: what each text begins with; something stands after it.

    Raises:
        UndecidedError: the predicates are too many, or too long.
    """
    judged = [each for each in predicates if isinstance(each, (OneOf, Globs))]
    constants = dict.fromkeys(
        value for each in judged for value in each.values if isinstance(value, str)
    )
    if not any(isinstance(each, Globs) for each in judged):
        listed = [text for text in constants if text.startswith(prefix) and text != prefix]
        return [*listed, _fresh(prefix, constants)]
    automaton = _Automaton(judged)
    found: dict[tuple[bool, ...], str] = {}
    # Texts as people write them come first: the walk finds the same ways with stranger ones.
    plain = [text.replace("*", "x") for text in constants]
    for text in (*plain, _fresh(prefix, constants)):
        if text.startswith(prefix) and text != prefix:
            found.setdefault(automaton.satisfied(automaton.run(text)), text)
    for state, text in automaton.walk(prefix):
        found.setdefault(automaton.satisfied(state), text)
    return list(found.values())


def _fresh(prefix: str, constants: dict[str, None]) -> str:
    """Return a text that is none of the constants."""
    text = f"{prefix}other"
    while text in constants:
        text += "x"
    return text


class _Automaton:
    """Some predicates on texts, run side by side.

    A pattern of n characters has n + 1 places; in a place before a `*`, or after one at the end,
    any character but `/` leaves it where it is.
    """

    def __init__(self, predicates: Sequence[OneOf | Globs]) -> None:
        self._steps: dict[str, int] = {}
        self._loops = 0
        self._start = 0
        self._ends: list[int] = []
        self._at = 0
        for predicate in predicates:
            ends = 0
            for value in predicate.values:
                if isinstance(value, str):
                    parts = value.split("*") if isinstance(predicate, Globs) else [value]
                    ends |= self._add(parts)
            self._ends.append(ends)
        used = set(self._steps) - {"/"}
        fresh = next(letter for letter in _letters() if letter not in used)
        # The letter that no pattern knows comes first: it stands for most texts.
        self._alphabet = [fresh, *sorted(used), "/"]

    def _add(self, parts: list[str]) -> int:
        """Put a pattern's places beside the others, and return the bit of its last."""
        self._start |= 1 << self._at
        for number, part in enumerate(parts):
            if number:
                self._loops |= 1 << self._at
            for character in part:
                self._steps[character] = self._steps.get(character, 0) | 1 << self._at
                self._at += 1
        end = 1 << self._at
        self._at += 1
        return end

    def run(self, text: str) -> int:
        """Return the state after a text."""
        state = self._start
        for character in text:
            state = self._step(state, character)
        return state

    def satisfied(self, state: int) -> tuple[bool, ...]:
        """Tell of each predicate whether a text that ends in this state satisfies it."""
        return tuple(bool(state & ends) for ends in self._ends)

    def walk(self, prefix: str) -> Iterator[tuple[int, str]]:
        """Yield each state that a text with something after the prefix ends in, and the text."""
        states = [(self.run(prefix), prefix)]
        seen: set[int] = set()
        while states:
            further = []
            for state, text in states:
                for character in self._alphabet:
                    after = self._step(state, character)
                    if after in seen:
                        continue
                    if len(seen) >= _MOST_STATES:
                        msg = "too many texts are told apart"
                        raise UndecidedError(msg)
                    seen.add(after)
                    further.append((after, text + character))
                    yield further[-1]
            states = further

    def _step(self, state: int, character: str) -> int:
        after = (state & self._steps.get(character, 0)) << 1
        return after if character == "/" else after | (state & self._loops)


def _letters() -> Iterator[str]:
    return chain(ascii_lowercase, map(chr, range(0x4E00, 0x9FFF)))
