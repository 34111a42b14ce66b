"""`gator verify`: a `suite.yaml`, with templates, constraints and objects beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Operation
from capgen.targets.base import Artefact
from capgen.targets.gatekeeper.bundle import BUNDLE
from capgen.targets.gatekeeper.constraint import EXPANDED
from capgen.targets.yaml_text import dump

from .base import NAMESPACE, Format, Given, Suite, expected

if TYPE_CHECKING:
    from capgen.policy.pod import Mapping

    from .making import Case

_SUITE: Final = "suite.yaml"
_ABOUT: Final = (
    "`gator verify` of Gatekeeper's command line needs no cluster. Each rule has a constraint, and"
    " each constraint a test. What adds a container to a pod, or changes one, is an"
    " AdmissionReview. It passes a suite with a misspelt key, or without cases, in silence: with"
    " `--verbose` it names each case."
)
_BESIDE: Final = f"-{EXPANDED}.yaml"
_EXPANDED: Final = "controllers that Gatekeeper expands are not among the objects"


def tests(given: Given) -> Suite:
    """Make the tests of the profile's constraints."""
    shown = [each for each in given.listed if each.alone]
    common = [each for each in shown if not each.rule]
    labelled = bool(given.profile.match.namespace_selector)
    templates = {each.path: each for each in given.compiled.shared}
    constraints = {each.path: each for each in given.objects().values()}
    suite, used = [], []
    for rule in given.profile.rules:
        own = [each for each in shown if each.rule == rule.id]
        if not own:
            continue
        constraint = constraints[f"{rule.id}.yaml"]
        template = templates[BUNDLE.needs(constraint.text)]
        used += [_beside("constraints", constraint), _beside("templates", template)]
        cases = [_case(rule.id, each, labelled=labelled) for each in (*common, *own)]
        files = {"template": used[-1].path, "constraint": used[-2].path}
        suite.append({"name": rule.id, **files, "cases": cases})
    document = {
        "apiVersion": "test.gatekeeper.sh/v1alpha1",
        "kind": "Suite",
        "metadata": {"name": given.profile.name},
        "tests": suite,
    }
    artefacts = (
        Artefact(_SUITE, dump(document)),
        *((given.namespace(),) if labelled else ()),
        *used,
        *(Artefact(_file(each), dump(_object(given, each))) for each in shown),
    )
    count = sum(len(each["cases"]) for each in suite)
    rows = tuple((_file(each), each.rule, expected(each)) for each in shown)
    untested = [*given.not_exact, *given.not_alone(shown, "no pod breaks it and nothing else")]
    untested += [_EXPANDED] if any(each.endswith(_BESIDE) for each in constraints) else []
    return Suite(artefacts if suite else (), count, rows, tuple(untested))


def _beside(folder: str, artefact: Artefact) -> Artefact:
    return Artefact(f"{folder}/{artefact.path}", artefact.text)


def _file(case: Case) -> str:
    return f"objects/{case.name}.yaml"


def _case(rule: str, case: Case, *, labelled: bool) -> dict[str, Any]:
    refused = {"violations": "yes", "message": f"^{rule}: "}
    return {
        "name": case.name,
        "object": _file(case),
        **({"inventory": [NAMESPACE]} if labelled else {}),
        "assertions": [refused if case.broken else {"violations": "no"}],
    }


def _object(given: Given, case: Case) -> Mapping:
    """Return what gator is to judge: the object, or what is asked about one that stands."""
    request, made = case.request, given.served(case)
    if request.operation is Operation.CREATE:
        return made
    workload = request.workload
    group = {"group": workload.group, "version": workload.version}
    asked = {
        "uid": case.name,
        "kind": {**group, "kind": workload.kind},
        "resource": {**group, "resource": workload.resource},
        **({"subResource": request.subresource} if request.subresource else {}),
        "name": case.name,
        "namespace": request.namespace,
        "operation": request.operation.value,
        "userInfo": {"username": "somebody"},
        "object": made,
        "oldObject": request.old_object,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}


FORMATS: Final = (Format("gatekeeper", "gator verify suite.yaml", _ABOUT, tests),)
