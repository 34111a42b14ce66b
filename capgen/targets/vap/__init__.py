"""ValidatingAdmissionPolicy: the API server judges pods itself, by CEL.

`admissionregistration.k8s.io/v1` needs Kubernetes 1.30.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.profile import Enforcement
from capgen.targets.base import Artefact, Output, Target, object_metadata, object_name
from capgen.targets.cel import ACTIONS, cells, sets, specs
from capgen.targets.cel.values import InParameters
from capgen.targets.folder import folder
from capgen.targets.members import key_of
from capgen.targets.options import check
from capgen.targets.yaml_text import dump

from .guide import guide, with_parameters
from .parameters import BUNDLE, OPTIONS, ROOT, asks, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from capgen.policy.profile import Profile, Union
    from capgen.targets.base import Options
    from capgen.targets.cel.shapes import Shape

    from .parameters import Named

_API: Final = "admissionregistration.k8s.io/v1"
_FLOOR: Final = 30

_SETS_NOTHING: Final = (
    "a ValidatingAdmissionPolicy sets nothing: `{}` must be set by other means, such as the target"
    " `map` among the profile's"
)
_SET_SETS_NOTHING: Final = (
    "a ValidatingAdmissionPolicy sets nothing, and no target sets the values of a set: `{}` must be"
    " set by other means"
)


def emit(profile: Profile) -> Output:
    """Write the profile's policies, each with its binding."""
    artefacts = _artefacts(profile, specs(profile), profile.enforcement)
    return folder(profile, guide(profile, _FLOOR), artefacts, cells(profile, _SETS_NOTHING))


def emit_parameters(profile: Profile) -> Output:
    """Write the same with the values of its rules in an object, which the bindings name."""
    values = InParameters(ROOT)
    made = list(specs(profile, values))
    there = named(profile, values)
    if there is None:
        return emit(profile)
    artefacts = [there.values, *_artefacts(profile, made, profile.enforcement, there)]
    about = with_parameters(guide(profile, _FLOOR), there.kind)
    output = folder(profile, about, artefacts, cells(profile, _SETS_NOTHING))
    return replace(output, shared=(there.definition,))


def emit_set(union: Union) -> Output:
    """Write the policies of a set, each with its binding: one profile must admit the whole pod."""
    artefacts = _artefacts(union, sets.specs(union), union.enforcement or Enforcement.DENY)
    said = {
        key_of(union, profile, rule): cell
        for profile in union.any_of
        for rule, cell in cells(profile, _SET_SETS_NOTHING).items()
    }
    return folder(union, guide(union, _FLOOR), artefacts, said)


def _artefacts(
    policy: Profile | Union,
    made: Iterable[tuple[Shape, dict[str, Any]]],
    enforcement: Enforcement,
    there: Named | None = None,
) -> list[Artefact]:
    artefacts = []
    for shape, spec in made:
        name = object_name(policy.name, shape.part)
        binding = {"policyName": name, "validationActions": [ACTIONS[enforcement.value]]}
        # One that asks for no value has no parameters, and none that could be missing.
        if there is not None and asks(spec):
            spec, binding = there.asked(spec), there.bound(binding)  # noqa: PLW2901 - the same, named
        for role, kind, said in (
            ("policy", "ValidatingAdmissionPolicy", spec),
            ("binding", "ValidatingAdmissionPolicyBinding", binding),
        ):
            metadata = object_metadata(policy, shape.part)
            document = {"apiVersion": _API, "kind": kind, "metadata": metadata, "spec": said}
            path = f"{shape.part or 'pods'}-{role}.yaml"
            artefacts.append(Artefact(path, dump(document), f"{kind}/{name}"))
    return artefacts


def configured(options: Options) -> Callable[[Profile], Output]:
    """Return what writes with some options.

    Raises:
        UsageError: an option or its value is unknown.
    """
    check(TARGET.name, options, OPTIONS)
    return emit_parameters


TARGET = Target(
    "vap",
    "ValidatingAdmissionPolicies and their bindings, which the API server enforces by itself",
    _FLOOR,
    emit,
    configured=configured,
    bundle=BUNDLE,
    emit_set=emit_set,
)
