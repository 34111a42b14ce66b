"""Random pods near the edge of what a profile allows, as the API would take them.

Each is the profile's base pod with some values of its rules' edges, put at any level: most break
one rule or none, some break several.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, cast

from capgen.policy.cases import cases as cases_of
from capgen.policy.edges import put
from capgen.policy.expressions import tests
from capgen.policy.rules import part_of
from capgen.policy.values import UNSET
from capgen.policy.witness import base_pod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from tests.pods import Pod

# How many values are put in a pod, weighted: few, so that a verdict hangs on each.
_CHANGES: Final = (0, 1, 1, 2, 2, 2, 3, 3, 4, 6)
_CONDITIONS: Final[tuple[dict[str, Any], ...]] = (
    {"os": {"name": "windows"}},
    {"os": {"name": "linux"}},
    {"hostUsers": False},
    {"hostUsers": True},
    {"os": {"name": "windows"}, "hostUsers": False},
    {"hostNetwork": True},
)
_CONDITIONED: Final = 0.25
_DEBUGGED: Final = 0.1


def random_pods(profile: Profile, seed: int, count: int) -> Iterator[Pod]:
    """Yield pods at the edges of a profile's rules: the same ones for the same seed."""
    chance = random.Random(seed)
    base = json.dumps(base_pod(profile))
    by_rule = list(_changes(profile).values())
    for _ in range(count):
        pod: Pod = json.loads(base)
        spec = pod["spec"]
        if chance.random() < _DEBUGGED:
            spec["ephemeralContainers"] = [json.loads(base)["spec"]["containers"][0]]
            spec["ephemeralContainers"][0]["name"] = "debugger"
        for _ in range(chance.choice(_CHANGES)):
            way, path, value = chance.choice(chance.choice(by_rule))
            struct = _struct(pod, way, chance)
            if struct is not None:
                _put(struct, path, value)
        if chance.random() < _CONDITIONED:
            spec.update(json.loads(json.dumps(chance.choice(_CONDITIONS))))
        yield pod


def _changes(profile: Profile) -> dict[str, list[tuple[str, tuple[str, ...], str]]]:
    """Return what may be changed, by rule: where, the path there, and the value as JSON."""
    found: dict[str, dict[tuple[str, tuple[str, ...], str], None]] = defaultdict(dict)
    for rule in profile.rules:
        for test in tests(rule.expression):
            known = part_of(rule, test.subject).known
            for case in cases_of(profile, test, known):
                for way, path, value in case.changes:
                    if path:
                        text = "" if value is UNSET else json.dumps(value)
                        found[rule.id][str(way[1] if len(way) > 1 else way[0]), path, text] = None
    return {rule: list(rows) for rule, rows in found.items()}


def _struct(pod: Pod, way: str, chance: random.Random) -> Pod | None:
    """Return the struct to change: the pod's metadata, its spec, or some container of a list."""
    listed: Any = pod[way] if way in pod else pod["spec"].get(way)
    return cast("Pod | None", chance.choice(listed) if isinstance(listed, list) else listed)


def _put(struct: Pod, path: tuple[str, ...], text: str) -> None:
    """Put a value, unless an earlier change has left no struct to put it in."""
    node: Any = struct
    for step in path[:-1]:
        node = node.get(step, {})
        if not isinstance(node, dict):
            return
    put(struct, path, json.loads(text) if text else UNSET)
