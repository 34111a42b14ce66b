"""Every key of the language does something: a check for each that fails where it is taken out."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.compiler.plan import plan
from capgen.errors import CapgenError
from capgen.policy.admit import Admission, Request
from capgen.policy.profile import Union
from capgen.policy.workload import WORKLOADS
from tests.pods import DROP, tweak
from tests.policy.made import rules_of
from tests.profile.example import FINE, TODAY, Made, data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


PROXY: Final = "registry.example.com/istio/proxyv2:1"
WEB: Final = "spec.containers.0"
CONTEXT: Final = f"{WEB}.securityContext"
PROFILE: Final = "spec.securityContext.seccompProfile"
_LOG: Final = {"name": "log", "hostPath": {"path": "/var/log/app/web"}}
_MOUNT: Final = {"name": "log", "mountPath": "/log", "readOnly": True}
LOGS: Final = {"spec.volumes": [_LOG], f"{WEB}.volumeMounts": [_MOUNT]}
EXEMPT: Final = {f"{WEB}.name": "istio-proxy", f"{WEB}.image": PROXY, f"{CONTEXT}.runAsUser": 1337}


def _loads(made: Made) -> bool:
    return made.profile.rules != ()


def _deployment(made: Made) -> bool:
    value = {"spec": {"template": tweak(FINE, {"spec.hostPID": True})}}
    request = Request(value, WORKLOADS[4])
    return rules_of(Admission(Union((made.profile,))).admit(request)) == ["hostPID"]


def _matches(made: Made, changes: dict[str, Any], **asked: Any) -> bool:  # noqa: ANN401 - a request's
    bad = {"spec.hostPID": True}
    return made.refused(bad) == ["hostPID"] and made.refused(bad | changes, **asked) == []


def _exempts(made: Made) -> bool:
    others: dict[str, Any] = {f"{WEB}.image": "x:1", f"{WEB}.name": "web"}
    return made.refused(EXEMPT) == [] and all(
        made.refused(EXEMPT | {place: value}) == ["runAsUser"] for place, value in others.items()
    )


# What a key brings about, by its place. Of a key that is required no more is asked than that.
HEAD: Final[dict[str, Callable[[Made], bool]]] = {
    "apiVersion": _loads,
    "kind": _loads,
    "metadata": _loads,
    "metadata.name": lambda made: made.profile.name == "web",
    "metadata.description": lambda made: made.profile.description == "Web servers on port 8080",
    "spec": _loads,
    "spec.extends": lambda made: made.refused({"spec.hostPID": True}) == ["hostPID"],
    "spec.kubernetes": lambda made: made.profile.minors == range(34, 35),
    "spec.enforcement": lambda made: made.profile.enforcement.value == "warn",
    "spec.enforceOn": _deployment,
    "spec.match": lambda made: _matches(made, {}, namespace="kube-public"),
    "spec.match.namespaces": lambda made: _matches(made, {}, namespace="kube-system"),
    "spec.match.namespaces.exclude": lambda made: _matches(made, {}, namespace="kube-system"),
    **dict.fromkeys(
        (
            "spec.match.namespaceSelector",
            "spec.match.namespaceSelector.matchLabels",
            "spec.match.namespaceSelector.matchLabels.team",
        ),
        lambda made: _matches(made, {}, namespace_labels={"team": "db"}),
    ),
    **dict.fromkeys(
        (
            "spec.match.podSelector",
            "spec.match.podSelector.matchExpressions",
            "spec.match.podSelector.matchExpressions.0.key",
            "spec.match.podSelector.matchExpressions.0.operator",
        ),
        lambda made: _matches(made, {"metadata.labels": {"legacy": "yes"}}),
    ),
    "spec.loosens": _loads,
    "spec.loosens.volumes": _loads,
    "spec.loosens.hostPath": _loads,
    **dict.fromkeys(
        (
            "spec.exempt",
            "spec.exempt.0.images",
            "spec.exempt.0.containers",
            "spec.exempt.0.rules",
            "spec.exempt.0.reason",
            "spec.exempt.0.until",
        ),
        _exempts,
    ),
    **dict.fromkeys(
        ("spec.containers", "spec.containers.sidecar", "spec.containers.sidecar.runAsUser"),
        lambda made: made.own("sidecar").get("runAsUser") == 10002,
    ),
}
RULES: Final[dict[str, Callable[[Made], bool]]] = {
    "spec.rules": lambda made: made.refused({CONTEXT: DROP}) != [],
    "privileged": lambda made: made.alone({f"{CONTEXT}.privileged": True}, "privileged"),
    "allowPrivilegeEscalation": lambda made: made.alone(
        {f"{CONTEXT}.allowPrivilegeEscalation": DROP}, "allowPrivilegeEscalation"
    ),
    "capabilities": lambda made: made.alone({f"{CONTEXT}.capabilities": DROP}, "capabilities"),
    "capabilities.drop": lambda made: made.alone(
        {f"{CONTEXT}.capabilities.drop": ["KILL"]}, "capabilities"
    ),
    "capabilities.allow": lambda made: made.alone(
        {f"{CONTEXT}.capabilities.add": ["KILL"]}, "capabilities"
    ),
    "capabilities.add": lambda made: "--cap-add NET_BIND_SERVICE" in made.flags(),
    "runAsNonRoot": lambda made: made.alone(
        {"spec.securityContext.runAsNonRoot": DROP}, "runAsNonRoot"
    ),
    "runAsUser": lambda made: made.alone({f"{CONTEXT}.runAsUser": 9999}, "runAsUser"),
    "runAsUser.ranges": lambda made: made.alone({f"{CONTEXT}.runAsUser": 60001}, "runAsUser"),
    "runAsUser.default": lambda made: "--user 10001" in made.flags(),
    "seccompProfile": lambda made: made.alone({PROFILE: {"type": "Unconfined"}}, "seccompProfile"),
    "seccompProfile.allow": lambda made: made.alone(
        {PROFILE: {"type": "Localhost", "localhostProfile": "other/web"}}, "seccompProfile"
    ),
    "seccompProfile.default": lambda made: (
        made.patch()["securityContext"]["seccompProfile"]["localhostProfile"] == "profiles/a"
    ),
    "seccompProfile.unset": lambda made: made.refused({PROFILE: DROP}) == [],
    **dict.fromkeys(
        ("volumes", "volumes.allow"),
        lambda made: made.alone({"spec.volumes": [{"name": "a", "nfs": {}}]}, "volumes"),
    ),
    **dict.fromkeys(
        ("hostPath", "hostPath.allow", "hostPath.allow.0.prefix"),
        lambda made: (
            made.refused(LOGS) == []
            and made.alone(
                {"spec.volumes": [{"name": "a", "hostPath": {"path": "/var/log/apps"}}]}, "hostPath"
            )
        ),
    ),
    "hostPath.allow.0.readOnly": lambda made: made.alone(
        LOGS | {f"{WEB}.volumeMounts": [_MOUNT | {"readOnly": False}]}, "hostPath"
    ),
    "readOnlyRootFilesystem": lambda made: made.alone(
        {f"{CONTEXT}.readOnlyRootFilesystem": DROP}, "readOnlyRootFilesystem"
    ),
    **dict.fromkeys(
        ("sysctls", "sysctls.allow"),
        lambda made: made.alone(
            {"spec.securityContext.sysctls": [{"name": "kernel.msgmax", "value": "1"}]}, "sysctls"
        ),
    ),
}
# What the compiler makes of them, from a file.
COMPILED: Final = {
    "spec.targets",
    "spec.targets.2.gatekeeper",
    "spec.targets.2.gatekeeper.engines",
    "spec.accept",
    "spec.accept.docker",
    "spec.accept.docker.volumes",
}
# Where the example writes what counts anyway, another value in its place.
TOLD: Final[dict[str, Any]] = {
    "spec.enforcement": "warn",
    "spec.rules.capabilities.add": ["NET_BIND_SERVICE"],
    "spec.rules.seccompProfile.default": "Localhost:profiles/a",
    "spec.rules.seccompProfile.unset": "allow",
    # It loosens the rule of `baseline`; `restricted` has none.
    "spec.loosens.hostPath": "/var/log/app only, read-only",
}
KEYS: Final = HEAD | {
    key if key.startswith("spec.") else f"spec.rules.{key}": check for key, check in RULES.items()
}


def places(node: object, above: str = "") -> Iterator[str]:
    """Yield the place of every key of a document."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from places(item, f"{above}{number}.")
    elif isinstance(node, dict):
        for key, value in node.items():
            yield above + key
            yield from places(value, f"{above}{key}.")


def documents(place: str) -> tuple[Any, Any]:
    """Return the example with and without a key."""
    whole = data()
    if place.startswith("spec.rules"):
        # Its parent says most of it too.
        del whole["spec"]["extends"]
    if place == "spec.loosens.hostPath":
        whole["spec"]["extends"] = ["pss/baseline"]
    whole["spec"]["loosens"]["seccompProfile"] = "see test_the_example"
    *above, last = place.split(".")
    if place in TOLD:
        _at(whole, above)[last] = TOLD[place]
    without = deepcopy(whole)
    del _at(without, above)[last]
    return whole, without


def _at(node: Any, steps: list[str]) -> Any:  # noqa: ANN401 - any part of a document
    for step in steps:
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node


def test_the_example() -> None:
    """The documentation's example is a profile: nothing in it needs another reason."""
    assert Made(data()).profile.name == "web"


def test_every_key_is_told() -> None:
    """No key of the example is without its check."""
    assert set(places(data())) == set(KEYS) | COMPILED


@pytest.mark.parametrize("place", KEYS)
def test_key(place: str) -> None:
    """What the key brings about is there, and is gone without it."""
    whole, without = documents(place)
    assert KEYS[place](Made(whole))
    try:
        made = Made(without)
    except CapgenError:
        return
    assert not KEYS[place](made)


@pytest.mark.parametrize("place", sorted(COMPILED))
def test_compiled_key(tmp_path: Path, place: str) -> None:
    """With the key its targets are compiled and no gap is left; without it something is not so."""
    whole, without = documents(place)

    def compiled(document: object) -> tuple[list[str], int, bool]:
        path = tmp_path / "web.yaml"
        path.write_text(json.dumps(document))
        try:
            done = plan(str(path), [], None, TODAY)
        except CapgenError:
            return [], 0, False
        rego = any("engine: Rego" in shared.text for each in done for shared in each.shared)
        return [each.target for each in done], sum(len(each.gaps) for each in done), rego

    expected = (["security-context", "vap", "gatekeeper", "docker"], 0, True)
    assert compiled(whole) == expected
    assert compiled(without) != expected
