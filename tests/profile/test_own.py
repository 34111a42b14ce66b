"""What a profile has of its parents, and what is its own."""

from __future__ import annotations

from typing import Final

from capgen.policy.admit import Request
from capgen.policy.match import Match
from capgen.policy.profile import Enforcement
from tests.pods import good, tweak
from tests.policy.made import admit, profile, rules_of, source

ABOVE: Final = """
kubernetes: "1.36"
targets: [docker]
enforcement: audit
match: {namespaces: {exclude: [team-a]}}
rules:
  privileged: false
  runAsUser: {ranges: ["1-"], default: 5}
  volumes: {allow: [projected, secret]}
exempt:
  - {images: ["registry.example.com/*:1"], rules: [privileged], reason: r, until: 9999-12-31}
containers: {web: {runAsUser: 7}}
accept: {docker: {volumes: seen}}
"""
BAD: Final = tweak(good(), {"spec.containers.0.securityContext.privileged": True})


def test_what_is_inherited() -> None:
    """Rules, their defaults and the version."""
    child = profile("extends: [above]", above=ABOVE)
    assert [rule.id for rule in child.rules] == ["privileged", "runAsUser", "volumes"]
    assert child.rules[1].settings["default"] == 5
    assert child.minors == range(36, 37)


def test_what_is_not() -> None:
    """Neither match, exemptions, choices and accepted gaps nor the enforcement and the targets."""
    parent, child = profile(ABOVE), profile("extends: [above]", above=ABOVE)
    assert (child.match, child.exempt, dict(child.choices), dict(child.accept)) == (
        Match(),
        (),
        {},
        {},
    )
    assert child.enforcement is Enforcement.DENY
    assert source("extends: [above]").data["targets"] == {}
    assert admit(Request(BAD), parent).exempted
    assert rules_of(admit(Request(BAD), child)) == ["privileged"]


def test_an_exemption_is_no_loosening() -> None:
    """A child may exempt a container from a rule that only its parent sets, without `loosens`."""
    row = (
        "{images: ['registry.example.com/*:1'], rules: [privileged], reason: r, until: 9999-12-31}"
    )
    child = profile(f"extends: [above]\nexempt: [{row}]", above=ABOVE)
    assert admit(Request(BAD), child).exempted


def test_a_narrower_match_is_no_loosening() -> None:
    """What is judged at all is the child's own affair."""
    child = profile("extends: [above]\nmatch: {namespaces: {include: [team-b]}}", above=ABOVE)
    assert not admit(Request(BAD, namespace="team-a"), child).matched
    assert rules_of(admit(Request(BAD, namespace="team-b"), child)) == ["privileged"]


def test_choices_are_held_to_inherited_rules() -> None:
    """A child chooses for a container by the rules that it has of its parent."""
    child = profile("extends: [above]\ncontainers: {db: {runAsUser: 9}}", above=ABOVE)
    assert dict(child.choices) == {"db": {"runAsUser": 9}}
