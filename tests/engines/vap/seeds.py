"""The faults in a ValidatingAdmissionPolicy and its binding, one at a time, as they are applied."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from tests.engines.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.rest import Object

# An operator, and what it is turned into.
_TURNS: Final = (
    (" == ", " != "), (" != ", " == "), (" && ", " || "), (" || ", " && "), (" >= ", " > "),
    (" <= ", " < "), ("!(", "("), (".exists(", ".all("), (".all(", ".exists("),
    ("orValue(true)", "orValue(false)"), ("orValue(false)", "orValue(true)"),
)  # fmt: skip
_LIST: Final = re.compile(r"\[('[^'\]]*'(?:, '[^'\]]*')*)\]")
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_BOUND: Final = re.compile(r"(?<=[<>=] )\d+")
_PART: Final = re.compile(r"dyn\([a-z.]*[a-z]+\.\??(\w+)(\.orValue\(\[\]\))?\)")


class Policy(NamedTuple):
    """A policy as it is applied.

    Attributes:
        policy: the ValidatingAdmissionPolicy.
        binding: its binding; None where the fault is that it is lost.
    """

    policy: Object
    binding: Object | None


Seeded: TypeAlias = Fault[Policy]


def faults(policy: Object, binding: Object) -> Iterator[Seeded]:
    """Yield the faults of a policy and its binding; each is about a variable or a rule."""
    yield Fault("the binding is lost", "", Policy(policy, None))
    constraints = policy["spec"]["matchConstraints"]["resourceRules"]
    for place, rule in enumerate(constraints):
        for key in ("operations", "resources"):
            for item in rule[key]:
                changed = copy.deepcopy(policy)
                changed["spec"]["matchConstraints"]["resourceRules"][place][key].remove(item)
                if rule[key] != [item]:
                    about = "".join(f" of {each}" for each in rule["resources"][:1])
                    yield Fault(f"{key}{about} lack {item}", "", Policy(changed, binding))
    for place, each in enumerate(policy["spec"]["validations"]):
        changed = copy.deepcopy(policy)
        # One expression must be left: it is true of all.
        changed["spec"]["validations"][place]["expression"] = "true"
        about = str(each["message"]).partition(":")[0]
        yield Fault(f"{about} is not validated", about, Policy(changed, binding))
    for field in ("matchConditions", "variables", "validations"):
        for place, each in enumerate(policy["spec"].get(field, ())):
            about = each.get("name") or str(each["message"]).partition(":")[0]
            for what, text in turned(each["expression"]):
                changed = copy.deepcopy(policy)
                changed["spec"][field][place]["expression"] = text
                yield Fault(f"{field} {about}: {what}", about, Policy(changed, binding))


class _Edit(NamedTuple):
    """What is written in the place of a piece of an expression, and what that is."""

    start: int
    end: int
    text: str
    what: str


def turned(expression: str) -> Iterator[tuple[str, str]]:
    """Yield an expression with one fault at a time: what it is, and the text.

    The words of messages are left alone: they decide nothing.
    """
    words = list(_messages(expression))
    for edit in (*_operators(expression), *_items(expression), *_others(expression)):
        if not any(start <= edit.start < end for start, end in words):
            line = expression[expression.rfind("\n", 0, edit.start) + 1 :].partition("\n")[0]
            text = expression[: edit.start] + edit.text + expression[edit.end :]
            yield f"{edit.what} in: {line.strip()}", text


def _operators(expression: str) -> Iterator[_Edit]:
    for old, new in _TURNS:
        what = f"`{new.strip()}` for `{old.strip()}`"
        for found in re.finditer(re.escape(old), expression):
            yield _Edit(*found.span(), new, what)


def _items(expression: str) -> Iterator[_Edit]:
    for found in _LIST.finditer(expression):
        items = found[1].split(", ")
        for item in dict.fromkeys((items[0], items[-1])):
            rest = ", ".join(other for other in items if other != item)
            yield _Edit(*found.span(), f"[{rest}]", f"{item} is left out")


def _others(expression: str) -> Iterator[_Edit]:
    for found in _BOUND.finditer(expression):
        yield _Edit(*found.span(), str(int(found[0]) + 1), f"the bound {found[0]} is moved")
    for found in _PART.finditer(expression):
        yield _Edit(*found.span(), "dyn([])", f"{found[1]} are left out")


def _messages(expression: str) -> Iterator[tuple[int, int]]:
    """Yield where the last argument of a `map` of three stands: what is said of what offends."""
    for found in re.finditer(r"\.map\(", expression):
        commas, end = _arguments(expression, found.end())
        if len(commas) > 1:
            yield commas[1], end


def _arguments(expression: str, start: int) -> tuple[list[int], int]:
    """Return the places of the commas between a call's arguments, and of its end."""
    commas: list[int] = []
    depth, place = 0, start
    while place < len(expression):
        char = expression[place]
        if char == "'":
            quoted = _QUOTED.match(expression, place)
            if quoted is None:
                break
            place = quoted.end()
            continue
        if char in "([{":
            depth += 1
        elif char in ")]}":
            if not depth:
                return commas, place
            depth -= 1
        elif char == "," and not depth:
            commas.append(place)
        place += 1
    raise ValueError(expression)


def holding_in(binding: Object, name: str, policy: str, namespace: str) -> Object:
    """Return a binding of a policy that warns, of every rule that is broken, in one namespace."""
    changed: Object = copy.deepcopy(binding)
    changed["metadata"]["name"] = name
    labels = {"kubernetes.io/metadata.name": namespace}
    changed["spec"]["policyName"] = policy
    changed["spec"]["validationActions"] = ["Warn"]
    changed["spec"]["matchResources"] = {"namespaceSelector": {"matchLabels": labels}}
    return changed
