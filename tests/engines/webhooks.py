"""What the API server says of a webhook that refused a request, or that it could not ask."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

# What a webhook itself says may be anything, and comes after these words: match at the start only.
# See k8s.io/apiserver: pkg/admission/plugin/webhook/errors/statuserror.go.
_DENIED: Final = re.compile(
    r'admission webhook "(?P<name>[^"]*)" denied the request'
    r"(: (?P<words>.*)| without explanation$)",
    re.DOTALL,
)
_UNASKED: Final = re.compile(r'Internal error occurred: failed calling webhook "(?P<name>[^"]*)"')
# A webhook's condition is evaluated before it is asked, and then its name is not told. See
# k8s.io/apiserver: pkg/admission/plugin/webhook/generic/webhook.go.
_CONDITION: Final = re.compile(
    r"\S+ \"[^\"]*\" is forbidden: \[?expression '.*' resulted in error: ", re.DOTALL
)
# The statuses of a verdict: Kyverno's, which is also that of a webhook that gives none, and
# Gatekeeper's. With any other a webhook says that it failed.
_VERDICTS: Final = (400, 403)


class Hooked(NamedTuple):
    """A webhook's part in a refusal: a denial or a failure, its name, and its own words."""

    outcome: Literal["webhook", "errored"]
    name: str
    words: str


def hooked(code: int, message: str) -> Hooked | None:
    """Returns what a webhook had to do with a refusal; None if it was not a webhook's."""
    if seen := _DENIED.match(message):
        return Hooked(
            "webhook" if code in _VERDICTS else "errored", seen["name"], seen["words"] or ""
        )
    if code == 500 and (seen := _UNASKED.match(message)):
        return Hooked("errored", seen["name"], "")
    if code == 403 and _CONDITION.match(message):
        return Hooked("errored", "", "")
    return None
