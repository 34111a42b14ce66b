"""Writes YAML that every reader takes for the same: what any of them could misread is quoted."""

from __future__ import annotations

import io
import json
import re
from functools import lru_cache
from typing import Final

import yaml
from yaml.emitter import Emitter, ScalarAnalysis

# Plain text starts with a letter and looks like an identifier, a path or an image; never like a
# number in any base, a date or a duration.
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./*-]*(?: [A-Za-z][A-Za-z0-9_./-]*)*")
# What YAML 1.1 or 1.2, or Kubernetes' readers, take for a boolean, a null or a number.
_WORDS: Final = re.compile(r"(?:y|n|yes|no|on|off|true|false|null|nan|inf)", re.IGNORECASE)


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, and never writes an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML names its parameters
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - as above
        return True

    def analyze_scalar(self, scalar: str) -> ScalarAnalysis:
        return _analyzed(scalar)


# Keys and values come again and again, and each is looked at character by character.
@lru_cache(maxsize=4096)
def _analyzed(scalar: str) -> ScalarAnalysis:
    return Emitter(io.StringIO(), allow_unicode=False).analyze_scalar(scalar)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        style: str | None = "|"
    elif _PLAIN.fullmatch(text) and not _WORDS.fullmatch(text):
        style = None
    else:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _string)


def dump(*documents: object) -> str:
    """Write plain data as YAML, one document after another, keys in the order given.

    Raises:
        TypeError: something in it is nothing that JSON can say.
    """
    # The templates of one profile come again with the next, and JSON is written in a fraction of
    # the time.
    return _dumped(json.dumps(documents))


@lru_cache(maxsize=512)
def _dumped(documents: str) -> str:
    """Write a list in JSON as YAML, a document for each item."""
    listed = json.loads(documents)
    return yaml.dump_all(
        listed,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=False,
        width=10_000,
        explicit_start=len(listed) > 1,
    )
