"""Match, ServiceAccounts, unknown fields and broken shapes, as `check` reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[..., Any]
    Own = Callable[..., str]

GOOD = "spec: {containers: [{name: app}]}\n"


def pod(spec: str, metadata: str = "name: x") -> str:
    """Return a pod with a spec on line 4."""
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{{metadata}}}\nspec: {spec}\n"


def test_match(check: Check, own: Own) -> None:
    """What the profile does not match is `unmatched`, by namespace and by the pod's labels."""
    profile = own(
        "match: {namespaces: {exclude: [kube-*]}, podSelector: {matchExpressions: "
        "[{key: legacy, operator: DoesNotExist}]}}\n  rules: {hostPID: false}"
    )
    bad = "{hostPID: true, containers: [{name: app}]}"
    done = check(
        "---\n".join(
            pod(bad, metadata)
            for metadata in (
                "name: a, namespace: kube-system",
                "name: b, namespace: shop",
                "name: c",
                "name: d, labels: {legacy: x}",
            )
        ),
        profile,
    )
    assert [row["status"] for row in done["documents"]] == [
        "unmatched",
        "refused",
        "refused",
        "unmatched",
    ]
    assert done["summary"] == {"documents": 4, "judged": 2, "skipped": 2, "violations": 2}


def test_match_of_a_controller(check: Check, own: Own) -> None:
    """A controller's pods have the controller's namespace and the template's labels."""
    profile = own("match: {podSelector: {matchLabels: {tier: web}}}\n  rules: {hostPID: false}")
    text = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, labels: {tier: %s}}\n"
        "spec: {template: {metadata: {labels: {tier: %s}}, spec: {hostPID: true, "
        "containers: [{name: app}]}}}\n"
    )
    done = check(f"{text % ('web', 'db')}---\n{text % ('db', 'web')}", profile)
    assert [row["status"] for row in done["documents"]] == ["unmatched", "refused"]


def test_namespace_selector_is_noted_once(check: Check, own: Own) -> None:
    """A namespace's labels count as matching, which is said once however many objects come."""
    profile = own(
        "match: {namespaceSelector: {matchLabels: {team: web}}}\n  rules: {hostPID: false}"
    )
    done = check("---\n".join([pod("{hostPID: true, containers: [{name: app}]}")] * 5), profile)
    assert done["summary"]["violations"] == 5
    assert done["said"] == [
        (
            "note: `own` selects namespaces by label, which manifests do not tell: all count as"
            " matching"
        ),
        "5 objects, 5 judged, 0 skipped, 5 violations",
    ]


def test_the_token_of_a_service_account(check: Check, own: Own) -> None:
    """The token's volume is judged, unless the pod or its ServiceAccount turns it off."""
    profile = own("rules: {volumes: {allow: [emptyDir]}}")
    accounts = (
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: quiet, namespace: n}\n"
        "automountServiceAccountToken: false\n"
    )
    pods = (
        ("serviceAccountName: quiet", "n", False),
        ("serviceAccountName: quiet", "other", True),
        ("serviceAccount: quiet", "n", False),
        ("serviceAccountName: quiet, automountServiceAccountToken: true", "n", True),
        ("automountServiceAccountToken: false", "n", False),
        ("serviceAccountName: other", "n", True),
        ("hostPID: false", "n", True),
    )
    text = "---\n".join(
        pod(f"{{{spec}, containers: [{{name: app}}]}}", f"name: p{place}, namespace: {namespace}")
        for place, (spec, namespace, _) in enumerate(pods)
    )
    for whole in (f"{accounts}---\n{text}", f"{text}---\n{accounts}"):
        refused = {row["name"] for row in check(whole, profile)["results"]}
        assert refused == {f"p{place}" for place, case in enumerate(pods) if case[2]}


def test_the_token_where_it_is_allowed(check: Check) -> None:
    """The levels of Pod Security allow the token's volume."""
    assert check(pod("{containers: [{name: app}]}"), "pss/baseline")["results"] == []


UNKNOWN = {
    "{containers: [{name: app, securityContext: {privilegd: true}}]}": (
        "spec.containers[0].securityContext.privilegd",
        (4, 51),
        "`privilegd` is no field that Kubernetes knows here; did you mean `privileged`?",
    ),
    "{hostPid: true, containers: [{name: app}]}": (
        "spec.hostPid",
        (4, 8),
        "`hostPid` is no field that Kubernetes knows here; did you mean `hostPID`?",
    ),
    "{containers: [{name: app, securityContex: {}}]}": (
        "spec.containers[0].securityContex",
        (4, 33),
        "`securityContex` is no field that Kubernetes knows here; did you mean `securityContext`?",
    ),
    "{initContainer: [], containers: [{name: app}]}": (
        "spec.initContainer",
        (4, 8),
        "`initContainer` is no field that Kubernetes knows here; did you mean `initContainers`?",
    ),
}


@pytest.mark.parametrize("spec", UNKNOWN)
def test_unknown_field(check: Check, spec: str) -> None:
    """A misspelt key is a finding at the key, with the nearest right one."""
    field, place, message = UNKNOWN[spec]
    (found,) = check(pod(spec))["results"]
    assert found["rule"] == "unknownField"
    assert (found["field"], (found["line"], found["column"])) == (field, place)
    assert found["message"] == message


MALFORMED: dict[str, tuple[str, tuple[int, int], object, str]] = {
    "3": ("spec", (4, 7), 3, "must be a mapping; found 3"),
    "null": ("spec", (4, 7), None, "must be a mapping; found null"),
    "{}": ("spec.containers", (4, 7), "unset", "must be a list of containers; found it unset"),
    "{containers: null}": (
        "spec.containers",
        (4, 20),
        None,
        "must be a list of containers; found null",
    ),
    "{containers: {}}": ("spec.containers", (4, 20), {}, "must be a list; found another type"),
    "{containers: [null]}": ("spec.containers[0]", (4, 21), None, "must be a mapping; found null"),
    "{containers: [{name: a, securityContext: [x]}]}": (
        "spec.containers[0].securityContext",
        (4, 48),
        ["x"],
        "must be a mapping; found another type",
    ),
    "{containers: [{name: a}], initContainers: 3}": (
        "spec.initContainers",
        (4, 49),
        3,
        "must be a list; found 3",
    ),
}


@pytest.mark.parametrize("spec", MALFORMED)
def test_malformed(check: Check, spec: str) -> None:
    """A value of the wrong type is a finding, never a pass."""
    field, place, value, message = MALFORMED[spec]
    (found,) = check(pod(spec))["results"]
    assert found["rule"] == "malformed"
    assert (found["field"], (found["line"], found["column"])) == (field, place)
    assert found.get("value", "unset") == value
    assert found["message"] == message


def test_a_controller_without_a_template(check: Check) -> None:
    """Where the way to the pod breaks off, that is the finding."""
    for spec in ("3", "{}", "{template: null}", "{template: 3}"):
        text = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: x}}\nspec: {spec}\n"
        (found,) = check(text)["results"]
        assert (found["rule"], found["field"]) == ("malformed", "spec.template.spec")


def test_profiles_one_after_another(check: Check, own: Own) -> None:
    """Two profiles must both hold; one that does not match takes nothing from the other."""
    first = own("match: {namespaces: {include: [a]}}\n  rules: {hostPID: false}", "first")
    second = own("match: {namespaces: {include: [b]}}\n  rules: {hostIPC: false}", "second")
    spec = "{hostPID: true, hostIPC: true, containers: [{name: app}]}"
    text = "---\n".join(pod(spec, f"name: x, namespace: {name}") for name in "abc")
    done = check(text, first, second)
    assert [row["status"] for row in done["documents"]] == ["refused", "refused", "unmatched"]
    assert [(row["profile"], row["rule"]) for row in done["results"]] == [
        ("first", "hostPID"),
        ("second", "hostIPC"),
    ]
