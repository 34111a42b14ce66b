"""Which pods a policy judges: namespaces by name, prefix and label, pods by label."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Admission, Request
from capgen.policy.match import Match, Operator, Requirement
from capgen.policy.profile import Enforcement, Union
from capgen.profile.library import open_profile
from capgen.targets.base import object_name
from tests.engines.applied import emitted
from tests.engines.canaries import BAD, GOOD
from tests.engines.proving import Difference, Lab, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from capgen.policy.profile import Profile
    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Object

NAMESPACES: Final = {
    "match-a": {"team": "shop"},
    "match-a-old": {"team": "shop", "legacy": "yes"},
    "match-b": {"team": "ops"},
    "match-bare": {},
}
_PODS: Final[tuple[dict[str, str], ...]] = ({}, {"tier": "web"}, {"tier": "db", "legacy": ""})
# Where a matching pod is always refused, so that waiting for a policy has something to see.
_CANARY: Final = "match-a"
MATCHES: Final = (
    Match(include=("match-a",)),
    Match(include=("match-a*",)),
    Match(include=("match-*",), exclude=("match-a-*", "match-bare")),
    Match(namespace_selector=(Requirement("team", Operator.IN, ("shop",)),)),
    Match(namespace_selector=(Requirement("legacy", Operator.DOES_NOT_EXIST),)),
    Match(
        include=("match-*",),
        pod_selector=(
            Requirement("legacy", Operator.DOES_NOT_EXIST),
            Requirement("tier", Operator.NOT_IN, ("db",)),
        ),
    ),
    Match(include=("match-*",), pod_selector=(Requirement("tier", Operator.IN, ("web", "it's")),)),
    Match(include=("match-*",), pod_selector=(Requirement("tier", Operator.EXISTS),)),
)


def matches(laboratory: Lab) -> Row:
    """Creates bad pods with each set of labels in each namespace, under all matches at once.

    The policies warn, and each warning names its policy: one answer tells of all of them.
    """
    cluster = laboratory.cluster
    furnished(cluster)
    objects = [each for profile in matching() for each in emitted(profile)]
    cluster.apply(objects)
    try:
        canary = {**BAD, "metadata": {"labels": {"tier": "web"}}}
        for each in matching():
            cluster.wait_enforced(_CANARY, canary, GOOD, says=f"'{object_name(each.name)}'")
        cases, differences = asked(cluster, lambda name: f"'{name}'")
    finally:
        cluster.delete(objects)
    return Row("vap", "kube-apiserver", cluster.version, cases, tuple(differences), "match")


def furnished(cluster: Cluster) -> None:
    """Make the namespaces that profiles match, or do not."""
    for name, labels in NAMESPACES.items():
        cluster.namespace(name, labels)


def matching() -> list[Profile]:
    """Return a profile that warns for each way to match pods."""
    profile = open_profile("pss/baseline", "1.36")._replace(enforcement=Enforcement.WARN)
    return [
        profile._replace(name=f"match-{number}", match=match)
        for number, match in enumerate(MATCHES)
    ]


def asked(
    cluster: Cluster, named: Callable[[str], str], step: int = 1
) -> tuple[int, list[Difference]]:
    """Ask about pods in the namespaces while the profiles' policies hold.

    Args:
        cluster: whom to ask.
        named: how a warning names a policy.
        step: of the pods in all namespaces, which come one after the other, every so many-th.

    Returns:
        How many cases there were, and in which of them somebody was warned wrongly.
    """
    differences: list[Difference] = []
    cases = 0
    for namespace, pod, request in islice(requests(), 0, None, step):
        (answer,) = cluster.judge(namespace, [pod])
        for each in matching():
            cases += 1
            expected = not Admission(Union((each,))).admit(request).allowed
            name = named(object_name(each.name))
            warned = any(name in text for text in answer.warnings)
            if warned != expected:
                where = [namespace, pod["metadata"], str(each.match)]
                words = ("not judged", "judged")
                differences.append(Difference(where, words[expected], words[warned]))
    return cases, differences


def requests() -> Iterator[tuple[str, Object, Request]]:
    """Yield pods with each set of labels in each namespace: namespace, pod, and its creation."""
    for namespace, namespace_labels in NAMESPACES.items():
        labels = {**namespace_labels, "kubernetes.io/metadata.name": namespace}
        pods = [(BAD, pod_labels) for pod_labels in _PODS] + [(GOOD, {"tier": "web"})]
        for base, pod_labels in pods:
            pod: Object = {**base, "metadata": {"labels": pod_labels}}
            yield namespace, pod, Request(pod, namespace=namespace, namespace_labels=labels)
