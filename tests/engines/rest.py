"""Requests to the API server and its answers, told apart by why a request was refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tests.engines.psp.words import refused
from tests.engines.webhooks import hooked

if TYPE_CHECKING:
    from email.message import Message

Object = dict[str, Any]

# Why a request got the answer it got. Everything else is an error of the laboratory.
Outcome = Literal[
    "admitted",
    "policy",
    "webhook",
    "pod-security",
    "psp",
    "invalid",
    "errored",
    "absent",
    "conflict",
]

_POLICY = re.compile(
    r"ValidatingAdmissionPolicy '(?P<policy>[^']*)'(?: with binding '(?P<binding>[^']*)')?"
    r" denied request: (?P<text>.*)",
    re.DOTALL,
)
_WARNED = re.compile(
    r"Validation failed for ValidatingAdmissionPolicy '[^']*' with binding '[^']*': (?P<text>.*)",
    re.DOTALL,
)
# An expression that errs denies (or warns) like one that is false; only the words differ. See
# k8s.io/apiserver: pkg/admission/plugin/cel/activation.go, .../policy/validating/dispatcher.go.
_ERRED = re.compile(
    r"\[?expression '.*' resulted in error: |.*compilation error|validation failed due to running"
    r" out of cost budget|runtime cost could not be calculated|failed to (configure|prepare) |"
    r"failed messageExpression: |unrecognized failure policy|unexpected (internal )?error|"
    r"environment misconfigured",
    re.DOTALL,
)
# What a MutatingAdmissionPolicy says is that it could not do its work; it never denies.
_UNMUTATED = re.compile(
    r"policy '(?P<policy>[^']*)'(?: with binding '(?P<binding>[^']*)')?"
    r" denied request: (?P<text>.*)",
    re.DOTALL,
)
# Its JSON patch made what is no pod.
_UNREADABLE = re.compile("Internal error occurred: (strict decoding error|json: cannot unmarshal)")
# A name that no RuntimeClass can have: that there is none is the API's word on the pod.
_NO_CLASS = re.compile(
    r'pod rejected: RuntimeClass "(?![a-z0-9]([a-z0-9.-]*[a-z0-9])?")'
    r"|^resource name may not be empty$"
)
_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One request: method, path with query, body (absent on GET) and the body's media type."""

    method: str
    path: str
    body: object = None
    media: str = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server answered.

    Attributes:
        code: The HTTP status.
        outcome: `admitted`; denied by a ValidatingAdmissionPolicy (`policy`), by a webhook
            (`webhook`, HTTP 400 or 403), by a Pod Security label (`pod-security`) or by
            PodSecurityPolicies (`psp`); refused by the API's own validation (`invalid`); refused
            because a webhook could not be asked, answered with another status or has a condition
            that errs, because an expression of a policy errs, because a MutatingAdmissionPolicy
            made nothing that could be applied, or because there is no PodSecurityPolicy to use
            (`errored`); and, only where asked for, `absent` (404) and `conflict` (409).
        message: The server's message, empty when admitted.
        warnings: Texts of the `Warning` headers, in order. The server drops a text that holds a
            control character, and repeats none. When the texts of one answer exceed 4,096
            characters in all, it cuts each to 256, and drops all that follow the 4,096th
            (k8s.io/apiserver/pkg/endpoints/filters/warning.go).
        object: The object as admitted, defaulted and mutated; else the server's `Status`.
        policy: Name of the policy that denied or failed. The server names only the first of
            several, and none whose JSON patch made what is no pod.
        binding: Name of its binding.
        denial: The policy's own words: a message of more than 5 KiB or more than one line is
            replaced by the policy's static `message`, or else by its expression. Or the webhook's
            own words, untouched.
        webhook: Name of the webhook that denied or erred.
    """

    code: int
    outcome: Outcome
    message: str = ""
    warnings: tuple[str, ...] = ()
    object: Object = field(default_factory=dict)
    policy: str = ""
    binding: str = ""
    denial: str = ""
    webhook: str = ""

    @property
    def admitted(self) -> bool:
        """Whether the server took the request."""
        return self.outcome == "admitted"


def classify(
    code: int, found: Object, warned: tuple[str, ...], expected: tuple[Outcome, ...]
) -> Answer | None:
    """Returns the answer with its outcome, or None where no outcome fits."""
    message = str(found.get("message") or "")
    if any((seen := _WARNED.match(text)) and erred(seen["text"]) for text in warned):
        return None
    if code < 300:
        return Answer(code, "admitted", "", warned, found)
    if answer := _of_plugin(code, message, warned, found):
        return answer
    outcome: Outcome
    if seen := _POLICY.search(message) or _UNMUTATED.match(message):
        mutates = seen.re is _UNMUTATED
        fails = mutates or not seen["binding"] or erred(seen["text"])
        said = seen["policy"], seen["binding"] or "", seen["text"]
        outcome = "errored" if fails else "policy"
        return Answer(code, outcome, message, warned, found, *said)
    if code == 500 and _UNREADABLE.match(message):
        outcome = "errored"
    elif code == 403 and 'violates PodSecurity "' in message:
        outcome = "pod-security"
    elif _invalid(code, message, found):
        outcome = "invalid"
    elif code == 404 and "absent" in expected:
        outcome = "absent"
    elif code == 409 and "conflict" in expected:
        outcome = "conflict"
    else:
        return None
    return Answer(code, outcome, message, warned, found)


def _of_plugin(code: int, message: str, warned: tuple[str, ...], found: Object) -> Answer | None:
    """Returns the answer of a webhook or of PodSecurityPolicy; None if neither refused."""
    if hook := hooked(code, message):
        names = "", "", hook.words, hook.name
        return Answer(code, hook.outcome, message, warned, found, *names)
    if psp := refused(message):
        return Answer(code, psp.outcome, message, warned, found, denial=psp.words)
    return None


def erred(text: str) -> bool:
    """Tells whether what is said of a CEL validation is that it could not be evaluated."""
    return _ERRED.match(text) is not None


def _invalid(code: int, message: str, found: Object) -> bool:
    """Tells whether the API's own validation refused: it names the fields."""
    causes = (found.get("details") or {}).get("causes") or []
    if code == 422 and causes:
        return all("field" in cause for cause in causes)
    return code in (403, 500) and _NO_CLASS.search(message) is not None


def warnings(headers: Message) -> tuple[str, ...]:
    """Returns the texts of `Warning: 299 - "..."` headers, unquoted as RFC 7234 says."""
    found: list[str] = []
    for header in headers.get_all("Warning", []):
        # http.client reads headers as Latin-1; the server writes UTF-8.
        text = str(header).encode("latin-1").decode("utf-8", "replace")
        found += [re.sub(r"\\(.)", r"\1", quoted) for quoted in _WARNING.findall(text)]
    return tuple(found)
