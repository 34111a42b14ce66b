"""Compiles our policies in the CEL environments of the API servers that they are for.

A library of CEL is open to new expressions one minor after the release that brings it: an API
server compiles what it has not stored yet in the environment of the minor before its own (1.30 has
`DefaultCompatibilityVersion` 1.29, in k8s.io/apiserver/pkg/cel/environment/base.go; since 1.31 it
is computed so). The API server of the lab is new, and would take all that the older ones refuse.

Kyverno brings an environment of its own: all that the k8s.io/apiserver in it knows, which in 1.11,
the oldest that takes our ClusterPolicies, is v0.28.3 (pkg/utils/cel/cel.go). The expressions in its
policies are the same.

The judge knows of a library what its gate says. Not gated are what cel-go adds to the optionals
(`first`, `last`, `unwrap`), and the field selectors of `authorizer`, which a feature gate opens for
every minor. Our expressions have no business with either.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from itertools import cycle
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.match import Match, Operator, Requirement
from capgen.profile.library import open_profile
from capgen.targets import vap
from capgen.targets.kyverno import legacy
from tests import exempted
from tests.engines import lab
from tests.engines.applied import emitted
from tests.engines.proving import Difference, Lab, Row
from tests.engines.vap.sets import emitted_set
from tests.exempted_everywhere import by_image, by_name
from tests.policy.made import profile as made
from tests.profiles import EVERY_RULE
from tests.set_asked import SETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgen.policy.profile import Profile
    from tests.engines.rest import Object

LEVELS: Final = ("baseline", "restricted")
_KIND: Final = "ValidatingAdmissionPolicy"
# The environment of the oldest Kyverno that takes our policies.
_KYVERNO: Final = 28

# Every kind of restriction, and every operator.
_LABELS: Final = (
    Requirement("tier", Operator.IN, ("front", "back")),
    Requirement("team", Operator.NOT_IN, ("web",)),
    Requirement("judged", Operator.EXISTS),
    Requirement("legacy", Operator.DOES_NOT_EXIST),
)
_MATCH: Final = Match(("shop", "team-*"), ("kube-system", "openshift-*"), _LABELS, _LABELS)

# The gates of base.go: an expression that is true, and the first environment that compiles it.
_GATED: Final = (
    ("optional.of(1).hasValue()", 28),
    ("isQuantity('1Gi')", 28),
    ("'%d'.format([1]) == '1'", 29),
    ("sets.contains([1], [1])", 29),
    ("isIP('::1')", 30),
    ("!format.dns1123Label().validate('a').hasValue()", 31),
    ("{'a': 1}.all(k, v, k == 'a' && v == 1)", 32),
    ("isSemver('1.0.0')", 33),
    ("[2, 1].sort() == [1, 2]", 34),
)


class _Case(NamedTuple):
    """A policy, an environment to compile it in, and what must come of it.

    Attributes:
        what: the policy, in words.
        policy: the object.
        minor: the environment.
        refused: the places of the expressions that must not compile.
    """

    what: str
    policy: Object
    minor: int
    refused: frozenset[str] = frozenset()


class _Found(NamedTuple):
    """What the judge made of a case.

    Attributes:
        expressions: how many it compiled.
        errors: what it says of those that it refuses, by their place.
    """

    expressions: int
    errors: dict[str, str]


def cel_environments(_: Lab) -> Row:
    """Compiles each policy for its oldest API server, for Kyverno, and for the newest."""
    number = lab.version("cel")
    newest = int(number.split(".")[1])
    canaries = list(_canaries())
    emitted = list(_unlike(_emitted(newest)))
    cases = [*canaries, *emitted]
    expressions = 0
    differences: list[Difference] = []
    for case, found in zip(cases, _judge(cases), strict=True):
        expressions += found.expressions
        for place in sorted(case.refused ^ found.errors.keys()):
            expected = "refused" if place in case.refused else "compiled"
            actual = found.errors.get(place, "compiled")
            request = {"policy": case.what, "at": place, "environment": f"1.{case.minor}"}
            differences.append(Difference(request, expected, actual))
    note = f"{len(emitted)} times a policy in an environment, and {len(canaries)} canaries"
    return Row(
        "vap, kyverno", "k8s.io/apiserver CEL", number, expressions, tuple(differences), note
    )


def _unlike(cases: Iterable[_Case]) -> Iterator[_Case]:
    """Yields cases that differ in more than the name of the policy."""
    known = set()
    for case in cases:
        key = (json.dumps(case.policy["spec"]), case.minor)
        if key not in known:
            known.add(key)
            yield case


def _emitted(newest: int) -> Iterator[_Case]:
    """Yields our policies: the levels' for each minor, others for the oldest and the newest.

    The expressions differ by kind only in the way to the pod: at the ends it is all kinds.
    """
    spans = [f"1.{minor}" for minor in range(vap.TARGET.floor, newest + 1)]
    older = [f"1.{minor}" for minor in range(legacy.TARGET.floor, vap.TARGET.floor)]
    for level in LEVELS:
        for span in (*older, *spans, f"{spans[0]}-{spans[-1]}"):
            profile = open_profile(f"pss/{level}", span)
            ends = span in {older[0], spans[0], spans[-1]}
            yield from _cases(profile._replace(controllers=ends, match=_MATCH), newest)
    for (name, spec), exempt in zip(EVERY_RULE.items(), cycle((by_image, by_name)), strict=False):
        for span in (spans[0], spans[-1]):
            profile = made(spec, span)._replace(name=name, controllers=True)
            yield from _cases(profile, newest)
            if span == spans[0]:
                yield from _cases(exempt(profile), newest)
    yield from _cases(made(exempted.SPEC, spans[0]), newest)
    # What differs in these is how rules are put together: the oldest servers say no to it first.
    oldest = vap.TARGET.floor
    found = {f"the set {name}": emitted_set(union) for name, union in SETS.items()}
    target = replace(vap.TARGET, emit=vap.emit_parameters)
    for name, spec in (*EVERY_RULE.items(), ("exempted", exempted.SPEC)):
        found[f"{name}, with parameters"] = emitted(made(spec, spans[0]), target)
    for name, objects in found.items():
        for policy in _policies(objects):
            for minor in (oldest - 1, newest):
                yield _Case(f"{policy['metadata']['name']} of {name}", policy, minor)


def _cases(profile: Profile, newest: int) -> Iterator[_Case]:
    """Yields a profile's policies in the environments of its oldest API server, and of Kyverno.

    An API server that is too old for them has them from Kyverno alone. In the newest environment
    is all that is in those between.
    """
    oldest = profile.minors[0]
    servers = {oldest - 1} if oldest >= vap.TARGET.floor else set()
    for policy in _policies(emitted(profile)):
        what = f"{policy['metadata']['name']} for 1.{oldest}"
        for minor in sorted({*servers, _KYVERNO, newest}):
            yield _Case(what, policy, minor)


def _policies(objects: Iterable[Object]) -> list[Object]:
    return [each for each in objects if each["kind"] == _KIND]


def _canaries() -> Iterator[_Case]:
    """Yields policies of which it is known what compiles: the judge must see it, and where."""
    for expression, first in _GATED:
        policy = _policy(
            matchConditions=[{"name": "gated", "expression": expression}],
            variables=[{"name": "gated", "expression": expression}],
            validations=[{"expression": expression, "messageExpression": f"string({expression})"}],
        )
        yield _Case(expression, policy, first)
        yield _Case(expression, policy, first - 1, frozenset(_places(policy)))
    names = [{"name": "a", "expression": "variables.b"}, {"name": "b", "expression": "true"}]
    policy = _policy(variables=names, validations=[{"expression": "variables.b"}])
    yield _Case(
        "a variable before its time", policy, 29, frozenset({"spec.variables[0].expression"})
    )
    policy = _policy(validations=[{"expression": "'no verdict'", "messageExpression": "true"}])
    yield _Case("the wrong types", policy, 29, frozenset(_places(policy)))


def _policy(**spec: object) -> Object:
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": _KIND, "spec": spec}


def _places(policy: Object) -> Iterator[str]:
    """Yields the place of every expression of a policy."""
    for field in ("matchConditions", "variables", "validations"):
        for index, each in enumerate(policy["spec"].get(field, ())):
            for key in each:
                if key in {"expression", "messageExpression"}:
                    yield f"spec.{field}[{index}].{key}"


def _judge(cases: Sequence[_Case]) -> Iterable[_Found]:
    """Yields what the judge makes of each case.

    Raises:
        LabError: It does not take a policy, or has not gone through all its expressions.
    """
    lines = [json.dumps({"minor": case.minor, "policy": case.policy}) for case in cases]
    done = subprocess.run(
        [str(lab.binary("cel"))],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise lab.LabError(f"the CEL judge: {done.stderr.strip()}")
    # Not splitlines: it splits at more than the ends of lines.
    for case, line in zip(cases, done.stdout.rstrip("\n").split("\n"), strict=True):
        answer = json.loads(line)
        if "error" in answer:
            raise lab.LabError(f"the CEL judge on {case.what}: {answer['error']}")
        if answer["expressions"] != len(list(_places(case.policy))):
            raise lab.LabError(f"the CEL judge left out expressions of {case.what}")
        errors = {each["at"]: each["error"] for each in answer["errors"]}
        yield _Found(answer["expressions"], errors)
