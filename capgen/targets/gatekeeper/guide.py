"""What the README of a profile's constraints says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.profile import Enforcement
from capgen.targets.folder import Guide, Step

from .constraint import ACTIONS, IN_AUDIT, IN_GATOR, IN_WEBHOOK, done, is_scoped

if TYPE_CHECKING:
    from capgen.policy.profile import Profile

    from .asked import Asked

_ABOUT: Final = (
    "Gatekeeper judges {} by them, in its webhook and when it audits. {} Each is of a template in"
    " `../../gatekeeper-templates`, which other profiles use as well. On an update only what is new"
    " is judged: a debug container, a container whose image takes it out of an exemption, a changed"
    " pod template. An audit has no update to look at: it lists what already runs as if it were"
    " created now."
)
# Which engine judges, by the engines that the templates have.
_JUDGES: Final = {
    ("cel",): "It does so by CEL; 3.18 is the oldest release that does unasked.",
    ("rego",): "It does so by Rego; 3.19 is the oldest release that takes version 1 of it.",
    ("cel", "rego"): (
        "It does so by CEL, and where that is turned off (`--enable-k8s-native-validation=false`)"
        " by Rego: by one of the two, never by both, and they say the same. 3.18 is the oldest"
        " release that judges by CEL unasked, 3.19 the oldest that takes version 1 of Rego."
    ),
}
_DROPPED: Final = (
    "Fields that the API server does not know are dropped before anything judges them."
)
_PASSED: Final = (
    "Pods that Gatekeeper expands of a controller (`ExpansionTemplate`) are passed over"
    " (`match.source: Original`): it gives them without what stood before, so that an old"
    " controller could not even be scaled. The pods that a controller of a kind of your own makes"
    " are judged when it creates them. To have the controller itself refused, name its kind:"
    " `gatekeeper: {expand: [GROUP/VERSION/KIND]}`."
)
_EXPANDED: Final = (
    (
        "Of a controller of the kind {} Gatekeeper makes a pod (`ExpansionTemplate`), and the"
        " constraints `*-expanded.yaml` judge that. Other versions of a kind that the API server"
        " serves are passed over: name each."
    ),
    (
        "It does so in every namespace, and whatever `enforcement` is. A controller without a"
        " template at that place, such as a Rollout with `workloadRef`, is refused; where two"
        " profiles name two places for a kind, all of them are. One that is in no namespace is"
        " judged whichever namespaces the profile matches."
    ),
    (
        "What is expanded comes without what stood before: each change of a controller is judged as"
        " a whole. A bad one that stands cannot be changed, nor lose a finalizer, before its"
        " template is good. Subresources, such as `scale`, pass by unless the webhook's rules name"
        " them."
    ),
    (
        "Constraints of others that do not say `match.source: Original` judge these pods, too; and"
        " those of this profile judge what others have Gatekeeper expand."
    ),
)
_SAME: Final = (
    "What is done with a bad pod is the same in the webhook, in an audit and in gator"
    " (`enforcementAction`), unless options say otherwise, such as `gatekeeper: {gator: deny,"
    " audit: none}`."
)
_SCOPED: Final = (
    "What is done with a bad pod differs (`scopedEnforcementActions`): {}. The policies that"
    " Gatekeeper can generate (`vap.k8s.io`) are not among these points: the target `vap` writes"
    " policies."
)
_POINTS: Final = {IN_WEBHOOK: "the webhook", IN_AUDIT: "an audit", IN_GATOR: "gator"}
_PREFLIGHT: Final = (
    (
        "The webhook `validation.gatekeeper.sh` has `failurePolicy: Fail`. As Gatekeeper ships it"
        " the policy is Ignore: a manager that is away, or too slow, admits everything."
    ),
    (
        "Its rules name `pods/ephemeralcontainers` on UPDATE (`*` does not include it): else"
        " `kubectl debug` passes by."
    ),
    "The manager runs with `--operation=webhook` and `--operation=generate`{}.",
    (
        "No namespace that should be judged has the label `admission.gatekeeper.sh/ignore`, stands"
        " in `--exempt-namespace` or is excluded by the `Config` object: each passes over all"
        " constraints."
    ),
    (
        "No mutator (`Assign`, `ModifySet`) of others makes a pod good that should be refused: they"
        " come first."
    ),
)
_ALONE: Final = (
    (
        "No ExpansionTemplate of others makes pods of Kubernetes' own controllers: `kubectl get"
        " expansiontemplate`. Else an old Deployment can no longer be changed."
    ),
    (
        "Every constraint of others on pods is meant for these controllers as well, or says"
        " `match.source: Original`: `kubectl get constraints`."
    ),
)
_ON: Final = ", and with CEL on (`--enable-k8s-native-validation`, the default)"
_TEMPLATES: Final = "kubectl apply -k ../../gatekeeper-templates"
_READY: Final = (
    "kubectl wait --for=jsonpath='{.status.created}'=true constrainttemplates"
    " -l app.kubernetes.io/managed-by=capgen"
)
_LIST: Final = "kubectl get constraints -l app.kubernetes.io/managed-by=capgen"
_DRYRUN: Final = (
    "Apply the constraints with `enforcement: audit` in the profile (`dryrun` here): nothing is"
    " refused{}. {}"
)
_BUT: Final = " but a controller without a template"
_TRIED: Final = Step(
    "Create a bad controller of each kind: a rule is named. If nothing is said, its template is"
    " elsewhere, and nothing of it is judged.",
    ("kubectl create --dry-run=server -n NAMESPACE -f CONTROLLER.yaml",),
)
_LISTED: Final = (
    "After an audit (a minute by default) each constraint says in its status what runs that it"
    " would refuse."
)
_UNLISTED: Final = "Leave the option `audit: none` out meanwhile, or no constraint says what runs."
_LAST: Final = {
    True: "Compile with `enforcement: deny`, as it is now: bad pods are refused.",
    False: "Compile with `enforcement: deny`: bad pods are refused.",
}


def guide(profile: Profile, asked: Asked) -> Guide:
    """Return what a profile's page says besides its rules, by what the options ask for."""
    judged = {
        (True, False): "pods",
        (False, True): "controllers, by their pod templates,",
        (True, True): "pods, and controllers by their pod templates,",
    }[profile.pods, profile.controllers]
    return Guide(
        "gatekeeper",
        "Constraints of Gatekeeper",
        _ABOUT.format(judged, _JUDGES[asked.engines]),
        _limits(profile, asked),
        (
            *(each.format(_ON if asked.engines == ("cel",) else "") for each in _PREFLIGHT),
            *(_ALONE if asked.expand else ()),
        ),
        (
            Step(
                "Apply the templates and wait until each has made its kind of constraint.",
                (_TEMPLATES, _READY),
            ),
            Step(
                _DRYRUN.format(
                    _BUT if asked.expand else "",
                    _LISTED if IN_AUDIT in done(profile, asked) else _UNLISTED,
                ),
                ("kubectl apply -k .", _LIST),
            ),
            Step("Compile with `enforcement: warn`: whoever creates a bad pod is told so."),
            *((_TRIED,) if asked.expand else ()),
            Step(_LAST[profile.enforcement is Enforcement.DENY]),
        ),
        (
            Step(
                "Delete the constraints: from then on nothing is judged.", ("kubectl delete -k .",)
            ),
            Step(
                "Delete templates only after that, and only those that no other profile uses; see"
                " `../../gatekeeper-templates/README.md`. With a template all its constraints go,"
                " whoever they belong to."
            ),
        ),
    )


def _limits(profile: Profile, asked: Asked) -> tuple[str, ...]:
    """Say what is passed over, or is judged in another way."""
    said = _SAME
    if is_scoped(profile, asked):
        actions = done(profile, asked)
        words = (f"{_did(actions.get(name))} in {place}" for name, place in _POINTS.items())
        said = _SCOPED.format(", ".join(words))
    kinds = ", ".join(
        f"`{each.group}/{each.version}/{each.kind}` (`{each.source}`)" for each in asked.expand
    )
    expanded = tuple(each.format(kinds) for each in _EXPANDED) if kinds else (_PASSED,)
    return (_DROPPED, *expanded, said)


def _did(action: str | None) -> str:
    return "nothing" if action is None else f"`{ACTIONS[action]}`"
