"""`kyverno test`: a `kyverno-test.yaml`, with policies and resources beside it.

The command line knows no subresource, and takes the new object for the old one: what is judged of
an update it cannot show.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.admit import Operation
from capgen.targets.base import Artefact
from capgen.targets.yaml_text import dump

from .base import Format, Given, Suite, expected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .making import Case

_HEAD: Final = {"apiVersion": "cli.kyverno.io/v1alpha1"}
_TEST: Final = "kyverno-test.yaml"
_VALUES: Final = "values.yaml"
_NAME: Final = "kubernetes.io/metadata.name"
_ABOUT: Final = (
    "`kyverno test` of Kyverno's command line needs no cluster. It passes a pod that it expects to"
    " fail and that no policy matches, with the word Excluded: no such word may stand in what it"
    " prints."
)
_NO_UPDATES: Final = (
    "debug containers and updates are not tested: Kyverno's command line knows no subresource, and"
    " no object that stood before"
)


def tests(given: Given) -> Suite:
    """Make the tests of policies of Kyverno, of either kind."""
    cases = [each for each in given.listed if each.request.operation is Operation.CREATE]
    shown = [each for each in cases if each.alone]
    policies = {policy.path: policy for policy in (_policy(given, each) for each in shown)}
    results = [*_results(given, shown)]
    values = [*_values(given, shown)]
    test = {
        **_HEAD,
        "kind": "Test",
        "metadata": {"name": given.profile.name},
        "policies": [f"policies/{path}" for path in policies],
        "resources": [_file(each) for each in shown],
        **({"variables": _VALUES} if values else {}),
        "results": results,
    }
    artefacts = (
        Artefact(_TEST, dump(test)),
        *values,
        *(Artefact(f"policies/{path}", each.text) for path, each in policies.items()),
        *(Artefact(_file(each), dump(given.served(each))) for each in shown),
    )
    rows = tuple((_file(each), each.rule, expected(each)) for each in shown)
    untested = [*given.not_exact, *given.not_alone(shown, "no pod breaks it and nothing else")]
    untested += [_NO_UPDATES] if given.profile.pods else []
    return Suite(artefacts, len(shown), rows, tuple(untested))


def _file(case: Case) -> str:
    return f"resources/{case.name}.yaml"


def _policy(given: Given, case: Case) -> Artefact:
    name = given.policy_of(case)
    return next(each for key, each in given.objects().items() if key.endswith(f"/{name}"))


def _results(given: Given, cases: list[Case]) -> Iterator[dict[str, Any]]:
    """Yield what is expected: of one policy, kind and rule together.

    Args:
        given: what is tested.
        cases: those that are shown.
    """

    def row(case: Case) -> tuple[str, str, str, str]:
        word = "fail" if case.broken else "pass" if case.matched else "skip"
        return _policy(given, case).path, case.request.workload.kind, case.rule, word

    # In the order of the cases, each row once.
    order = {key: place for place, key in reversed([*enumerate(map(row, cases))])}
    for key, listed in groupby(sorted(cases, key=lambda each: order[row(each)]), row):
        some = [*listed]
        policy = _policy(given, some[0])
        kind, _, name = policy.object.partition("/")
        # A ClusterPolicy has one rule, which is called as its file is.
        legacy = {"rule": policy.path.removesuffix(".yaml")} if kind == "ClusterPolicy" else {}
        yield {
            "policy": name,
            **(legacy or {"isValidatingPolicy": True}),
            "kind": key[1],
            "resources": [f"{each.request.namespace}/{each.name}" for each in some],
            "result": key[3],
        }


def _values(given: Given, cases: list[Case]) -> Iterator[Artefact]:
    """Yield the labels of the namespaces, which the command line cannot know otherwise."""
    if not given.profile.match.namespace_selector:
        return
    # A namespace that is not judged by its name is not judged though its labels are the right ones.
    labels = given.cases.place.labels
    names = dict.fromkeys(str(each.request.namespace) for each in cases)
    selectors = [{"name": name, "labels": {**labels, _NAME: name}} for name in names]
    values = {**_HEAD, "kind": "Values", "metadata": {"name": "values"}}
    yield Artefact(_VALUES, dump({**values, "namespaceSelector": selectors}))


FORMATS: Final = tuple(
    Format(target, "kyverno test .", _ABOUT, tests) for target in ("kyverno", "kyverno-legacy")
)
