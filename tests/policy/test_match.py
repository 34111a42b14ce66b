"""Which pods a profile judges."""

from __future__ import annotations

import pytest

from capgen.policy.admit import Request
from capgen.policy.match import Match, Operator, Requirement
from tests.pods import DROP, good, tweak
from tests.policy.made import admit, profile

TEAM = Match(pod_selector=(Requirement("team", Operator.IN, ("web", "shop")),))


@pytest.mark.parametrize(
    ("include", "exclude", "namespace", "expected"),
    [
        ((), (), "shop", True),
        (("shop",), (), "shop", True),
        (("shop",), (), "shops", False),
        (("shop",), (), "sho", False),
        (("shop-*",), (), "shop-eu", True),
        (("shop-*",), (), "shop-", True),
        (("shop-*",), (), "shop", False),
        (("*",), (), "any", True),
        ((), ("kube-*",), "kube-system", False),
        ((), ("kube-*",), "kubernetes", True),
        ((), ("shop",), "shop", False),
        (("shop-*",), ("shop-eu",), "shop-eu", False),
        (("shop-*",), ("shop-eu",), "shop-us", True),
        (("a", "b"), (), "b", True),
        # A manifest that does not tell counts as matching.
        (("shop",), ("kube-*",), None, True),
    ],
)
def test_namespaces_by_name(
    include: tuple[str, ...], exclude: tuple[str, ...], namespace: str | None, expected: bool
) -> None:
    """Names include and exclude, a trailing `*` is a prefix, and exclusion wins."""
    assert Match(include=include, exclude=exclude).matches(namespace, None, {}) is expected


@pytest.mark.parametrize(
    ("operator", "values", "labels", "expected"),
    [
        (Operator.IN, ("a", "b"), {"k": "b"}, True),
        (Operator.IN, ("a", "b"), {"k": "c"}, False),
        (Operator.IN, ("a",), {}, False),
        (Operator.NOT_IN, ("a",), {"k": "b"}, True),
        (Operator.NOT_IN, ("a",), {"k": "a"}, False),
        # Kubernetes: a requirement with NotIn is met by an object without the label.
        (Operator.NOT_IN, ("a",), {}, True),
        (Operator.EXISTS, (), {"k": ""}, True),
        (Operator.EXISTS, (), {"l": "a"}, False),
        (Operator.DOES_NOT_EXIST, (), {"l": "a"}, True),
        (Operator.DOES_NOT_EXIST, (), {"k": "a"}, False),
    ],
)
def test_selectors(
    operator: Operator, values: tuple[str, ...], labels: dict[str, str], expected: bool
) -> None:
    """Label selectors mean what they do in Kubernetes, on pods and on namespaces."""
    requirement = (Requirement("k", operator, values),)
    assert Match(pod_selector=requirement).matches("x", {}, labels) is expected
    assert Match(namespace_selector=requirement).matches("x", labels, {}) is expected


def test_unknown_labels_of_a_namespace_match() -> None:
    """What cannot be known of a namespace counts as matching; a pod's labels are always known."""
    requirement = (Requirement("k", Operator.EXISTS),)
    assert Match(namespace_selector=requirement).matches("x", None, {})
    assert not Match(pod_selector=requirement).matches("x", None, {})


def test_all_requirements_count() -> None:
    """Requirements AND."""
    both = (*TEAM.pod_selector, Requirement("legacy", Operator.DOES_NOT_EXIST))
    assert Match(pod_selector=both).matches(None, None, {"team": "web"})
    assert not Match(pod_selector=both).matches(None, None, {"team": "web", "legacy": ""})


def test_match_of_a_profile() -> None:
    """A profile's `match` decides whether a pod is judged at all."""
    made = profile("""
        kubernetes: "1.36"
        match:
          namespaces: {include: ["shop-*"], exclude: [shop-test]}
          namespaceSelector: {matchLabels: {team: web}}
          podSelector:
            matchExpressions:
              - {key: legacy, operator: DoesNotExist}
              - {key: app, operator: Exists}
              - {key: app, operator: In, values: [web, db]}
              - {key: app, operator: NotIn, values: [db]}
        rules: {hostPID: false}
    """)
    bad = tweak(good(), {"spec.hostPID": True, "metadata.labels.app": "web"})

    def refused(**known: object) -> bool:
        request = Request(bad)._replace(**known)  # type: ignore[arg-type]  # any of its fields
        return not admit(request, made).allowed

    assert refused()
    assert refused(namespace="shop-eu", namespace_labels={"team": "web"})
    assert not refused(namespace="shop-test")
    assert not refused(namespace="shop")
    assert not refused(namespace="shop-eu", namespace_labels={"team": "db"})
    assert not refused(namespace="shop-eu", namespace_labels={})
    assert not refused(object=tweak(bad, {"metadata.labels.legacy": "1"}))
    assert refused(object=tweak(bad, {"metadata.labels.other": "1"}))
    assert not refused(object=tweak(bad, {"metadata.labels.app": "db"}))
    assert not refused(object=tweak(bad, {"metadata.labels.app": DROP}))


def test_labels_that_cannot_be_read_count_as_matching() -> None:
    """What is not known does not take a pod out."""
    assert TEAM.matches("shop", {}, None)
    assert not TEAM.matches("shop", {}, {})


@pytest.mark.parametrize("metadata", [DROP, {}, {"labels": None}, {"labels": {}}])
def test_pod_without_labels(metadata: object) -> None:
    """No metadata, and no labels, are no labels: a selector that asks for one is not satisfied."""
    pod = tweak(good(), {"metadata": metadata, "spec.hostPID": True})
    own = profile(
        "match: {podSelector: {matchLabels: {team: web}}}\nrules: {hostPID: false}", "1.36"
    )
    decision = admit(Request(pod), own)
    assert (decision.allowed, decision.matched) == (True, False)
