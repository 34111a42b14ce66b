"""Sets a profile's chosen values where a pod leaves them unset: `mutate: true`.

As PodSecurityPolicy did: what stands is left as it is, and a list is added to. What containers
inherit is set in the pod, unless the profile chooses it for one container by name.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from .choice import own_values, wanted
from .chosen import setting
from .exempt import excuses
from .pod import mapping, sequence
from .subjects import CONTAINER_LISTS, Level
from .values import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .choice import Os
    from .chosen import Chosen
    from .pod import Mapping
    from .profile import Profile
    from .subjects import Field


def mutator(profile: Profile) -> Callable[[Mapping], Mapping]:
    """Return the function that sets the chosen values in a copy of a pod or of a template.

    Raises:
        ProfileError: a default is not allowed.
    """
    systems: tuple[Os, ...] = ("linux", "windows")
    values = {system: wanted(profile, system) for system in systems}
    own = {
        (system, name): own_values(profile, system, name)
        for system in systems
        for name in profile.choices
    }
    excused = excuses(profile.exempt)

    def mutate(pod: Mapping) -> Mapping:
        if not isinstance(pod.get("spec"), dict):
            return pod
        changed = deepcopy(pod)
        spec = changed["spec"]
        system: Os = "windows" if mapping(spec.get("os")).get("name") == "windows" else "linux"
        inside = [each for each in values[system] if each.field.level is Level.CONTAINER]
        for listed in CONTAINER_LISTS[:2]:
            for container in sequence(spec.get(listed)):
                if isinstance(container, dict):
                    special = own.get((system, str(container.get("name"))), ())
                    _fill(container, _for(container, [*inside, *special], excused))
        _fill(spec, [each for each in values[system] if each.field.level is not Level.CONTAINER])
        return changed

    return mutate


def _for(
    container: Mapping,
    values: Iterable[Chosen],
    excused: dict[str, Callable[[Mapping], bool]],
) -> Iterable[Chosen]:
    """Return what is set in a container: of two values for one field the last.

    Not for a rule that it is exempt from: what it says instead may not stand beside the value.
    """
    found = {each.field: each for each in values}
    return [
        each
        for each in found.values()
        if not (each.rule in excused and excused[each.rule](container))
    ]


def _fill(struct: dict[str, Any], values: Iterable[Chosen]) -> None:
    # `add` comes before `drop`: what the profile drops is not what the container drops itself.
    for each in sorted(values, key=lambda each: each.field.path):
        path, value = setting(each)
        if value == []:
            # Of a list nothing is lacking: the structs on the way to it would stand for nothing.
            continue
        node: Any = struct
        for step in path[:-1]:
            if node.get(step) is None:
                node[step] = {}
            node = node[step]
            if not isinstance(node, dict):
                # Of another shape than the API's: to be refused, not to be hidden.
                break
        else:
            _put(node, path[-1], value, each.field)


def _put(node: dict[str, Any], key: str, value: object, field: Field) -> None:
    """Set what is unset, or is so to the API; a list of words has what it lacks added."""
    found = node.get(key)
    joined = field.kind is Kind.STRINGS
    blank = field.blank is not None and type(found) is type(field.blank) and found == field.blank
    if found is None or found == [] or blank:
        found = [] if joined else None
    if found is None:
        node[key] = value
    elif joined and isinstance(found, list) and isinstance(value, list):
        # What a container drops itself is not added to it.
        dropped = sequence(node.get("drop")) if key == "add" else []
        lacking = [item for item in value if item not in (*found, *dropped)]
        if found or lacking:
            node[key] = [*found, *lacking]
