"""What Kyverno is known to make of requests, by hand-written policies of each kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Operation, Request
from capgen.policy.owners import owner
from capgen.policy.workload import WORKLOADS
from tests.engines.canaries import GOOD
from tests.loading import loaded_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engines.rest import Object

_ARTEFACTS: Final = Path(__file__).resolve().parents[1] / "artefacts" / "kyverno"
# Each must be refused when it is loaded, in these words. The command line passes over what it
# cannot read, in silence but for a count.
_PASSED_OVER: Final = "Applying 0 policy rule(s)"
REFUSED: Final = {
    "syntax": ("Syntax error: mismatched input",),
    "undeclared": ("undefined field 'nobody'",),
    "unknown-action": ('Unsupported value: "Block"', _PASSED_OVER),
    "unknown-field": ('unknown field "spec.validations[0].expresion"', _PASSED_OVER),
}

_PRIVILEGED: Final[Object] = {"securityContext": {"privileged": True}}
_BAD: Final[Object] = {"spec": {"containers": [{"name": "c", "image": "i", **_PRIVILEGED}]}}
_BAD_INIT: Final[Object] = {
    "spec": {**GOOD["spec"], "initContainers": [{"name": "first", "image": "i", **_PRIVILEGED}]}
}


def _owned(kind: str, pod: Object) -> Request:
    workload = next(each for each in WORKLOADS if each.kind == kind)
    return Request(owner(workload, pod), workload)


def _labelled(pod: Object) -> Request:
    new = {**pod, "metadata": {"labels": {"changed": "yes"}}}
    return Request(new, operation=Operation.UPDATE, old_object=pod)


def _debugged(pod: Object, container: Object) -> Request:
    added = {"name": "debug", "image": "i", **container}
    new = {**pod, "spec": {**pod["spec"], "ephemeralContainers": [added]}}
    return Request(
        new, operation=Operation.UPDATE, old_object=pod, subresource="ephemeralcontainers"
    )


REQUESTS: Final[Mapping[str, Request]] = {
    "good pod": Request(GOOD),
    "bad pod": Request(_BAD),
    "bad init container": Request(_BAD_INIT),
    "bad pod of a team": Request(_BAD, namespace="lab-team", namespace_labels={"team": "a"}),
    "bad pod elsewhere": Request(_BAD, namespace="lab-elsewhere", namespace_labels={"team": "b"}),
    "label of an old good pod": _labelled(GOOD),
    "label of an old bad pod": _labelled(_BAD),
    "harmless debug container": _debugged(GOOD, {}),
    "privileged debug container": _debugged(GOOD, _PRIVILEGED),
    "harmless debug container of an old bad pod": _debugged(_BAD, {}),
    "good Deployment": _owned("Deployment", GOOD),
    "bad Deployment": _owned("Deployment", _BAD),
    "bad CronJob": _owned("CronJob", _BAD),
    "bad PodTemplate": _owned("PodTemplate", _BAD),
}

# The verdict on each request by the policies of a file; `in_words` says how it is written.
EXPECTED: Final[Mapping[str, Mapping[str, str]]] = {
    "every-kind": {
        "good pod": "admitted",
        "bad pod": "denied by every-kind: c must not be privileged",
        "bad init container": "denied by every-kind: first must not be privileged",
        "label of an old good pod": "admitted",
        # The policy does not ask what the pod was: that is for its author to do.
        "label of an old bad pod": "denied by every-kind: c must not be privileged",
        "harmless debug container": "admitted",
        "privileged debug container": "denied by every-kind: debug must not be privileged",
        "harmless debug container of an old bad pod": (
            "denied by every-kind: c must not be privileged"
        ),
        "good Deployment": "admitted",
        "bad Deployment": "denied by every-kind: c must not be privileged",
        "bad CronJob": "denied by every-kind: c must not be privileged",
        "bad PodTemplate": "denied by every-kind: c must not be privileged",
    },
    "pods-only": {
        "good pod": "admitted",
        "bad pod": "denied by pods-only: not privileged",
        "privileged debug container": "admitted",
        "good Deployment": "admitted",
        "bad Deployment": "denied by pods-only: not privileged",
        "bad CronJob": "denied by pods-only: not privileged",
        "bad PodTemplate": "admitted",
    },
    "no-autogen": {
        "good pod": "admitted",
        "bad pod": "denied by no-autogen: not privileged",
        "privileged debug container": "denied by no-autogen: not privileged",
        "bad Deployment": "admitted",
    },
    "one-team": {
        "bad pod": "admitted",
        "bad pod of a team": "denied by one-team: not privileged",
        "bad pod elsewhere": "admitted",
    },
    "legacy": {
        "good pod": "admitted",
        "bad pod": "denied by legacy: not privileged",
        "bad init container": "denied by legacy: not privileged",
        "label of an old bad pod": "denied by legacy: not privileged",
        "harmless debug container": "admitted",
        "privileged debug container": "denied by legacy: not privileged",
        "good Deployment": "admitted",
        "bad Deployment": "denied by legacy: not privileged",
        "bad CronJob": "denied by legacy: not privileged",
    },
    "legacy-pattern": {
        "good pod": "admitted",
        "bad pod": (
            "denied by legacy-pattern: validation error: not privileged. rule not-privileged"
            " failed at path /spec/containers/0/securityContext/privileged/"
        ),
        "label of an old bad pod": "admitted",
        "bad Deployment": (
            "denied by legacy-pattern: validation error: not privileged. rule"
            " autogen-not-privileged failed at path"
            " /spec/template/spec/containers/0/securityContext/privileged/"
        ),
    },
    "optional-spec": {
        "good pod": "admitted",
        "bad pod": "denied by optional-spec: not privileged",
        "bad Deployment": "admitted",
    },
    "mutating": {
        "good pod": "admitted with privileged: False",
        "bad pod": "denied by ask-privileged: not privileged, and said so",
    },
    "mutating-updates": {"good pod": "admitted", "label of an old good pod": "invalid"},
    "mutating-absent": {"good pod": "errored", "bad pod": "errored"},
    "mutating-autogen": {"good pod": "admitted", "good Deployment": "errored"},
    "mutating-later": {
        "good pod": "admitted with privileged: True",
        "bad pod": "admitted with privileged: False",
    },
    "misspelt": {"good pod": "errored", "bad pod": "errored", "good Deployment": "errored"},
    "legacy-misspelt": {"good pod": "errored", "bad pod": "errored"},
    "condition-fails": {"good pod": "errored", "good Deployment": "admitted"},
    "condition-ignored": {"good pod": "admitted", "bad pod": "admitted"},
    "warns": {
        "good pod": "admitted",
        "bad pod": "admitted, warned: Policy warns failed: not privileged",
    },
}

# The bugs of `tests/engines/bugs.py`, each with what shows it: policies and a request.
SHOWN: Final = (
    ("kyverno-subresource-ends-autogen", ("no-autogen", "bad Deployment")),
    ("kyverno-no-subresource", ("pods-only", "privileged debug container")),
    ("kyverno-no-podtemplates", ("pods-only", "bad PodTemplate")),
    ("kyverno-optional-spec", ("optional-spec", "bad Deployment")),
    ("kyverno-error-denies", ("misspelt", "good pod")),
    ("kyverno-autogen-json-patch", ("mutating-autogen", "good Deployment")),
    ("kyverno-mutates-updates", ("mutating-updates", "label of an old good pod")),
    ("kyverno-not-asked-again", ("mutating-later", "good pod")),
    ("kyverno-cli-passes-over", ("refused", "unknown-field")),
)


def artefacts(name: str) -> list[Object]:
    """Return the policies of a file."""
    text = (_ARTEFACTS / f"{name}.yaml").read_text("utf-8")
    return loaded_all(text)
