"""What MutatingAdmissionPolicies are known to make of requests, by hand-written ones."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Operation, Request
from capgen.policy.owners import owner
from capgen.policy.workload import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engines.rest import Object

# What becomes of a request: what is changed in the object, by JSON pointers; or in words why it is
# not admitted, `OUTCOME: SOME OF THE WORDS`. A list holds what may become of it.
Change = dict[str, Any]
Result = str | Change | list[Change]

_CONTEXT: Final = "/spec/containers/{}/securityContext"
_FIRST: Final = _CONTEXT.format(0)
_SECOND: Final = _CONTEXT.format(1)
_DEBUG: Final = "/spec/ephemeralContainers/{}/securityContext"
_DROPPED: Final[Change] = {"capabilities": {"drop": ["ALL"]}}
_NAMED: Final[Change] = {"/spec/hostname": "h"}

# The token's volume has a random name, and would be a difference between any two pods.
_BARE: Final[Object] = {
    "spec": {
        "automountServiceAccountToken": False,
        "containers": [{"name": "c", "image": "i"}, {"name": "d", "image": "i"}],
    }
}


def _with(pod: Object, context: Object | None = None, **fields: object) -> Object:
    """Return a pod with fields of its own, and a security context of its first container."""
    found: Object = copy.deepcopy({**pod, "spec": {**pod["spec"], **fields}})
    if context is not None:
        found["spec"]["containers"][0]["securityContext"] = context
    return found


def _debugged(pod: Object, *names: str) -> Object:
    added = [{"name": name, "image": "i"} for name in names]
    return _with(pod, ephemeralContainers=added)


def _changing(old: Object, new: Object, subresource: str = "") -> Request:
    return Request(new, operation=Operation.UPDATE, old_object=old, subresource=subresource)


_SAYS: Final = _with(
    _BARE, {"allowPrivilegeEscalation": True}, securityContext={"runAsNonRoot": False}
)
_DROPS: Final = _with(_BARE, {"capabilities": {"drop": ["KILL"]}})
_ADDS: Final = _with(_BARE, {"capabilities": {"add": ["CHOWN"]}})
_LABEL: Final[Object] = {"metadata": {"labels": {"changed": "yes"}}}
_DEPLOYMENT: Final = next(each for each in WORKLOADS if each.kind == "Deployment")

REQUESTS: Final[Mapping[str, Request]] = {
    "bare": Request(_BARE),
    "says": Request(_SAYS),
    "drops": Request(_DROPS),
    "adds": Request(_ADDS),
    "named": Request(_with(_BARE, hostname="own")),
    "starts": Request(_with(_BARE, initContainers=[{"name": "s", "image": "i"}])),
    "host": Request(_with(_BARE, hostNetwork=True)),
    "label": _changing(_BARE, _BARE | _LABEL),
    "debugger": _changing(_BARE, _debugged(_BARE, "one"), "ephemeralcontainers"),
    "second debugger": _changing(
        _debugged(_BARE, "one"), _debugged(_BARE, "one", "two"), "ephemeralcontainers"
    ),
    "Deployment": Request(owner(_DEPLOYMENT, _BARE), _DEPLOYMENT),
}

# The result of each request by the policies of a file.
EXPECTED: Final[Mapping[str, Mapping[str, Result]]] = {
    "defaults": {
        "bare": {
            "/spec/securityContext": {"runAsNonRoot": True},
            _FIRST: {"allowPrivilegeEscalation": False},
            _SECOND: {"allowPrivilegeEscalation": False},
        },
        "says": {_SECOND: {"allowPrivilegeEscalation": False}},
        # Its other fields stay.
        "drops": {
            "/spec/securityContext": {"runAsNonRoot": True},
            f"{_FIRST}/allowPrivilegeEscalation": False,
            _SECOND: {"allowPrivilegeEscalation": False},
        },
        "starts": {
            "/spec/securityContext": {"runAsNonRoot": True},
            "/spec/initContainers/0/securityContext": {"allowPrivilegeEscalation": False},
            _FIRST: {"allowPrivilegeEscalation": False},
            _SECOND: {"allowPrivilegeEscalation": False},
        },
        "label": {},
        "debugger": {},
        "Deployment": {},
    },
    "json-patch": {
        "bare": {_FIRST: _DROPPED, _SECOND: _DROPPED},
        "says": {f"{_FIRST}/capabilities": {"drop": ["ALL"]}, _SECOND: _DROPPED},
        "adds": {f"{_FIRST}/capabilities/drop": ["ALL"], _SECOND: _DROPPED},
        "drops": {_SECOND: _DROPPED},
        "label": {},
    },
    "atomic-list": {
        "bare": "errored: may not mutate atomic arrays, maps or structs",
        "drops": "errored: may not mutate atomic arrays, maps or structs",
    },
    "atomic-list-of-pod": {
        "bare": "errored: .spec.securityContext.supplementalGroups, .spec.securityContext.sysctls",
    },
    "atomic-list-ignored": {"bare": {}, "drops": {}},
    "every-update": {
        "bare": _NAMED,
        "named": _NAMED,
        "label": "invalid: pod updates may not change fields other than",
        # A subresource is another resource.
        "debugger": {},
    },
    "absent-parent": {
        "bare": "errored: missing path",
        "drops": "errored: missing path",
    },
    "absent-parent-ignored": {"bare": _NAMED},
    "no-pod": {"bare": "errored: json: cannot unmarshal string"},
    "no-field": {"bare": 'errored: unknown field "spec.hostPIDs"'},
    "misspelt": {"bare": "errored: .spec.hostPIDs: field not declared in schema"},
    "wrong-type": {"bare": "errored: .spec.hostPID: expected boolean"},
    "invalid-value": {"bare": "invalid: spec.hostname: Invalid value"},
    "condition-errs": {
        "bare": "errored: no such key: hostname",
        "named": {},
    },
    "condition-ignored": {"bare": {}},
    "expression-errs": {
        "bare": "errored: no such key: hostname",
        "named": {"/spec/subdomain": "own"},
    },
    "in-sequence": {"bare": {"/spec/hostname": "h", "/spec/subdomain": "h"}},
    "test-fails": {"bare": {}, "host": _NAMED},
    "debug-every": {
        "bare": {},
        "debugger": {_DEBUG.format(0): {"allowPrivilegeEscalation": False}},
        "second debugger": 'invalid: existing ephemeral containers "one" may not be changed',
    },
    "debug-new": {
        "debugger": {_DEBUG.format(0): {"allowPrivilegeEscalation": False}},
        "second debugger": {_DEBUG.format(1): {"allowPrivilegeEscalation": False}},
    },
    "template": {"bare": {}, "Deployment": {"/spec/template/spec/hostname": "h"}},
    "reinvoked": {"bare": {"/metadata/labels": {"a": "after", "b": "after"}}},
    # The order of policies is none that could be relied on: it changes from load to load.
    "reinvoked-never": {
        "bare": [
            {"/metadata/labels": {"a": "before", "b": "after"}},
            {"/metadata/labels": {"a": "after", "b": "before"}},
        ]
    },
    "judged": {"bare": _NAMED, "named": "denied: hostname must be h"},
}

# Each must be refused when it is loaded, in these words.
REFUSED: Final = {
    "no-list": "must evaluate to list(JSONPatch) but got JSONPatch",
    "no-mutations": "mutations must contain at least one item",
    "no-object": "must evaluate to Object but got bool",
    "no-reinvocation": "spec.reinvocationPolicy: Required value",
    "syntax": "Syntax error: mismatched input",
    "two-types": "must be specified when patchType is JSONPatch",
    "undeclared": "undeclared reference to 'nobody'",
    "unknown-field": 'unknown field "spec.sideEffects"',
    "unknown-type": 'Unsupported value: "StrategicMerge"',
}
