"""Holds PodSecurityPolicy's plugin in process against the server that it was taken from."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Request
from capgen.profile.library import open_profile
from tests.engines.lab import LabError
from tests.engines.proving import Difference, Lab, Row
from tests.engines.psp import objects as psp_objects
from tests.engines.psp.bulk import PspBulk
from tests.engines.psp.live import NAMESPACE, chosen
from tests.engines.psp.random import random_policy
from tests.pods_random import random_pods
from tests.policy.made import profile as made
from tests.profiles import EVERY_RULE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile
    from tests.engines.engine import Verdict
    from tests.engines.rest import Object
    from tests.pods import Pod

_MINOR: Final = "1.24"
_SEED: Final = 1_224
# How many sets of policies there are, and how many pods each of them judges.
_SETS: Final = 20
_PODS: Final = 15
# Of each set as many policies as this: most pods are judged by one alone.
_SIZES: Final = (1, 1, 2, 3)
# Of what is stored, the server alone knows: later plugins and the pod's identity.
_SERVERS: Final = ("tolerations", "priority", "preemptionPolicy")
_NAMED: Final = ("name", "namespace", "labels", "annotations")
_TOKEN: Final = re.compile("kube-api-access-[a-z0-9]{5}")


def agrees(laboratory: Lab) -> Row:
    """Judges random pods by random policies with both engines; all must be the same.

    The outcome, the policy that was chosen, the words of a denial, and the pod as it was changed.
    Each set of policies is that of one ServiceAccount, so all are loaded at once.
    """
    chance = random.Random(_SEED)
    artefacts = [each for number in range(_SETS) for each in _set(number, chance)]
    requests = list(_requests())
    live = laboratory.pod_security_policy
    with PspBulk() as bulk:
        for engine in (live, bulk):
            engine.load(artefacts)
        words = [[said(each) for each in engine.judge(requests)] for engine in (live, bulk)]
    differing = tuple(
        Difference(request.object, expected, actual)
        for request, expected, actual in zip(requests, *words, strict=True)
        if expected != actual
    )
    counts = Counter(word.partition(" ")[0] for word in words[0])
    if not (counts["admitted"] and counts["denied"]) or counts["errored"]:
        raise LabError(f"PodSecurityPolicy says the same of all pods, or nothing: {counts}")
    notes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    return Row("(bulk)", "podsecuritypolicy", bulk.version, len(requests), differing, notes)


def _set(number: int, chance: random.Random) -> list[Object]:
    names = [f"set-{number}-{index}" for index in range(chance.choice(_SIZES))]
    subject = {"kind": "ServiceAccount", "name": f"set-{number}", "namespace": NAMESPACE}
    policies = [random_policy(name, chance) for name in names]
    return [*policies, *psp_objects.usable(f"set-{number}", *names, subject=subject)]


def _requests() -> Iterator[Request]:
    """Yield pods at the edges of several profiles, a like number for each set of policies."""
    profiles = list(_profiles())
    share = _SETS * _PODS // len(profiles)
    pods = [
        pod
        for number, profile in enumerate(profiles)
        for pod in random_pods(profile, _SEED + number, share)
    ]
    random.Random(_SEED).shuffle(pods)
    for number, pod in enumerate(pods):
        yield Request(_new(pod, f"set-{number % _SETS}"))


def _profiles() -> Iterator[Profile]:
    for level in ("baseline", "restricted"):
        yield open_profile(f"pss/{level}", _MINOR)
    for source in EVERY_RULE.values():
        yield made(source, _MINOR)


def _new(pod: Pod, account: str) -> Pod:
    """Return a pod as it may be created, of a ServiceAccount."""
    # Ephemeral containers come later, and no policy judges them.
    spec: dict[str, Any] = {**pod["spec"], "serviceAccountName": account}
    spec.pop("ephemeralContainers", None)
    return {**pod, "spec": spec}


def said(verdict: Verdict) -> str:
    """Return all of a verdict that both engines can know."""
    if verdict.outcome == "denied":
        # The policies' reasons come in no order.
        return f"denied {sorted(' '.join(verdict.messages).split())}"
    if verdict.outcome != "admitted":
        return verdict.outcome
    pod = verdict.object
    kept = {
        "metadata": {key: value for key, value in pod["metadata"].items() if key in _NAMED},
        "spec": {key: value for key, value in pod["spec"].items() if key not in _SERVERS},
    }
    text = _TOKEN.sub("kube-api-access", json.dumps(kept, sort_keys=True))
    return f"admitted by {chosen(pod)} as {text}"
