"""Gatekeeper: constraints of a profile, and the templates that profiles share.

A constraint gives a template the values of a rule, and says which objects are judged.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.workload import WORKLOADS
from capgen.targets.base import Artefact, Output, Target, object_metadata, object_name
from capgen.targets.cel import cells
from capgen.targets.folder import folder
from capgen.targets.options import chosen
from capgen.targets.yaml_text import dump

from .bundle import BUNDLE, CONSTRAINTS
from .guide import guide
from .matching import match_of
from .mutators_guide import with_mutators
from .setting import setting
from .template import ENGINES, template_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from capgen.policy.profile import Profile
    from capgen.targets.base import Options

    from .template import Template

# The oldest Kubernetes of Gatekeeper 3.18, the first release that judges by CEL unasked.
_FLOOR: Final = 29
_ACTIONS: Final = {"deny": "deny", "warn": "warn", "audit": "dryrun"}
_OPTION: Final = "engines"
_BY: Final = {
    ("cel",): "a validation in CEL",
    ("rego",): "a violation in Rego",
    ("cel", "rego"): "a validation in CEL, and a violation in Rego",
}


def emit(profile: Profile, engines: Sequence[str] = ("cel",)) -> Output:
    """Write a constraint for each rule, the templates that they are of, and mutators for values.

    Args:
        profile: what to write.
        engines: those that the templates are for, of `ENGINES`.
    """
    artefacts, shared = [], []
    for rule in profile.rules:
        template = template_of(profile, rule, engines)
        name = f"ConstraintTemplate/{template.name}"
        shared.append(Artefact(f"{template.name}.yaml", dump(template.document), name))
        name = f"{template.kind}/{object_name(profile.name)}"
        made = dump(_constraint(profile, template))
        artefacts.append(Artefact(f"{rule.id}.yaml", made, name))
    found = setting(profile, cells(profile._replace(mutate=False), "", _BY[tuple(engines)]))
    about = guide(profile, engines)
    if found.artefacts:
        about = with_mutators(about)
    output = folder(profile, about, [*found.artefacts, *artefacts], found.cells)
    return replace(output, shared=tuple(shared))


def configured(options: Options) -> Callable[[Profile], Output]:
    """Return what writes with some options.

    Raises:
        UsageError: an option or its value is unknown.
    """
    asked = chosen(TARGET.name, options, _OPTION, tuple(ENGINES), "writes for no engine")
    asked = ("cel",) if asked is None else asked
    return partial(emit, engines=tuple(each for each in ENGINES if each in asked))


def _constraint(profile: Profile, template: Template) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "enforcementAction": _ACTIONS[profile.enforcement.value],
        "match": _match(profile),
    }
    if template.parameters:
        spec["parameters"] = template.parameters
    return {
        "apiVersion": CONSTRAINTS,
        "kind": template.kind,
        "metadata": object_metadata(profile),
        "spec": spec,
    }


def _match(profile: Profile) -> dict[str, Any]:
    """Return which objects a constraint judges; labels of pods its template looks at."""
    judged = (kind for kind in WORKLOADS if (profile.controllers if kind.path else profile.pods))
    # Pods that Gatekeeper expands of a controller come without what stood there: judged by
    # them, an old Deployment could not be scaled.
    return {**match_of(profile, judged), "source": "Original"}


TARGET = Target(
    "gatekeeper",
    "constraints of Gatekeeper, and the templates in CEL or Rego that profiles share",
    _FLOOR,
    emit,
    configured=configured,
    bundle=BUNDLE,
)
