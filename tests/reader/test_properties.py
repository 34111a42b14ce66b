"""What PyYAML and json write is read back as the same value."""

from __future__ import annotations

import json
import math

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from capgen.reader import Document, Failure, read_bytes
from capgen.reader.compose import Parser, construct
from capgen.reader.scalars import number_to_json

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
# What neither writer can bring through: half a surrogate pair; and the line breaks of YAML 1.1,
# which PyYAML folds.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029\ufeff")
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.one_of(
    st.none(), st.booleans(), INT64, FLOATS, TEXT, st.sampled_from(["yes", "1e3", "0o7", "<<", "~"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=20,
)
SETTINGS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _json(value: object) -> object:
    """Return the value as Go reads it back from JSON: integral floats are integers."""
    if isinstance(value, float):
        return number_to_json(value, "")
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    return value


def _same(found: object, value: object) -> bool:
    return json.dumps(found, sort_keys=True) == json.dumps(_json(value), sort_keys=True)


def _read(text: str) -> object:
    (found,) = read_bytes(text.encode(), "f")
    assert isinstance(found, Document), found
    return found.value


@SETTINGS
@given(VALUES.filter(lambda value: value is not None), st.sampled_from([None, 0, 2]), st.booleans())
def test_json(value: object, indent: int | None, ascii_only: bool) -> None:
    """JSON, compact or laid out, escaped or not."""
    if isinstance(value, list | dict):
        assert _same(_read(json.dumps(value, indent=indent, ensure_ascii=ascii_only)), value)


@SETTINGS
@given(
    VALUES,
    st.sampled_from([None, True, False]),
    st.sampled_from(["'", '"', "|", ">"]),
    st.booleans(),
    st.sampled_from([10, 80]),
)
def test_yaml(
    value: object, flow: bool | None, style: str, allow_unicode: bool, width: int
) -> None:
    """YAML in every style that PyYAML writes; text is quoted, as Kubernetes needs it."""

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            del data
            return True

    def text(dumper: Dumper, data: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style)

    Dumper.add_representer(str, text)
    dumped = yaml.dump(
        {"v": value},
        Dumper=Dumper,
        default_flow_style=flow,
        allow_unicode=allow_unicode,
        width=width,
    )
    # Where the indentation uses up the width, PyYAML breaks a text at one place twice, and what it
    # writes is another text, to itself too.
    assume(_same(yaml.safe_load(dumped), {"v": value}))
    assert _same(_read(dumped), {"v": value})


@SETTINGS
@given(st.text("0123456789+-._eExXoObBnNyYtTfFaul~:<> ", max_size=8))
def test_scalars_never_raise(text: str) -> None:
    """Any plain scalar is a value or a failure with a place, and a finite one."""
    for found in read_bytes(f"v: {text}\n".encode(), "f"):
        if isinstance(found, Failure):
            assert found.error.position is not None
        elif isinstance(found.value, dict):
            value = found.value.get("v")
            assert not isinstance(value, float) or math.isfinite(value)


@SETTINGS
@given(st.binary(max_size=60))
def test_bytes_never_raise(data: bytes) -> None:
    """Any bytes at all are documents or failures, and every value has a place."""
    for found in read_bytes(data, "f"):
        if isinstance(found, Document):
            assert found.locate([]).line >= 1


@SETTINGS
@given(VALUES)
def test_both_ways_agree(value: object) -> None:
    """The long way of reading gives what the short way gives."""
    dumped = yaml.safe_dump({"v": value})
    short = _read(dumped)
    long = _read(f"{dumped}? &anchor x\n: *anchor\n")
    assert isinstance(long, dict)
    assert long.pop("x") == "x"
    assert _same(long, short)
    assert _same(construct(Parser(dumped.encode()).get_single_node()), short)
