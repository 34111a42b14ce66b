"""A rule of a profile as a constraint: which objects are judged, by which values, what is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.policy.workload import WORKLOADS
from capgen.targets.base import Artefact, object_metadata, object_name
from capgen.targets.yaml_text import dump

from .asked import AUDIT, GATOR, NONE
from .bundle import CONSTRAINTS
from .matching import match_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile

    from .asked import Asked
    from .template import Template

# Of what is judged of a pod that Gatekeeper makes of a controller.
EXPANDED: Final = "expanded"
ACTIONS: Final = {"deny": "deny", "warn": "warn", "audit": "dryrun"}
# The enforcement points.
IN_WEBHOOK: Final = "validation.gatekeeper.sh"
IN_AUDIT: Final = "audit.gatekeeper.sh"
IN_GATOR: Final = "gator.gatekeeper.sh"
# Those that an option gives another action, by its name.
_OWN: Final = {AUDIT: IN_AUDIT, GATOR: IN_GATOR}


def constraints(
    profile: Profile, rule: str, template: Template, asked: Asked
) -> Iterator[Artefact]:
    """Yield the constraint of a rule, and that for what is expanded if that is asked for."""
    for part in ("", EXPANDED) if asked.expand else ("",):
        spec = {**_action(profile, asked), "match": _match(profile, part)}
        if template.parameters:
            spec["parameters"] = template.parameters
        document = {
            "apiVersion": CONSTRAINTS,
            "kind": template.kind,
            "metadata": object_metadata(profile, part),
            "spec": spec,
        }
        path = f"{rule}-{part}.yaml" if part else f"{rule}.yaml"
        name = f"{template.kind}/{object_name(profile.name, part)}"
        yield Artefact(path, dump(document), name)


def done(profile: Profile, asked: Asked) -> dict[str, str]:
    """Return what is done at each enforcement point, by its name: an `Enforcement` in words."""
    own = profile.enforcement.value
    found = {IN_WEBHOOK: own}
    found |= {name: asked.actions.get(point, own) for point, name in _OWN.items()}
    return {name: action for name, action in found.items() if action != NONE}


def is_scoped(profile: Profile, asked: Asked) -> bool:
    """Tell whether something else is done at one enforcement point than at another."""
    own = profile.enforcement.value
    return done(profile, asked) != dict.fromkeys((IN_WEBHOOK, IN_AUDIT, IN_GATOR), own)


def _match(profile: Profile, part: str) -> dict[str, Any]:
    """Return which objects a constraint judges; labels of pods its template looks at."""
    # Pods that Gatekeeper expands of a controller come without what stood there: judged by
    # them, an old Deployment could not be scaled.
    pods, controllers = (True, False) if part else (profile.pods, profile.controllers)
    judged = (kind for kind in WORKLOADS if (controllers if kind.path else pods))
    return {**match_of(profile, judged), "source": "Generated" if part else "Original"}


def _action(profile: Profile, asked: Asked) -> dict[str, Any]:
    """Return one action for all, or one for each point where they differ."""
    if not is_scoped(profile, asked):
        return {"enforcementAction": ACTIONS[profile.enforcement.value]}
    points: dict[str, list[str]] = {}
    for name, action in done(profile, asked).items():
        points.setdefault(ACTIONS[action], []).append(name)
    scoped = [
        {"action": action, "enforcementPoints": [{"name": name} for name in names]}
        for action, names in points.items()
    ]
    return {"enforcementAction": "scoped", "scopedEnforcementActions": scoped}
