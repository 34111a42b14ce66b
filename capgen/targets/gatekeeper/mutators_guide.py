"""What the README of a profile says besides, where mutators set its values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from capgen.targets.folder import Step

if TYPE_CHECKING:
    from capgen.targets.folder import Guide

_ABOUT: Final = (
    " Before that its mutators (`Assign`, `ModifySet`) set what a created pod leaves unset, each"
    " one value at one place; what the pod says itself stays."
)
_LIMITS: Final = (
    (
        "Pods that run already, templates that change and debug containers are not changed: the"
        " mutating webhook is not asked about `pods/ephemeralcontainers`, and the mutators are for"
        " CREATE."
    ),
    (
        "What Gatekeeper expands of a controller gets no values: it asks without an operation, and"
        " the mutators are for CREATE. Constraints on such pods refuse what these would be given,"
        " unless the template says it."
    ),
    (
        "A container that another webhook adds after Gatekeeper was asked gets no values, unless"
        " the webhook has `reinvocationPolicy: IfNeeded`, which Gatekeeper does not ship."
    ),
)
_PREFLIGHT: Final = (
    (
        "Gatekeeper is 3.23 or newer: an older one knows no `operations`, and mutators that also"
        " act on updates have the API server refuse every change of an older pod. `kubectl get crd"
        " assign.mutations.gatekeeper.sh -o yaml | grep -c operations:` does not print 0."
    ),
    (
        "The manager runs with `--operation=mutation-webhook`,"
        " `--operation=mutation-controller` and `--operation=mutation-status`."
    ),
    (
        "The webhook `mutation.gatekeeper.sh` has `failurePolicy: Fail`. As Gatekeeper ships it the"
        " policy is Ignore, with one second to answer: a manager that is away, or too slow, sets"
        " nothing, and the pod is refused for what it lacks, or runs without it."
    ),
    (
        "No mutator of others has the same location, or makes a list of what is a struct here: the"
        " last by its name wins, and where structures clash Gatekeeper turns both off. `kubectl get"
        " assign,modifyset -l app.kubernetes.io/managed-by=capgen -o"
        " jsonpath='{.items[*].status.byPod[*].enforced}'` prints nothing but `true`."
    ),
)
_AT_ONCE: Final = (
    "The mutators act as soon as they are applied, whatever the enforcement is. In a namespace that"
    " the profile matches see what becomes of a pod."
)
_SEEN: Final = "kubectl create --dry-run=server -o yaml -n NAMESPACE -f POD.yaml"
_KEPT: Final = "Pods keep what was set in them."


def with_mutators(guide: Guide) -> Guide:
    """Return the guide of a profile's constraints, and of its mutators."""
    templates, constraints, *later = guide.rollout
    return replace(
        guide,
        title=f"{guide.title}, and mutators",
        about=guide.about + _ABOUT,
        limits=(*guide.limits, *_LIMITS),
        preflight=(*guide.preflight, *_PREFLIGHT),
        rollout=(templates, constraints, Step(_AT_ONCE, (_SEEN,)), *later),
        removal=(*guide.removal, Step(_KEPT)),
    )
