"""Faults in what our policies wrap around the expressions, which Kyverno must judge otherwise."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.targets.base import object_name
from tests.engines.applied import emitted
from tests.engines.proving import Difference
from tests.policy.made import profile as made

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from capgen.policy.admit import Request
    from capgen.targets.base import Target
    from tests.engines.engine import Verdict
    from tests.engines.kyverno.live import Kyverno
    from tests.engines.rest import Object

_NAME: Final = "faults"
_TURNED: Final = {"denied": "admitted", "admitted": "denied"}


class Fault(NamedTuple):
    """A fault.

    Attributes:
        what: was done.
        part: the policy that has it, by what its name has more than the profile's.
        way: the way to what is changed; of a list every item.
        value: what stands there now; None: nothing.
        shown: the request that shows it.
        on: what the profile judges.
        comes: what becomes of the request; "": admitted where it was denied, or denied.
    """

    what: str
    part: str
    way: tuple[str, ...]
    value: object
    shown: str
    on: str = "pods, controllers"
    comes: str = ""


class Suite(NamedTuple):
    """What policies are asked, as they are and with a fault.

    Attributes:
        spec: a profile, with `{on}` in the place of what it judges.
        requests: each with what the policies without a fault make of it.
        faults: each shown by one of the requests.
        said: a verdict in a word.
    """

    spec: str
    requests: Mapping[str, tuple[Request, str]]
    faults: tuple[Fault, ...]
    said: Callable[[Verdict], str]


def seeded(kyverno: Kyverno, target: Target, suite: Suite) -> tuple[int, list[Difference]]:
    """Judge by each policy with a fault, and by those without any.

    Returns:
        How many cases there were, and in which of them Kyverno did not say what it had to.
    """
    kyverno.load([])
    every = [request for request, _ in suite.requests.values()]
    with kyverno.standing(every) as asking:
        kyverno.load(_objects(target, suite, "pods, controllers"))
        differences = [
            Difference({"request": name, "policies": "whole"}, right, suite.said(verdict))
            for (name, (_, right)), verdict in zip(
                suite.requests.items(), asking(every), strict=True
            )
            if suite.said(verdict) != right
        ]
        for fault in suite.faults:
            request, right = suite.requests[fault.shown]
            if fault.on == "pods":
                right = "admitted"
            comes = fault.comes or _TURNED[right]
            kyverno.load(_broken(_objects(target, suite, fault.on), fault))
            (verdict,) = asking([request])
            if suite.said(verdict) != comes:
                about = {"fault": fault.what, "policy": fault.part, "request": fault.shown}
                wrong = f"judged otherwise: {comes}"
                differences.append(Difference(about, wrong, suite.said(verdict)))
    kyverno.load([])
    return len(suite.requests) + len(suite.faults), differences


def _objects(target: Target, suite: Suite, on: str) -> list[Object]:
    profile = made(suite.spec.format(on=on))._replace(name=_NAME)
    return emitted(profile, target)


def _broken(objects: list[Object], fault: Fault) -> list[Object]:
    name = object_name(_NAME, fault.part)
    (faulty,) = (each for each in objects if each["metadata"]["name"] == name)
    changed = copy.deepcopy(faulty)
    _put(changed, fault.way, fault.value)
    assert changed != faulty, fault
    return [changed if each is faulty else each for each in objects]


def _put(value: Any, way: tuple[str, ...], new: object) -> None:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        for each in value:
            _put(each, way, new)
    elif way[1:]:
        _put(value[way[0]], way[1:], new)
    elif new is None:
        del value[way[0]]
    else:
        value[way[0]] = new
