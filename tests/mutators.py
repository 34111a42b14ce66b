"""Assign and ModifySet as Gatekeeper 3.23 runs them, so that no engine need be there to try them.

Upstream: gatekeeper v3.23.0, pkg/mutation: system.go, mutators/core/mutation_function.go,
mutators/modifyset/modify_set_mutator.go, path/parser. The live manager says whether it is so. Here
an unknown field is an error: the manager passes over it, and then acts without the test it is in.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.pod import Mapping

# What a mutator may hold. A list holds its items' fields; () is a value.
_FIELDS: Final[dict[str, Any]] = {
    "apiVersion": (),
    "kind": (),
    "metadata": {"name": (), "labels": (), "annotations": ()},
    "spec": {
        "applyTo": [{"groups": (), "versions": (), "kinds": (), "operations": ()}],
        "match": {
            "kinds": [{"apiGroups": (), "kinds": ()}],
            "namespaces": (),
            "excludedNamespaces": (),
            "namespaceSelector": {"matchExpressions": [{"key": (), "operator": (), "values": ()}]},
            "labelSelector": {"matchExpressions": [{"key": (), "operator": (), "values": ()}]},
        },
        "location": (),
        "parameters": {
            "pathTests": [{"subPath": (), "condition": ()}],
            "assign": {"value": ()},
            "operation": (),
            "values": {"fromList": ()},
        },
    },
}
_STEP: Final = re.compile(r'(\w+)(?:\[name: (?:(\*)|"((?:[^"\\]|\\.)*)")\])?(?:\.|$)')

# A step is a field, or a list of containers and a name: "" for any.
_Step = tuple[str, str | None]


def mutated(mutators: Iterable[Mapping], obj: Mapping) -> Mapping:
    """Return what becomes of an object that is created, and that all the mutators match.

    Raises:
        ValueError: a mutator has a field that Gatekeeper does not know, or tests what is not on its
            way.
    """
    order = sorted(mutators, key=lambda each: (each["kind"], each["metadata"]["name"]))
    for each in order:
        _check(each, _FIELDS)
    changed = deepcopy(obj)
    for each in order:
        if any(_applies(row, obj) for row in each["spec"]["applyTo"]):
            steps = _steps(each["spec"]["location"])
            _walk(changed, steps, 0, _tests(each, steps), each)
    return changed


def _check(value: object, fields: Any) -> None:  # noqa: ANN401 - a part of the table
    if isinstance(fields, list):
        assert isinstance(value, list)
        for each in value:
            _check(each, fields[0])
    elif isinstance(fields, dict):
        assert isinstance(value, dict)
        for key, each in value.items():
            if key not in fields:
                msg = f"a mutator has no field `{key}`"
                raise ValueError(msg)
            _check(each, fields[key])


def _applies(row: Mapping, obj: Mapping) -> bool:
    group, _, version = str(obj["apiVersion"]).rpartition("/")
    return (
        group in row["groups"]
        and version in row["versions"]
        and obj["kind"] in row["kinds"]
        and "CREATE" in row["operations"]
    )


def _steps(location: str) -> list[_Step]:
    steps: list[_Step] = []
    place = 0
    while place < len(location):
        found = _STEP.match(location, place)
        if found is None:
            msg = f"`{location}` is no location"
            raise ValueError(msg)
        steps.append((found[1], None))
        if found[2] or found[3] is not None:
            name = "" if found[2] else re.sub(r"\\(.)", r"\1", found[3])
            steps.append(("name", name))
        place = found.end()
    return steps


def _tests(mutator: Mapping, steps: list[_Step]) -> dict[int, bool]:
    """Return at which steps something must stand, or must not."""
    tests = {}
    for test in mutator["spec"]["parameters"].get("pathTests", ()):
        below = _steps(test["subPath"])
        if steps[: len(below)] != below:
            msg = f"`{test['subPath']}` is not on the way to `{mutator['spec']['location']}`"
            raise ValueError(msg)
        tests[len(below) - 1] = {"MustExist": True, "MustNotExist": False}[test["condition"]]
    return tests


def _walk(
    node: Any,  # noqa: ANN401 - any JSON
    steps: list[_Step],
    depth: int,
    tests: dict[int, bool],
    mutator: Mapping,
) -> bool:
    """Set the value below a node, and tell whether that was done."""
    key, name = steps[depth]
    if name is not None:
        found = [each for each in node if name in ("", each["name"])]
        if name and not found and tests.get(depth, False):
            return False
        assert found or not name, "a container is made"
        done = False
        for each in found:
            done = _walk(each, steps, depth + 1, tests, mutator) or done
        return done
    if tests.get(depth, key in node) != (key in node):
        return False
    if depth + 1 == len(steps):
        _put(node, key, mutator["spec"]["parameters"])
        return True
    empty: Any = {} if steps[depth + 1][1] is None else []
    below = node.get(key, empty)
    done = _walk(below, steps, depth + 1, tests, mutator)
    if done:
        node[key] = below
    return done


def _put(node: Any, key: str, parameters: Mapping) -> None:  # noqa: ANN401 - any JSON
    if "assign" in parameters:
        node[key] = deepcopy(parameters["assign"]["value"])
    else:
        assert parameters["operation"] == "merge"
        found = node.setdefault(key, [])
        found += [each for each in parameters["values"]["fromList"] if each not in found]
