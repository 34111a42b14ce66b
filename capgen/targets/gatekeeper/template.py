"""A rule as a ConstraintTemplate: what it asks is in the template, its values are parameters.

Rules of the same structure have one template, whichever profile they are of. Its kind carries a
digest of all that decides: another structure, or another version of capgen that says it otherwise,
is another kind beside it, so that no profile changes the template of another.

One template judges pods and what holds a pod template. That there is an old object says that
something is changed: Gatekeeper's own command line tells no operation, and a controller's pods that
Gatekeeper expands come with the operation and without what stood there.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from capgen.lang import cel, cel_match
from capgen.lang.cel_constants import literal
from capgen.lang.cel_exempt import excused
from capgen.lang.cel_names import NOTHING, Names
from capgen.lang.cel_parameters import Parameters
from capgen.policy.exempt import lifting
from capgen.policy.expressions import tests
from capgen.policy.rules import part_of
from capgen.policy.workload import WORKLOADS
from capgen.targets.base import MANAGER
from capgen.targets.cel.shapes import LISTS, NEW, lost
from capgen.targets.cel.words import allowed_words

from .bundle import TITLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.exempt import Exemption
    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule
    from capgen.policy.subjects import Path

_API: Final = "templates.gatekeeper.sh/v1"
_DIGEST: Final = 8
# What is judged of a pod that stands, and of a controller whose template changes.
_JUDGED: Final = (
    "object != null && (oldObject == null\n"
    "  || object.kind == 'Pod' || variables.pod != variables.old)"
)
_STANDING: Final = "object.kind == 'Pod' && oldObject != null"
_TEMPLATE: Final = "object.kind != 'Pod'"
_WORDS: Final = {
    "description": "What is allowed, for messages.",
    "type": "string",
    "default": "what its parameters say",
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


def template_of(profile: Profile, rule: Rule) -> Template:
    """Return the template by which a rule of a profile is judged."""
    constants = Parameters(
        {test: part_of(rule, test.subject).key for test in tests(rule.expression)}
    )
    exempt = lifting(profile.exempt, rule.id)
    variables = list(_variables(profile, rule, exempt, constants))
    validation = _validation(rule, constants)
    source = {
        "failurePolicy": "Fail",
        "variables": [{"name": name, "expression": text} for name, text in _needed(variables)],
        "validations": [validation],
    }
    given = constants.given
    schema = {
        "type": "object",
        # Without it a constraint that has no parameters at all would not get their defaults.
        "default": {},
        "properties": {name: each.schema for name, each in given.items()},
    }
    code = [{"engine": "K8sNativeValidation", "source": source}]
    validated = {"validation": {"openAPIV3Schema": schema}} if given else {}
    targets = [{"target": "admission.k8s.gatekeeper.sh", "code": code}]
    kind = f"Capgen{rule.id[:1].upper()}{rule.id[1:]}{_digest([validated, targets])}"
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
    return Template(kind, document, {name: each.value for name, each in given.items()})


def _variables(
    profile: Profile, rule: Rule, exempt: tuple[Exemption, ...], constants: Parameters
) -> Iterator[tuple[str, str]]:
    """Yield what the validation may name, in an order in which each names only earlier ones."""
    yield "pod", _pod("object")
    yield "old", _pod("oldObject")
    chosen = ""
    if profile.match.pod_selector:
        chosen = f"\n&& {cel_match.selected(profile.match, 'variables.pod', constants)}"
    yield "judged", f"{_JUDGED}{chosen}"
    yield "standing", _STANDING
    yield "spec", "variables.pod.spec"
    yield "annotations", "variables.pod.?metadata.?annotations.orValue({})"
    yield "containers", f"variables.standing ?\n{NEW} :\n{LISTS.format('variables.spec')}"
    names = Names(template=_TEMPLATE, constants=constants)
    if exempt:
        this = excused(exempt, "c", constants)
        names = replace(names, containers="variables.held", exempt="variables.exempt")
        yield "exempt", f"variables.containers.filter(c,\n  {this})"
        held = f"variables.containers.filter(c,\n  !({this}))"
        if any(each.images for each in exempt):
            gone = lost(this, excused(exempt, "o", constants))
            held += f"\n+ (variables.standing ?\n{gone} :\n[])"
        yield "held", held
    yield "offences", _offences(rule, names)


def _pod(root: str) -> str:
    """Lower the way from an object of any kind that holds a pod down to it."""
    kinds: dict[Path, list[str]] = {}
    for workload in WORKLOADS:
        kinds.setdefault(workload.path, []).append(workload.kind)
    # The way that most kinds go needs no condition: constraints match no others.
    common = max(kinds, key=lambda path: len(kinds[path]))
    lines = [
        f"{root}.kind == {literal(kind)} ? {_way(root, path)} :"
        for path, listed in kinds.items()
        for kind in listed
        if path != common
    ]
    return "\n".join([*lines, _way(root, common)])


def _way(root: str, path: Path) -> str:
    return root + "".join(f".{step}" for step in path)


def _offences(rule: Rule, names: Names) -> str:
    """Lower the rule: what offends it in a new pod, and of one that stands in what is new."""
    whole = cel.offences(rule.expression, names)
    added = cel.offences(rule.expression, replace(names, pod_level=False))
    if added == whole:
        return f"!variables.judged ? [] :\n({whole})"
    if added == NOTHING:
        return f"!variables.judged || variables.standing ? [] :\n({whole})"
    return f"!variables.judged ? [] : variables.standing ?\n({added}) :\n({whole})"


def _needed(variables: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the variables that something names: the last one, and what it rests on."""
    kept: list[tuple[str, str]] = []
    for name, text in reversed(variables):
        named = re.compile(rf"\bvariables\.{name}\b")
        if not kept or any(named.search(later) for _, later in kept):
            kept.insert(0, (name, text))
    return kept


def _validation(rule: Rule, constants: Parameters) -> dict[str, str]:
    words = allowed_words(rule)
    if constants.given:
        fallback = _WORDS["default"]
        told = f"' (allowed: ' + {constants.name('words', _WORDS, words)} + ')'"
    else:
        fallback, told = words, literal(f" (allowed: {words})")
    return {
        "expression": "variables.offences.size() == 0",
        "message": f"{rule.id}: allowed is {fallback}",
        "messageExpression": f"{literal(f'{rule.id}: ')} + variables.offences.join(', ')\n+ {told}",
    }


def _digest(meaning: object) -> str:
    text = json.dumps(meaning, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
