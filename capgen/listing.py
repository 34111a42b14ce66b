"""Lists the rules, the targets and the profiles, for people and as JSON."""

from __future__ import annotations

import json
from typing import Any

from capgen.policy.catalogue import CATALOGUE, ENTRIES
from capgen.policy.rules import keys_of
from capgen.policy.subjects import shown
from capgen.profile.library import library, names
from capgen.targets.registry import DEFAULT, TARGETS


def rules(*, as_json: bool) -> str:
    """List the rules of the catalogue: name, keys, subjects, meaning, upstream source."""
    rows = [
        {
            "rule": entry.id,
            "keys": list(keys_of(entry)),
            "judges": list(dict.fromkeys(shown(part.subject) for part in entry.parts)),
            "means": entry.means,
            "source": entry.source,
        }
        for entry in CATALOGUE
    ]
    return _shown(rows, ("rule", "means"), as_json=as_json)


def targets(*, as_json: bool) -> str:
    """List the targets: name, oldest and newest minor version of Kubernetes, meaning."""
    rows = [
        {
            "target": target.name,
            "kubernetes": f"1.{target.floor}" if target.floor else None,
            "until": f"1.{target.ceiling}" if target.ceiling is not None else None,
            "default": target.name in DEFAULT,
            "means": target.means,
        }
        for target in TARGETS
    ]
    return _shown(rows, ("target", "means"), as_json=as_json)


def profiles(*, as_json: bool) -> str:
    """List the library's profiles: name, version, parents, description."""
    rows = [
        {
            "profile": name,
            "kubernetes": library(name).data["kubernetes"],
            "extends": library(name).data["extends"],
            "targets": list(library(name).data["targets"]),
            "description": library(name).data["description"],
        }
        for name in names()
    ]
    return _shown(rows, ("profile", "description"), as_json=as_json)


def schema() -> str:
    """Return the JSON Schema of profiles."""
    # pydantic, for this list only.
    from capgen.profile.json_schema import text  # noqa: PLC0415 - cold start of the others

    return text([each.name for each in TARGETS], list(ENTRIES))


def _shown(rows: list[dict[str, Any]], columns: tuple[str, str], *, as_json: bool) -> str:
    if as_json:
        return json.dumps(rows, indent=1)
    first, second = columns
    width = max(len(row[first]) for row in rows) + 2
    return "\n".join(f"{row[first]:{width}}{row[second]}" for row in rows)
