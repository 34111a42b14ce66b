"""The values as a strategic-merge patch and as JSON patches (RFC 6902) of one pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from capgen.policy.chosen import put, setting
from capgen.policy.shape import shape_of
from capgen.policy.subjects import EACH, Level
from capgen.targets.yaml_text import dump

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.choice import Choice
    from capgen.policy.chosen import Chosen
    from capgen.policy.profile import Profile
    from capgen.policy.subjects import Field

# What a patch sets: the way down to a value, and the value, which may be a whole struct.
Unit: TypeAlias = "tuple[tuple[str, ...], Any]"

# No name of a container may be in upper case: the API refuses a patch that was left as it is.
_PLACEHOLDER: Final = "CONTAINER"

_STRATEGIC: Final = """\
# Strategic-merge patch for a pod, or below `spec.template` for a controller, by capgen from the
# profile {name}:
#   kubectl patch --type strategic --patch-file FILE ...
# Strategic merge knows a container by its name: repeat the entry under `containers`, and under
# `initContainers` where there are any, once for each, with its name in the place of {placeholder}.
# A null takes away what may not stand beside the value that is set.
"""
_JSON: Final = """\
# JSON patch (RFC 6902) for a pod without the structs that it adds, by capgen from the profile
# {name}. For a controller, paths begin with /spec/template/spec.
# Repeat the operations of /spec/containers/0 for each container, and for /spec/initContainers.
# To add a struct where one stands would lose what it holds: each `test` makes the whole patch fail
# there. Then take that place's operations from json-patch-existing.yaml.
"""
_EXISTING: Final = """\
# JSON patch (RFC 6902) for a pod whose securityContexts stand already, by capgen from the profile
# {name}. For a controller, paths begin with /spec/template/spec.
# Repeat the operations of /spec/containers/0 for each container, and for /spec/initContainers.
# Other keys stay as they are. Where a securityContext is missing the whole patch fails: then take
# that place's operations from json-patch.yaml.
"""


def strategic_merge(profile: Profile, choice: Choice) -> str:
    """Write the strategic-merge patch; lists in a container's securityContext are set whole."""
    spec = merge(units_of(choice, of_containers=False), beside=True)
    units = units_of(choice, of_containers=True)
    own = {name: units_in(values) for name, values in choice.own.items()}
    listed = [(_PLACEHOLDER, units), *((name, [*units, *more]) for name, more in own.items())]
    if units or own:
        spec["containers"] = [
            {"name": name, **merge(these, beside=True)} for name, these in listed if these
        ]
    head = _STRATEGIC.format(name=profile.name, placeholder=_PLACEHOLDER)
    return head + dump({"spec": spec})


def json_patch(profile: Profile, choice: Choice) -> str:
    """Write the JSON patch that adds structs, and fails where there is one."""
    operations = [
        operation
        for prefix, units in _places(choice)
        for operation in _operations(prefix, [(path, value) for _, path, value in units])
    ]
    return _JSON.format(name=profile.name) + dump(operations)


def json_patch_existing(profile: Profile, choice: Choice) -> str:
    """Write the JSON patch that adds values to the securityContexts that stand."""
    operations: list[dict[str, Any]] = []
    for prefix, units in _places(choice):
        # Of the structs at the top only securityContext holds values of others.
        inner: list[Unit] = [(path[1:], value) for _, path, value in units if len(path) > 1]
        outer: list[Unit] = [(path, value) for _, path, value in units if len(path) == 1]
        operations += _operations(prefix, outer)
        operations += _operations(f"{prefix}/securityContext", inner)
    return _EXISTING.format(name=profile.name) + dump(operations)


def units_of(choice: Choice, *, of_containers: bool) -> list[tuple[Chosen, tuple[str, ...], Any]]:
    """Return what is set in each container, or in the pod.

    A struct that must have the chosen field (`seccompProfile.type`), or has no other, is set whole:
    what stood in it belonged to another value.
    """
    return units_in(
        each for each in choice.values if (each.field.level is Level.CONTAINER) is of_containers
    )


def units_in(values: Iterable[Chosen]) -> list[tuple[Chosen, tuple[str, ...], Any]]:
    """Return what is set for some values, in whichever struct."""
    units: list[tuple[Chosen, tuple[str, ...], Any]] = []
    for each in values:
        field = each.field
        path, value = setting(each)
        if len(path) < len(field.path) and isinstance(value, dict):
            units.append((each, path, value))
        elif len(path) > 1 and (field.required or not _siblings(field)):
            units.append((each, path[:-1], {path[-1]: value}))
        else:
            units.append((each, path, value))
    return units


def merge(
    units: Iterable[tuple[Chosen, tuple[str, ...], Any]], *, beside: bool = False
) -> dict[str, Any]:
    """Put units together as one struct.

    Args:
        units: what is set.
        beside: nulls stand for the fields that a struct may not keep beside the value.
    """
    merged: dict[str, Any] = {}
    for each, path, value in units:
        whole = beside and isinstance(value, dict)
        cleared = {key: None for key in _siblings(each.field) if key not in value} if whole else {}
        put(merged, path, {**value, **cleared} if cleared else value)
    return merged


def _places(choice: Choice) -> list[tuple[str, list[tuple[Chosen, tuple[str, ...], Any]]]]:
    return [
        ("/spec", units_of(choice, of_containers=False)),
        ("/spec/containers/0", units_of(choice, of_containers=True)),
    ]


def _operations(prefix: str, units: list[Unit]) -> list[dict[str, Any]]:
    """Add each value at the place; of structs that are only on the way, those that are missing."""
    operations: list[dict[str, Any]] = []
    nested: dict[str, dict[str, Any]] = {}
    for path, value in units:
        if len(path) == 1:
            operations.append({"op": "add", "path": f"{prefix}/{path[0]}", "value": value})
            continue
        put(nested, path, value)
    for step, struct in nested.items():
        operations += [
            {"op": "test", "path": f"{prefix}/{step}", "value": None},
            {"op": "add", "path": f"{prefix}/{step}", "value": struct},
        ]
    return operations


def _siblings(field: Field) -> list[str]:
    """Return the fields that the API knows beside this one."""
    struct = shape_of([field])
    if field.level is Level.CONTAINER:
        struct = struct.nested["containers"][0]
    *above, last = (step for step in field.path if step != EACH)
    for step in above:
        struct = struct.nested[step][0]
    return sorted(struct.fields - {last})
