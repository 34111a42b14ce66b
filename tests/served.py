"""Requests as the API server hands them to its policies: read by its types, and defaulted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.policy.catalogue import CATALOGUE
from capgen.policy.defaults import defaulted
from capgen.policy.subjects import Field
from capgen.policy.workload import pod_of

if TYPE_CHECKING:
    from capgen.policy.admit import Request
    from tests.pods import Pod

# What the API server leaves out where it has its zero value (`omitempty`).
_OMITTED: Final = {
    ("spec", *part.subject.path)[-2:]: part.subject.blank
    for entry in CATALOGUE
    for part in entry.parts
    if isinstance(part.subject, Field) and part.subject.blank is not None
}


def handed_over(request: Request, minors: range) -> Request:
    """Return a request with its objects as the API server of some minors hands them over."""
    old = None if request.old_object is None else served(request.old_object)
    new = served(_defaulted(request, request.object, minors))
    return request._replace(object=new, old_object=old)


def served(value: Any, above: str = "") -> Any:  # noqa: ANN401 - any part of an object
    """Return an object as the API server hands it over: no nulls, no zeros that mean unset."""
    if isinstance(value, dict):
        if above == "annotations":
            return {key: text or "" for key, text in value.items()}
        return {
            key: served(item, key)
            for key, item in value.items()
            if item is not None and ((above, key) not in _OMITTED or item != _OMITTED[above, key])
            if not (above == "capabilities" and item == [])
        }
    if isinstance(value, list):
        # Go reads null in a list of texts as "".
        return ["" if item is None else served(item, "*") for item in value]
    return value


def without_empty(value: Any) -> Any:  # noqa: ANN401 - any part of an object
    """Return an object without the lists that hold nothing: the API server leaves them out."""
    if isinstance(value, dict):
        return {key: without_empty(each) for key, each in value.items() if each != []}
    return [without_empty(each) for each in value] if isinstance(value, list) else value


def _defaulted(request: Request, value: Pod, minors: range) -> Pod:
    pod = pod_of(request.workload, value)
    if not isinstance(pod, dict) or request.subresource:
        return value
    template = bool(request.workload.path)
    return _replaced(value, request.workload.path, defaulted(pod, minors, template=template))


def _replaced(value: Pod, path: tuple[str | int, ...], pod: Any) -> Pod:  # noqa: ANN401 - any pod
    if not path:
        found: Pod = pod
        return found
    step, *rest = path
    return {**value, str(step): _replaced(value[str(step)], tuple(rest), pod)}
