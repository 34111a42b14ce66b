"""kyverno: ValidatingPolicies and MutatingPolicies, `policies.kyverno.io/v1`, of Kyverno 1.17.

What judges is asked after what sets values, so that a pod that is made good is let in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.targets.base import Artefact, Output, Target, object_name
from capgen.targets.cel import ACTIONS, judged_cells, specs
from capgen.targets.folder import folder
from capgen.targets.yaml_text import dump

from .common import API, TIMEOUT, Kind, failure_policy, in_background, judging, metadata
from .guide import guide
from .setting import setting, with_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from capgen.targets.cel.shapes import Shape

_KIND: Final = Kind("ValidatingPolicy", "1.17.0")
# Kyverno has the API server evaluate a policy's conditions, and an older one compiles no optionals
# there: it would refuse the webhooks of all policies at once.
_FLOOR: Final = 30

_ABOUT: Final = (
    "`policies.kyverno.io/v1` came with Kyverno 1.17; for older releases there is the target"
    " `kyverno-legacy`. Apply one of the two, not both."
)
_NATIVE: Final = (
    "The API server gets no policy of its own from these, neither a ValidatingAdmissionPolicy nor a"
    " MutatingAdmissionPolicy: Kyverno makes one only where a policy asks for it, and these do not."
)


def emit(profile: Profile) -> Output:
    """Write the profile's policies: those that set values, and those that judge."""
    sets, judges = tuple(setting(profile)), tuple(_judging(profile))
    said = with_values(profile, judged_cells(profile))
    words = guide(profile, TARGET.name, _KIND, _ABOUT, _NATIVE, judges=judges if sets else ())
    return folder(profile, words, (*sets, *judges), said)


def _judging(profile: Profile) -> Iterator[Artefact]:
    for shape, spec in specs(profile):
        name = f"{_KIND.kind}/{object_name(profile.name, shape.part)}"
        yield Artefact(f"{shape.part or 'pods'}.yaml", dump(_policy(profile, shape, spec)), name)


def _policy(profile: Profile, shape: Shape, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": _KIND.kind,
        "metadata": metadata(profile, shape, _KIND, judging(shape)),
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
    "ValidatingPolicies, which Kyverno 1.17 and newer judge by, and MutatingPolicies, which set the"
    " values of a profile with `mutate: true`",
    _FLOOR,
    emit,
)
