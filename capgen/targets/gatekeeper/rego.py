"""A rule in Rego, as Gatekeeper's engine of that name judges by it.

It judges what the CEL in `native.py` judges, and on the same occasions. What is passed over is
proven not to be judged, and what is judged offends unless it is proven to be fine: Gatekeeper
admits where an expression in Rego errs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from capgen.lang import rego, rego_match
from capgen.lang.rego_helpers import helpers
from capgen.lang.rego_names import Constants, Names
from capgen.lang.rego_text import form, literal, path, rule
from capgen.policy.subjects import CONTAINER_LISTS
from capgen.targets.cel.words import FALLBACK, words_of

from .common import ways

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.lang.parameters import Given
    from capgen.policy.exempt import Exemption
    from capgen.policy.profile import Profile
    from capgen.policy.rules import Rule
    from capgen.policy.subjects import Path

_PACKAGE: Final = "package capgen"
_PARAMETERS: Final = "input.parameters"
# Of a pod that stands nothing is new but debug containers.
_EPHEMERAL: Final = CONTAINER_LISTS[-1]
# The lists of containers whose images an update may change.
_CHANGING: Final = CONTAINER_LISTS[:-1]
_NEW: Final = f"""\
containers := [c |
  some list in {literal(list(CONTAINER_LISTS))}
  some c in listed(spec, [list])
] if not standing
containers := [c |
  some c in listed(spec, {path([_EPHEMERAL])})
  not known(c)
] if standing"""
_KNOWN: Final = f"""\
known(c) if {{
  some o in listed(old_spec, {path([_EPHEMERAL])})
  o.name == c.name
}}"""
_LOST: Final = f"""\
# An update takes them out of an exemption.
lost := [c |
  standing
  some list in {literal(list(_CHANGING))}
  some c in listed(spec, [list])
  not excused(c)
  some o in listed(old_spec, [list])
  o.name == c.name
  excused(o)
]"""
_STANDING: Final = """\
# The pod stands already: only what is new is judged.
standing if {
  input.review.object.kind == "Pod"
  is_object(input.review.oldObject)
}"""
_LABELS: Final = f"at(pod, {path(['metadata', 'labels'])})"
_ANNOTATIONS: Final = f"at(pod, {path(['metadata', 'annotations'])})"


def source(
    profile: Profile, rule: Rule, exempt: tuple[Exemption, ...], given: Given
) -> dict[str, Any]:
    """Return the source of a template by which a rule of a profile is judged.

    Args:
        profile: the profile.
        rule: one of its rules.
        exempt: what lifts the rule.
        given: takes the values.
    """
    constants = Constants(given, _PARAMETERS)
    names = Names(constants)
    if exempt:
        names = Names(constants, "held", "exempt")
    # In the order in which the CEL asks for parameters.
    around = dict(_around(profile, exempt, constants))
    judged = rego.offences(rule.expression, names)
    violation = _violation(rule, given)
    kept = _needed("\n".join([violation, *judged]), around)
    body = [violation, *judged, *kept]
    return {
        "version": "v1",
        "rego": "\n\n".join([_PACKAGE, *body, *helpers("\n".join(body))]),
    }


def _violation(rule: Rule, given: Given) -> str:
    words, name = words_of(rule, given)
    said = [f"words := {literal(words)}"]
    if name is not None:
        said = [f"default words := {literal(FALLBACK)}", f"words := {_PARAMETERS}.{name}"]
    text = literal(f"{form(rule.id)}: %s (allowed: %s)")
    return "\n".join(
        [
            'violation contains {"msg": msg} if {',
            "  not passed_over",
            "  count(offences) > 0",
            f'  msg := sprintf({text}, [concat(", ", offences), words])',
            "}",
            "",
            *said,
        ]
    )


def _around(
    profile: Profile, exempt: tuple[Exemption, ...], constants: Constants
) -> Iterator[tuple[str, str]]:
    """Yield the rules that others rest on, by name; each rests only on such as come after it."""
    yield "passed_over", _passed_over(profile)
    if profile.match.pod_selector:
        yield "unselected", rego_match.unselected(profile.match.pod_selector, constants)
        yield "labels", _entries("labels", _LABELS)
    yield "annotations", _entries("annotations", _ANNOTATIONS)
    if exempt:
        yield "held", _held(exempt)
        yield "exempt", "exempt := [c | some c in containers; excused(c)]"
        yield "lost", _LOST
        yield "excused", rego_match.excused(exempt, constants)
    yield "containers", _NEW
    yield "known", _KNOWN
    yield "standing", _STANDING
    yield "template", 'template if input.review.object.kind != "Pod"'
    yield "spec", "default spec := false\nspec := pod.spec"
    yield "old_spec", "old_spec := input.review.oldObject.spec"
    yield "pod", "pod := pod_of(input.review.object)"
    yield "pod_of", _pod_of()


def _passed_over(profile: Profile) -> str:
    """Say what is not judged at all."""
    unchanged = (
        'input.review.object.kind != "Pod"',
        "pod_of(input.review.object) == pod_of(input.review.oldObject)",
    )
    bodies = [unchanged, *([("unselected",)] if profile.match.pod_selector else [])]
    return f"# A controller whose template stays as it is.\n{rule('passed_over', bodies)}"


def _entries(name: str, read: str) -> str:
    """Say what stands in a map of the pod's metadata, which may not be there."""
    return f"{name} := {{}} if {read} == null\n{name} := {read} if {read} != null"


def _held(exempt: tuple[Exemption, ...]) -> str:
    """Say which containers are held to the rule: those that are not exempt."""
    held = "[c | some c in containers; not excused(c)]"
    if any(each.images for each in exempt):
        held = f"array.concat({held}, lost)"
    return f"held := {held}"


def _pod_of() -> str:
    """Say the way from an object of any kind that holds a pod down to it."""
    own, common = ways()
    first, *others = (f"{_way(way)} if object.kind == {literal(kind)}" for kind, way in own)
    lines = [f"pod_of(object) := {first}", *(f"else := {each}" for each in others)]
    return "\n".join([*lines, f"else := {_way(common)}"])


def _way(way: Path) -> str:
    return "object" + "".join(f".{step}" for step in way)


def _needed(text: str, around: dict[str, str]) -> list[str]:
    """Return the rules that something names."""
    kept: list[str] = []
    for name, each in around.items():
        # Not in a comment, nor as a key of an object or in a text.
        code = re.sub("^#.*$", "", "\n".join((text, *kept)), flags=re.MULTILINE)
        if re.search(rf'(?<![\w."]){name}(?![\w"])', code):
            kept.append(each)
    return kept
