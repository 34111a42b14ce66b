"""PodSecurityPolicy: what admits pods in clusters up to Kubernetes 1.24.

A policy is not a filter but a permit: where the plugin is on, a pod is refused unless some policy
that its creator or its service account may `use` admits all of it. It fills in what it asks for
before it judges, so that a rule which asks for a value sets it. It judges what takes effect.

Read in 1.19.16, 1.22.17 and 1.24.17, which judge alike; run in 1.24.17.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.choice import wanted
from capgen.policy.expressions import tests
from capgen.policy.rules import part_of
from capgen.policy.subjects import plain, settable
from capgen.targets.base import Artefact, Output, Target, object_metadata, object_name
from capgen.targets.folder import folder
from capgen.targets.yaml_text import dump

from .elsewhere import NOWHERE, conditioned, everywhere, nowhere, scoped, spaces, unset_values
from .fields import TABLE
from .guide import guide
from .words import Asked

if TYPE_CHECKING:
    from capgen.policy.profile import Profile
    from capgen.targets.base import Cell

    from .words import PartName, Word

_RBAC: Final = "rbac.authorization.k8s.io"
# Up to 1.18 a pod had no field for its seccomp profile.
_FLOOR: Final = 19
_CEILING: Final = 24
USE: Final = "use"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a policy says of a profile when a pod is created.

    Attributes:
        policy: the PodSecurityPolicy.
        words: how it says each rule that it has a field for, by id.
    """

    policy: dict[str, Any]
    words: dict[str, Word]


def speak(profile: Profile) -> Spoken:
    """Say a profile in the policy's fields, row by row of the table."""
    asked = _asked(profile)
    rules = {rule.id: rule for rule in profile.rules}
    spec: dict[str, Any] = {}
    annotations: dict[str, str] = {}
    words: dict[str, Word] = {}
    for row in TABLE:
        said = row.say({part: asked[part] for part in row.parts if part in asked})
        spec |= said.spec
        annotations |= said.annotations
        for rule, word in said.words.items():
            whole = conditioned(word, rules[rule])
            words[rule] = unset_values(whole, rules[rule], profile, said.sets)
    metadata: dict[str, Any] = object_metadata(profile)
    metadata["annotations"] |= annotations
    return Spoken(_object("policy/v1beta1", "PodSecurityPolicy", metadata, spec=spec), words)


def emit(profile: Profile) -> Output:
    """Write the policy, the role that may use it, and who has the role."""
    spoken = speak(profile)
    cells: dict[str, Cell] = {}
    for rule in profile.rules:
        if rule.id in NOWHERE:
            cells[rule.id] = nowhere(rule, profile.minors)
        else:
            cells[rule.id] = everywhere(spoken.words[rule.id], rule, profile).cell()
    name = object_name(profile.name)
    objects = (
        Artefact("policy.yaml", dump(spoken.policy), f"PodSecurityPolicy/{name}"),
        *_permission(profile),
    )
    return folder(profile, guide(profile, spoken.policy["metadata"]["annotations"]), objects, cells)


def _asked(profile: Profile) -> dict[PartName, tuple[Asked, ...]]:
    """Return what the profile asks of each part of a rule."""
    chosen = {each.field: each.value for each in wanted(profile, "linux")}
    found: dict[PartName, tuple[Asked, ...]] = {}
    for rule in profile.rules:
        for test in tests(rule.expression):
            field = settable(plain(test.subject))
            part = (rule.id, part_of(rule, test.subject).key)
            value = chosen.get(field) if field is not None else None
            found[part] = (*found.get(part, ()), Asked(test, value, profile.mutate))
    # An AppArmor profile is in an annotation here, whose field is newer: what was chosen holds.
    return {
        part: tuple(each._replace(chosen=_common(listed)) for each in listed)
        for part, listed in found.items()
    }


def _common(listed: tuple[Asked, ...]) -> Any:  # noqa: ANN401 - any chosen value
    return next((each.chosen for each in listed if each.chosen is not None), None)


def _permission(profile: Profile) -> tuple[Artefact, ...]:
    """Return the role to use the policy, and its bindings: everywhere, or where pods are judged."""
    name = object_name(profile.name, USE)
    rule = {
        "apiGroups": ["policy"],
        "resources": ["podsecuritypolicies"],
        "resourceNames": [object_name(profile.name)],
        "verbs": [USE],
    }
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name}
    everyone = {"apiGroup": _RBAC, "kind": "Group", "name": "system:authenticated"}
    bound = {"roleRef": reference, "subjects": [everyone]}
    role = _object(f"{_RBAC}/v1", "ClusterRole", object_metadata(profile, USE), rules=[rule])
    found = [Artefact("role.yaml", dump(role), f"ClusterRole/{name}")]
    for namespace in spaces(profile) if scoped(profile) else ():
        metadata = object_metadata(profile, USE)
        metadata = {"name": metadata.pop("name"), "namespace": namespace, **metadata}
        binding = _object(f"{_RBAC}/v1", "RoleBinding", metadata, **bound)
        path = f"binding-{namespace}.yaml"
        found.append(Artefact(path, dump(binding), f"RoleBinding/{namespace}/{name}"))
    if not scoped(profile):
        metadata = object_metadata(profile, USE)
        binding = _object(f"{_RBAC}/v1", "ClusterRoleBinding", metadata, **bound)
        found.append(Artefact("binding.yaml", dump(binding), f"ClusterRoleBinding/{name}"))
    return tuple(found)


def _object(version: str, kind: str, metadata: dict[str, Any], **rest: object) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


TARGET: Final = Target(
    "psp",
    "a PodSecurityPolicy, a role that may use it and its binding, for clusters up to 1.24",
    _FLOOR,
    emit,
    ceiling=_CEILING,
)
