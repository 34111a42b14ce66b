"""kyverno: ValidatingPolicies, `policies.kyverno.io/v1`. They need Kyverno 1.17."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.targets.base import Artefact, Output, Target, object_name
from capgen.targets.cel import ACTIONS, cells, specs
from capgen.targets.folder import folder
from capgen.targets.yaml_text import dump

from .common import TIMEOUT, Kind, failure_policy, in_background, metadata
from .guide import guide

if TYPE_CHECKING:
    from capgen.policy.profile import Profile
    from capgen.targets.cel.shapes import Shape

_API: Final = "policies.kyverno.io/v1"
_KIND: Final = Kind("ValidatingPolicy", "1.17.0")
# Kyverno has the API server evaluate a policy's conditions, and an older one compiles no optionals
# there: it would refuse the webhooks of all policies at once.
_FLOOR: Final = 30

_SETS_NOTHING: Final = "a ValidatingPolicy sets nothing: `{}` must be set by other means"
_ABOUT: Final = (
    "`policies.kyverno.io/v1` came with Kyverno 1.17; for older releases there is the target"
    " `kyverno-legacy`. Apply one of the two, not both."
)
_NATIVE: Final = (
    "No ValidatingAdmissionPolicy is made of these policies: Kyverno does so only where a policy"
    " asks for it, and these do not."
)


def emit(profile: Profile) -> Output:
    """Write the profile's policies."""
    objects = tuple(
        Artefact(
            f"{shape.part or 'pods'}.yaml",
            dump(_policy(profile, shape, spec)),
            f"{_KIND.kind}/{object_name(profile.name, shape.part)}",
        )
        for shape, spec in specs(profile)
    )
    said = cells(profile, _SETS_NOTHING)
    words = guide(profile, TARGET.name, _KIND, _ABOUT, _NATIVE)
    return folder(profile, words, objects, said)


def _policy(profile: Profile, shape: Shape, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": _KIND.kind,
        "metadata": metadata(profile, shape, _KIND),
        "spec": {
            "validationActions": [ACTIONS[profile.enforcement.value]],
            # Kyverno would make policies for controllers by replacing text.
            "autogen": {"podControllers": {"controllers": []}},
            "evaluation": {"background": {"enabled": in_background(shape)}},
            "webhookConfiguration": {"timeoutSeconds": TIMEOUT},
            **spec,
            "failurePolicy": failure_policy(profile),
        },
    }


TARGET: Final = Target(
    "kyverno",
    "ValidatingPolicies, which Kyverno 1.17 and newer judge by",
    _FLOOR,
    emit,
)
