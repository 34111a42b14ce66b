"""Artefacts of Gatekeeper, and what comes of requests by them: in the webhook, and in gator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Request
from tests.engines.canaries import GOOD
from tests.engines.gatekeeper.requests import (
    BARE,
    HOST_NETWORK,
    PRIVILEGED,
    PRIVILEGED_INIT,
    SET,
    debugged,
    deployed,
    labelled,
    placed,
)
from tests.engines.gatekeeper.suite import Case, Suite

if TYPE_CHECKING:
    from tests.engines.rest import Object


def _only_creating(artefact: Object) -> None:
    for target in artefact["spec"].get("targets", ()):
        target["operations"] = ["CREATE"]


def _warning(artefact: Object) -> None:
    if artefact["kind"].startswith("Lab"):
        artefact["spec"]["enforcementAction"] = "warn"


def _of_one_team(artefact: Object) -> None:
    if artefact["kind"].startswith("Lab"):
        artefact["spec"]["match"]["namespaceSelector"] = {"matchLabels": {"team": "one"}}


_SAYS: Final = "privileged, whatever is done"
_EVERY: Final = f"denied by every-update: {_SAYS}"


def privileged(language: str) -> Suite:
    """Return a policy that lets stand what stands; its messages name the language."""
    denied = f"denied by unprivileged: privileged, says {language}"
    return Suite(
        ("privileged",),
        (
            Case("good", Request(GOOD), "admitted"),
            Case("bad", Request(PRIVILEGED), denied),
            Case("bad init container", Request(PRIVILEGED_INIT), denied),
            Case("label of an old bad pod", labelled(PRIVILEGED), "admitted"),
            Case("bad debug container", debugged(GOOD, privileged=True), denied),
            Case("fine debug container", debugged(PRIVILEGED, privileged=False), "admitted"),
            # Without an ExpansionTemplate nobody looks into it.
            Case("bad Deployment", deployed(PRIVILEGED), "admitted"),
        ),
    )


# The common form of a policy.
COMMON: Final = (
    Suite(
        ("every-update",),
        (
            Case("good", Request(GOOD), "admitted"),
            Case("bad", Request(PRIVILEGED), _EVERY),
            # The shipped rules of the webhook send every UPDATE, and the whole pod with it.
            Case("label of an old bad pod", labelled(PRIVILEGED), _EVERY),
            Case("fine debug container", debugged(PRIVILEGED, privileged=False), _EVERY),
        ),
    ),
    Suite(
        ("every-update",),
        (
            Case("good", Request(GOOD), "admitted"),
            Case("bad", Request(PRIVILEGED), f"admitted, warned: {_SAYS}"),
        ),
        _warning,
    ),
    Suite(
        ("every-update",),
        (
            Case("bad, of the team", placed(PRIVILEGED, "one"), _EVERY),
            Case("good, of the team", placed(GOOD, "one"), "admitted"),
            Case("bad, of another team", placed(PRIVILEGED, "other"), "admitted"),
        ),
        _of_one_team,
    ),
    Suite(
        ("every-update", "expansion"),
        (
            Case("good Deployment", deployed(GOOD), "admitted"),
            Case(
                "bad Deployment",
                deployed(PRIVILEGED),
                f"denied by every-update: [Implied by lab-deployment] {_SAYS}",
            ),
        ),
    ),
)
# gator would judge by it whatever is done.
CREATING: Final = Suite(
    ("every-update",),
    (
        Case("bad", Request(PRIVILEGED), _EVERY),
        Case("label of an old bad pod", labelled(PRIVILEGED), "admitted"),
        Case("bad debug container", debugged(PRIVILEGED, privileged=True), "admitted"),
    ),
    _only_creating,
)

# They deny the best of pods, but are no denials.
FAILING: Final = {
    "CEL": Suite(
        ("cel-runtime", "cel-syntax", "rego-conflict"),
        (
            Case(
                "good",
                Request(GOOD),
                "errored: cel-runtime, cel-syntax, rego-conflict",
                ("gatekeeper-error-as-violation",),
            ),
        ),
    ),
    "Rego": Suite(
        ("rego-conflict",),
        (Case("good", Request(GOOD), "errored: rego-conflict"),),
    ),
}
# They admit the worst of pods, and nothing is said.
SILENT: Final = {
    "CEL": Suite(
        ("cel-ignored", "rego-builtin", "rego-library"),
        (Case("bad", Request(PRIVILEGED), "admitted"),),
    ),
    "Rego": Suite(
        ("rego-builtin", "rego-library"),
        (
            Case(
                "bad",
                Request(PRIVILEGED),
                "admitted",
                ("gatekeeper-builtin-admits", "gatekeeper-missing-library"),
            ),
        ),
    ),
}
# The webhook itself fails, and gator with all that it is asked.
MESSAGE: Final = Suite(
    ("rego-message",),
    (Case("good", Request(GOOD), "errored", ("gatekeeper-message-fails",)),),
)
FUNCTION: Final = Suite(("rego-function",), ())

# What is set on pods, in words: defaults, and not in the place of what is there.
MUTATED: Final = Suite(
    ("mutators",),
    (
        Case("bare", Request(BARE), "runAsNonRoot True, drop ALL"),
        Case("set", Request(SET), "runAsNonRoot False, drop NET_RAW ALL"),
    ),
)
# Validation comes after mutation. A mutator that is meant for CREATE, as it must be, passes over
# the pods that a Deployment would make: they are refused for what they would get.
AFTER: Final = (
    Suite(
        ("mutators", "nonroot", "expansion"),
        (
            Case("bare", Request(BARE), "admitted"),
            Case(
                "bare Deployment",
                deployed(BARE),
                "denied by nonroot: [Implied by lab-deployment] perhaps root",
                ("gatekeeper-expansion-operation",),
            ),
        ),
    ),
    Suite(
        ("mutator-always", "nonroot", "expansion"),
        (
            Case("bare", Request(BARE), "admitted"),
            Case("bare Deployment", deployed(BARE), "admitted"),
        ),
    ),
)
# What mutators do to pods that stand: the API refuses to change them.
STANDING: Final = (
    Suite(("mutators",), (Case("label of an old pod", labelled(BARE), "admitted"),)),
    Suite(
        ("mutator-always",),
        (
            Case(
                "label of an old pod",
                labelled(BARE),
                "invalid",
                ("gatekeeper-mutates-updates",),
            ),
        ),
    ),
)

_GENERATED: Final = "denied by own-network: the host's network, says a generated policy"
GENERATED: Final = Suite(
    ("generated",),
    (
        Case("good", Request(GOOD), "admitted"),
        Case("bad", Request(HOST_NETWORK), _GENERATED),
        # The policy has the rules of the webhook, subresources and all.
        Case("fine debug container", debugged(HOST_NETWORK, privileged=False), _GENERATED),
    ),
)


def suites() -> tuple[Suite, ...]:
    """Return all suites, those of one language once."""
    of_languages = (privileged("CEL"), *FAILING.values(), *SILENT.values())
    return (*of_languages, *COMMON, CREATING, MESSAGE, MUTATED, *AFTER, *STANDING, GENERATED)
