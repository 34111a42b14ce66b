"""Mutators of Gatekeeper: what they set, and what no mutator can say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.policy.mutate import mutator
from capgen.policy.workload import WORKLOADS, pod_of
from capgen.targets.base import Status
from capgen.targets.gatekeeper import TARGET
from tests.engines.mutating.pods import created
from tests.loading import loaded
from tests.mutated_profiles import MUTATED
from tests.mutators import mutated
from tests.policy.made import profile
from tests.served import served, without_empty

if TYPE_CHECKING:
    from capgen.policy.admit import Request
    from capgen.policy.profile import Profile

SPEC: Final = f"""{MUTATED["set-named"]}
        match:
          namespaces: {{include: ["team-*"], exclude: [team-a]}}
          namespaceSelector: {{matchLabels: {{a: b}}}}
"""
# Of so many pods one is tried.
_SHARE: Final = 3


def mutators(made: Profile) -> dict[str, Any]:
    """Return the mutators of a profile by the names of their files without their endings."""
    found = {
        each.path.removesuffix(".yaml"): loaded(each.text) for each in TARGET.emit(made).objects
    }
    return {path: each for path, each in found.items() if each["kind"] in ("Assign", "ModifySet")}


def without_gaps(made: Profile) -> Profile:
    """Return a profile without the rules that mutators cannot set values for."""
    cells = TARGET.emit(made).cells
    kept = tuple(rule for rule in made.rules if cells[rule.id].status is not Status.GAP)
    return made._replace(rules=kept)


def served_object(request: Request) -> dict[str, Any]:
    """Return what is created, as the API server hands it over."""
    head = {"apiVersion": "v1", "kind": "Pod"}
    found: dict[str, Any] = without_empty(head | json.loads(json.dumps(served(request.object))))
    return found


@pytest.mark.parametrize("spec", MUTATED.values(), ids=MUTATED)
def test_they_set_what_the_profile_sets(spec: str) -> None:
    """What becomes of a pod, and of a template, is what the interpreter makes of it."""
    made = without_gaps(profile(spec))
    found, mutate = list(mutators(made).values()), mutator(made)
    changed = 0
    for name, request in created(made, _SHARE):
        obj = served_object(request)
        pod = pod_of(request.workload, obj)
        assert isinstance(pod, dict)
        if pod["spec"].get("os") == {"name": "windows"}:
            # It is refused: a cell says so.
            continue
        judged = made.controllers if request.workload.path else made.pods
        expected = mutate(pod) if judged and not request.workload.copied else pod
        actual = pod_of(request.workload, mutated(found, obj))
        assert actual == expected, name
        changed += actual != pod
    assert changed > 10


def test_fields() -> None:
    """Each is for what is created, and for what the profile is for; each list has its own."""
    found = mutators(profile(SPEC))
    kinds: dict[str, int] = {}
    for path, each in found.items():
        assert each["apiVersion"] == "mutations.gatekeeper.sh/v1"
        assert len(each["metadata"]["name"]) <= 63
        assert set(each["metadata"]["annotations"]) == {"capgen/profile", "capgen/profile-hash"}
        spec = each["spec"]
        assert {tuple(row["operations"]) for row in spec["applyTo"]} == {("CREATE",)}
        matched = {kind for row in spec["match"].pop("kinds") for kind in row["kinds"]}
        applied = {kind for row in spec["applyTo"] for kind in row["kinds"]}
        assert matched == applied
        assert spec["match"] == {
            "namespaces": ["team-*"],
            "excludedNamespaces": ["team-a"],
            "namespaceSelector": {
                "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]
            },
        }
        way, _, _ = spec["location"].partition("spec.containers")
        assert "ephemeral" not in spec["location"]
        if "containers" in path.split("-"):
            kinds[way] = len(applied)
            assert path.replace("-containers", "-initcontainers") in found
    assert kinds == {
        "": 1,
        "spec.template.": 5,
        "spec.jobTemplate.spec.template.": 1,
        "template.": 1,
    }
    # A Deployment knows a ReplicaSet again by its template, which so is left alone.
    assert sum(kinds.values()) == len(WORKLOADS) - 1
    assert "ReplicaSet" not in str(found)
    applied_to = found["set-runasnonroot-controllers"]["spec"]["applyTo"]
    assert [(row["groups"], row["versions"]) for row in applied_to] == [
        ([""], ["v1"]), (["apps"], ["v1"]), (["batch"], ["v1"]),
    ]  # fmt: skip


def test_a_value_of_one_container() -> None:
    """It is set before that of all, in a container that is there; none is made."""
    found = mutators(profile(SPEC))
    own, every = (found[f"{which}-containers{name}"] for which, name in (
        ("own-procmount-pods", "-agent"), ("set-procmount-pods", ""),
    ))  # fmt: skip
    assert own["metadata"]["name"] < every["metadata"]["name"]
    location = 'spec.containers[name: "agent"].securityContext.procMount'
    assert own["spec"]["location"] == location
    assert own["spec"]["parameters"] == {
        "pathTests": [
            {"subPath": 'spec.containers[name: "agent"]', "condition": "MustExist"},
            {"subPath": location, "condition": "MustNotExist"},
        ],
        "assign": {"value": "Unmasked"},
    }


def test_selected_pods() -> None:
    """Labels of pods are the mutator's own matter; those of a template it does not see."""
    spec = SPEC.replace("match:\n", "match:\n          podSelector: {matchLabels: {c: d}}\n")
    alone = profile(spec.replace("[pods, controllers]", "[pods]"))
    row = {"key": "c", "operator": "In", "values": ["d"]}
    for each in mutators(alone).values():
        assert each["spec"]["match"]["labelSelector"] == {"matchExpressions": [row]}
    both = TARGET.emit(profile(spec))
    assert "sees the labels of a template" in both.cells["runAsNonRoot"].note
    assert mutators(profile(spec)) == {}


GAPS: Final = {
    "automountServiceAccountToken: false": "the token is mounted before Gatekeeper is asked",
    "windowsOptions: {runAsUserName: [App], default: {runAsUserName: App}}": (
        "`securityContext.windowsOptions.runAsUserName` is for the pods of one system"
    ),
    "runAsNonRoot: {allow: [true], unless: [windows]}": (
        "`securityContext.runAsNonRoot` is for the pods of one system"
    ),
    "capabilities: {drop: [ALL], allow: [CHOWN], add: [CHOWN]}": "what a container drops itself",
}


@pytest.mark.parametrize(("rule", "why"), GAPS.items())
def test_gaps(rule: str, why: str) -> None:
    """What cannot be said is not set, not even in part, and a gap until something else sets it."""
    made = profile(f'kubernetes: "1.36"\nmutate: true\nrules:\n  hostUsers: false\n  {rule}')
    cells = TARGET.emit(made).cells
    name = rule.partition(":")[0]
    assert cells[name].status is Status.GAP
    assert why in cells[name].note
    judged = cells[name].judged
    assert judged is not None
    assert judged.status is Status.EXACT
    assert list(mutators(made)) == ["set-hostusers-pods"]


def test_exempt_containers() -> None:
    """A value is kept from no container, so it is set in none; what the pod is given stays."""
    made = profile(MUTATED["set-exempt"])
    cells = TARGET.emit(made).cells
    gaps = {rule for rule, cell in cells.items() if cell.status is Status.GAP}
    assert gaps == {
        "privileged", "allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem",
    }  # fmt: skip
    assert {cells[rule].note for rule in gaps} == {
        "no mutator passes over a container, and some are exempt"
    }


def test_a_name_too_long() -> None:
    """Where names are cut their order is none, and the value of one container is not set."""
    made = profile(SPEC)._replace(name="n" * 63)
    cells = TARGET.emit(made).cells
    assert "too long" in cells["procMount"].note
    assert cells["runAsUser"].status is Status.STRICTER
    names = [each["metadata"]["name"] for each in mutators(made).values()]
    assert len(set(names)) == len(names)
    assert {len(name) for name in names} == {63}


def test_nothing_is_set_unasked() -> None:
    """Without `mutate: true` there is none, and the README speaks of none."""
    made = profile(SPEC.replace("mutate: true", "mutate: false"))
    assert mutators(made) == {}
    texts = {each.path: each.text for each in TARGET.emit(made).artefacts}
    assert "mutation.gatekeeper.sh" not in texts["README.md"]


def test_the_readme() -> None:
    """It says what must be on, and what is never set; mutators come before what judges."""
    output = TARGET.emit(profile(SPEC))
    page = next(each.text for each in output.artefacts if each.path == "README.md")
    for said in (
        "- [ ] Gatekeeper is 3.23 or newer",
        "`--operation=mutation-webhook`",
        "`mutation.gatekeeper.sh` has `failurePolicy: Fail`",
        "the mutating webhook is not asked about `pods/ephemeralcontainers`",
        "runs on Windows",
    ):
        assert said in page
    kinds = [each.object.partition("/")[0] in ("Assign", "ModifySet") for each in output.objects]
    assert kinds == sorted(kinds, reverse=True)
