"""`capgen schema`: what an editor shows and offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.policy.catalogue import CATALOGUE, ENTRIES
from tests.profile.example import data
from tests.profile.schema import described, offered

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILES: Final = {"RuntimeDefault", "Localhost", "Unconfined"}
READINGS: Final = {"declared", "effective", "both"}


@pytest.mark.parametrize("rule", ENTRIES)
def test_a_rule_is_described(rule: str) -> None:
    """An editor shows what a rule means."""
    assert ENTRIES[rule].means in described("spec", "rules", rule)


@pytest.mark.parametrize("key", ["metadata", *(f"spec.{key}" for key in data()["spec"]),
                                 "spec.mutate", "spec.reading"])  # fmt: skip
def test_a_key_is_described(key: str) -> None:
    """An editor shows what a key means."""
    assert described(*key.split("."))


ITEMS: Final[dict[str, Callable[[set[Any]], bool]]] = {
    # 41 capabilities of Linux, and ALL.
    "rules.capabilities.allow.[]": lambda found: len(found) == 42 and {"ALL", "BPF"} < found,
    "rules.capabilities.drop.[]": lambda found: len(found) == 42 and {"ALL", "BPF"} < found,
    "rules.capabilities.add.[]": lambda found: len(found) == 42,
    "containers.web.capabilities.add.[]": lambda found: {"NET_BIND_SERVICE", "CHOWN"} < found,
    "rules.volumes.allow.[]": lambda found: {"hostPath", "image", "csi"} < found >= {"secret"},
    "rules.seccompProfile.allow.[]": lambda found: found == PROFILES,
    "rules.seccompProfile.default": lambda found: found == PROFILES,
    "rules.appArmorProfile.allow.[]": lambda found: found == PROFILES,
    "rules.procMount.allow.[]": lambda found: found == {"Default", "Unmasked"},
    "rules.runAsUser.unset": lambda found: found == {"allow", "refuse"},
    "rules.runAsUser.unless.[]": lambda found: found == {"windows", "userNamespace"},
    "rules.runAsUser.reading": lambda found: found == READINGS,
    "rules.runAsUser.since.[].unset": lambda found: found == {"allow", "refuse"},
    "reading": lambda found: found == READINGS,
    "exempt.[].rules.[]": lambda found: found == {entry.id for entry in CATALOGUE},
    "enforcement": lambda found: found == {"deny", "warn", "audit"},
    "enforceOn.[]": lambda found: found == {"pods", "controllers"},
    "match.podSelector.matchExpressions.[].operator": lambda found: len(found) == 4,
}  # fmt: skip


@pytest.mark.parametrize("place", ITEMS)
def test_completion(place: str) -> None:
    """An editor offers the words that the language knows at a place."""
    steps = place.replace("containers.web", "containers.*").split(".")
    assert ITEMS[place](offered("spec", *steps))
