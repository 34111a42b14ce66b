"""kyverno-legacy: ClusterPolicies, `kyverno.io/v1`, with `validate.cel`. They need Kyverno 1.11.

Every field that is written here was there in 1.11, save `emitWarning`, which came with 1.13.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.profile import Enforcement
from capgen.policy.workload import WORKLOADS
from capgen.targets.base import Artefact, Output, Target, object_name
from capgen.targets.cel import cells, specs
from capgen.targets.folder import folder
from capgen.targets.yaml_text import dump

from .common import TIMEOUT, Kind, failure_policy, in_background, judging, metadata
from .guide import guide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from capgen.targets.cel.shapes import Shape

_API: Final = "kyverno.io/v1"
# Kyverno makes rules for controllers by replacing text. Of a kind that is written with its version
# it makes none; this says so to whoever reads it, and to releases to come.
_NO_TWINS: Final = (("pod-policies.kyverno.io/autogen-controllers", "none"),)
_KIND: Final = Kind("ClusterPolicy", "1.11.0", _NO_TWINS)
_WARNING: Final = _KIND._replace(since="1.13.0")
# Kyverno reads variables of its own in every text, `{{x}}` and `$(x)`. The second character of such
# a start is escaped in CEL, where only a literal can hold it; in words it is moved away.
_VARIABLE: Final = re.compile(r"(?<=\{)\{|(?<=\$)\(")
# Every namespace. Of a rule with a wildcard here Kyverno makes no native policy, and so does not
# compile each of its expressions with every variable for every kind when the policy is created:
# of many kinds and rules that takes longer than its webhook may.
_ANYWHERE: Final = ("*",)
# What the chart of Kyverno 1.11 asks for.
_FLOOR: Final = 25

_SETS_NOTHING: Final = (
    "a rule that validates sets nothing: `{}` must be set by other means, such as the target `map`"
    " among the profile's"
)
_ABOUT: Final = (
    "`validate.cel` came with Kyverno 1.11, `emitWarning` with 1.13. The kind is deprecated since"
    " 1.17, and is to go with 1.20: from 1.17 on there is the target `kyverno`. Apply one of the"
    " two, not both."
)
_NATIVE: Final = (
    "No ValidatingAdmissionPolicy is made of these policies: Kyverno makes none of a rule that"
    " names namespaces by a wildcard."
)


def emit(profile: Profile) -> Output:
    """Write the profile's policies."""
    kind = _WARNING if profile.enforcement is Enforcement.WARN else _KIND
    objects = tuple(
        Artefact(
            f"{shape.part or 'pods'}.yaml",
            dump(_policy(profile, shape, kind, spec)),
            f"{kind.kind}/{object_name(profile.name, shape.part)}",
        )
        for shape, spec in specs(profile)
    )
    said = cells(profile, _SETS_NOTHING)
    words = guide(profile, TARGET.name, kind, _ABOUT, _NATIVE)
    return folder(profile, words, objects, said)


def _policy(profile: Profile, shape: Shape, kind: Kind, spec: dict[str, Any]) -> dict[str, Any]:
    denies = profile.enforcement is Enforcement.DENY
    warns = profile.enforcement is Enforcement.WARN
    return {
        "apiVersion": _API,
        "kind": kind.kind,
        "metadata": metadata(profile, shape, kind, judging(shape)),
        "spec": {
            "validationFailureAction": "Enforce" if denies else "Audit",
            **({"emitWarning": True} if warns else {}),
            "background": in_background(shape),
            "failurePolicy": failure_policy(profile),
            "webhookTimeoutSeconds": TIMEOUT,
            "rules": [_rule(shape, spec)],
        },
    }


def _rule(shape: Shape, spec: dict[str, Any]) -> dict[str, Any]:
    constraints = spec["matchConstraints"]
    rules = constraints["resourceRules"]
    resources = {
        "kinds": list(_kinds(rules)),
        "operations": list(dict.fromkeys(each for rule in rules for each in rule["operations"])),
        "namespaces": list(_ANYWHERE),
    }
    if "namespaceSelector" in constraints:
        resources["namespaceSelector"] = constraints["namespaceSelector"]
    rule: dict[str, Any] = {
        "name": shape.part or "pods",
        "match": {"any": [{"resources": resources}]},
    }
    if "matchConditions" in spec:
        rule["celPreconditions"] = spec["matchConditions"]
    rule["validate"] = {"cel": {"variables": spec["variables"], "expressions": spec["validations"]}}
    written: dict[str, Any] = _literal(rule)
    return written


def _literal(value: Any, key: str = "") -> Any:  # noqa: ANN401 - any part of a rule
    """Return a part of a rule in which Kyverno finds no variable."""
    if isinstance(value, dict):
        return {each: _literal(part, each) for each, part in value.items()}
    if isinstance(value, list):
        return [_literal(part, key) for part in value]
    if isinstance(value, str):
        written = " {0}" if key == "message" else "\\u{1:04x}"
        return _VARIABLE.sub(lambda found: written.format(found[0], ord(found[0])), value)
    return value


def _kinds(rules: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what resource rules speak of as Kyverno calls it, such as `v1/Pod`."""
    kinds = {(each.group, each.resource): each for each in WORKLOADS}
    for rule in rules:
        for resource in rule["resources"]:
            name, _, subresource = resource.partition("/")
            kind = kinds[rule["apiGroups"][0], name]
            yield "/".join(filter(None, (kind.group, kind.version, kind.kind, subresource)))


TARGET: Final = Target(
    "kyverno-legacy",
    "ClusterPolicies in CEL, which Kyverno judges by from 1.11 on",
    _FLOOR,
    emit,
)
