"""Holds our ValidatingAdmissionPolicies, in a real API server, against the reference interpreter.

Each level is applied twice: denying in one namespace, warning in another. A denial names only the
first rule, warnings name them all; both must be what the interpreter says.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Self

import yaml

from capgen.policy.admit import Operation
from capgen.policy.match import Match, Operator, Requirement
from capgen.policy.profile import Enforcement, Profile
from capgen.policy.witness import witnesses
from capgen.profile.library import open_profile
from capgen.targets import vap
from tests.engines import recording
from tests.engines.agreement import Reference, Word
from tests.engines.canaries import BAD, GOOD
from tests.engines.lab import LabError
from tests.engines.proving import Difference, Lab, Row
from tests.engines.psa import fixtures
from tests.pods_random import random_pods

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.pod import Mapping
    from tests.engines.apiserver import Cluster
    from tests.engines.rest import Answer, Object

LEVELS: Final = ("baseline", "restricted")
MINOR: Final = 36
RANDOM_PODS: Final = 2_000
SEED: Final = 1_337
LABEL: Final = "capgen-lab"
_WARNED: Final = re.compile(r"Validation failed for ValidatingAdmissionPolicy '[^']*'.*?: (\w+): ")


def _template(pod: Object) -> Object:
    return {"apiVersion": "v1", "kind": "PodTemplate", "template": pod}


class Applied:
    """A profile's policies in the cluster, in one mode; a context manager.

    Attributes:
        name: of the mode, which is also its namespace and the value of the namespace's label.
    """

    def __init__(self, cluster: Cluster, profile: Profile, enforcement: Enforcement) -> None:
        """Write the policies for namespaces with a label of their own."""
        self.name = f"{profile.name}-{enforcement.value}"
        here = Requirement(LABEL, Operator.IN, (self.name,))
        self.profile = profile._replace(
            name=self.name,
            enforcement=enforcement,
            controllers=True,
            match=Match(namespace_selector=(here,)),
        )
        self._cluster = cluster
        self.objects: list[Object] = [
            yaml.safe_load(artefact.text) for artefact in vap.emit(self.profile).artefacts
        ]

    def __enter__(self) -> Self:
        """Apply them, and wait until the API server enforces them."""
        self._cluster.apply(self.objects)
        self._cluster.namespace(self.name, {LABEL: self.name})
        # The templates' policy was applied last: once it is seen, so are those before it. Probing
        # pods too tells that both answers are to be had.
        for bad, good in ((_template(BAD), _template(GOOD)), (BAD, GOOD)):
            self._cluster.wait_enforced(self.name, bad, good, says=f"'capgen-{self.name}")
        return self

    def __exit__(self, *_: object) -> None:
        self._cluster.delete(self.objects)

    @property
    def policies(self) -> list[str]:
        """The names of the policies."""
        kind = "ValidatingAdmissionPolicy"
        return [each["metadata"]["name"] for each in self.objects if each["kind"] == kind]


def library_pods(laboratory: Lab) -> Row:
    """Creates witnesses, upstream's fixtures and random pods (dry run) under each level."""
    cluster = laboratory.cluster
    cases, invalid = 0, 0
    differences: list[Difference] = []
    for level in LEVELS:
        profile = open_profile(f"pss/{level}", f"1.{MINOR}")
        reference = Reference(profile)
        pods = _corpus(profile, level)
        with (
            Applied(cluster, profile, Enforcement.DENY) as denying,
            Applied(cluster, profile, Enforcement.WARN) as warning,
        ):
            for name, found in cluster.type_warnings(denying.policies).items():
                cases += 1
                differences += [
                    Difference(name, "no type-checker warning", str(each)) for each in found
                ]
            denials = cluster.judge(denying.name, pods.values())
            warnings = cluster.judge(warning.name, pods.values())
            verdicts = {}
            for key, denial, warned in zip(pods, denials, warnings, strict=True):
                word = _word(denial, warned)
                verdicts[key] = recording.said(word)
                invalid += word is None
                if word is None:
                    continue
                cases += 1
                expected = reference.pod_word(pods[key])
                if word != expected:
                    differences.append(Difference(pods[key], str(expected), str(word)))
        recorded = {key: verdict for key, verdict in verdicts.items() if key.startswith("witness")}
        name = f"vap-pss-{level}"
        engine = f"kube-apiserver {cluster.version}"
        for key, before, now in recording.settle(name, engine, recorded):
            differences.append(Difference(key, f"recorded: {before}", now))
    note = f"{invalid} more are refused by the API itself"
    return Row("vap", "kube-apiserver", cluster.version, cases, tuple(differences), note)


def _corpus(profile: Profile, level: str) -> dict[str, Mapping]:
    """Return the pods to create, by a key of their own."""
    pods: dict[str, Mapping] = {}
    for witness in witnesses(profile):
        request = witness.request
        if request.operation is Operation.CREATE and not request.workload.path:
            pods[f"witness {recording.key(witness.name, request)}"] = _named(request.object)
    seen = set()
    for case in fixtures():
        text = json.dumps(case.pod, sort_keys=True)
        if case.level == level and case.version == f"v1.{MINOR}" and text not in seen:
            seen.add(text)
            pods[f"fixture {case.path}"] = _named(dict(case.pod))
    for number, pod in enumerate(random_pods(profile, SEED, RANDOM_PODS)):
        pods[f"random {number}"] = _named(pod)
    return pods


def _named(pod: Mapping) -> Mapping:
    """Return the pod with a name that the API takes; fixtures are called by their file."""
    return {**pod, "metadata": {**(pod.get("metadata") or {}), "name": "judged"}}


def _word(denied: Answer, warned: Answer) -> Word | None:
    """Put the two answers together; None where the API itself refuses the pod."""
    if denied.outcome == "invalid":
        return None
    rules = frozenset(broken_rules(warned.warnings))
    if denied.admitted != (not rules):
        msg = f"deny and warn disagree: {denied.message} {list(warned.warnings)}"
        raise LabError(msg)
    if not denied.admitted and denied.denial.partition(":")[0] not in rules:
        msg = f"denied for a rule that is not warned of: {denied.denial}"
        raise LabError(msg)
    return Word(denied.admitted, rules)


def broken_rules(warnings: Iterable[str]) -> Iterable[str]:
    """Return the rules that our own policies warn of."""
    return [found[1] for text in warnings if (found := _WARNED.match(text))]
