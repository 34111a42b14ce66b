"""psa: the labels by which a namespace asks Pod Security admission for a level.

A label goes on a namespace that somebody else has made, and a folder that held the Namespace would
delete it, with all that it holds, when the folder is removed. So this is a patch, as a Kustomize
component, and the line of `kubectl label`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.placed import to_set
from capgen.policy.profile import Enforcement
from capgen.policy.values import show
from capgen.targets.base import Artefact, Cell, Output, Status, Target, object_metadata
from capgen.targets.folder import KUSTOMIZATION, readme
from capgen.targets.yaml_text import dump

from .guide import guide, selector
from .level import implied

if TYPE_CHECKING:
    from capgen.policy.profile import Profile

    from .level import Implied

# PodSecurity is on by default since then.
_FLOOR: Final = 23
_PREFIX: Final = "pod-security.kubernetes.io"
# Which labels a profile's enforcement asks for: a stronger one warns and audits too.
_MODES: Final = {
    Enforcement.DENY: ("enforce", "audit", "warn"),
    Enforcement.WARN: ("audit", "warn"),
    Enforcement.AUDIT: ("audit",),
}
_AGAIN: Final = "judges the whole pod again when a container is added, or an image changed"
_UNSELECTED: Final = "holds for pods that `podSelector` leaves alone, too"
_NOT_SET: Final = "the labels set nothing: `{}` must be set by other means"
_TEMPLATES: Final = (
    "controllers are not refused, and their pods are, which the profile leaves alone"
)


def emit(profile: Profile) -> Output:
    """Write the labels as a patch of namespaces, the component that applies it, and the README."""
    found = implied(profile)
    cells = _cells(profile, found)
    named = labels(profile, found)
    metadata = {
        "name": "any",
        "labels": named,
        "annotations": object_metadata(profile)["annotations"],
    }
    patch = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    page = partial(readme, profile, guide(profile, found, named), ())
    return Output(
        (
            Artefact("namespace.yaml", dump(patch)),
            Artefact(KUSTOMIZATION, dump(_component(profile))),
            page(cells),
        ),
        cells,
        page=page,
    )


def labels(profile: Profile, found: Implied) -> dict[str, str]:
    """Return the labels of a namespace: a level and its version for each mode."""
    said: dict[str, str] = {}
    for mode in _MODES[profile.enforcement]:
        said[f"{_PREFIX}/{mode}"] = found.level
        said[f"{_PREFIX}/{mode}-version"] = f"v1.{found.version}"
    return said


def _component(profile: Profile) -> dict[str, Any]:
    """Return the Kustomize component: of what is beside it, the namespaces that are meant."""
    target: dict[str, str] = {"kind": "Namespace"}
    if profile.match.include:
        # A pattern is for the whole name.
        patterns = (name.replace("*", ".*") for name in profile.match.include)
        target["name"] = "|".join(patterns)
    if profile.match.namespace_selector:
        target["labelSelector"] = selector(profile.match.namespace_selector)
    return {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "patches": [{"path": "namespace.yaml", "target": target}],
    }


def _cells(profile: Profile, found: Implied) -> dict[str, Cell]:
    values = to_set(profile) if profile.mutate else ()
    unset = {each.rule: _NOT_SET.format(show(each.value)) for each in values}
    level = f"`{found.level}` of 1.{found.version}"
    cells = {}
    for rule in profile.rules:
        if rule.id in found.missed:
            why = f"; {found.stronger}" if found.stronger else ""
            note = f"{level} admits a pod {found.missed[rule.id]}{why}"
            cells[rule.id] = Cell(Status.GAP, note)
        elif not profile.pods:
            cells[rule.id] = Cell(Status.GAP, _TEMPLATES)
        else:
            more = [_AGAIN, *([_UNSELECTED] if profile.match.pod_selector else [])]
            said = Cell(Status.STRICTER, "; ".join([f"{level} enforces it", *more]))
            # The labels judge what other policies have made of a pod.
            not_set = Cell(Status.GAP, unset.get(rule.id, ""), said)
            cells[rule.id] = not_set if rule.id in unset else said
    return cells


TARGET: Final = Target(
    "psa",
    "namespace labels for the strongest Pod Security level that the profile implies",
    _FLOOR,
    emit,
)
