"""Shows that the API server judges: a hand-written policy, real updates, the type checker."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from tests.engines.canaries import GOOD
from tests.engines.proving import Difference, Lab, Row
from tests.engines.resources import path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Answer, Object

# What was asked, the outcome that is right, and the outcome.
Case = tuple[object, str, str]

GROUP = "admissionregistration.k8s.io"
LABEL = "lab.capgen.dev/mode"

BAD: Object = {
    "spec": {
        "containers": [{"name": "c", "image": "i", "securityContext": {"privileged": True}}],
    }
}

# The awkward characters show that messages come back as they were sent.
MESSAGE = '"privileged" \\ é'
# Containers of a pod that is created and of one that gets ephemeral containers; a label changed on
# an old bad pod is let through, as its containers are what they were. Where there is no subresource
# the key is missing: `request.subResource` alone would be an error.
CONTAINERS = (
    "(request.?subResource.orValue('') == 'ephemeralcontainers'"
    " ? object.spec.?ephemeralContainers.orValue([])"
    " : request.operation == 'CREATE' ? object.spec.containers : [])"
)
EXPRESSION = f"{CONTAINERS}.all(c, c.?securityContext.?privileged.orValue(false) == false)"
# Accepted by the server, although no pod has such a field: only the type checker says so.
MISSPELT = "object.spec.containers.all(c, c.securityContext.privilegd == false)"
# The bugs of `tests/engines/bugs.py`, each with the case that shows it.
SHOWN = (("apiserver-unknown-field", "apiserver: lab-misspelt"),)


def cluster_check(laboratory: Lab) -> Row:
    """Judges with a policy, with updates and with a mistake, each known beforehand."""
    cluster = laboratory.cluster
    differing: list[Difference] = []
    cases = 0
    policies = [_policy("lab-good", EXPRESSION), _policy("lab-misspelt", MISSPELT)]
    bindings = [_binding("Deny"), _binding("Warn")]
    try:
        cluster.apply([*policies, *bindings])
        for request, expected, actual in _cases(cluster):
            cases += 1
            if actual != expected:
                differing.append(Difference(request, expected, actual))
    finally:
        cluster.delete([*bindings, *policies])
    return Row("(engine)", "kube-apiserver", cluster.version, cases, tuple(differing))


def _cases(cluster: Cluster) -> Iterator[Case]:
    """Yields pods created in namespaces of each mode, and what the type checker finds."""
    for mode in ("off", "deny", "warn"):
        cluster.namespace(f"lab-{mode}", {LABEL: mode})
    cluster.wait_enforced("lab-deny", BAD, GOOD, says="'lab-deny'")
    cluster.wait_enforced("lab-warn", BAD, GOOD, says="'lab-warn'")
    for where, expected in (
        ("lab-off", ["admitted", "admitted"]),
        ("lab-deny", ["admitted", f"policy: {MESSAGE}"]),
        ("lab-warn", ["admitted", f"admitted, warned: {MESSAGE}"]),
    ):
        for user in ("admin", "plain"):
            answers = cluster.judge(where, [GOOD, BAD], user=user)
            for pod, right, answer in zip((GOOD, BAD), expected, answers, strict=True):
                yield {"create": pod, "in": where, "by": user}, right, _said(answer)
    yield from _updates(cluster)
    broken = copy.deepcopy(GOOD)
    broken["spec"]["containers"][0]["name"] = "Not_A_Name"
    (answer,) = cluster.judge("lab-deny", [broken])
    yield {"create": broken}, "invalid", _said(answer)
    with cluster.type_checker():
        warnings = cluster.type_warnings(["lab-good", "lab-misspelt"])
    for name, mistakes in warnings.items():
        actual = ", ".join("privilegd" for mistake in mistakes if "privilegd" in mistake["warning"])
        right = "privilegd" if name == "lab-misspelt" else ""
        yield {"check": name}, f"mistakes: {right}", f"mistakes: {actual}"


def _updates(cluster: Cluster) -> Iterator[Case]:
    """Yields cases of pods that are stored, and of what is done to them afterwards."""
    old: Object = {"apiVersion": "v1", "kind": "Pod"} | BAD
    new: Object = {"apiVersion": "v1", "kind": "Pod"} | GOOD
    old["metadata"] = {"name": "old-bad", "namespace": "lab-move"}
    new["metadata"] = {"name": "new-good", "namespace": "lab-move"}
    cluster.namespace("lab-move", {LABEL: "off"})
    cluster.delete([old, new])
    yield {"create": old}, "admitted", _said(cluster.create(old))
    cluster.namespace("lab-move", {LABEL: "deny"})
    cluster.wait_enforced("lab-move", BAD, GOOD, says="'lab-deny'")
    yield {"create": new}, "admitted", _said(cluster.create(new))
    label = {"metadata": {"labels": {"changed": "yes"}}}
    for pod in (old, new):
        where = path("Pod", pod["metadata"]["name"], "lab-move")
        yield {"patch": where, "with": label}, "admitted", _said(cluster.patch(where, label))
    for name, privileged, right in (
        ("fine", False, "admitted"),
        ("root", True, f"policy: {MESSAGE}"),
    ):
        container = {"name": name, "image": "i", "securityContext": {"privileged": privileged}}
        answer = cluster.add_ephemeral("lab-move", "new-good", container, user="plain")
        yield {"ephemeral": container}, right, _said(answer)
    stored = cluster.get("Pod", "new-good", "lab-move")["spec"].get("ephemeralContainers", [])
    yield {"get": "new-good"}, "['fine']", str([container["name"] for container in stored])
    cluster.delete([old, new])


def _said(answer: Answer) -> str:
    if answer.outcome == "policy":
        return f"policy: {answer.denial}"
    if answer.warnings:
        return (
            f"{answer.outcome}, warned: {'; '.join(w.split(': ', 1)[1] for w in answer.warnings)}"
        )
    return answer.outcome


def _policy(name: str, expression: str) -> Object:
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["pods", "pods/ephemeralcontainers"],
    }
    validation = {"expression": expression, "message": MESSAGE}
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {"matchConstraints": {"resourceRules": [rule]}, "validations": [validation]},
    }


def _binding(action: str) -> Object:
    mode = action.lower()
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": f"lab-{mode}"},
        "spec": {
            "policyName": "lab-good",
            "validationActions": [action],
            "matchResources": {"namespaceSelector": {"matchLabels": {LABEL: mode}}},
        },
    }
