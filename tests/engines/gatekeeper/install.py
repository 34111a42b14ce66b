"""What Gatekeeper wants to find in a cluster, out of its own manifest."""

from __future__ import annotations

import functools
from functools import partial
from typing import TYPE_CHECKING, Final

from tests.engines import lab
from tests.engines.gatekeeper.manager import SYSTEM
from tests.engines.lab import LabError
from tests.engines.processes import NotYet, Processes
from tests.engines.resources import place
from tests.engines.rest import Call
from tests.loading import loaded_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.apiserver import Cluster
    from tests.engines.gatekeeper.manager import Serving
    from tests.engines.rest import Object

# The webhooks look only at namespaces with this label, so that what stands in one can be made
# before it is watched, and that other users of the API server are left alone. The policies that
# Gatekeeper generates take the selector over.
LABEL: Final = "lab.capgen.dev/gatekeeper"
WATCHED: Final = {LABEL: "watched"}

_CANARY: Final = "lab.capgen.dev/canary"
MUTATED: Final = "lab.capgen.dev/mutated"
SAYS: Final = "this is the bad canary"
# Policies under test judge pods and what makes pods: nothing else comes between.
BAD_CANARY: Final[Object] = {"kind": "ConfigMap", "metadata": {"labels": {_CANARY: "bad"}}}
GOOD_CANARY: Final[Object] = {"kind": "ConfigMap", "metadata": {"labels": {_CANARY: "good"}}}


@functools.cache
def _manifest() -> tuple[Object, ...]:
    text = (lab.data("gatekeeper", "deploy") / "gatekeeper.yaml").read_text("utf-8")
    return tuple(loaded_all(text))


def install(cluster: Cluster) -> None:
    """Put a namespace and the kinds of Gatekeeper into a cluster.

    Raises:
        LabError: the API server does not take them, or does not serve them in time.
    """
    kinds = [each for each in _manifest() if each["kind"] == "CustomResourceDefinition"]
    cluster.apply([namespace(SYSTEM, {}), *kinds])
    for each in kinds:
        # They are waited for beside no process: the manager does not run.
        probe = partial(established, cluster, each["metadata"]["name"])
        Processes().until(probe, what="the kinds of Gatekeeper")


def hook(cluster: Cluster, serving: Serving) -> None:
    """Have the API server ask Gatekeeper.

    Raises:
        LabError: the API server does not take the configurations.
    """
    cluster.apply(_webhooks(serving))


def namespace(name: str, labels: Object) -> Object:
    """Return a namespace."""
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _webhooks(serving: Serving) -> Iterator[Object]:
    """Yield its webhook configurations, for a manager on a port of loopback.

    Names and rules are the shipped ones. That a manager is away must not admit, as it would by the
    shipped failure policy.
    """
    requirement = {"key": LABEL, "operator": "In", "values": list(WATCHED.values())}
    for shipped in _manifest():
        if not shipped["kind"].endswith("WebhookConfiguration"):
            continue
        hooks = []
        # `check-ignore-label` guards a label that the laboratory does not use.
        for each in (hook for hook in shipped["webhooks"] if "label" not in hook["name"]):
            url = f"https://127.0.0.1:{serving.port}{each['clientConfig']['service']['path']}"
            expressions = [*each["namespaceSelector"]["matchExpressions"], requirement]
            hooks.append(
                each
                | {
                    "clientConfig": {"url": url, "caBundle": serving.bundle},
                    "failurePolicy": "Fail",
                    "namespaceSelector": {"matchExpressions": expressions},
                    # Half a busy machine is slower than a cluster's own.
                    "timeoutSeconds": 20,
                }
            )
        yield shipped | {"webhooks": hooks}


def established(cluster: Cluster, name: str) -> None:
    """Find the server to serve the kind of a CustomResourceDefinition.

    Raises:
        NotYet: it does not do so.
    """
    for found in _defined(cluster, name):
        status = found.get("status") or {}
        conditions = {each["type"]: each["status"] for each in status.get("conditions") or ()}
        if conditions.get("Established") != "True":
            raise NotYet(f"{name}: {conditions}")
        spec = found["spec"]
        (version,) = (each["name"] for each in spec["versions"] if each["storage"])
        where = f"/apis/{spec['group']}/{version}/{spec['names']['plural']}"
        try:
            # It says that it serves them before it does: its storage is yet to be made.
            list(cluster.ask([Call("GET", where)]))
        except LabError as error:
            raise NotYet(str(error)) from error
        return
    raise NotYet(f"there is no {name}")


def absent(cluster: Cluster, name: str) -> None:
    """Find the server to have no CustomResourceDefinition of a name.

    Raises:
        NotYet: it has.
    """
    if _defined(cluster, name):
        raise NotYet(f"{name} is still there")


def _defined(cluster: Cluster, name: str) -> list[Object]:
    """Return a CustomResourceDefinition, if there is one."""
    where = place({"kind": "CustomResourceDefinition"})
    (answer,) = cluster.ask([Call("GET", f"{where}?fieldSelector=metadata.name%3D{name}")])
    found: list[Object] = answer.object["items"]
    return found


def canaries(where: Object) -> tuple[Object, Object, Object]:
    """Return what refuses the bad canary and changes the good one.

    Args:
        where: a match, besides what canaries are known by.

    Returns:
        A template, its constraint, and a mutator.
    """
    rego = f'package labcanary\n\nviolation contains {{"msg": "{SAYS}"}} if input.review.object'
    code = {"engine": "Rego", "source": {"version": "v1", "rego": rego}}
    spec = {
        "crd": {"spec": {"names": {"kind": "LabCanary"}}},
        "targets": [{"target": "admission.k8s.gatekeeper.sh", "code": [code]}],
    }
    template = {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": "labcanary"},
        "spec": spec,
    }
    here = {**where, "kinds": [{"apiGroups": [""], "kinds": ["ConfigMap"]}]}
    constraint = {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": "LabCanary",
        "metadata": {"name": "lab-canary"},
        "spec": {"match": here | {"labelSelector": {"matchLabels": {_CANARY: "bad"}}}},
    }
    mutator = {
        "apiVersion": "mutations.gatekeeper.sh/v1",
        "kind": "AssignMetadata",
        "metadata": {"name": "lab-canary"},
        "spec": {
            "match": here | {"labelSelector": {"matchLabels": {_CANARY: "good"}}},
            "location": f'metadata.annotations."{MUTATED}"',
            "parameters": {"assign": {"value": "yes"}},
        },
    }
    return template, constraint, mutator
