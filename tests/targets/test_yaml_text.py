"""What is written as YAML is read back as it was, each time anew."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgen.targets.yaml_text import dump
from tests.loading import loaded, loaded_all

# What some reader takes for something else than text, where it is not quoted.
ODD = ("yes", "n", "null", "~", "1e3", "0o17", "1:30", "2026-01-01", ".inf", "", " a", "a: b", "#a")
LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(ODD)
DATA = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


@given(DATA)
def test_it_is_read_as_it_was(data: Any) -> None:  # noqa: ANN401 - whatever JSON can say
    """Text stays text, and everything else what it is."""
    assert loaded(dump({"data": data})) == {"data": data}


# YAML 1.1 has `y` and `n` for booleans, which not every reader of it has; 1.2 has neither.
@pytest.mark.parametrize("word", ["y", "N", "On", "no", "NULL", "inf", "NaN", "1.36", "0x1f", "-"])
def test_what_readers_take_differently_is_quoted(word: str) -> None:
    """Whichever version of YAML is read, the text is a text."""
    assert dump({"a": word}) == f'a: "{word}"\n'


def test_what_has_changed_is_written_anew() -> None:
    """A document that was written before and has changed since is written as it is now."""
    document: dict[str, Any] = {"b": [1], "a": {}}
    assert loaded(dump(document)) == {"b": [1], "a": {}}
    document["b"].append(True)
    assert loaded(dump(document)) == {"b": [1, True], "a": {}}
    # The order of keys is the one given, so it is another text.
    assert dump({"b": 1, "a": 2}) == "b: 1\na: 2\n"
    assert dump({"a": 2, "b": 1}) == "a: 2\nb: 1\n"


def test_documents() -> None:
    """Of several documents each begins with a line of its own; of one it does not."""
    assert loaded_all(dump({"a": 1}, {"a": "1"})) == [{"a": 1}, {"a": "1"}]
    assert dump({"a": 1}, {"a": "1"}) == '---\na: 1\n---\na: "1"\n'
    assert dump({"a": 1}) == "a: 1\n"


def test_what_json_cannot_say_is_refused() -> None:
    """A set has no order: it is a mistake of ours, and nothing is written."""
    with pytest.raises(TypeError):
        dump({"a": {1, 2}})
