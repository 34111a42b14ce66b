"""The values that a setting may list, where Kubernetes or Linux closes the list."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from capgen.capabilities import names as capability_names
from capgen.policy.catalogue import ENTRIES
from capgen.policy.vocabulary import CLOSED, PROFILES


@cache
def words(vocabulary: str) -> tuple[str, ...]:
    """Return every word of a vocabulary."""
    if vocabulary == "capabilities":
        return ("ALL", *capability_names())
    if vocabulary == "volumes":
        text = (Path(__file__).parent.parent / "data" / "pod.json").read_text("utf-8")
        return tuple(key for key in json.loads(text)["structs"]["Volume"] if key != "name")
    return (CLOSED | PROFILES | {"rules": tuple(ENTRIES)})[vocabulary]
