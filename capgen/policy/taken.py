"""Whether the API itself takes what a witness asks, so that policies get to judge it.

This is no validation of pods. It knows what stands at the edges of rules, and where it does not
know it says no: a witness more or less does not matter, one that no policy is asked about does.
Upstream: kubernetes 1.36, pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .adapted import adapted
from .annotations import SCHEMES, Annotation, meaning
from .catalogue import CATALOGUE
from .find import finder
from .pod import Pod, mapping, sequence, view
from .reading import Reading
from .subjects import Field
from .values import UNSET
from .vocabulary import CLOSED, PROFILES
from .workload import pod_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .admit import Request

# Of the change policies one is behind a gate: SELinuxMount.
_WORDS: Final = CLOSED | PROFILES | {"seLinuxChangePolicies": ("Recursive",)}
_FIELDS: Final = tuple(
    (finder(part.subject, Reading.DECLARED), _WORDS[part.known])
    for entry in CATALOGUE
    for part in entry.parts
    if isinstance(part.subject, Field) and part.known in _WORDS
)
_SYSCTL: Final = re.compile(
    r"(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?"
)
# What an ephemeral container may not have.
_NOT_ADDED: Final = (
    "lifecycle",
    "livenessProbe",
    "ports",
    "readinessProbe",
    "resources",
    "startupProbe",
)
# What the source of a volume must say.
_NAMED: Final = {"csi": "driver", "flexVolume": "driver", "hostPath": "path"}


def taken(request: Request) -> bool:
    """Tell whether the API surely takes a witness as it is.

    One that says null, or an empty text or list, the API may take for something else than what is
    written: it counts as not taken.
    """
    objects = [each for each in (request.object, request.old_object) if each is not None]
    pods = [mapping(pod_of(request.workload, each)) for each in objects]
    return (
        not any(map(blank, objects))
        and adapted(request) is None
        and not any(check(view(pod)) for pod in pods for check in _REFUSES)
    )


def blank(value: Any) -> bool:  # noqa: ANN401 - any part of an object
    """Tell whether null, an empty text or an empty list stands anywhere in an object."""
    if isinstance(value, dict):
        return any(map(blank, value.values()))
    if isinstance(value, list):
        return not value or any(map(blank, value))
    return value is None or value == ""


def _unknown_word(pod: Pod) -> bool:
    return any(
        value is not UNSET and str(value).partition(":")[0] not in words
        for find, words in _FIELDS
        for _, _, _, value in find(pod)
    )


def _wrong_system(pod: Pod) -> bool:
    """Tell whether the pod names a system that is none, or that has not what stands in the pod."""
    name = mapping(pod.spec.get("os")).get("name")
    structs = [pod.spec, *(each.raw for each in pod.containers)]
    contexts = [mapping(each.get("securityContext")) for each in structs]
    match name:
        case None:
            return False
        case "linux":
            return any("windowsOptions" in each for each in contexts)
        case "windows":
            # Of what only Linux has not even the empty struct.
            return any(value == {} for each in contexts for value in each.values())
        case _:
            return True


def _in_a_class(pod: Pod) -> bool:
    """Tell whether the pod names a RuntimeClass: the API server looks whether it is there."""
    return "runtimeClassName" in pod.spec


def _misnamed_sysctl(pod: Pod) -> bool:
    listed = sequence(mapping(pod.spec.get("securityContext")).get("sysctls"))
    return not all(_SYSCTL.fullmatch(str(mapping(each).get("name", ""))) for each in listed)


def _overdone(pod: Pod) -> bool:
    """Tell whether an ephemeral container says what only others may say."""
    added = map(mapping, sequence(pod.spec.get("ephemeralContainers")))
    return any(key in each for each in added for key in _NOT_ADDED)


def _nameless_volume(pod: Pod) -> bool:
    return any(
        key not in mapping(mapping(volume).get(kind, {key: ""}))
        for volume in sequence(pod.spec.get("volumes"))
        for kind, key in _NAMED.items()
    )


def _wrong_annotation(pod: Pod) -> bool:
    """Tell whether an annotation of AppArmor is none, or could contradict a field."""
    scheme = SCHEMES[Annotation.APPARMOR]
    annotations = mapping(pod.metadata.get("annotations"))
    texts = {key: text for key, text in annotations.items() if key.startswith(scheme.prefix)}
    if not texts:
        return False
    names = {scheme.prefix + each.name for each in pod.containers}
    kinds = {kind for _, kind in (*scheme.exact, *scheme.prefixes)}
    structs = [pod.spec, *(each.raw for each in pod.containers)]
    return (
        not texts.keys() <= names
        or any(meaning(scheme, text) not in kinds or text.endswith("/") for text in texts.values())
        or any("appArmorProfile" in mapping(each.get("securityContext")) for each in structs)
    )


_REFUSES: Final[tuple[Callable[[Pod], bool], ...]] = (
    _unknown_word,
    _wrong_system,
    _in_a_class,
    _misnamed_sysctl,
    _overdone,
    _nameless_volume,
    _wrong_annotation,
)
