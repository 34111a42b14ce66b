"""A rule as a ConstraintTemplate: what it asks is in the template, its values are parameters.

Rules of the same structure have one template, whichever profile they are of. Its kind carries a
digest of all that decides: another structure, another engine, or another version of capgen that
says it otherwise, is another kind beside it, so that no profile changes the template of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.lang.parameters import Given
from capgen.policy.exempt import lifting
from capgen.policy.expressions import tests
from capgen.policy.rules import part_of
from capgen.targets.base import MANAGER, digest

from . import native, rego
from .bundle import TITLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from capgen.policy.exempt import Exemption
    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule

_API: Final = "templates.gatekeeper.sh/v1"


class Engine(NamedTuple):
    """An engine of Gatekeeper.

    Attributes:
        name: as templates have it.
        source: writes a rule of a profile for it, and what lifts it, and hands the values over.
    """

    name: str
    source: Callable[[Profile, Rule, tuple[Exemption, ...], Given], dict[str, Any]]


# Gatekeeper judges by the first of them that a template has and that is turned on.
ENGINES: Final = {
    "cel": Engine("K8sNativeValidation", native.source),
    "rego": Engine("Rego", rego.source),
}


@dataclass(frozen=True, slots=True)
class Template:
    """A template, and what a profile's rule gives it.

    Attributes:
        kind: of its constraints.
        document: the object.
        parameters: the values of the rule.
    """

    kind: str
    document: dict[str, Any]
    parameters: dict[str, Any]

    @property
    def name(self) -> str:
        """The object's name, which Gatekeeper wants to be the kind in lower case."""
        return self.kind.lower()


def template_of(profile: Profile, rule: Rule, engines: Sequence[str]) -> Template:
    """Return the template by which a rule of a profile is judged, for engines of `ENGINES`."""
    given = Given({test: part_of(rule, test.subject).key for test in tests(rule.expression)})
    exempt = lifting(profile.exempt, rule.id)
    code = [
        {"engine": engine.name, "source": engine.source(profile, rule, exempt, given)}
        for key, engine in ENGINES.items()
        if key in engines
    ]
    schema = {
        "type": "object",
        # Without it a constraint that has no parameters at all would not get their defaults.
        "default": {},
        "properties": {name: each.schema for name, each in given.known.items()},
    }
    validated = {"validation": {"openAPIV3Schema": schema}} if given.known else {}
    targets = [{"target": "admission.k8s.gatekeeper.sh", "code": code}]
    kind = f"Capgen{rule.id[:1].upper()}{rule.id[1:]}{digest([validated, targets])}"
    metadata = {
        "name": kind.lower(),
        "labels": {"app.kubernetes.io/managed-by": MANAGER},
        "annotations": {
            TITLE: rule.id,
            "description": rule.entry.means,
        },
    }
    crd = {"spec": {"names": {"kind": kind}, **validated}}
    document = {
        "apiVersion": _API,
        "kind": "ConstraintTemplate",
        "metadata": metadata,
        "spec": {"crd": crd, "targets": targets},
    }
    return Template(kind, document, {name: each.value for name, each in given.known.items()})
