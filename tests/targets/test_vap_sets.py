"""Sets of profiles as ValidatingAdmissionPolicies, evaluated: what the interpreter says."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import pytest

from capgen.policy.admit import Admission, Request
from capgen.policy.profile import Enforcement, Union
from capgen.targets.base import content_hash
from capgen.targets.vap import TARGET, emit_set
from tests import set_asked
from tests.lang.cel_engine import Policies
from tests.loading import loaded
from tests.pods import good, tweak
from tests.set_asked import (
    DEBUGGERS,
    MESH,
    PODS,
    PORTS,
    PROXY,
    ROOT,
    SETS,
    made,
    member,
    of,
    refused_by,
    told,
)

LONGEST: Final = 5 * 1024


@cache
def policies(name: str) -> Policies:
    """Return the policies of a set."""
    return Policies(SETS[name])


@pytest.mark.parametrize("name", SETS)
def test_the_interpreter_says_the_same(name: str) -> None:
    """On each occasion the verdict is the interpreter's, and each profile's rules are told."""
    admission = Admission(SETS[name])
    seen = {True: 0, False: 0}
    for about, request in set_asked.asked():
        decision = admission.admit(request)
        refusals = policies(name).refusals(request)
        assert bool(refusals) is not decision.allowed, about
        seen[decision.allowed] += 1
        for refusal in refusals:
            assert len(refusal.text) <= LONGEST
            if request.old_object is None:
                assert told(refusal.text) == refused_by(SETS[name], request), about
    assert all(seen.values()), seen


@pytest.mark.parametrize("name", PODS)
def test_who_admits_a_pod(name: str) -> None:
    """By hand: one profile must admit the whole pod; the message names who refuses it for what."""
    changes, by = PODS[name]
    request = Request(made(changes), namespace="team-a")
    found = policies("two").refusals(request)
    assert bool(found) is not bool(by)
    assert set(refused_by(SETS["two"], request)) == {"ports", "root"} - by


@pytest.mark.parametrize("name", DEBUGGERS)
def test_who_admits_a_debug_container(name: str) -> None:
    """Of a debug container no more is asked, whatever the pod is."""
    for about, request in set_asked.asked():
        if about.startswith(f"{name} debugger in "):
            assert bool(policies("two").refusals(request)) is not bool(DEBUGGERS[name][1])


def test_the_message() -> None:
    """It names each profile with its rules; then container, field, value and what is allowed."""
    changes = PODS["half by each"][0]
    (refusal,) = policies("two").refusals(Request(made(changes)))
    assert refusal.text == (
        "two: no profile of the set admits the whole pod: ports refuses runAsUser: runAsUser:"
        " web: securityContext.runAsUser is 0 (allowed: securityContext.runAsUser: at least 1 or"
        " unset) | root refuses hostPorts: hostPorts: sidecar: ports[*].hostPort is 80 (allowed:"
        " ports[*].hostPort: unset)"
    )


def test_who_does_not_judge() -> None:
    """A profile that matches other pods is told apart from one that refuses."""
    pod = made(PODS["as root"][0])
    request = Request(pod, namespace="team-a", namespace_labels={"team": "shop"})
    union = of("by-label", member("ports", PORTS), member("root", ROOT, set_asked.BY_POD))
    (refusal,) = Policies(union).refusals(request)
    assert refusal.text.endswith(" or unset) | root does not judge it")


def test_who_may_not_use_it() -> None:
    """A profile that admits the pod and is not for whoever asks says for whom it is."""
    request = Request(made(PODS["as root"][0]), may_use=frozenset())
    (refusal,) = policies("used").refusals(request)
    assert refusal.text.endswith(
        " or unset) | root is for those who may use podsecuritypolicies/psp-root"
    )
    (spec,) = (each["spec"] for key, each in emitted(SETS["used"]).items() if key == "pods-policy")
    (validation,) = spec["validations"]
    assert "may_use" not in validation["messageExpression"]
    assert validation["expression"] == (
        "(variables.by_ports.size() == 0 && variables.may_use_ports)\n"
        "|| (variables.by_root.size() == 0 && variables.may_use_root)"
    )


def test_long_messages_are_cut() -> None:
    """Of many details as many are told as the API server takes, and always every rule."""
    pod = good()
    one = tweak(pod, PODS["privileged"][0])["spec"]["containers"][0]
    pod["spec"]["containers"] = [one | {"name": f"{'c' * 50}-{number}"} for number in range(200)]
    (refusal,) = policies("two").refusals(Request(pod))
    assert LONGEST - 100 < len(refusal.text) <= LONGEST
    assert told(refusal.text) == {"ports": {"privileged"}, "root": {"privileged"}}
    assert " ... | root refuses privileged: privileged: " in refusal.text


def test_more_profiles_than_a_message_holds() -> None:
    """Where not even the rules can be named there is the message that names the profiles."""
    many = [member(f"m{number}-{'x' * 50}", PORTS) for number in range(60)]
    spec = emitted(of("many", *many))["pods-policy"]["spec"]
    (validation,) = spec["validations"]
    assert "messageExpression" not in validation
    assert validation["message"].startswith("many: no profile of the set admits the whole pod: m0-")
    assert validation["expression"].count(" || ") + validation["expression"].count("\n|| ") == 59


def emitted(union: Union) -> dict[str, Any]:
    """Return what is emitted, by the name of its file without its ending."""
    files = emit_set(union).objects
    return {each.path.removesuffix(".yaml"): loaded(each.text) for each in files}


_PODS: Final = {"pods", "ephemeralcontainers"}
_OWNERS: Final = {"controllers", "cronjobs", "podtemplates"}
WRITTEN: Final = {
    "two": _PODS | _OWNERS,
    "exempt": _PODS | _OWNERS | {"updates"},
    # Each judges what the other does not.
    "some-pods": _PODS | _OWNERS,
    "free": _PODS | _OWNERS,
}


@pytest.mark.parametrize("name", WRITTEN)
def test_which_policies(name: str) -> None:
    """A policy and its binding for each occasion on which some profile judges."""
    files = emitted(SETS[name])
    assert set(files) == {
        f"{part}-{role}" for part in WRITTEN[name] for role in ("policy", "binding")
    }
    for part in WRITTEN[name]:
        called = f"capgen-{name}" if part == "pods" else f"capgen-{name}-{part}"
        assert files[f"{part}-policy"]["metadata"]["name"] == called
        assert files[f"{part}-binding"]["spec"]["policyName"] == called


def test_who_admits_everything() -> None:
    """A set with a profile that admits all that it is asked about needs no policy there."""
    union = of("free", member("ports", PORTS), member("free", ""))
    assert emitted(union) == {}
    only_pods = member("pid", "rules: {hostPID: false}")
    assert set(emitted(of("pid", member("ports", PORTS), only_pods))) == {
        f"{part}-{role}"
        for part in (_PODS | _OWNERS) - {"ephemeralcontainers"}
        for role in ("policy", "binding")
    }


def test_what_is_said_once() -> None:
    """Profiles share what they ask in the same words; what differs is numbered."""
    spec = emitted(SETS["both-exempt"])["pods-policy"]["spec"]
    names = [each["name"] for each in spec["variables"]]
    assert names == [
        *("spec", "annotations", "containers", "held1", "held2"),
        *("privileged1", "privileged2", "runAsUser1", "runAsUser2", "hostPID"),
        *("hostPorts1", "hostPorts2", "volumes", "by_ports", "by_root"),
    ]
    plain = emitted(SETS["two"])["pods-policy"]["spec"]["variables"]
    assert [each["name"] for each in plain if each["name"].startswith("privileged")] == [
        "privileged"
    ]


SCOPES: Final = {
    "two": [],
    "scoped": ["namespace-in-scope", "account-in-scope"],
    # What all match is asked first; what one matches is asked of it.
    "same-match": [],
    "by-name": [],
}


@pytest.mark.parametrize("name", SCOPES)
def test_conditions(name: str) -> None:
    """The scope holds for every policy."""
    for key, each in emitted(SETS[name]).items():
        if key.endswith("-policy"):
            changed = ["template-changed"] if key.removesuffix("-policy") in _OWNERS else []
            listed = [row["name"] for row in each["spec"].get("matchConditions", ())]
            assert listed == SCOPES[name] + changed
            selector = each["spec"]["matchConstraints"].get("namespaceSelector")
            assert (selector is not None) is (name == "same-match")


def test_enforcement_is_the_sets() -> None:
    """What a profile does with what it refuses alone does not count."""
    warn = member("ports", PORTS)._replace(enforcement=Enforcement.WARN)
    for enforcement, action in ((Enforcement.DENY, "Deny"), (Enforcement.AUDIT, "Audit")):
        files = emitted(of("set", warn, enforcement=enforcement))
        assert files["pods-binding"]["spec"]["validationActions"] == [action]


def test_hash() -> None:
    """It is of what the set means: each profile, their order, the scope; not who enforces alone."""
    base = SETS["two"]
    ports, root = base.any_of
    others = [
        SETS["turned"],
        base._replace(any_of=(ports,)),
        base._replace(any_of=(ports, member("root", ROOT, MESH))),
        base._replace(scope=SETS["scoped"].scope),
        base._replace(enforcement=Enforcement.WARN),
        base._replace(name="other"),
        base._replace(uses={"root": "root"}),
        base._replace(uses={"ports": "root"}),
    ]
    assert len({content_hash(each) for each in (base, *others)}) == len(others) + 1
    warns = ports._replace(enforcement=Enforcement.WARN)
    assert content_hash(base._replace(any_of=(warns, root))) == content_hash(base)
    metadata = emitted(base)["pods-policy"]["metadata"]
    assert metadata["annotations"]["capgen/profile-hash"] == content_hash(base)


def test_page() -> None:
    """The README says of each profile what is enforced, and whose pods are judged."""
    union = SETS["scoped"]._replace(
        any_of=(member("ports", PORTS, PROXY), member("root", ROOT)), uses={"root": "psp-root"}
    )
    output = emit_set(union)
    (page,) = (each.text for each in output.artefacts if each.path == "README.md")
    assert "# ValidatingAdmissionPolicy: the set of profiles scoped\n" in page
    assert "of the namespaces `team-a`, `shop-*` and service accounts `default`, `builder`:" in page
    ports, _, root = page.partition("\n### root, for Kubernetes 1.36\n")
    assert "\n### ports, for Kubernetes 1.36\n" in ports
    assert "- `hostPID` (exact): " in ports
    assert "Exempt, as the profile says:" in ports
    assert "- `volumes` (exact): " in root
    assert "`use` the PodSecurityPolicy `psp-root` in the pod's namespace." in root
    assert "`use`" not in ports
    assert set(output.cells) == {
        f"{each.name}/{rule.id}" for each in union.any_of for rule in each.rules
    }
    assert TARGET.emit_set is emit_set
