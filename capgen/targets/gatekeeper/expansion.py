"""What Gatekeeper is to make pods of: ExpansionTemplates for controllers of kinds of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.targets.base import Artefact, object_metadata, object_name
from capgen.targets.yaml_text import dump

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.profile import Profile

    from .asked import Controller

_API: Final = "expansion.gatekeeper.sh/v1beta1"
_POD: Final = {"group": "", "version": "v1", "kind": "Pod"}


def expansions(profile: Profile, controllers: Iterable[Controller]) -> list[Artefact]:
    """Return an ExpansionTemplate for each place where controllers have their pod template."""
    places: dict[str, list[Controller]] = {}
    for each in controllers:
        places.setdefault(each.source, []).append(each)
    return [
        _expansion(profile, f"{number}" if number > 1 else "", source, there)
        for number, (source, there) in enumerate(sorted(places.items()), 1)
    ]


def _expansion(
    profile: Profile, part: str, source: str, controllers: Iterable[Controller]
) -> Artefact:
    spec = {
        "applyTo": [
            {"groups": [each.group], "versions": [each.version], "kinds": [each.kind]}
            for each in controllers
        ],
        "templateSource": source,
        "generatedGVK": _POD,
    }
    document = {
        "apiVersion": _API,
        "kind": "ExpansionTemplate",
        "metadata": object_metadata(profile, part),
        "spec": spec,
    }
    path = f"expansion-{part}.yaml" if part else "expansion.yaml"
    name = f"ExpansionTemplate/{object_name(profile.name, part)}"
    return Artefact(path, dump(document), name)
