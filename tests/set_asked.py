"""Sets of profiles, and requests that one, another, both or none of their profiles admits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Admission, Operation, Request
from capgen.policy.profile import Enforcement, Scope, Union
from capgen.policy.workload import WORKLOADS
from tests.pods import container, good, tweak
from tests.policy.made import adding, profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from tests.pods import Pod

IMAGE: Final = "registry.example.com/proxy"
_ROW: Final = f'{{images: ["{IMAGE}:*"], rules: [RULES], reason: seen, until: 9999-12-31}}'
_HEAD: Final = 'kubernetes: "1.36"\nenforceOn: [pods, controllers]\n'
# Each admits what the other refuses; both have a rule in common, and one says more of volumes.
PORTS: Final = """
rules:
  privileged: false
  runAsUser: {ranges: ["1-"]}
  hostPorts: {ranges: ["1-"]}
  hostPID: false
"""
ROOT: Final = """
rules:
  privileged: false
  runAsUser: {ranges: ["0-"]}
  hostPorts: {ranges: []}
  volumes: {allow: [emptyDir, projected]}
"""
PROXY: Final = "exempt:\n  - " + _ROW.replace("RULES", "privileged, runAsUser")
MESH: Final = "exempt:\n  - " + _ROW.replace("RULES", "hostPorts")
BY_LABEL: Final = "match: {namespaceSelector: {matchLabels: {team: shop}}}"
BY_NAME: Final = "match: {namespaces: {include: ['team-*'], exclude: [team-b]}}"
BY_POD: Final = "match: {podSelector: {matchExpressions: [{key: tier, operator: Exists}]}}"


def member(name: str, spec: str, *more: str) -> Profile:
    """Return a profile of a set."""
    return profile("\n".join([_HEAD + spec, *more]))._replace(name=name)


def of(
    name: str,
    *members: Profile,
    scope: Scope = Scope(),  # noqa: B008 - a tuple, which nothing changes
    enforcement: Enforcement = Enforcement.DENY,
    **uses: str,
) -> Union:
    """Return a set, some of whose profiles are for those who may use a PodSecurityPolicy."""
    return Union(members, name, scope, enforcement, uses=uses)


_PORTS, _ROOT = member("ports", PORTS), member("root", ROOT)
SETS: Final = {
    each.name: each
    for each in (
        of("two", _PORTS, _ROOT),
        of("turned", _ROOT, _PORTS),
        of("one", _PORTS),
        of("exempt", member("ports", PORTS, PROXY), _ROOT),
        of("both-exempt", member("ports", PORTS, PROXY), member("root", ROOT, MESH)),
        of("by-label", member("ports", PORTS, BY_LABEL), _ROOT),
        of("by-name", member("ports", PORTS, BY_NAME, PROXY), member("root", ROOT, BY_POD)),
        of("same-match", member("ports", PORTS, BY_LABEL), member("root", ROOT, BY_LABEL)),
        of("scoped", _PORTS, _ROOT, scope=Scope(("team-a", "shop-*"), ("default", "builder"))),
        of("some-pods", _PORTS._replace(controllers=False), _ROOT._replace(pods=False)),
        of("free", _PORTS, member("free", "", BY_POD)),
        of("used", _PORTS, _ROOT, ports="ports", root="psp-root"),
        of("used-too", _PORTS, _ROOT, root="it-s.root"),
        of(
            "used-exempt",
            member("ports", PORTS, PROXY),
            member("root", ROOT, BY_POD),
            member("free", ""),
            ports="ports",
            free="free",
        ),
    )
}

_AS_ROOT: Final[Pod] = {"spec.containers.0.securityContext.runAsUser": 0}
_ON_PORT: Final[Pod] = {
    "spec.containers.1.ports": [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]
}
_PRIVILEGED: Final[Pod] = {"spec.containers.0.securityContext": {"privileged": True}}
_SECRET: Final[Pod] = {"spec.volumes": [{"name": "s", "secret": {"secretName": "s"}}]}
# What a pod does, and by which profiles of the set `two` it is admitted.
PODS: Final[dict[str, tuple[Pod, set[str]]]] = {
    "good": ({}, {"ports", "root"}),
    "as root": (_AS_ROOT, {"root"}),
    "on a port": (_ON_PORT, {"ports"}),
    "half by each": (_AS_ROOT | _ON_PORT, set()),
    "with a secret": (_SECRET, {"ports"}),
    "as root with a secret": (_AS_ROOT | _SECRET, set()),
    "in the node's processes": ({"spec.hostPID": True}, {"root"}),
    "in the node's processes, on a port": ({"spec.hostPID": True} | _ON_PORT, set()),
    "privileged": (_PRIVILEGED, set()),
}
# A debug container, and by which profiles it is admitted.
DEBUGGERS: Final[dict[str, tuple[Pod, set[str]]]] = {
    "fine": ({}, {"ports", "root"}),
    "as root": ({"securityContext.runAsUser": 0}, {"root"}),
    "privileged": ({"securityContext": {"privileged": True}}, set()),
}
_TOLD: Final = re.compile(r"([\w-]+) (?:refuses ([\w, ]+)|is for those who may (use)|does not)")
ACCOUNTS: Final = ("", "builder", "other")
NAMESPACES: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("team-a", {"team": "shop"}),
    ("team-b", {}),
    ("shop-x", {"team": "ops"}),
    ("elsewhere", {"team": "shop"}),
)
# Images before and after, of the two containers: the first is the root, the second on a port.
_PROXY, _OTHER = f"{IMAGE}:1", "registry.example.com/app:2"


def made(changes: Pod, account: str = "", labels: Pod | None = None) -> Pod:
    """Return a pod that is changed, of an account, with labels."""
    pod = tweak(good(), changes)
    if account:
        pod["spec"]["serviceAccountName"] = account
    if labels:
        pod["metadata"]["labels"] = labels
    return pod


def told(text: str) -> dict[str, set[str]]:
    """Return what a message of a set's policy says: by which rules each profile refuses the pod."""
    _, _, said = text.partition(": no profile of the set admits the whole pod: ")
    found = (_TOLD.match(part) for part in said.split(" | "))
    named = ((each[1], each[2] or each[3]) for each in found if each is not None)
    return {name: set(rules.split(", ")) for name, rules in named if rules}


def refused_by(union: Union, request: Request) -> dict[str, set[str]]:
    """Return by which rules each profile alone refuses a request, if it does."""
    found = {
        each.name: Admission(Union((each,), uses=union.uses)).admit(request)
        for each in union.any_of
    }
    rules = {name: {each.rule for each in one.violations} for name, one in found.items()}
    # Who may use a profile is said of what it does not refuse else.
    return {name: (each - {"use"}) or each for name, each in rules.items() if each}


def asked() -> Iterator[tuple[str, Request]]:
    """Yield the requests, by name: pods, templates, debug containers and new images."""
    for name, (changes, _) in PODS.items():
        yield name, _there(Request(made(changes)))
        for kind in WORKLOADS[1:]:
            yield f"{kind.kind} {name}", _there(Request(_owned(kind, made(changes)), kind))
    yield from _placed()
    for name, (changes, _) in DEBUGGERS.items():
        for old in ("good", "half by each"):
            new = tweak(container("debugger"), changes)
            yield f"{name} debugger in {old}", _there(adding(made(PODS[old][0]), new))
    yield from _updated()
    yield from _used()


def _used() -> Iterator[tuple[str, Request]]:
    """Yield what is asked by those who may use some PodSecurityPolicies."""
    for may in ((), ("ports",), ("psp-root", "free"), ("free", "it-s.root"), ("ports", "psp-root")):
        for name in ("good", "as root", "half by each", "privileged"):
            request = _there(Request(made(PODS[name][0]), may_use=frozenset(may)))
            yield f"{name}, by who may use {', '.join(may)}", request
        old = made(PODS["good"][0])
        for name, (changes, _) in DEBUGGERS.items():
            request = _there(adding(old, tweak(container("debugger"), changes)))
            request = request._replace(may_use=frozenset(may))
            yield f"{name} debugger, by who may use {', '.join(may)}", request
    for name, request in list(_updated()):
        for may in ((), ("ports",), ("free",)):
            about = f"{name}, by who may use {', '.join(may)}"
            yield about, request._replace(may_use=frozenset(may))


def _placed() -> Iterator[tuple[str, Request]]:
    for namespace, labels in NAMESPACES:
        for account in ACCOUNTS:
            for tier in (None, {"tier": "web"}):
                for name in ("good", "as root", "on a port", "half by each"):
                    pod = made(PODS[name][0], account, tier)
                    request = Request(pod, namespace=namespace, namespace_labels=labels)
                    yield f"{name} of {account or 'nobody'} in {namespace}, {tier}", request


def _updated() -> Iterator[tuple[str, Request]]:
    images = (_PROXY, _OTHER)
    for name in ("good", "as root", "on a port", "half by each", "privileged"):
        for before in images:
            for after in images:
                for place in (0, 1):
                    way = f"spec.containers.{place}.image"
                    old = made({**PODS[name][0], way: before})
                    request = Request(
                        tweak(old, {way: after, "metadata.labels": {"new": "yes"}}),
                        operation=Operation.UPDATE,
                        old_object=old,
                    )
                    yield f"{name}, {place} {before} to {after}", _there(request)


def _there(request: Request) -> Request:
    return request._replace(namespace="team-a", namespace_labels={"team": "shop"})


def _owned(kind: Any, pod: Pod) -> Pod:  # noqa: ANN401 - a workload
    template = {"metadata": {}, "spec": pod["spec"]}
    value: Any = template
    for step in reversed(kind.path):
        value = {step: value}
    return {"metadata": {"name": "owner"}, **value}
