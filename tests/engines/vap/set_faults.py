"""Faults in the policies of sets, which a real API server must judge differently.

What the profiles ask has its own rows; here it is what makes a set of them: the scope, whom a
profile judges, what it lists as refused, and that one profile must admit the whole pod. All faulty
policies warn at once, each by its own name: one answer tells of all of them.
"""

from __future__ import annotations

import copy
import random
import re
from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Admission, Request
from capgen.policy.profile import Scope
from capgen.targets.base import object_name
from tests.engines.faults import Equivalent, Fault, Tally, all_asked, is_asked
from tests.engines.vap.asking import resource
from tests.engines.vap.refusing import marked
from tests.engines.vap.seeds import Policy, turned
from tests.engines.vap.set_users import asked_by
from tests.engines.vap.sets import Asking, concerns, emitted_set
from tests.set_asked import NAMESPACES, PODS, SETS, asked, made

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.profile import Union
    from tests.engines.apiserver import Cluster
    from tests.engines.faults import Fate
    from tests.engines.proving import Lab, Row
    from tests.engines.rest import Object
    from tests.engines.vap.seeds import Seeded
    from tests.engines.vap.set_users import Asked

# So many short warnings fit into one answer.
_AT_ONCE: Final = 30
# Requests that are asked before it is seen which faults are left.
_PORTION: Final = 60
_SEED: Final = 77
# On the other occasions the same is said of other objects.
_PARTS: Final = ("",)
_OWN: Final = re.compile("(judges|by|lost_by|may_use)_")
_WARNED: Final = re.compile(r"Validation failed for ValidatingAdmissionPolicy '([^']*)'")
_MARKER: Final = "set-fault-marker"
_SPACES: Final = ("team-*", "shop-x")
_SCOPE: Final = Scope(_SPACES, ("default", "builder"))
# Where accounts may use a profile those that may are judged.
_SCOPES: Final = {"by-name": _SCOPE, "exempt": _SCOPE, "used-exempt": Scope(_SPACES)}

_ANY_NUMBER: Final = "the rule allows all that the API takes"
EQUIVALENT: Final = (
    Equivalent("", "", "by_ports: without (variables.hostPorts1", _ANY_NUMBER),
    Equivalent("", "", "by_root: without (variables.runAsUser2", _ANY_NUMBER),
)


def set_faults(laboratory: Lab) -> Row:
    """Asks about each fault."""
    cluster = laboratory.cluster
    tally = Tally(EQUIVALENT, whole=all_asked())
    every = list(asked_by((*asked(), *_labelled())))
    cluster.namespace(_MARKER)
    with Asking(cluster, every) as asking:
        for name, scope in _SCOPES.items():
            union = SETS[name]._replace(name=f"faulty-{name}", scope=scope)
            found = [(part, each) for part, each in _faults(union) if is_asked(each.what)]
            own = [each for each in every if concerns(union, each)]
            for start in range(0, len(found), _AT_ONCE):
                # What has just been deleted may act a while longer: no name comes twice.
                names = {
                    f"{union.name}-{start + place}": fault
                    for place, (_, fault) in enumerate(found[start : start + _AT_ONCE])
                }
                fates = _seen(cluster, asking, union, names, own)
                for (part, fault), fate in zip(found[start:], fates, strict=False):
                    tally.add(union.name, part, fault, fate)
    return tally.row("vap", "kube-apiserver", cluster.version)


def _labelled() -> Iterator[tuple[str, Request]]:
    """Yield each pod with the label that some profiles select pods by, in each namespace."""
    for namespace, labels in NAMESPACES:
        for name, (changes, _) in PODS.items():
            pod = made(changes, "builder", {"tier": "web"})
            request = Request(pod, namespace=namespace, namespace_labels=labels)
            yield f"{name} in {namespace}, labelled", request
            for may in ((), ("ports",), ("free",)):
                about = f"{name} in {namespace}, labelled, by who may use {', '.join(may)}"
                yield about, request._replace(may_use=frozenset(may))


def _faults(union: Union) -> Iterator[tuple[str, Seeded]]:
    objects = emitted_set(union)
    named = {(each["kind"], each["metadata"]["name"]): each for each in objects}
    for part in _PARTS:
        name = object_name(union.name, part)
        policy = named.get(("ValidatingAdmissionPolicy", name))
        binding = named.get(("ValidatingAdmissionPolicyBinding", name))
        if policy is not None and binding is not None:
            for what, faulty in _spoilt(policy):
                yield part, Fault(what, "", Policy(faulty, binding))


def _spoilt(policy: Object) -> Iterator[tuple[str, Object]]:
    """Yield a policy with one fault at a time: what it is, and the policy."""
    for place, each in enumerate(policy["spec"]["matchConditions"]):
        changed = copy.deepcopy(policy)
        del changed["spec"]["matchConditions"][place]
        yield f"{each['name']} is lost", changed
    texts = [
        *(("matchConditions", place) for place in range(len(policy["spec"]["matchConditions"]))),
        *(
            ("variables", place)
            for place, each in enumerate(policy["spec"]["variables"])
            if _OWN.match(each["name"])
        ),
        ("validations", 0),
    ]
    for field, place in texts:
        each = policy["spec"][field][place]
        name = each.get("name", "the validation")
        text = each["expression"]
        for what, worse in (*turned(text), *_without(text)):
            changed = copy.deepcopy(policy)
            changed["spec"][field][place]["expression"] = worse
            yield f"{name}: {what}", changed


def _without(text: str) -> Iterator[tuple[str, str]]:
    """Yield an expression without one of the parts that it joins, each on lines of its own."""
    for joint in ("\n|| ", "\n+ "):
        parts = text.split(joint)
        for place in range(len(parts) if len(parts) > 1 else 0):
            what = parts[place].partition("\n")[0]
            yield f"without {what}", joint.join(parts[:place] + parts[place + 1 :])


def _seen(
    cluster: Cluster,
    asking: Asking,
    union: Union,
    found: dict[str, Seeded],
    every: list[Asked],
) -> list[Fate]:
    """Ask, a portion after the other, and take those away that are seen."""
    applied: dict[str, list[Object]] = {}
    fates: dict[str, Fate] = {}
    try:
        for name, fault in found.items():
            applied[name] = _applied(cluster, fault, name)
            fates[name] = "missed" if applied[name] else "refused"
        marker = f"{_MARKER}-{next(iter(found))}"
        applied[marker] = marked(cluster, marker, _MARKER)
        asked = random.Random(_SEED).sample(every, len(every))
        for start in range(0, len(asked), _PORTION):
            left = {name: found[name] for name, fate in fates.items() if fate == "missed"}
            if not left:
                break
            for name in _caught(asking, union, left, asked[start : start + _PORTION]):
                fates[name] = "caught"
                cluster.delete(applied.pop(name))
    finally:
        cluster.delete(each for objects in applied.values() for each in objects)
    return list(fates.values())


def _caught(
    asking: Asking, union: Union, left: dict[str, Seeded], asked: Sequence[Asked]
) -> set[str]:
    """Return the names of the faults by which a request is judged otherwise than by the set."""
    admission = Admission(union)
    caught = set()
    for (_, request, _), answer in zip(asked, asking.answers(asked), strict=True):
        if answer.admitted:
            refused = not admission.admit(request).allowed
            warned = {seen[1] for text in answer.warnings if (seen := _WARNED.match(text))}
            caught |= {
                name
                for name, fault in left.items()
                if _judges(fault, request) and (name in warned) != refused
            }
    return caught


def _judges(fault: Seeded, request: Request) -> bool:
    rules = fault.artefact.policy["spec"]["matchConstraints"]["resourceRules"]
    return any(resource(request) in rule["resources"] for rule in rules) and any(
        request.operation.value in rule["operations"] for rule in rules
    )


def _applied(cluster: Cluster, fault: Seeded, name: str) -> list[Object]:
    """Have a faulty policy warn, by its name alone: a long warning would cut the others.

    Nothing is returned where the API does not take it.

    Where it errs it does not judge: that it warns of an error would be taken for a failure of ours.
    """
    policy = copy.deepcopy(fault.artefact.policy) | {"metadata": {"name": name}}
    (validation,) = policy["spec"]["validations"]
    policy["spec"]["validations"] = [{"expression": validation["expression"], "message": name}]
    policy["spec"]["failurePolicy"] = "Ignore"
    if not cluster.create(policy).admitted:
        return []
    assert fault.artefact.binding is not None
    binding = copy.deepcopy(fault.artefact.binding) | {"metadata": {"name": name}}
    binding["spec"] = {"policyName": name, "validationActions": ["Warn"]}
    cluster.apply([binding])
    return [policy, binding]
