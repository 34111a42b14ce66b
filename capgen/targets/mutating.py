"""MutatingAdmissionPolicy: the API server sets the profile's values itself, by CEL.

`admissionregistration.k8s.io/v1` needs Kubernetes 1.36. It sets values and refuses nothing: a
profile that does not say `mutate: true` sets none, and has no use for it. What an ephemeral
container or an update lacks stays as it is, as for the interpreter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.lang import cel_match
from capgen.lang.cel_mutate import mutation
from capgen.policy.placed import placed
from capgen.policy.subjects import Level, dotted
from capgen.policy.values import show_all
from capgen.targets.base import Artefact, Cell, Output, Status, Target, object_metadata, object_name
from capgen.targets.cel.shapes import CONTROLLERS, PODS, Shape, constraints_of
from capgen.targets.folder import Guide, Step, folder
from capgen.targets.yaml_text import dump

if TYPE_CHECKING:
    from capgen.policy.placed import Placed
    from capgen.policy.profile import Profile

_API: Final = "admissionregistration.k8s.io/v1"
_FLOOR: Final = 36
# The others judge what is there already, which is not changed.
_CREATED: Final = PODS[:1]

_SETS_NOTHING: Final = "the profile does not say `mutate: true`: nothing is set"
_CHOOSES_NOTHING: Final = "no value is chosen for it: what a pod says, others judge"
_UNMOUNTS: Final = (
    "; the token that the API server has mounted by then is taken away, and so is one that a pod"
    " mounts by hand just like it"
)


def emit(profile: Profile) -> Output:
    """Write the profile's policies, each with its binding."""
    values = list(placed(profile)) if profile.mutate else []
    cells = {rule.id: _cell(profile, rule.id, values) for rule in profile.rules}
    if not values:
        return Output((), cells)
    artefacts = []
    for shape in _shapes(profile):
        policy = {
            "apiVersion": _API,
            "kind": "MutatingAdmissionPolicy",
            "metadata": object_metadata(profile, shape.part),
            "spec": _spec(profile, shape),
        }
        binding = {
            "apiVersion": _API,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": object_metadata(profile, shape.part),
            "spec": {"policyName": object_name(profile.name, shape.part)},
        }
        stem = shape.part or "pods"
        for role, made in (("policy", policy), ("binding", binding)):
            name = f"{made['kind']}/{object_name(profile.name, shape.part)}"
            artefacts.append(Artefact(f"{stem}-{role}.yaml", dump(made), name))
    return folder(profile, _GUIDE, artefacts, cells)


def _shapes(profile: Profile) -> tuple[Shape, ...]:
    pods = _CREATED if profile.pods else ()
    return (*pods, *(CONTROLLERS if profile.controllers else ()))


def _spec(profile: Profile, shape: Shape) -> dict[str, Any]:
    # Into a template the API server mounts nothing.
    lowered = mutation(profile, (*shape.path, "spec"), mounted=not shape.path)
    if lowered is None:
        msg = "a policy was asked for values that are not there"
        raise TypeError(msg)
    conditions = [
        {"name": name, "expression": text}
        for name, text in cel_match.conditions(profile.match, shape.pod)
    ]
    return {
        "failurePolicy": "Fail",
        # A webhook may add a container after the policy was asked.
        "reinvocationPolicy": "IfNeeded",
        "matchConstraints": constraints_of(profile, shape, created=True),
        **({"matchConditions": conditions} if conditions else {}),
        "variables": [{"name": name, "expression": text} for name, text in lowered.variables],
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": lowered.patch}}],
    }


def _cell(profile: Profile, rule: str, values: list[Placed]) -> Cell:
    own = [each for each in values if each.rule == rule]
    if not own:
        why = _CHOOSES_NOTHING if profile.mutate else _SETS_NOTHING
        return Cell(Status.NOT_APPLICABLE, why)
    said = "where it is unset, sets " + ", ".join(dict.fromkeys(map(_said, own)))
    unmounts = profile.pods and any(each.unmounts for each in own)
    return Cell(Status.STRICTER, said + _UNMOUNTS) if unmounts else Cell(Status.EXACT, said)


def _said(one: Placed) -> str:
    if one.only:
        place = f"in the container {', '.join(f'`{name}`' for name in one.only)}"
    elif one.inside:
        place = "in each container"
    elif one.field.level is Level.INHERITED:
        place = "in the pod, for the containers that do not say it themselves"
    else:
        place = "in the pod"
    system = f" of a {one.system.title()} pod" if one.system and one.inside else ""
    if one.system and not one.inside:
        place += f", on {one.system.title()}"
    return f"{dotted(one.path)}: {show_all(one.value)} {place}{system}"


_GUIDE: Final = Guide(
    "map",
    "MutatingAdmissionPolicy",
    "The API server sets the values itself, when a pod is created, where the pod leaves them"
    " unset; what it says stays. Nothing is refused here: that is done by the targets that judge,"
    " which see the pod as it is after this.",
    limits=(
        "Pods that run already, and debug containers that are added to them, are not changed.",
        "A value that a pod sets itself, right or wrong, is left alone.",
        "A pod with thousands of containers is refused: it costs more than a policy may.",
    ),
    preflight=(
        (
            "Every API server is of Kubernetes 1.36 or later: `kubectl get --raw"
            " /apis/admissionregistration.k8s.io/v1 | grep -c mutatingadmissionpolicies` prints 1."
        ),
        (
            "Its admission plugins `MutatingAdmissionPolicy` and `ValidatingAdmissionPolicy` are"
            " on, as they are by default: no `--disable-admission-plugins` names them."
        ),
        (
            "Only cluster administrators may write `mutatingadmissionpolicies` and their bindings;"
            " nor may others label namespaces, where the profile selects these by labels."
        ),
        (
            "No other mutating policy or webhook decides the same fields: whoever is asked first"
            " sets them, policies before webhooks, and those by their names."
        ),
    ),
    rollout=(
        Step(
            "See what would change. Where the profile is compiled for a target that judges too,"
            " bring that in first with the enforcement `warn` or `audit`.",
            ("kubectl diff -k .",),
        ),
        Step(
            "Apply it. Nothing that runs is touched; in a namespace that the profile matches see"
            " what becomes of a pod.",
            (
                "kubectl apply -k .",
                "kubectl create --dry-run=server -o yaml -n NAMESPACE -f POD.yaml",
            ),
        ),
        Step("Then have the targets that judge refuse what is left: `enforcement: deny`."),
    ),
    removal=(
        Step(
            "Take back the enforcement of the targets that judge, or they refuse every pod that"
            " lacks a value. Then delete what this folder holds. Pods keep what was set in them.",
            ("kubectl delete -k .",),
        ),
    ),
    does="set",
)

TARGET: Final = Target(
    "map",
    "MutatingAdmissionPolicies and their bindings, which set the values of a profile with"
    " `mutate: true`",
    _FLOOR,
    emit,
    mutates=True,
)
