"""Generated witnesses: what they were made to be is what the interpreter says of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import capgen
from capgen.errors import ProfileError
from capgen.policy.admit import Admission, Operation, Request
from capgen.policy.catalogue import CATALOGUE
from capgen.policy.edges import volume_sources
from capgen.policy.profile import Profile, Union
from capgen.policy.subjects import HOST_WAYS
from capgen.policy.witness import Witness, base_pod, witnesses
from capgen.profile.library import open_profile
from tests.pods_random import random_pods
from tests.policy.made import admit, profile
from tests.policy.order.sampling import versions_of
from tests.policy.tables.cases import BOTH
from tests.profiles import EVERY_RULE

LEVELS = versions_of(*(f"pss/{level}" for level in BOTH))


def disagreements(made: Profile) -> list[tuple[str, bool, set[str]]]:
    """Return the witnesses of a profile of which the interpreter says something else."""
    admission = Admission(Union((made,)))
    wrong = []
    for witness in witnesses(made):
        decision = admission.admit(witness.request)
        rules = {violation.rule for violation in decision.violations}
        expected = set() if witness.expected else {witness.rule}
        if (decision.allowed, rules) != (witness.expected, expected):
            wrong.append((witness.name, witness.expected, rules))
    return wrong


def made_for(level: str, version: int) -> list[Witness]:
    """Return the witnesses of a level at a version."""
    return list(witnesses(open_profile(f"pss/{level}", f"1.{version}")))


@pytest.mark.parametrize("made", LEVELS, ids=lambda made: f"{made.name}-1.{made.minors[0]}")
def test_library(made: Profile) -> None:
    """At each version each witness has its verdict, and breaks just the rule that it names.

    Where neither a rule nor what is defaulted differs from the version before it is not asked anew.
    """
    assert disagreements(made) == []


ODD = {
    "effective": """
        kubernetes: "1.36"
        rules:
          runAsNonRoot: {allow: [true], reading: effective}
          runAsUser: {ranges: ["1-9", "20-30", "100-"], unset: refuse, reading: effective}
          seccompProfile: {allow: [Localhost], reading: effective}
          seLinuxOptions: {type: [a_t, b_t], user: [u], unset: refuse, reading: effective}
          hostProcess: {allow: [true, false], reading: effective}
    """,
    "required": """
        kubernetes: "1.36"
        rules:
          privileged: {allow: [false], unset: refuse}
          hostNetwork: {allow: [true], unset: refuse}
          hostPID: {allow: [true]}
          runAsUser: {ranges: [5, "7-8"], unset: refuse}
          appArmorProfile: {allow: [RuntimeDefault], unset: refuse}
          procMount: {allow: [Unmasked]}
          capabilities: {drop: [ALL, NET_RAW], allow: [CHOWN, KILL], unset: refuse}
          hostPorts: {ranges: ["1-1023", 8080, "30000-32767"]}
          sysctls: {allow: [safe, kernel.msgmax]}
          hostProbes: {allow: [example.com]}
    """,
    "lifted": """
        kubernetes: "1.36"
        rules:
          privileged: {allow: [false], unless: [windows, userNamespace]}
          volumes: {allow: [hostPath, emptyDir], unless: [windows]}
          hostPath: {allow: [/var/log, /data], unless: [userNamespace]}
          hostPorts: {ranges: [], unless: [userNamespace]}
    """,
    "empty": """
        kubernetes: "1.36"
        rules:
          capabilities: {allow: [], drop: []}
          volumes: {allow: [secret]}
          sysctls: {allow: []}
          seccompProfile: {allow: [], unset: allow}
    """,
    "range": "extends: pss/restricted\nkubernetes: 1.30-1.36",
    "old": "extends: pss/restricted\nkubernetes: 1.0-1.20",
    **EVERY_RULE,
    "chosen": """
        kubernetes: "1.36"
        enforceOn: [pods, controllers]
        match:
          podSelector:
            matchLabels: {team: web}
            matchExpressions:
              - {key: tier, operator: Exists}
              - {key: legacy, operator: DoesNotExist}
        rules: {hostPID: false, privileged: false}
    """,
}


@pytest.mark.parametrize("name", ODD)
def test_other_profiles(name: str) -> None:
    """The same holds of profiles with other readings, ranges, conditions and versions."""
    assert disagreements(profile(ODD[name])) == []


@pytest.mark.parametrize("level", BOTH)
@pytest.mark.parametrize("version", [0, 19, 24, 30, 36])
def test_every_rule_has_good_and_bad_witnesses(level: str, version: int) -> None:
    """Each rule has both, at creation and for an added container where it judges containers."""
    found = made_for(level, version)
    for rule in open_profile(f"pss/{level}", f"1.{version}").rules:
        verdicts = {witness.expected for witness in found if witness.rule == rule.id}
        assert verdicts == {True, False}, rule.id
        added = [each for each in found if each.rule == rule.id and each.request.subresource]
        assert added or rule.id in {"volumes", "hostPath"}


@pytest.mark.parametrize("level", BOTH)
def test_names(level: str) -> None:
    """Names are DNS labels, no two are equal, and each begins with its rule's."""
    found = made_for(level, 36)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", each.name) for each in found)
    assert len({each.name for each in found}) == len(found)
    assert all(each.name.replace("-", "").startswith(each.rule.lower()) for each in found)


def test_same_witnesses_again() -> None:
    """Nothing in a witness depends on chance, and none shares data with another."""
    first, second = made_for("restricted", 36), made_for("restricted", 36)
    assert first == second
    for witness in first:
        witness.request.object["spec"].clear()
    assert made_for("restricted", 36) == second


def test_witnesses_reach_everywhere() -> None:
    """Each path of a host, each type of volume, and each list of containers is among them."""
    text = json.dumps(
        [each.request.object for each in made_for("restricted", 36) if not each.expected]
    )
    requests = [each.request for each in made_for("restricted", 36)]
    assert Counter(each.operation for each in requests)[Operation.UPDATE] > 100
    names = {each.name for each in made_for("restricted", 36)}
    for path in HOST_WAYS:
        words = (
            re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", " ".join(path[:-1])).lower().replace(" ", "-")
        )
        for place in ("init", "container", "ephemeral"):
            assert f"host-probes-{place}-{words}-localhost"[:56] in names
    for kind in ("hostPath", "nfs", "storageos"):
        assert f'"{kind}": ' in text


def test_smallest_volumes_are_all_volumes() -> None:
    """There is a smallest source for each type of volume that the API has."""
    folder = Path(capgen.__file__).parent / "data"
    structs = json.loads((folder / "pod.json").read_text("utf-8"))["structs"]
    assert {*volume_sources(), "name"} == set(structs["Volume"])


def test_profile_that_admits_nothing() -> None:
    """Without any pod that it admits, a profile has no witnesses."""
    made = profile("kubernetes: '1.36'\nrules: {privileged: {allow: [], unset: refuse}}")
    with pytest.raises(ProfileError, match="`privileged` refuses every pod"):
        base_pod(made)


KEYS = st.sampled_from(
    [
        *("spec", "metadata", "annotations", "name", "volumes", "hostPath", "volumeMounts"),
        *("containers", "initContainers", "ephemeralContainers", "securityContext", "sysctls"),
        *("capabilities", "add", "drop", "seccompProfile", "type", "windowsOptions", "hostProcess"),
        *("ports", "hostPort", "os", "hostUsers", "hostNetwork", "livenessProbe", "lifecycle"),
        *("preStop", "httpGet", "host", "container.apparmor.security.beta.kubernetes.io/web"),
    ]
)
VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "ALL", "RuntimeDefault", "localhost/", "windows", "hostPath", "name"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
STRICT = {version: open_profile("pss/restricted", f"1.{version}") for version in (18, 24, 36)}


@settings(max_examples=300, deadline=None)
@given(
    spec=st.dictionaries(KEYS, VALUES, max_size=4) | VALUES,
    metadata=VALUES,
    version=st.sampled_from(sorted(STRICT)),
    added=st.booleans(),
)
def test_no_value_crashes_the_interpreter(
    spec: object, metadata: object, version: int, added: bool
) -> None:
    """Whatever stands in a pod, there is a verdict."""
    pod: dict[str, Any] = {"metadata": metadata, "spec": spec}
    request = Request(pod)
    if added:
        request = Request(
            pod, operation=Operation.UPDATE, old_object={}, subresource="ephemeralcontainers"
        )
    decision = admit(request, STRICT[version])
    assert decision.allowed == (not decision.violations)


def test_random_pods() -> None:
    """Random pods are the same for a seed, and break every rule of the catalogue somewhere."""
    broken: Counter[str] = Counter()
    library = [open_profile(f"pss/{level}", "1.36") for level in BOTH]
    for made in (*library, *(profile(spec) for spec in EVERY_RULE.values())):
        pods = list(random_pods(made, 1, 1500))
        assert pods == list(random_pods(made, 1, 1500))
        assert pods != list(random_pods(made, 2, 1500))
        admission = Admission(Union((made,)))
        decisions = [admission.admit(Request(pod)) for pod in pods]
        assert 100 < sum(decision.allowed for decision in decisions) < 1450
        for decision in decisions:
            broken.update({violation.rule for violation in decision.violations})
    assert set(broken) == {entry.id for entry in CATALOGUE}
    assert min(broken.values()) > 10
