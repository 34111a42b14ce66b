"""What the API server of 1.24 says of a pod that its PodSecurityPolicies do not admit."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

# See k8s.io/kubernetes 1.24: plugin/pkg/admission/security/podsecuritypolicy/admission.go.
_REFUSED: Final = re.compile(
    r'pods "[^"]*" is forbidden: PodSecurityPolicy: '
    r"(unable to (?P<step>admit|validate) pod: \[(?P<words>.*)\]$|no providers available)",
    re.DOTALL,
)


class Refused(NamedTuple):
    """Why a pod was not admitted: a denial with its words, or no policy that could have done so."""

    outcome: Literal["psp", "errored"]
    words: str


def refused(message: str) -> Refused | None:
    """Returns what PodSecurityPolicy has to do with a refusal; None if it was not its own.

    A new pod is denied with the reasons of all policies that its user or its account may use. Where
    there is none, no policy may be used, or no policy is there at all. An update is denied without
    a reason where the policies that would take the pod would change it first.
    """
    seen = _REFUSED.match(message)
    if seen is None:
        return None
    judged = seen["step"] == "validate" or bool(seen["words"])
    return Refused("psp" if judged else "errored", seen["words"] or "")
