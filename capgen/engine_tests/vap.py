"""ValidatingAdmissionPolicy has no format of tests: a script asks an API server, by dry run."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Operation
from capgen.policy.profile import Enforcement
from capgen.targets.base import Artefact
from capgen.targets.folder import KUSTOMIZATION, kustomization
from capgen.targets.templates import render
from capgen.targets.yaml_text import dump

from .base import Format, Given, Suite, expected

if TYPE_CHECKING:
    from .making import Case

_SCRIPT: Final = "test.sh"
_STANDING: Final = "standing"
# Of what the objects are of a kind that the policies have their values of.
_DEFINITIONS: Final = "definitions"
_ABOUT: Final = (
    "No command line judges by ValidatingAdmissionPolicies as the API server does: `test.sh` asks"
    " an API server by dry run, with kubectl, and looks for the policy and the rule in its answer."
    " First apply `policies/` to a cluster for tests and create the namespace, if it is not there:"
    " `kubectl apply -k policies` and `kubectl create -f namespace.yaml`; where there is a folder"
    " `definitions/`, that before: `kubectl apply -k definitions`. Nothing else may refuse"
    " pods in that namespace. Debug containers can only be added to a pod that stands: the script"
    " creates one that a scheduling gate keeps from ever running, and deletes it at the end."
)
_AUDITS: Final = (
    "nothing can be tested: with `enforcement: audit` no client is told what the API server thinks;"
    " compile with `enforcement: warn`"
)
_API: Final = "the API takes no pod that breaks it and nothing else"


def tests(given: Given) -> Suite:
    """Make the script, and what it asks."""
    if given.profile.enforcement is Enforcement.AUDIT:
        return Suite((), 0, (), (_AUDITS,))
    live = [each for each in given.listed if each.live]
    created = [each for each in live if each.request.operation is Operation.CREATE]
    good = next((each for each in created if not each.rule and each.pod is not None), None)
    added = [each for each in live if _is_added(each, good)]
    shown = [*created, *added]
    untested = [*given.not_exact, *given.not_alone(shown, _API)]
    if not created:
        return Suite((), 0, (), ("nothing can be tested: the API takes none of the pods",))
    policies = [
        each for each in given.compiled.artefacts if each.object or each.path == KUSTOMIZATION
    ]
    definitions = given.compiled.shared
    artefacts = [
        Artefact(_SCRIPT, _script(given, created, added)),
        given.namespace(),
        *(Artefact(f"{_DEFINITIONS}/{each.path}", each.text) for each in definitions),
        *(Artefact(f"policies/{each.path}", each.text) for each in policies),
        *(Artefact(_file(each), dump(each.request.object)) for each in created),
        *(Artefact(_file(each), _text(each)) for each in added),
    ]
    if definitions:
        listed = kustomization(definitions)
        artefacts.append(Artefact(f"{_DEFINITIONS}/{listed.path}", listed.text))
    if added and good is not None:
        artefacts.append(Artefact(f"{_STANDING}.yaml", dump(_gated(good))))
    rows = tuple((_file(each), each.rule, expected(each)) for each in shown)
    return Suite(tuple(artefacts), len(shown), rows, tuple(untested))


def _is_added(case: Case, good: Case | None) -> bool:
    """Tell whether a case adds a container to the good pod, which is the one that stands."""
    old = case.request.old_object
    if good is None or old is None or not case.request.subresource:
        return False
    return bool(old["spec"] == good.request.object["spec"])


def _file(case: Case) -> str:
    folder = "refused" if case.broken else "admitted"
    # kubectl sends what it is given as it stands, and calls it JSON.
    return f"{folder}/{case.name}.{'json' if case.request.subresource else 'yaml'}"


def _gated(good: Case) -> dict[str, Any]:
    pod = good.request.object
    spec = {**pod["spec"], "schedulingGates": [{"name": "capgen/never"}]}
    return {**pod, "metadata": {**pod["metadata"], "name": _STANDING}, "spec": spec}


def _text(case: Case) -> str:
    pod = case.request.object
    named = {**pod, "metadata": {**pod["metadata"], "name": _STANDING}}
    return json.dumps(named, indent=2) + "\n"


def _script(given: Given, created: list[Case], added: list[Case]) -> str:
    namespace = given.cases.place.name
    way = f"/api/v1/namespaces/{namespace}/pods/{_STANDING}/ephemeralcontainers?dryRun=All"

    def lines(cases: list[Case]) -> list[str]:
        return [
            " ".join(map(shlex.quote, [_file(each), given.policy_of(each), *each.broken[:1]]))
            for each in cases
        ]

    return render(
        "vap-test.sh.j2",
        profile=given.profile.name,
        warns=given.profile.enforcement is Enforcement.WARN,
        namespace=shlex.quote(namespace),
        count=len(created) + len(added),
        created=lines(created),
        added=lines(added),
        way=shlex.quote(way),
        standing=shlex.quote(f"{_STANDING}.yaml"),
    )


FORMATS: Final = (Format("vap", "sh test.sh", _ABOUT, tests),)
