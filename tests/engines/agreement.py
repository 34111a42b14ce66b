"""What capgen says of a request, to hold against an engine's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from capgen.policy.admit import Admission, Request
from capgen.policy.defaults import defaulted
from capgen.policy.profile import Profile, Union
from capgen.profile.library import open_profile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.pod import Mapping

NAMESPACE = "default"


class Word(NamedTuple):
    """A verdict with its reasons.

    Attributes:
        allowed: the request is admitted.
        rules: the rules that it breaks.
    """

    allowed: bool
    rules: frozenset[str]

    def __str__(self) -> str:
        return "admitted" if self.allowed else "refused for " + ", ".join(sorted(self.rules))


class Reference:
    """A profile, and what the reference interpreter says by it."""

    def __init__(self, profile: Profile) -> None:
        """Prepare the profile."""
        self.profile = profile
        self._admission = Admission(Union((profile,)))

    def word(self, request: Request) -> Word:
        """Judge a request."""
        decision = self._admission.admit(request)
        rules = frozenset(violation.rule for violation in decision.violations)
        return Word(decision.allowed, rules)

    def pod_word(self, pod: Mapping) -> Word:
        """Judge the creation of a pod."""
        return self.word(Request(pod, namespace=NAMESPACE))

    def defaulted(self, pod: Mapping) -> Mapping:
        """Return a pod as the API server would hand it to its policies."""
        return defaulted(pod, self.profile.minors, template=False)


def levels(minors: Iterable[int]) -> dict[tuple[str, int], Reference]:
    """Return the library's Pod Security levels at each minor version."""
    return {
        (level, minor): Reference(open_profile(f"pss/{level}", f"1.{minor}"))
        for level in ("baseline", "restricted")
        for minor in minors
    }
