"""Why a child is looser than its parent, in words: both values, and the pod."""

from __future__ import annotations

from operator import eq
from typing import TYPE_CHECKING, Final

from capgen.policy.catalogue import CONDITIONS
from capgen.policy.expressions import allowed_text, tests
from capgen.policy.subjects import LOCALHOST, Field, Path, brief, dotted
from capgen.policy.values import UNSET, show

from .answers import Refuted, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.rules import Rule

# What a pod needs to be one, and says nothing to a rule: by the step above, or above its place.
_NEEDED: Final = {
    "containers": {"name", "image"},
    "volumes": {"name"},
    "volumeMounts": {"name", "mountPath"},
    "metadata": {"name", "labels"},
    "spec": {"selector"},
}
_HEAD: Final = {"apiVersion", "kind"}
# The fields that lift rules.
_FIELDS: Final = {
    condition.test.subject.path
    for condition in CONDITIONS.values()
    if isinstance(condition.test.subject, Field)
}


def in_words(answer: Refuted | Unknown, child: Rule | None) -> str:
    """Say why a rule is not shown to be as strict as its parent's.

    Args:
        answer: what the order says of the parent's rule.
        child: the child's rule of this name; None where it has none.
    """
    if isinstance(answer, Unknown):
        return f"it is not shown to be as strict: {answer.reason}"
    violation = answer.violation
    theirs = violation.allowed
    said = "it is taken out" if child is None else ""
    ours = _allowed(child, violation.message) if child is not None else None
    if child is not None and ours is None and " must be " in violation.message:
        said = "it allows any"
    if ours is not None and ours != theirs:
        said = f"it allows {ours}"
    if said:
        said += f", its parent's allows {theirs}; "
    return f"{said}it admits {_pod(answer)}"


def _allowed(child: Rule, message: str) -> str | None:
    """Return what the child allows of what a violation's message speaks of."""
    for test in tests(child.expression):
        if message.startswith(f"{brief(test.subject)} must be "):
            return allowed_text(test)
    return None


def _pod(found: Refuted) -> str:
    """Name what is admitted by what offends in it, and by what would lift the rule."""
    violation = found.violation
    kind = found.request.workload.kind
    leaves = dict(_leaves(found.request.object, ()))
    base = (*found.request.workload.path, "spec")
    settled = [
        path for path in leaves if path[: len(base)] == base and path[len(base) :] in _FIELDS
    ]
    absent = ""
    if violation.value is UNSET:
        absent = f" without `{dotted(violation.path)}`"
        told = settled
    else:
        # A local profile is its name.
        local = str(violation.value).startswith(f"{LOCALHOST}:")
        way = violation.path[:-1] if local else violation.path
        own = [path for path in leaves if all(map(eq, path, way))]
        # What defaulting made of something else is told by all there is.
        told = [*own, *settled] if own else list(leaves)
    listed = [f"`{dotted(path)}: {show(leaves[path])}`" for path in dict.fromkeys(told)]
    return f"a {kind}{absent}" + (f" with {' and '.join(listed)}" if listed else "")


def _leaves(node: object, path: Path) -> Iterator[tuple[Path, object]]:
    """Yield what stands at the ends of plain data, but for what any object has."""
    if isinstance(node, dict) and node:
        above = path[-2:-1] if path and isinstance(path[-1], int) else path[-1:]
        skipped = _NEEDED.get(str(above[0]), set()) if above else _HEAD
        for key, value in node.items():
            if key not in skipped:
                yield from _leaves(value, (*path, key))
    elif isinstance(node, list) and any(isinstance(item, dict) for item in node):
        for place, item in enumerate(node):
            yield from _leaves(item, (*path, place))
    else:
        yield path, "{}" if node == {} else node
