"""Faults in a profile's mutators: each in one, the others as they are."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.engines.rest import Object

# The profile's name.
SPACE: Final = "value-faults"
# Every fault in those on pods, and of those on templates every one in these. Those of the second
# list of containers are the first's, save that one may be forgotten.
_SECOND: Final = "-initcontainers"
_TEMPLATES: Final = "set-runasnonroot-"
_LISTS: Final = {"containers": "initContainers", "initContainers": "containers"}
_TURNED: Final = {"MustExist": "MustNotExist", "MustNotExist": "MustExist"}


class Fault(NamedTuple):
    """A mutator with a fault.

    Attributes:
        what: it, in words.
        name: of the mutator that it stands in the place of.
        mutator: the mutator; None: it is lost.
    """

    what: str
    name: str
    mutator: Object | None


def faults(objects: Sequence[Object]) -> Iterator[Fault]:
    """Yield the faults of a profile's mutators."""
    for each in objects:
        name = each["metadata"]["name"]
        part = name.removeprefix(f"capgen-{SPACE}-")
        on_pods = "-pods" in part
        if on_pods:
            yield Fault(f"{part} is lost", name, None)
        if (on_pods and _SECOND not in part) or part.startswith(_TEMPLATES):
            for what, spec in _specs(each["spec"]):
                yield Fault(f"{part}: {what}", name, each | {"spec": spec})
        if part.startswith("own-"):
            late = each | {"metadata": each["metadata"] | {"name": f"zz-{name[:60]}"}}
            if "procmount-pods-containers" in part:
                yield Fault(f"{part} comes last", name, late)


def _specs(spec: Object) -> Iterator[tuple[str, Object]]:
    for place, row in enumerate(spec["applyTo"]):
        yield "updates too", _with(spec, ("applyTo", place, "operations"), ["CREATE", "UPDATE"])
        for kind in row["kinds"]:
            others = [each for each in row["kinds"] if each != kind]
            rows = [{**row, "kinds": others}] if others else []
            every = [*spec["applyTo"][:place], *rows, *spec["applyTo"][place + 1 :]]
            if every:
                yield f"not for {kind}", spec | {"applyTo": every}
    for key in ("namespaceSelector", "excludedNamespaces"):
        match = {name: value for name, value in spec["match"].items() if name != key}
        yield f"matches without {key}", spec | {"match": match}
    parameters = spec["parameters"]
    tests = parameters.get("pathTests", [])
    for place, test in enumerate(tests):
        left = [*tests[:place], *tests[place + 1 :]]
        yield f"without {test['condition']}", _with(spec, ("parameters", "pathTests"), left)
        turned = _TURNED[test["condition"]]
        way = ("parameters", "pathTests", place, "condition")
        yield f"{turned} for {test['condition']}", _with(spec, way, turned)
    if "assign" in parameters:
        other = _other(parameters["assign"]["value"])
        yield f"sets {other}", _with(spec, ("parameters", "assign", "value"), other)
    else:
        yield "prunes", _with(spec, ("parameters", "operation"), "prune")
        items = parameters["values"]["fromList"]
        for value in items:
            left = [each for each in items if each != value]
            yield f"without {value}", _with(spec, ("parameters", "values", "fromList"), left)
    for listed, elsewhere in _LISTS.items():
        if f".{listed}[" in spec["location"]:
            yield f"in {elsewhere}", _renamed(spec, f".{listed}[", f".{elsewhere}[")


def _with(spec: Object, way: tuple[str | int, ...], value: object) -> Object:
    """Return a copy with another value at the end of a way."""
    changed = copy.deepcopy(spec)
    node: Any = changed
    for step in way[:-1]:
        node = node[step]
    node[way[-1]] = value
    return changed


def _renamed(value: Any, old: str, new: str) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {key: _renamed(each, old, new) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, old, new) for each in value]
    return value.replace(old, new) if isinstance(value, str) else value


def _other(value: object) -> object:
    """Return another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case dict():
            return {"type": "Unconfined"}
        case _:
            return "Default" if value != "Default" else "Unmasked"
