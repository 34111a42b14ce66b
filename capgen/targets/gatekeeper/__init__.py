"""Gatekeeper: constraints of a profile, and the templates that profiles share.

A constraint gives a template the values of a rule, and says which objects are judged.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from capgen.targets.base import Artefact, Output, Target
from capgen.targets.cel import cells
from capgen.targets.folder import folder
from capgen.targets.yaml_text import dump

from .asked import Asked, asked_of
from .bundle import BUNDLE
from .constraint import constraints
from .expansion import expansions
from .guide import guide
from .mutators_guide import with_mutators
from .setting import setting
from .template import template_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgen.policy.profile import Profile
    from capgen.targets.base import Options

# The oldest Kubernetes of Gatekeeper 3.18, the first release that judges by CEL unasked.
_FLOOR: Final = 29
_PLAIN: Final = Asked()
_BY: Final = {
    ("cel",): "a validation in CEL",
    ("rego",): "a violation in Rego",
    ("cel", "rego"): "a validation in CEL, and a violation in Rego",
}


def emit(profile: Profile, asked: Asked = _PLAIN) -> Output:
    """Write a constraint for each rule, the templates that they are of, and mutators for values.

    Args:
        profile: what to write.
        asked: what the options ask for.
    """
    artefacts: list[Artefact] = []
    shared = []
    for rule in profile.rules:
        template = template_of(profile, rule, asked.engines)
        name = f"ConstraintTemplate/{template.name}"
        shared.append(Artefact(f"{template.name}.yaml", dump(template.document), name))
        artefacts += constraints(profile, rule.id, template, asked)
    artefacts += expansions(profile, asked.expand)
    found = setting(profile, cells(profile._replace(mutate=False), "", _BY[asked.engines]))
    about = guide(profile, asked)
    if found.artefacts:
        about = with_mutators(about)
    output = folder(profile, about, [*found.artefacts, *artefacts], found.cells)
    return replace(output, shared=tuple(shared))


def configured(options: Options) -> Callable[[Profile], Output]:
    """Return what writes with some options.

    Raises:
        UsageError: an option or its value is unknown.
    """
    return partial(emit, asked=asked_of(TARGET.name, options))


TARGET = Target(
    "gatekeeper",
    "constraints of Gatekeeper, and the templates in CEL or Rego that profiles share",
    _FLOOR,
    emit,
    configured=configured,
    bundle=BUNDLE,
)
