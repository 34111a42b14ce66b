"""Requests of witnesses as the API takes them.

A witness is one value at an edge in a pod that is good besides. Some values the API takes only
together with others: `privileged` not beside `allowPrivilegeEscalation: false`, for one. With
these the pod breaks more rules, perhaps, but a policy gets to see it.
Upstream: kubernetes 1.36, pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .catalogue import CATALOGUE
from .pod import copied, mapping
from .subjects import CONTAINER_LISTS, EACH, Field, Level
from .workload import pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .admit import Request

_HOST: Final = ("hostNetwork", "hostPID", "hostIPC")
_SYSTEM: Final = ("os", "name")
_ESCALATION: Final = "allowPrivilegeEscalation"
# What the API refuses in a pod that says that it is one of Windows.
_LINUX: Final = tuple(
    dict.fromkeys(
        (part.subject.level, part.subject.path[: part.subject.path.index(EACH)])
        if EACH in part.subject.path
        else (part.subject.level, part.subject.path)
        for entry in CATALOGUE
        for part in entry.parts
        if isinstance(part.subject, Field) and part.subject.linux
    )
)

_Pod = dict[str, Any]


def adapted(request: Request) -> Request | None:
    """Return a request that is nearly the same and that the API may take; None if it is the same.

    What stands already is adapted with what is new.
    """
    pods = _pods(request)
    # Most need nothing: that is seen in less time than they are copied.
    if not pods or not (any(needed(pods[0]) for needed, _ in _STEPS) or any(map(_escalates, pods))):
        return None
    changed = request._replace(object=copied(request.object), old_object=copied(request.old_object))
    pods = _pods(changed)
    for needed, step in _STEPS:
        # What the new pod needs its old self needs too.
        if needed(pods[0]):
            for each in pods:
                step(each)
    for each in pods:
        for context in filter(_may_do_anything, _contexts(each)):
            context.pop(_ESCALATION, None)
    return None if changed == request else changed


def _pods(request: Request) -> list[_Pod]:
    """Return the pod that is asked for, and what it was; nothing where one of them is no pod."""
    asked = (each for each in (request.object, request.old_object) if each is not None)
    pods: list[Any] = [pod_of(request.workload, each) for each in asked]
    are = all(isinstance(each, dict) and isinstance(each.get("spec"), dict) for each in pods)
    return pods if are else []


def _contexts(pod: _Pod) -> Iterator[_Pod]:
    """Yield the security contexts of the containers."""
    for listed in CONTAINER_LISTS:
        for container in pod["spec"].get(listed) or ():
            if isinstance(container.get("securityContext"), dict):
                yield container["securityContext"]


def _may_do_anything(context: _Pod) -> bool:
    """Tell of a container whether it may do anything already: the API takes no word on more."""
    added = mapping(context.get("capabilities")).get("add") or ()
    return context.get("privileged") is True or "CAP_SYS_ADMIN" in added


def _escalates(pod: _Pod) -> bool:
    return any(_ESCALATION in each and _may_do_anything(each) for each in _contexts(pod))


def _unmasks(pod: _Pod) -> bool:
    return any(context.get("procMount") == "Unmasked" for context in _contexts(pod))


def _own_users(pod: _Pod) -> None:
    pod["spec"]["hostUsers"] = False


def _shares(pod: _Pod) -> bool:
    spec = pod["spec"]
    return spec.get("hostUsers") is False and any(spec.get(key) is True for key in _HOST)


def _no_own_users(pod: _Pod) -> None:
    pod["spec"].pop("hostUsers", None)


def _on_host(pod: _Pod) -> bool:
    contexts = [mapping(pod["spec"].get("securityContext")), *_contexts(pod)]
    return any(mapping(each.get("windowsOptions")).get("hostProcess") is True for each in contexts)


def _all_on_host(pod: _Pod) -> None:
    """Make every container one of the host's own processes, in the host's network."""
    spec = pod["spec"]
    spec["hostNetwork"] = True
    for listed in CONTAINER_LISTS:
        for container in spec.get(listed) or ():
            context = container["securityContext"] = {**mapping(container.get("securityContext"))}
            context["windowsOptions"] = {
                **mapping(context.get("windowsOptions")),
                "hostProcess": True,
            }
    options = mapping(mapping(spec.get("securityContext")).get("windowsOptions"))
    if options.get("hostProcess") is not None:
        options["hostProcess"] = True


def _of_windows(pod: _Pod) -> bool:
    system: Any = pod["spec"]
    for step in _SYSTEM:
        system = mapping(system).get(step)
    return bool(system == "windows")


def _without_linux(pod: _Pod) -> None:
    spec = pod["spec"]
    containers = [each for listed in CONTAINER_LISTS for each in spec.get(listed) or ()]
    for level, path in _LINUX:
        structs = [spec] if level is not Level.CONTAINER else []
        for struct in (*structs, *(containers if level is not Level.POD else ())):
            _remove(struct, path)


def _remove(struct: _Pod, path: tuple[str, ...]) -> None:
    *above, last = path
    if last == "type":
        *above, last = above
    node: Any = struct
    for step in above:
        node = mapping(node).get(step)
    if isinstance(node, dict):
        node.pop(last, None)


_STEPS: Final = (
    (_unmasks, _own_users),
    (_on_host, _all_on_host),
    (_shares, _no_own_users),
    (_of_windows, _without_linux),
)
