"""Policies that set a profile's values by CEL: what the engines that take them have in common.

One policy a shape, of what is created: an update is never changed, nor is an ephemeral container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.lang import cel_match
from capgen.lang.cel_mutate import mutation
from capgen.policy.placed import placed
from capgen.policy.subjects import Level, dotted
from capgen.policy.values import show_all
from capgen.targets.base import Cell, Status

from .shapes import CONTROLLERS, PODS, constraints_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.placed import Placed
    from capgen.policy.profile import Profile

    from .shapes import Shape

# The others judge what is there already, which is not changed.
_CREATED: Final = PODS[:1]
_UNMOUNTS: Final = (
    "; the token that the API server has mounted by then is taken away, and so is one that a pod"
    " mounts by hand just like it"
)


def mutations(profile: Profile) -> Iterator[tuple[Shape, dict[str, Any]]]:
    """Yield for each shape in which a profile sets values what a policy says there.

    That is `failurePolicy`, `reinvocationPolicy`, `matchConstraints`, `matchConditions`,
    `variables` and `mutations`, with the meaning that `admissionregistration.k8s.io/v1` gives them.
    Of a profile that does not say `mutate: true` there is nothing.

    Raises:
        ProfileError: a default is not allowed, or the API would refuse the values together.
    """
    pods = _CREATED if profile.pods else ()
    for shape in (*pods, *(CONTROLLERS if profile.controllers else ())):
        if profile.mutate and (spec := _spec(profile, shape)):
            yield shape, spec


def cells_of_values(profile: Profile) -> dict[str, Cell]:
    """Return for each rule of which such policies set a value how they say it."""
    values: dict[str, list[Placed]] = {}
    for each in placed(profile) if profile.mutate else ():
        values.setdefault(each.rule, []).append(each)
    return {rule: _cell(profile, own) for rule, own in values.items()}


def _spec(profile: Profile, shape: Shape) -> dict[str, Any]:
    # Into a template the API server mounts nothing.
    lowered = mutation(profile, (*shape.path, "spec"), mounted=not shape.path)
    if lowered is None:
        return {}
    conditions = [
        {"name": name, "expression": text}
        for name, text in cel_match.conditions(profile.match, shape.pod)
    ]
    return {
        "failurePolicy": "Fail",
        # A webhook may add a container after the policy was asked.
        "reinvocationPolicy": "IfNeeded",
        "matchConstraints": constraints_of(profile.match, shape, created=True),
        **({"matchConditions": conditions} if conditions else {}),
        "variables": [{"name": name, "expression": text} for name, text in lowered.variables],
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": lowered.patch}}],
    }


def _cell(profile: Profile, own: list[Placed]) -> Cell:
    said = "where it is unset, sets " + ", ".join(dict.fromkeys(map(_said, own)))
    unmounts = profile.pods and any(each.unmounts for each in own)
    return Cell(Status.STRICTER, said + _UNMOUNTS) if unmounts else Cell(Status.EXACT, said)


def _said(one: Placed) -> str:
    if one.only:
        place = f"in the container {', '.join(f'`{name}`' for name in one.only)}"
    elif one.inside:
        place = "in each container"
    elif one.field.level is Level.INHERITED:
        place = "in the pod, for the containers that do not say it themselves"
    else:
        place = "in the pod"
    system = f" of a {one.system.title()} pod" if one.system and one.inside else ""
    if one.system and not one.inside:
        place += f", on {one.system.title()}"
    return f"{dotted(one.path)}: {show_all(one.value)} {place}{system}"
