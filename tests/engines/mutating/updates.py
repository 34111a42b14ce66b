"""What a mutation leaves alone, and what it does not miss, seen in a real engine.

Pods that stand keep their spec, whatever is changed in them, and so do the debug containers that
are added. A container that someone adds after the policy was asked gets its values all the same.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

from capgen.policy.owners import owner
from capgen.policy.workload import WORKLOADS
from capgen.profile import library
from tests.engines.applied import LABEL
from tests.engines.judged import MINOR
from tests.engines.mutating.check import here
from tests.engines.mutating.patching import patching
from tests.engines.mutating.rollout import rolled_out
from tests.engines.mutating.setter import Policies
from tests.engines.proving import Difference, Row
from tests.engines.resources import path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.apiserver import Cluster
    from tests.engines.mutating.setter import Setter
    from tests.engines.proving import Lab
    from tests.engines.rest import Answer, Object

_NAME: Final = "set-updates"
_BARE: Final[Object] = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
_SIDECAR: Final = "zz-sidecar"
_DEPLOYMENT: Final = WORKLOADS[4]
# Of a container: what pss/restricted sets.
_SET: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
}
# What a step does, what must come of it, and what does.
_Step = tuple[object, object, object]


def mutated_updates(laboratory: Lab) -> Row:
    """Asks the API server's own policies."""
    return updated(Policies(laboratory.cluster))


def updated(setter: Setter) -> Row:
    """Changes what stands, and adds a container behind the back of what sets values."""
    cluster = setter.cluster
    cluster.namespace(_NAME)
    old: list[Object] = [
        {
            **_BARE,
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "old", "namespace": _NAME},
        },
        owner(_DEPLOYMENT, _BARE, "old", _NAME),
    ]
    new = owner(_DEPLOYMENT, _BARE, "new", _NAME)
    cluster.delete([*old, new])
    for each in old:
        cluster.create(each)
    profile = library.open_profile("pss/restricted", f"1.{MINOR}")
    profile = here(profile._replace(name=_NAME, mutate=True, controllers=True))
    sidecars = _sidecars()
    cluster.apply(sidecars)
    try:
        with setter.holding(setter.objects(profile)):
            cluster.namespace(_NAME, {LABEL: _NAME, **setter.labels})
            for each in (new, _BARE):
                cluster.wait_answer(_NAME, each, _is_set, what=f"{_NAME} to act")
            steps = [*_standing(cluster), *_templates(cluster), *_injected(cluster)]
            cluster.create(new)
            steps += rolled_out(cluster, _NAME, ("old", "new"))
    finally:
        cluster.delete([*sidecars, *old, new])
        cluster.empty("Pod", _NAME)
    differing = tuple(
        Difference(done, str(expected), str(actual))
        for done, expected, actual in steps
        if expected != actual
    )
    return Row(setter.target, setter.name, setter.version, len(steps), differing, "updates")


def _is_set(answer: Answer) -> bool:
    return "ALL" in str(answer.object)


def _standing(cluster: Cluster) -> Iterator[_Step]:
    where = path("Pod", "old", _NAME)
    before = cluster.get("Pod", "old", _NAME)["spec"]
    for patch in (
        {"metadata": {"labels": {"changed": "yes"}}},
        {"metadata": {"finalizers": ["example.com/held"]}},
        {"metadata": {"finalizers": None}},
    ):
        yield {"patch": where, "with": patch}, before, _spec(cluster.patch(where, patch))
    answer = cluster.patch(f"{where}/status", {"status": {"phase": "Running"}})
    yield {"patch": f"{where}/status"}, before, _spec(answer)
    image = {"spec": {"containers": [{"name": "c", "image": "other"}]}}
    other = copy.deepcopy(before)
    other["containers"][0]["image"] = "other"
    yield {"patch": where, "with": image}, other, _spec(cluster.patch(where, image))
    for name in ("first", "second"):
        answer = cluster.add_ephemeral(_NAME, "old", {"name": name, "image": "i"})
        added = answer.object.get("spec", {}).get("ephemeralContainers", [])
        found = {each["name"]: each.get("securityContext", "unset") for each in added}
        yield {"ephemeral": name}, "unset", found.get(name, answer.message)


def _templates(cluster: Cluster) -> Iterator[_Step]:
    where = path("Deployment", "old", _NAME)
    for patch in (
        {"metadata": {"labels": {"changed": "yes"}}},
        {"spec": {"replicas": 2}},
        {"spec": {"template": {"metadata": {"labels": {"changed": "yes"}}}}},
    ):
        answer = cluster.patch(where, patch)
        template = answer.object.get("spec", {}).get("template", _BARE)["spec"]
        context = template["containers"][0].get("securityContext", "unset")
        yield {"patch": where, "with": patch}, "unset", context if answer.admitted else "refused"


def _injected(cluster: Cluster) -> Iterator[_Step]:
    (answer,) = cluster.judge(_NAME, [_BARE | {"metadata": {"labels": {_SIDECAR: "yes"}}}])
    added = answer.object.get("spec", {}).get("containers", [])
    found = {each["name"]: each.get("securityContext") for each in added}
    yield {"create": "with a container that is added"}, {"c": _SET, _SIDECAR: _SET}, found


def _spec(answer: Answer) -> object:
    return answer.object["spec"] if answer.admitted else answer.message


def _sidecars() -> list[Object]:
    """Return a policy that adds a container, and that by its name is asked after all of ours."""
    api = "admissionregistration.k8s.io/v1"
    value = f"Object.spec.containers{{name: '{_SIDECAR}', image: 'i'}}"
    patch = f"[JSONPatch{{op: 'add', path: '/spec/containers/-', value: {value}}}]"
    wanted = f"'{_SIDECAR}' in object.metadata.?labels.orValue({{}})"
    conditions = [{"name": "wanted", "expression": wanted}]
    policy = patching(_SIDECAR, patch, matchConditions=conditions)
    binding: Object = {
        "apiVersion": api,
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": _SIDECAR},
        "spec": {"policyName": _SIDECAR},
    }
    return [policy, binding]
