"""A controller of a kind that nobody knows: what our constraints say of it, and what copies say.

The pods that it makes are judged like all others. That the controller itself be refused wants an
ExpansionTemplate, and constraints on what that expands: what a README of ours says to write.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tests.engines.canaries import BAD, GOOD
from tests.engines.gatekeeper.install import absent, established
from tests.engines.gatekeeper.target import said
from tests.engines.resources import path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.engines.apiserver import Cluster
    from tests.engines.gatekeeper.live import Gatekeeper
    from tests.engines.rest import Object

_GROUP: Final = "lab.capgen.dev"
_KIND: Final = "LabWidget"
_NAMES: Final = {"kind": _KIND, "plural": "labwidgets", "singular": "labwidget"}
_CRD: Final = f"{_NAMES['plural']}.{_GROUP}"
_DEFINITION: Final[Object] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": _CRD},
    "spec": {
        "group": _GROUP,
        "names": _NAMES,
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": True,
                    }
                },
            }
        ],
    },
}
_EXPANSION: Final[Object] = {
    "apiVersion": "expansion.gatekeeper.sh/v1beta1",
    "kind": "ExpansionTemplate",
    "metadata": {"name": "lab-widgets"},
    "spec": {
        "applyTo": [{"groups": [_GROUP], "versions": ["v1"], "kinds": [_KIND]}],
        "templateSource": "spec.template",
        "generatedGVK": {"group": "", "version": "v1", "kind": "Pod"},
    },
}


def own_kind(
    engine: Gatekeeper, cluster: Cluster, namespace: str, objects: Sequence[Object]
) -> Iterator[tuple[object, str, str]]:
    """Yield what is asked in a watched namespace, what is expected, and what came of it."""
    cluster.apply([_DEFINITION])
    try:
        cluster.until(partial(established, cluster, _CRD), what=f"the kind {_KIND}")
        engine.load(objects)
        old = _widget("old", BAD, namespace)
        yield {"create": "without expansion"}, "admitted", said(cluster.create(old))
        copies = [each for each in map(_generated, objects) if each is not None]
        engine.load([*objects, *copies, _EXPANSION])
        for name, pod, expected in (
            ("bad", BAD, "refused for hostPID"),
            ("good", GOOD, "admitted"),
        ):
            (answer,) = cluster.judge(namespace, [_widget(name, pod, namespace)])
            yield {"create": name}, expected, _implied(said(answer))
        (answer,) = cluster.judge(namespace, [BAD])
        yield {"create": "a bad pod"}, "refused for hostPID", said(answer)
        # What is expanded comes without what stood there: the one thing that is said against it.
        answer = cluster.patch(path(_KIND, "old", namespace), {"spec": {"replicas": 2}}, "merge")
        yield {"scale": "an old one"}, "refused for hostPID", _implied(said(answer))
    finally:
        cluster.delete([_DEFINITION])
        cluster.until(partial(absent, cluster, _CRD), what=f"the kind {_KIND} to be gone")


def _widget(name: str, pod: Object, namespace: str) -> Object:
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": _KIND,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 1, "template": {"spec": pod["spec"]}},
    }


def _generated(obj: Object) -> Object | None:
    """Return a copy of a constraint for what is expanded; None for what is no constraint."""
    if "match" not in obj["spec"]:
        return None
    metadata = obj["metadata"] | {"name": f"{obj['metadata']['name']}-generated"}
    match = obj["spec"]["match"] | {"source": "Generated"}
    return obj | {"metadata": metadata, "spec": obj["spec"] | {"match": match}}


def _implied(words: str) -> str:
    return words.replace("[Implied by lab-widgets] ", "")
