"""YAML, read by PyYAML's reader in C: its reader in Python takes ten times as long."""

from __future__ import annotations

from typing import IO, Any

import yaml


def loaded(text: str | bytes | IO[bytes]) -> Any:  # noqa: ANN401 - whatever YAML can say
    """Return the one document of a text.

    Raises:
        yaml.YAMLError: it is no YAML, or of several documents.
    """
    return yaml.load(text, Loader=yaml.CSafeLoader)


def loaded_all(text: str | bytes | IO[bytes]) -> list[Any]:
    """Return the documents of a text.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))
