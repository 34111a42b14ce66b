"""Applies the target `security-context` with the real tools, and has Kubernetes judge the pods.

The API server applies the strategic-merge patch and the second JSON patch, to stored PodTemplates,
as these can change. The first JSON patch, which is for manifests, and the component are
kustomize's. Pod Security admission, by the label of a namespace, must then admit what comes out.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml

from capgen.policy.choice import choose
from capgen.policy.subjects import Level
from capgen.policy.workload import WORKLOADS
from capgen.profile.library import open_profile
from capgen.targets import security_context
from tests.engines import kustomize
from tests.engines.canaries import BAD, GOOD
from tests.engines.lab import LabError
from tests.engines.proving import Difference
from tests.engines.resources import path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.choice import Choice, Os
    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Object

    # What was done, what was expected and what was seen.
    Case = tuple[object, str, str]

# Versions at which the levels, or what the fields of a pod may say, changed.
VERSIONS: Final = {
    "baseline": ("1.0", "1.18", "1.19", "1.36"),
    "restricted": ("1.0", "1.8", "1.19", "1.22", "1.24", "1.25", "1.34", "1.35", "1.36"),
}
LISTS: Final = ("initContainers", "containers")
PSA: Final = "pod-security.kubernetes.io"
STORE: Final = "lab-templates"

BARE: Final[Object] = {"containers": [{"name": "app", "image": "i"}]}
# Keys that no patch may touch, and values that it must overwrite.
FULL: Final[Object] = {
    "securityContext": {
        "fsGroup": 5,
        "runAsNonRoot": False,
        "seccompProfile": {"type": "Localhost", "localhostProfile": "p"},
    },
    "initContainers": [
        {"name": "first", "image": "i", "securityContext": {"allowPrivilegeEscalation": True}},
        {"name": "second", "image": "i", "restartPolicy": "Always"},
    ],
    "containers": [
        {"name": "bare", "image": "i"},
        {
            "name": "full",
            "image": "i",
            "securityContext": {
                "readOnlyRootFilesystem": True,
                "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["KILL"]},
            },
        },
    ],
}
# A Windows pod may have none of the Linux fields.
WINDOWS_FULL: Final[Object] = {
    "securityContext": {"runAsNonRoot": False, "windowsOptions": {"runAsUserName": "u"}},
    "initContainers": [{"name": "first", "image": "i"}],
    "containers": [{"name": "one", "image": "i"}, {"name": "two", "image": "i"}],
}
SPECS: Final[dict[Os, dict[str, Object]]] = {
    "linux": {"bare": BARE, "full": FULL},
    "windows": {"bare": BARE, "full": WINDOWS_FULL},
}


def prove(cluster: Cluster) -> tuple[int, list[Difference]]:
    """Hardens pods at every level, version and system, and has them judged.

    Returns:
        How many cases there were, and those that came out otherwise than expected.
    """
    cases = 0
    differing = []
    cluster.namespace(STORE)
    for level, versions in VERSIONS.items():
        for version in versions:
            for done, expected, actual in _level(cluster, level, version):
                cases += 1
                if actual != expected:
                    differing.append(Difference(done, expected, actual))
    return cases, differing


def _level(cluster: Cluster, level: str, version: str) -> Iterator[Case]:
    profile = open_profile(f"pss/{level}", version)
    files = {each.path: each.text for each in security_context.TARGET.emit(profile).artefacts}
    namespace = f"lab-{level}-{version.replace('.', '-')}"
    labels = {f"{PSA}/enforce": level, f"{PSA}/enforce-version": f"v{version}"}
    cluster.namespace(namespace, labels)
    cluster.wait_enforced(namespace, BAD, GOOD, says=f"{level}:v{version}")
    for system in SPECS:
        own = {
            name.removeprefix(f"{system}/"): text
            for name, text in files.items()
            if name.startswith(f"{system}/")
        }
        choice = choose(profile, system)
        for done, spec, expected in _hardened(cluster, own, choice, system) if own else ():
            about = {"at": [level, version, system], **done}
            if not isinstance(expected, dict):
                yield about, expected, str(spec)
            elif not _holds(spec, expected):
                yield about, json.dumps(expected), json.dumps(spec)
            else:
                (answer,) = cluster.judge(namespace, [{"spec": spec}])
                yield about, "", answer.message
    meta = {"name": namespace}
    cluster.delete([{"apiVersion": "v1", "kind": "Namespace", "metadata": meta}])


# What was done, the pod's spec (or what else came of it), and what must stand in it.
_Hardened: TypeAlias = "tuple[dict[str, object], Any, Any]"


def _hardened(
    cluster: Cluster, files: dict[str, str], choice: Choice, system: Os
) -> Iterator[_Hardened]:
    for name, spec in SPECS[system].items():
        expected = _expected(spec, choice)
        yield {"strategic": name}, _strategic(cluster, files, spec), expected
        for kind, found in kustomize.component(spec, files).items():
            yield {"component": name, "kind": kind}, found, expected
    bare = _expected(BARE, choice)
    # A base rarely has every kind.
    for alone in WORKLOADS:
        (found,) = kustomize.component(BARE, files, [alone]).values()
        yield {"component": "alone", "kind": alone.kind}, found, bare
    yield {"json": "manifest"}, kustomize.patched(BARE, files["json-patch.yaml"]), bare
    operations = yaml.safe_load(files["json-patch-existing.yaml"])
    context: Object = {"containers": [{**BARE["containers"][0], "securityContext": {}}]}
    yield {"json": "stored"}, _stored(cluster, context, _below(operations), "json"), bare
    # What would lose something, or was left as it is, is refused.
    operations = yaml.safe_load(files["json-patch.yaml"])
    yield {"json": "guarded"}, _stored(cluster, context, _below(operations), "json"), "invalid"
    patch = yaml.safe_load(files["strategic-merge.yaml"])
    if "containers" in patch["spec"]:
        yield {"strategic": "unnamed"}, _stored(cluster, BARE, {"template": patch}), "invalid"


def _strategic(cluster: Cluster, files: dict[str, str], spec: Object) -> Object | str:
    """Apply the patch as its comment says: the entry repeated with each container's name."""
    patch = yaml.safe_load(files["strategic-merge.yaml"])
    (entry,) = patch["spec"].pop("containers", [None])
    for listed in LISTS if entry else ():
        if listed in spec:
            patch["spec"][listed] = [entry | {"name": each["name"]} for each in spec[listed]]
    return _stored(cluster, spec, {"template": patch})


def _stored(cluster: Cluster, spec: Object, patch: object, kind: str = "strategic") -> Object | str:
    """Store a PodTemplate, patch it, and return its pod's spec or why it was refused."""
    meta = {"name": "template", "namespace": STORE}
    template: Object = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": meta}
    cluster.apply([template | {"template": {"spec": spec}}])
    try:
        answer = cluster.patch(path("PodTemplate", "template", STORE), patch, kind)
    except LabError as error:
        # A JSON patch whose `test` fails is no invalid object, so the client knows no outcome.
        if "HTTP 422" in str(error):
            return "invalid"
        raise
    finally:
        cluster.delete([template])
    found: Object = answer.object.get("template", {}).get("spec", {})
    return found if answer.admitted else answer.outcome


def _below(operations: list[Object]) -> list[Object]:
    """Return the operations for the pod in a PodTemplate."""
    return [each | {"path": f"/template{each['path']}"} for each in operations]


def _expected(spec: Object, choice: Choice) -> Object:
    """Set the chosen values in all containers, or in the pod; nothing else changes."""
    spec = copy.deepcopy(spec)
    for each in choice.values:
        inside = each.field.level is Level.CONTAINER
        for node in [c for name in LISTS for c in spec.get(name, [])] if inside else [spec]:
            *steps, last = each.field.path
            value: Any = list(each.value) if isinstance(each.value, tuple) else each.value
            if last == "type":
                # A profile of another type has a file of its own: the struct is set whole.
                *steps, last = steps
                value = {"type": value}
            for step in steps:
                node = node.setdefault(step, {})  # noqa: PLW2901 - the way down
            node[last] = value
    return spec


def _holds(found: object, expected: object) -> bool:
    """Tell whether what is expected stands in what was found, which may have defaults besides."""
    if isinstance(expected, dict):
        # What is set whole has nothing besides.
        whole = set(expected) == {"type"} and isinstance(found, dict) and set(found) != {"type"}
        return (
            isinstance(found, dict)
            and not whole
            and all(key in found and _holds(found[key], expected[key]) for key in expected)
        )
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) == len(expected)
            and all(_holds(*pair) for pair in zip(found, expected, strict=True))
        )
    return type(found) is type(expected) and found == expected
