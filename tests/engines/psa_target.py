"""Holds the `psa` target against Pod Security admission, by the laws, and puts its labels to work.

The level that is implied refuses nothing that the profile admits; what it is said to enforce it
enforces: whatever it admits, those rules admit. That the profile's other rules are not enforced is
shown, too: for each there is a pod that the level admits and the rule refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Operation, Request
from capgen.policy.defaults import defaulted
from capgen.policy.match import Match
from capgen.policy.witness import witnesses
from capgen.profile.library import names, open_profile
from capgen.targets import psa
from capgen.targets.base import Status
from capgen.targets.psa.level import implied
from tests.engines import kustomize
from tests.engines.agreement import Reference
from tests.engines.canaries import BAD
from tests.engines.chosen_pods import chosen_pods
from tests.engines.judged import judged
from tests.engines.lab import LabError
from tests.engines.proving import Difference, Row
from tests.engines.psa import Request as At
from tests.engines.vap.asking import furnish
from tests.loading import loaded
from tests.pods_random import random_pods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgen.policy.pod import Mapping
    from capgen.policy.profile import Profile
    from tests.engines.apiserver import Cluster
    from tests.engines.proving import Lab
    from tests.engines.rest import Object

_SEED: Final = 4_242
_PODS: Final = 80
# Profiles of whose pods one in four is asked about live, where of others it is one in twenty-five:
# the levels themselves are asked about by `cluster/labels.py`.
_LIVE: Final = ("pss/baseline", "pss/restricted", "worked/image-builder", "worked/database")
_LIVE_MINOR: Final = "1.36"
_OFTEN: Final = 4
_SELDOM: Final = 25
_NAMESPACE: Final = "lab-psa"
_FREE: Final = "lab-psa-free"


def psa_agrees(laboratory: Lab) -> Row:
    """Judges pods at the level that each profile implies, at the edges of its versions."""
    judge = laboratory.pod_security
    differing: list[Difference] = []
    cases = labelled = 0
    for profile in _profiles():
        found = implied(profile)
        minors = profile.minors
        pods = [(name, defaulted(pod, minors, template=False)) for name, pod in _pods(profile)]
        at = ((found.level, f"v1.{found.version}"),)
        verdicts = [verdict.allowed for (verdict,) in judge.judge(At(pod, at) for _, pod in pods)]
        labelled += found.level != "privileged"
        seen = list(_differing(profile, pods, verdicts))
        taken = _taken(laboratory.cluster, [pod for pod, _ in seen])
        differing += [each for (_, each), valid in zip(seen, taken, strict=True) if valid]
        cases += len(pods) - taken.count(False)
    note = f"{labelled} of the profiles imply baseline or restricted"
    return Row("psa", "pod-security-admission", judge.version, cases, tuple(differing), note)


def psa_live(laboratory: Lab) -> Row:
    """Labels a namespace by the component, and asks the API server about pods in it."""
    cluster = laboratory.cluster
    cluster.namespace(_FREE)
    differing: list[Difference] = []
    cases = 0
    for source in names():
        profile = _whole(open_profile(source, _LIVE_MINOR))
        if implied(profile).level == "privileged":
            # Nothing is refused by it.
            continue
        labels = _labels(profile)
        namespace = f"{_NAMESPACE}-{profile.name}"
        cluster.namespace(namespace, labels)
        cluster.wait_answer(
            namespace,
            BAD,
            lambda answer: answer.outcome == "pod-security",
            what="the labels to act",
        )
        reference = Reference(_enforced(profile))
        pods = [pod for _, pod in _pods(profile, 40) if "ephemeralContainers" not in pod["spec"]]
        pods = pods[:: _OFTEN if source in _LIVE else _SELDOM]
        free = cluster.judge(_FREE, pods)
        held = cluster.judge(namespace, pods)
        for pod, there, here in zip(pods, free, held, strict=True):
            if there.outcome == "invalid":
                continue
            cases += 1
            if here.admitted and not reference.pod_word(pod).allowed:
                differing.append(Difference([source, pod], "refused", "admitted"))
            if not here.admitted and Reference(profile).pod_word(pod).allowed:
                differing.append(Difference([source, pod], "admitted", here.message))
    note = "labels set by the component, with kustomize"
    return Row("psa", "kube-apiserver", cluster.version, cases, tuple(differing), note)


def _differing(
    profile: Profile, pods: Iterable[tuple[str, Mapping]], verdicts: Iterable[bool]
) -> Iterator[tuple[Mapping, Difference]]:
    """Yield the pods on which the level breaks a law, if the API takes them."""
    whole, held = Reference(profile), Reference(_enforced(profile))
    for (name, pod), allowed in zip(pods, verdicts, strict=True):
        about = [profile.name, name, pod]
        if not allowed and whole.pod_word(pod).allowed:
            yield pod, Difference(about, "admitted, as the profile does", "refused by the level")
        if allowed and not (word := held.pod_word(pod)).allowed:
            yield pod, Difference(about, str(word), "admitted by the level")


def _enforced(profile: Profile) -> Profile:
    """Return the rules of a profile that its labels are said to enforce."""
    cells = psa.emit(profile).cells
    kept = tuple(rule for rule in profile.rules if cells[rule.id].status is not Status.GAP)
    return profile._replace(rules=kept)


def _taken(cluster: Cluster, pods: Sequence[Mapping]) -> list[bool]:
    """Tell of each pod whether the API takes it where no policy holds."""
    cluster.namespace(_FREE)
    plain = [_created(pod) for pod in pods]
    furnish(cluster, [Request(pod) for pod in plain])
    return [answer.outcome != "invalid" for answer in cluster.judge(_FREE, plain)]


def _created(pod: Mapping) -> Mapping:
    # A pod is not created with ephemeral containers: it gets them later.
    spec = {key: value for key, value in pod["spec"].items() if key != "ephemeralContainers"}
    return {**pod, "spec": spec}


def _profiles() -> Iterator[Profile]:
    """Yield profiles as they judge every pod, for the versions that the labels are for."""
    for each in judged().values():
        yield _whole(each.profile())
    for name in names():
        found = open_profile(name)
        if len(found.minors) > 1 and found.rules:
            yield _whole(found)


def _whole(profile: Profile) -> Profile:
    return profile._replace(pods=True, match=Match(), exempt=(), mutate=False)


def _pods(profile: Profile, count: int = _PODS) -> Iterator[tuple[str, Mapping]]:
    for name, chosen, refused in chosen_pods(profile):
        if not chosen.workload.path and not refused:
            yield name, chosen.object
    for witness in witnesses(profile):
        request = witness.request
        if request.operation is Operation.CREATE and not request.workload.path:
            yield witness.name, request.object
    for number, pod in enumerate(random_pods(profile, _SEED, count)):
        yield f"random {number}", _created(pod)


def _labels(profile: Profile) -> dict[str, str]:
    """Return the labels that the emitted component gives a namespace that it is made for."""
    files = {f"own/{each.path}": each.text for each in psa.emit(profile).artefacts}
    objects: list[Object] = [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "shop", "labels": {"a": "b"}},
        },
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop"}},
    ]
    built = {each["kind"]: each for each in kustomize.build(files, objects, components=["own"])}
    namespace, beside = built["Namespace"], built["ConfigMap"]
    labels: dict[str, str] = namespace["metadata"]["labels"]
    if labels.pop("a", None) != "b" or "labels" in beside["metadata"]:
        raise LabError(f"the component changes more than a namespace's labels: {namespace}")
    expected = loaded(psa.emit(profile).artefacts[0].text)["metadata"]["labels"]
    if labels != expected:
        raise LabError(f"the component sets {labels} and not {expected}")
    return labels
