"""What the READMEs of Kyverno's folders say: the cluster that the policies need, in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.profile import Enforcement
from capgen.targets.folder import Guide, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.profile import Profile
    from capgen.targets.base import Artefact

    from .common import Kind

_WEBHOOKS: Final = (
    "kubectl get validatingwebhookconfiguration kyverno-resource-validating-webhook-cfg -o yaml"
)
_REPORTS: Final = (
    "kubectl get policyreports --all-namespaces",
    "kubectl describe policyreports --all-namespaces",
)
# Seen: its reports controller begins 30 seconds after a change, and gathers for 10 more.
_REPORTED: Final = (
    "Reports come a minute after what they tell of; the last command says which rule, container and"
    " value."
)
_CONFIGURED: Final = (
    "Kyverno is asked about every namespace and kind that the profile judges. Its chart leaves out"
    " `kube-system` and its own namespace (`config.webhooks`, `config.excludeKyvernoNamespace`),"
    " `kube-public`, `kube-node-lease` and every ReplicaSet (`config.resourceFilters`), and what"
    " nodes ask for (`config.excludeGroups`); `kubectl --namespace kyverno get configmap kyverno"
    " --output yaml` shows what is left out here."
)
_KEPT: Final = (
    "Kyverno keeps its webhooks up to date by itself (`--autoUpdateWebhooks`, on by default), and"
    " `features.forceFailurePolicyIgnore` is off (the default)."
)
_EXCEPTIONS: Final = (
    "PolicyExceptions are off (`features.policyExceptions`, on by default up to 1.12): whoever may"
    " create one may lift these policies. The profile's own exemptions need none."
)
_PREFLIGHT: Final = (_CONFIGURED, _KEPT, _EXCEPTIONS)
_FAILS: Final = (
    "Kyverno's admission controller has more than one replica: while none answers, what these"
    " policies judge is refused (`failurePolicy: Fail`)."
)
_OLD: Final = (
    "What runs already keeps running. Kyverno's reports show old pods and templates as if they"
    " were created now; debug containers and changed images are judged on admission alone."
)
_STATIC: Final = "A kubelet starts the static pods of its own node whatever Kyverno says."
_LIMITS: Final = (_OLD, _STATIC, "Of several rules that are broken the message names the first.")

# Of a profile that sets values.
_SETS: Final = " Before that it sets what a new pod{} leaves unset; what it says stays."
_STANDING: Final = (
    "Nothing is set in pods that run already, in debug containers and in templates that are"
    " changed: these are judged as they are."
)
_LATER: Final = (
    "Nothing is set in a container that another webhook adds after Kyverno was asked, for it is not"
    " asked again; nor in what Kyverno's own background controller creates."
)
_UNSET: Final = {
    True: "A pod in which Kyverno cannot set a value is refused; 1.17 only judges it as it is.",
    False: "While Kyverno does not answer, nothing is set.",
}
_FIRST: Final = (
    "No other mutating policy or webhook decides the same fields: whoever is asked first sets them."
    " The target `map`, beside this, sets the same values first, and Kyverno then finds none"
    " missing."
)
_SEE: Final = "kubectl create --dry-run=server -o yaml -n NAMESPACE -f POD.yaml"
_MUTATING: Final = (
    "kubectl get mutatingwebhookconfiguration kyverno-resource-mutating-webhook-cfg -o yaml"
)


class _Enforced(NamedTuple):
    """What a policy does with what it refuses, and what the profile would say next."""

    does: str
    next: str


_ENFORCED: Final = {
    Enforcement.AUDIT: _Enforced("only reports", "`enforcement: warn`"),
    Enforcement.WARN: _Enforced("warns of, and reports,", "`enforcement: deny`"),
    Enforcement.DENY: _Enforced("refuses", ""),
}


def guide(
    profile: Profile,
    target: str,
    kind: Kind,
    about: str,
    native: str,
    *,
    judges: Sequence[Artefact] = (),
) -> Guide:
    """Return what the README of a kind of policies says.

    Args:
        profile: the profile.
        target: the target's name.
        kind: the policies.
        about: what is to be known of the kind, in whole sentences.
        native: what keeps Kyverno from making policies of the API server's own of these.
        judges: the policies that judge, if others beside them set values.
    """
    denies = profile.enforcement is Enforcement.DENY
    enforced = _ENFORCED[profile.enforcement]
    templates = ", a template of a controller that is created or changed"
    release = kind.since.rpartition(".")[0]
    sets = _SETS.format(" or template" if profile.controllers else "") if judges else ""
    return Guide(
        target=target,
        title=f"Kyverno, {kind.kind}{' and MutatingPolicy' if judges else ''}",
        about=f"Kyverno {enforced.does} what breaks a rule, when the API server asks it: a pod"
        " that is created, a debug container that comes to one, a new image that ends an"
        f" exemption{templates if profile.controllers else ''}.{sets} {about}",
        limits=(*_LIMITS, *((_STANDING, _LATER, _UNSET[denies]) if judges else ())),
        preflight=(
            f"Kyverno {release} or newer runs in the cluster.",
            *_PREFLIGHT,
            native,
            *((_FIRST,) if judges else ()),
            *((_FAILS,) if denies else ()),
        ),
        rollout=tuple(_rollout(profile, sets=bool(judges))),
        removal=tuple(_removal(judges)),
    )


def _removal(judges: Sequence[Artefact]) -> Iterator[Step]:
    if judges:
        files = " ".join(f"-f {each.path}" for each in judges)
        yield Step(
            "Delete what judges first, or pods that lack a value are refused meanwhile.",
            (f"kubectl delete {files}",),
        )
        yield Step(
            "Then delete the rest. Pods keep what was set in them.",
            ("kubectl delete --ignore-not-found -k .",),
        )
    else:
        yield Step("Delete the policies. Nothing else was made.", ("kubectl delete -k .",))
    yield Step(
        "See that the webhooks no longer ask for them.",
        (_MUTATING, _WEBHOOKS) if judges else (_WEBHOOKS,),
    )


def _rollout(profile: Profile, *, sets: bool) -> Iterator[Step]:
    enforced = _ENFORCED[profile.enforcement]
    first = (
        "Compile the profile with `enforcement: audit`, apply it, and read the reports until no"
        " workload of yours fails; then with `enforcement: warn`; then this one."
        if profile.enforcement is Enforcement.DENY
        else f"Apply this one, and read the reports and warnings. Then compile with {enforced.next}"
        " and apply again: the objects keep their names."
    )
    yield Step("Let the API server and Kyverno check it.", ("kubectl apply --dry-run=server -k .",))
    yield Step(f"{first} {_REPORTED}", ("kubectl apply -k .", *_REPORTS))
    yield Step(
        "See that the webhooks ask for `pods/ephemeralcontainers` too, without which"
        " `kubectl debug` passes the policies by.",
        (_WEBHOOKS,),
    )
    if sets:
        yield Step(
            "Values are set from the first of these on, whatever the enforcement: see what becomes"
            " of a pod in a namespace that the profile matches.",
            (_SEE,),
        )
