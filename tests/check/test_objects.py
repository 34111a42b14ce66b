"""Which objects are judged, where their pod stands, and what is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[..., Any]

POD = "{spec: {hostPID: true, containers: [{name: app}]}}"
TEMPLATE = f"{{template: {POD}}}"
HELD = {
    "v1 Pod": ("spec: {hostPID: true, containers: [{name: app}]}", "spec.hostPID"),
    "v1 PodTemplate": (f"template: {POD}", "template.spec.hostPID"),
    "v1 ReplicationController": (f"spec: {TEMPLATE}", "spec.template.spec.hostPID"),
    "apps/v1 Deployment": (f"spec: {TEMPLATE}", "spec.template.spec.hostPID"),
    "apps/v1 StatefulSet": (f"spec: {TEMPLATE}", "spec.template.spec.hostPID"),
    "apps/v1 DaemonSet": (f"spec: {TEMPLATE}", "spec.template.spec.hostPID"),
    "apps/v1 ReplicaSet": (f"spec: {TEMPLATE}", "spec.template.spec.hostPID"),
    "batch/v1 Job": (f"spec: {TEMPLATE}", "spec.template.spec.hostPID"),
    "batch/v1 CronJob": (
        f"spec: {{jobTemplate: {{spec: {TEMPLATE}}}}}",
        "spec.jobTemplate.spec.template.spec.hostPID",
    ),
    # Groups and versions that they stood in before.
    "extensions/v1beta1 Deployment": (f"spec: {TEMPLATE}", "spec.template.spec.hostPID"),
    "extensions/v1beta1 DaemonSet": (f"spec: {TEMPLATE}", "spec.template.spec.hostPID"),
    "extensions/v1beta1 ReplicaSet": (f"spec: {TEMPLATE}", "spec.template.spec.hostPID"),
    "apps/v1beta1 Deployment": (f"spec: {TEMPLATE}", "spec.template.spec.hostPID"),
    "apps/v1beta2 StatefulSet": (f"spec: {TEMPLATE}", "spec.template.spec.hostPID"),
    "batch/v1beta1 CronJob": (
        f"spec: {{jobTemplate: {{spec: {TEMPLATE}}}}}",
        "spec.jobTemplate.spec.template.spec.hostPID",
    ),
}
SKIPPED = (
    ("example.com/v1", "Deployment"),
    ("apps.example.com/v1", "DaemonSet"),
    ("v1", "Deployment"),
    ("argoproj.io/v1alpha1", "Rollout"),
    ("v1", "ConfigMap"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("policy/v1beta1", "PodSecurityPolicy"),
)


@pytest.mark.parametrize("kind", HELD)
def test_held(check: Check, kind: str) -> None:
    """The pod of each of Kubernetes' kinds is found, and the field is named from the object."""
    body, field = HELD[kind]
    api_version, name = kind.split()
    done = check(f"apiVersion: {api_version}\nkind: {name}\nmetadata: {{name: x}}\n{body}\n")
    assert [(row["rule"], row["field"], row["line"]) for row in done["results"]] == [
        ("hostPID", field, 4)
    ]
    assert [row["status"] for row in done["documents"]] == ["refused"]


def test_skipped(check: Check) -> None:
    """What holds no pod, or is another group's, is skipped and counted."""
    done = check(
        "---\n".join(
            f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {TEMPLATE}\n"
            for api, kind in SKIPPED
        )
    )
    assert [row["status"] for row in done["documents"]] == ["skipped"] * len(SKIPPED)
    assert done["summary"] == {
        "documents": len(SKIPPED),
        "judged": 0,
        "skipped": len(SKIPPED),
        "violations": 0,
    }


def test_list(check: Check) -> None:
    """Each item of a List is an object of its own, with its place from 0."""
    done = check(
        "apiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: v1, kind: Service, metadata: {name: a}}\n"
        "- {apiVersion: v1, kind: Pod, metadata: {name: b, namespace: shop},\n"
        "   spec: {hostPID: true, containers: [{name: app}]}}\n"
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: c}\nspec: {containers: [{name: app}]}\n"
    )
    assert [(row["document"], row["item"], row["name"]) for row in done["documents"]] == [
        (1, 0, "a"),
        (1, 1, "b"),
        (2, None, "c"),
    ]
    (found,) = done["results"]
    assert (found["item"], found["line"], found["column"]) == (1, 6, 20)
    assert (found["field"], found["namespace"]) == ("spec.hostPID", "shop")
    assert done["summary"] == {"documents": 3, "judged": 2, "skipped": 1, "violations": 1}


def test_typed_list(check: Check) -> None:
    """The items of a PodList, as the API answers, say neither kind nor version."""
    done = check(f"apiVersion: v1\nkind: PodList\nitems:\n- {POD}\n- {{metadata: {{name: x}}}}\n")
    assert [(row["kind"], row["apiVersion"]) for row in done["documents"]] == [("Pod", "v1")] * 2
    assert [row["rule"] for row in done["results"]] == ["hostPID", "malformed"]


def test_empty_lists(check: Check) -> None:
    """A List of nothing holds nothing, and is no error."""
    for items in ("[]", "null"):
        done = check(f"apiVersion: v1\nkind: List\nitems: {items}\n")
        assert (done["documents"], done["errors"]) == ([], [])


def test_a_list_among_the_items(check: Check) -> None:
    """A List in a List is an error with its place; its siblings are judged."""
    done = check(
        "apiVersion: v1\nkind: List\nitems:\n"
        f"- {{apiVersion: v1, kind: List, items: [{POD}]}}\n"
        "- {apiVersion: v1, kind: Pod, spec: {hostPID: true, containers: [{name: app}]}}\n"
    )
    assert done["errors"] == [
        {
            "file": "-",
            "line": 4,
            "column": 3,
            "message": "a `List` in a list: Kubernetes knows no list of lists",
        }
    ]
    assert [row["item"] for row in done["results"]] == [1]


def test_generated_name(check: Check) -> None:
    """An object without a name has the prefix that it asks for, or none."""
    spec = "spec: {containers: [{name: app}]}"
    done = check(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{generateName: job-}}\n{spec}\n---\n"
        f"apiVersion: v1\nkind: Pod\n{spec}\n"
    )
    assert [row["name"] for row in done["documents"]] == ["job-*", ""]
