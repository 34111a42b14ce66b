"""Every rule that an exemption can lift, lifted, at every edge: two judges must agree on it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Operation, Request
from capgen.policy.exempt import Exemption
from capgen.policy.expressions import tests
from capgen.policy.subjects import CONTAINER_LISTS, is_of_containers
from capgen.policy.witness import witnesses
from capgen.policy.workload import pod_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from capgen.policy.profile import Profile

IMAGE: Final = "exempt.example.com/tools/app:1"
NAMES: Final = ("sidecar", "debugger")
_UNTIL: Final = "9999-12-31"


def by_image(made: Profile) -> Profile:
    """Return the profile with containers of an image exempt from all that can be lifted."""
    glob = "exempt.example.com/*/app:*"
    return made._replace(exempt=(Exemption(_liftable(made), (glob,), (), "seen", _UNTIL),))


def by_name(made: Profile) -> Profile:
    """Return the profile with containers of some names exempt from all that can be lifted."""
    return made._replace(exempt=(Exemption(_liftable(made), (), NAMES, "seen", _UNTIL),))


def asked_by_name(made: Profile) -> Iterator[tuple[str, Request]]:
    """Yield the requests that a profile refuses by a rule that can be lifted."""
    rules = _liftable(made)
    for witness in witnesses(made):
        if witness.rule in rules and not witness.expected:
            yield witness.name, witness.request


def asked_by_image(made: Profile) -> Iterator[tuple[str, Request]]:
    """Yield the same requests with images that are exempt, and updates that take these away."""
    for name, request in asked_by_name(made):
        if request.subresource:
            yield name, _imaged(request, lambda listed, _: listed == CONTAINER_LISTS[2])
            continue
        every = _imaged(request, lambda *_: True)
        yield f"{name}, all exempt", every
        if not request.workload.path:
            yield f"{name}, one exempt", _imaged(request, lambda _, name: name == NAMES[0])
            update = Request(request.object, operation=Operation.UPDATE, old_object=every.object)
            yield f"{name}, exempt no longer", update


# How containers are exempt: what makes a profile so, and what is then asked.
WAYS: Final = {"image": (by_image, asked_by_image), "name": (by_name, asked_by_name)}


def _liftable(made: Profile) -> tuple[str, ...]:
    return tuple(
        rule.id
        for rule in made.rules
        if any(is_of_containers(test.subject) for test in tests(rule.expression))
    )


def _imaged(request: Request, chosen: Callable[[str, str], bool]) -> Request:
    """Return the request with another image for the containers of a list and a name."""
    changed: Any = deepcopy(request.object)
    pod: Any = pod_of(request.workload, changed)
    for listed in CONTAINER_LISTS:
        for container in pod["spec"].get(listed) or ():
            if chosen(listed, container["name"]):
                container["image"] = IMAGE
    return request._replace(object=changed)
