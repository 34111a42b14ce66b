"""A controller of a kind that nobody knows: what our constraints say of it without being asked to.

The pods that it makes are judged like all others; that it be refused itself is an option.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from capgen.policy.profile import Enforcement
from capgen.targets.base import object_name
from capgen.targets.gatekeeper.asked import Asked, Controller
from tests.engines.canaries import BAD, GOOD
from tests.engines.gatekeeper.install import absent, established
from tests.engines.gatekeeper.target import emitted, said
from tests.engines.resources import path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from tests.engines.apiserver import Cluster
    from tests.engines.gatekeeper.live import Gatekeeper
    from tests.engines.rest import Answer, Object

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
_SOURCE: Final = "spec.template"
_ASKED: Final = Asked(expand=(Controller(_GROUP, "v1", _KIND, _SOURCE),))


def own_kind(
    engine: Gatekeeper, cluster: Cluster, namespace: str, profile: Profile
) -> Iterator[tuple[object, str, str]]:
    """Yield what is asked in a watched namespace, what is expected, and what came of it."""
    expansion = object_name(profile.name)
    cluster.apply([_DEFINITION])
    try:
        cluster.until(partial(established, cluster, _CRD), what=f"the kind {_KIND}")
        engine.load(emitted(profile))
        old = _widget("old", BAD, namespace)
        yield {"create": "without expansion"}, "admitted", said(cluster.create(old))
        engine.load(emitted(profile, asked=_ASKED))
        bare = _widget("bare", GOOD, namespace)
        del bare["spec"]["template"]
        for name, widget, expected in (
            ("bad", _widget("bad", BAD, namespace), "refused for hostPID"),
            ("good", _widget("good", GOOD, namespace), "admitted"),
            ("without a template", bare, "refused for no template"),
        ):
            (answer,) = cluster.judge(namespace, [widget])
            yield {"create": name}, expected, _said(answer, expansion)
        (answer,) = cluster.judge(namespace, [BAD])
        yield {"create": "a bad pod"}, "refused for hostPID", said(answer)
        # What is expanded comes without what stood there: the one thing that is said against it.
        answer = cluster.patch(path(_KIND, "old", namespace), {"spec": {"replicas": 2}}, "merge")
        yield {"scale": "an old one"}, "refused for hostPID", _said(answer, expansion)
        cured = {"spec": {"replicas": 2, "template": {"spec": {"hostPID": False}}}}
        answer = cluster.patch(path(_KIND, "old", namespace), cured, "merge")
        yield {"scale": "an old one, and mend it"}, "admitted", _said(answer, expansion)
        # An ExpansionTemplate has no action.
        engine.load(emitted(profile._replace(enforcement=Enforcement.AUDIT), asked=_ASKED))
        for name, widget, expected in (
            ("bad, audited", _widget("bad", BAD, namespace), "admitted"),
            ("without a template, audited", bare, "refused for no template"),
        ):
            (answer,) = cluster.judge(namespace, [widget])
            yield {"create": name}, expected, _said(answer, expansion)
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


def _said(answer: Answer, expansion: str) -> str:
    if f'could not find source field "{_SOURCE}"' in answer.message:
        return "refused for no template"
    return said(answer, expansion)
