"""MutatingPolicies, `policies.kyverno.io/v1`, which set a profile's values. They need Kyverno 1.17.

Kyverno is asked as a webhook: after the API server has mounted the token, and after its own
MutatingAdmissionPolicies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.targets.base import Artefact, Cell, object_name
from capgen.targets.cel.mutations import cells_of_values, mutations
from capgen.targets.yaml_text import dump

from .common import API, TIMEOUT, Kind, Words, failure_policy, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from capgen.targets.cel.shapes import Shape

_KIND: Final = Kind("MutatingPolicy", "1.17.0")


def setting(profile: Profile) -> Iterator[Artefact]:
    """Yield the policies that set a profile's values; none where it does not say `mutate: true`."""
    for shape, spec in mutations(profile):
        words = _words(shape)
        made = _policy(profile, shape, words, spec)
        name = f"{_KIND.kind}/{object_name(profile.name, words.part)}"
        yield Artefact(f"{words.part}.yaml", dump(made), name)


def with_values(profile: Profile, cells: dict[str, Cell]) -> dict[str, Cell]:
    """Return how each rule is said, where what is judged is set before.

    Args:
        profile: that is said.
        cells: how its rules are judged, each exactly.
    """
    values = {
        rule: Cell(cell.status, f"{cells[rule].note}; {cell.note}")
        for rule, cell in cells_of_values(profile).items()
    }
    return cells | values


def _words(shape: Shape) -> Words:
    # Kyverno's reports and its command line tell policies apart by their names alone.
    part = f"mutating-{shape.part or 'pods'}"
    what = "pod templates" if shape.path else "pods"
    return Words(part, f"values of {what}", f"Sets what {what} leave unset, when they are created")


def _policy(profile: Profile, shape: Shape, words: Words, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": _KIND.kind,
        "metadata": metadata(profile, shape, _KIND, words),
        "spec": {
            # Kyverno would take the patch for pods, as it is, for that of controllers.
            "autogen": {"podControllers": {"controllers": []}},
            # What stands already is not set, nor reported as if it were.
            "evaluation": {"background": {"enabled": False}},
            "webhookConfiguration": {"timeoutSeconds": TIMEOUT},
            **spec,
            "failurePolicy": failure_policy(profile),
        },
    }
