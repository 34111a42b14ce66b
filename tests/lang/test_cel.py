"""The emitted CEL, evaluated: it says what the interpreter says."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from capgen.policy.admit import Admission, Operation, Request
from capgen.policy.profile import Profile, Union
from capgen.policy.values import nested
from capgen.policy.witness import witnesses
from capgen.policy.workload import WORKLOADS, Workload
from capgen.profile.library import open_profile
from tests.lang.cel_engine import EvaluationError, Policies, compiled, run
from tests.pods import container, good, tweak
from tests.pods_random import random_pods
from tests.policy.made import profile
from tests.policy.test_witness import ODD
from tests.profiles import EVERY_RULE
from tests.served import served

if TYPE_CHECKING:
    from collections.abc import Iterable

PODS = 500
LONGEST = 5 * 1024


def disagreements(made: Profile, requests: Iterable[tuple[str, Request]]) -> list[object]:
    """Return the requests of which the policies say something else than the interpreter."""
    policies, admission = Policies(made), Admission(Union((made,)))
    wrong: list[object] = []
    for name, request in requests:
        refusals = policies.refusals(request)
        theirs = {refusal.rule for refusal in refusals}
        ours = {violation.rule for violation in admission.admit(request).violations}
        if theirs != ours:
            wrong.append((name, sorted(ours), sorted(theirs)))
        assert all(len(refusal.text) <= LONGEST for refusal in refusals)
    return wrong


def asked(made: Profile) -> list[tuple[str, Request]]:
    """Return a profile's witnesses, by name."""
    return [(witness.name, witness.request) for witness in witnesses(made)]


@pytest.mark.parametrize(
    "name", ["pss/baseline@1.30", "pss/restricted@1.30", "pss/baseline@1.36", "pss/restricted@1.36"]
)
def test_library_on_every_witness(name: str) -> None:
    """Verdict and rules are the same on each witness, and nothing evaluates to an error."""
    made = open_profile(name)
    assert disagreements(made, asked(made)) == []


@pytest.mark.parametrize("name", sorted(ODD.keys() - {"old", "range"}))
def test_other_profiles_on_every_witness(name: str) -> None:
    """The same holds of other readings, ranges, conditions and controllers."""
    made = profile(ODD[name])
    assert disagreements(made, asked(made)) == []


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_library_on_random_pods(level: str) -> None:
    """The same holds of pods that break several rules at once."""
    made = open_profile(f"pss/{level}", "1.36")
    pods = enumerate(random_pods(made, 7, PODS))
    assert disagreements(made, ((str(number), Request(pod)) for number, pod in pods)) == []


@pytest.mark.parametrize("name", EVERY_RULE)
def test_every_rule_on_random_pods(name: str) -> None:
    """The same holds of profiles that use every rule and setting."""
    made = profile(EVERY_RULE[name])
    pods = enumerate(random_pods(made, 7, PODS // 5))
    assert disagreements(made, ((str(number), Request(pod)) for number, pod in pods)) == []


def test_message_names_what_offends() -> None:
    """A message has the rule, the container, the field and the value."""
    bad = tweak(good(), {"spec.containers.1.securityContext.privileged": True})
    (refusal,) = Policies(open_profile("pss/restricted", "1.36")).refusals(Request(bad))
    assert refusal.rule == "privileged"
    assert refusal.text.startswith("privileged: sidecar: securityContext.privileged is true (")


@cache
def controllers() -> Policies:
    """Return the policies of a profile that judges controllers too."""
    return Policies(profile("extends: pss/restricted\nenforceOn: [pods, controllers]"))


@pytest.mark.parametrize("workload", WORKLOADS[1:], ids=lambda workload: workload.kind)
def test_template_is_judged_when_it_changes(workload: Workload) -> None:
    """A controller is judged when it is created, and again only with another template."""

    def owner(pod: object, **more: object) -> dict[str, Any]:
        node = nested(workload.path, pod)
        return {"metadata": {"name": "owner", **more}, **node}

    bad = tweak(good(), {"spec.hostPID": True})
    old = owner(bad)

    def rules(new: object, operation: Operation) -> list[str]:
        before = old if operation is Operation.UPDATE else None
        request = Request(owner(new, labels={"a": "b"}), workload, operation, old_object=before)
        return [refusal.rule for refusal in controllers().refusals(request)]

    assert rules(bad, Operation.CREATE) == ["hostPID"]
    assert rules(good(), Operation.CREATE) == []
    assert rules(bad, Operation.UPDATE) == []
    assert rules(tweak(bad, {"spec.subdomain": "a"}), Operation.UPDATE) == ["hostPID"]


def test_debug_container_in_an_old_pod() -> None:
    """Only containers that are new are judged, also where the pod that stands is bad."""
    policies = Policies(open_profile("pss/restricted", "1.36"))
    old = tweak(
        good(ephemeral=True),
        {"spec.hostPID": True, "spec.ephemeralContainers.0.securityContext": None},
    )
    fine = container("new")
    bad = tweak(fine, {"securityContext.privileged": True})

    def rules(added: object) -> list[str]:
        listed = [*old["spec"]["ephemeralContainers"], added]
        new = tweak(old, {"spec.ephemeralContainers": listed})
        request = Request(
            new, operation=Operation.UPDATE, old_object=old, subresource="ephemeralcontainers"
        )
        return [refusal.rule for refusal in policies.refusals(request)]

    assert rules(fine) == []
    assert rules(bad) == ["privileged"]


def test_label_of_an_old_pod() -> None:
    """No policy is asked about a pod's UPDATE."""
    bad = tweak(good(), {"spec.hostPID": True})
    policies = Policies(open_profile("pss/restricted", "1.36"))
    assert policies.refusals(Request(bad, operation=Operation.UPDATE, old_object=bad)) == []
    assert policies.refusals(Request(bad))


def test_errors_are_seen() -> None:
    """The engine raises on an error at run time, and on what does not compile."""
    with pytest.raises(EvaluationError):
        run(compiled("object.spec.nothing"), {"object": {"spec": {}}}, "")
    with pytest.raises(EvaluationError):
        compiled("object.spec.(")


def test_served_pod() -> None:
    """Null is nothing to the API server, in a list of texts it is an empty one."""
    pod = {"a": None, "b": [None, "x"], "metadata": {"annotations": {"k": None}}}
    assert served(pod) == {"b": ["", "x"], "metadata": {"annotations": {"k": ""}}}
    zeros = {"ports": [{"hostPort": 0}], "seLinuxOptions": {"type": ""}, "o": {"type": ""}}
    assert served(zeros) == {"ports": [{}], "seLinuxOptions": {}, "o": {"type": ""}}
