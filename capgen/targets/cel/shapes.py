"""The shapes of policies: which objects, on which occasion, and what the expressions may name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from capgen.lang import cel_match
from capgen.lang.cel_constants import LITERALS
from capgen.lang.cel_exempt import excused
from capgen.lang.cel_names import Names
from capgen.policy.exempt import lifting
from capgen.policy.workload import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.lang.cel_constants import Constants
    from capgen.policy.exempt import Exemption
    from capgen.policy.match import Match
    from capgen.policy.profile import Profile
    from capgen.policy.subjects import Path

LISTS: Final = (
    "dyn({0}.?initContainers.orValue([]))\n"
    "+ dyn({0}.containers)\n"
    "+ dyn({0}.?ephemeralContainers.orValue([]))"
)
# Of the ephemeral containers, those whose name the pod does not have yet.
NEW: Final = (
    "object.spec.?ephemeralContainers.orValue([]).filter(c,\n"
    "  !oldObject.spec.?ephemeralContainers.orValue([]).exists(o, o.name == c.name))"
)
# The lists of containers whose images an update may change.
_CHANGING: Final = ("?initContainers.orValue([])", "containers")
# Of these, those that were exempt and no longer are.
_LOST: Final = (
    "dyn(object.spec.{listed}).filter(c,\n  !({this})\n"
    "  && oldObject.spec.{listed}.exists(o, o.name == c.name\n    && ({old})))"
)
_CHANGED: Final = "request.operation == 'CREATE' || {0} != oldObject{1}"


@dataclass(frozen=True, slots=True)
class Shape:
    """A policy: the objects that hold a pod at one path, on one occasion.

    Attributes:
        part: what is added to the profile's name.
        path: the way down from the object to the pod or its template.
        ephemeral: new ephemeral containers are judged, and nothing else.
        update: containers whose new image takes them out of an exemption, and nothing else.
    """

    part: str
    path: Path
    ephemeral: bool = False
    update: bool = False

    @property
    def pod(self) -> str:
        """The pod or template, in CEL."""
        return "object" + "".join(f".{step}" for step in self.path)


PODS: Final = (
    Shape("", ()),
    Shape("ephemeralcontainers", (), ephemeral=True),
    Shape("updates", (), update=True),
)
CONTROLLERS: Final = (
    Shape("controllers", ("spec", "template")),
    Shape("cronjobs", ("spec", "jobTemplate", "spec", "template")),
    Shape("podtemplates", ("template",)),
)


def variables_of(shape: Shape) -> tuple[tuple[str, str], ...]:
    """Return what every expression of a policy may name: its name, and what it stands for."""
    spec = f"{shape.pod}.spec"
    metadata = f"{shape.pod}.?metadata"
    containers = NEW if shape.ephemeral else LISTS.format("variables.spec")
    return (
        ("spec", spec),
        ("annotations", f"{metadata}.?annotations.orValue({{}})"),
        *(() if shape.update else (("containers", containers),)),
    )


def groups_of(profile: Profile, shape: Shape) -> dict[str, tuple[Exemption, ...]]:
    """Return what lifts each rule that has an exemption; on an update, one that names images."""
    groups = {rule.id: lifting(profile.exempt, rule.id) for rule in profile.rules}
    return {
        rule: group
        for rule, group in groups.items()
        if group and (not shape.update or any(each.images for each in group))
    }


def names_of(
    shape: Shape,
    groups: dict[str, tuple[Exemption, ...]],
    rule: str,
    constants: Constants = LITERALS,
) -> Names:
    """Return what the expression of a rule, a key of the groups if lifted, calls what it judges.

    Args:
        shape: of the policy.
        groups: what lifts each rule that is lifted.
        rule: the key.
        constants: how the values are said that the rule lists.
    """
    names = Names(
        pod_level=not (shape.ephemeral or shape.update),
        template="true" if shape.path else "false",
        constants=constants,
    )
    if rule not in groups:
        return names
    number = list(dict.fromkeys(groups.values())).index(groups[rule]) + 1
    exempt = "" if shape.update else f"variables.exempt{number}"
    return replace(names, containers=f"variables.held{number}", exempt=exempt)


def containers_of(
    shape: Shape, groups: dict[str, tuple[Exemption, ...]], constants: Constants = LITERALS
) -> Iterator[tuple[str, str]]:
    """Yield for each group of exemptions the containers that are held to the rules, or not."""
    for number, group in enumerate(dict.fromkeys(groups.values()), start=1):
        this = excused(group, "c", constants)
        if shape.update:
            old = excused(group, "o", constants)
            yield f"held{number}", lost(this, old)
        else:
            yield f"exempt{number}", f"variables.containers.filter(c, {this})"
            yield f"held{number}", f"variables.containers.filter(c, !({this}))"


def lost(this: str, old: str) -> str:
    """Return the containers of a pod that an update takes out of an exemption.

    Args:
        this: when it holds for the container `c`.
        old: when it holds for the container `o`, as which `c` stood there before.
    """
    lists = (_LOST.format(this=this, old=old, listed=listed) for listed in _CHANGING)
    return "\n+ ".join(lists)


def constraints_of(match: Match, shape: Shape, *, created: bool = False) -> dict[str, Any]:
    """Return which objects a policy is asked about.

    Args:
        match: which namespaces are matched.
        shape: the objects.
        created: of pods and templates those that are created, and are no controller's copies.
    """
    constraints: dict[str, Any] = {}
    selector = cel_match.selector(match.namespace_selector)
    if selector:
        constraints["namespaceSelector"] = selector
    rules = _rules(shape, created=created)
    constraints["resourceRules"] = [
        {**rule, "operations": ["CREATE"]} if created else rule for rule in rules
    ]
    return constraints


def _rules(shape: Shape, *, created: bool) -> list[dict[str, Any]]:
    """Return what the policy is asked about: created pods, new containers, changed templates."""
    if shape.ephemeral:
        return [_rule("", "v1", ["UPDATE"], ["pods/ephemeralcontainers"])]
    if shape.update:
        return [_rule("", "v1", ["UPDATE"], ["pods"])]
    if not shape.path:
        return [_rule("", "v1", ["CREATE"], ["pods"])]
    kinds = [
        kind for kind in WORKLOADS if kind.path == shape.path and not (created and kind.copied)
    ]
    groups = dict.fromkeys((kind.group, kind.version) for kind in kinds)
    return [
        _rule(
            group,
            version,
            ["CREATE", "UPDATE"],
            [kind.resource for kind in kinds if kind.group == group],
        )
        for group, version in groups
    ]


def _rule(group: str, version: str, operations: list[str], resources: list[str]) -> dict[str, Any]:
    return {
        "apiGroups": [group],
        "apiVersions": [version],
        "operations": operations,
        "resources": resources,
    }


def conditions_of(match: Match, shape: Shape) -> list[dict[str, str]]:
    """Return the conditions without which a policy is not asked."""
    conditions = list(cel_match.conditions(match, shape.pod))
    if shape.path:
        way = "".join(f".{step}" for step in shape.path)
        conditions.append(("template-changed", _CHANGED.format(shape.pod, way)))
    return [{"name": name, "expression": text} for name, text in conditions]
