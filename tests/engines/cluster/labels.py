"""Holds the interpreter against the labels of Pod Security, as the API server's plugin judges them.

What a label enforces, what it only warns of and what it has written into the audit log are told
apart. Nothing is exempted: the plugin runs as it does by default.
"""

from __future__ import annotations

import json
from functools import cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.adapted import adapted
from capgen.policy.admit import Operation, Request
from capgen.policy.owners import owner
from capgen.policy.pod import mapping
from capgen.policy.witness import witnesses
from capgen.policy.workload import WORKLOADS
from tests.engines.agreement import Reference, levels
from tests.engines.apiserver import Cluster
from tests.engines.canaries import BAD, GOOD
from tests.engines.cluster.audit import Audit
from tests.engines.cluster.labels_steps import PSA, steps
from tests.engines.cluster.labels_words import Violations, violations
from tests.engines.controlplane import Server
from tests.engines.lab import LabError
from tests.engines.proving import Difference, Lab, Row
from tests.engines.vap.asking import furnish

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgen.policy.pod import Mapping
    from tests.engines.rest import Answer, Object

# The newest that the server knows, and one at which other rules held. What the server makes of a
# pod, before its plugin judges it by the rules of any version, is the same for both.
MINORS: Final = (28, 36)
_AUDITED: Final = f"{PSA}/audit-violations"
# A namespace without labels.
_FREE: Final = "lab-unlabelled"
# Every so many requests one is also denied for what the others are only audited for.
_STRICT: Final = 4
# By the rules of the newest version, and of an older one, one of so many is asked about: those that
# the library, which has the plugin's own code, is asked about are all.
_NEWEST: Final = 2
_OLDER: Final = 5
# Every so many pods one is asked about as a template too.
_TEMPLATES: Final = 3


class Said(NamedTuple):
    """What the labels of a namespace do to a request.

    Attributes:
        denied: what it is denied for; None if it is admitted.
        warned: what is warned of.
        audited: what the audit log says.
    """

    denied: Violations | None
    warned: Violations | None
    audited: Violations | None

    def __str__(self) -> str:
        told = (
            f"{name} by {each.at} for {', '.join(sorted(each.rules))}"
            for name, each in zip(self._fields, self, strict=True)
            if each is not None
        )
        return "; ".join(told) or "admitted"


class Labels(NamedTuple):
    """The labels of a namespace.

    Attributes:
        minor: the version of each.
        enforce: the level that is enforced.
        other: the level that is warned of and audited; "" without such labels.
    """

    minor: int
    enforce: str
    other: str = ""

    @property
    def namespace(self) -> str:
        """The name of a namespace."""
        return f"lab-{self.enforce}-{self.minor}"

    def written(self) -> dict[str, str]:
        """Return the labels as a namespace has them."""
        modes = {"enforce": self.enforce, "warn": self.other, "audit": self.other}
        levels = {f"{PSA}/{mode}": level for mode, level in modes.items() if level}
        return levels | {f"{key}-version": f"v1.{self.minor}" for key in levels}

    def expected(self, request: Request) -> Said:
        """Return what the interpreter says of a request."""
        # Only pods are denied; who is denied is not warned besides.
        enforced = _broken(self.enforce, self.minor, request)
        denied = None if request.workload.path else enforced
        audited = _broken(self.other, self.minor, request) if self.other else None
        # What is enforced is also warned of, where no label says what is: of templates, then.
        warned = None if denied else audited if self.other else enforced
        return Said(denied, warned, audited)


def labels(_: Lab) -> Row:
    """Asks about witnesses in namespaces of each level and version, and about what stands."""
    with Audit() as audit, Cluster(Server("kube-apiserver", audit.flags)) as cluster:
        requests = list(_requests())
        furnish(cluster, requests)
        taken = list(_taken(cluster, requests))
        differing: list[Difference] = []
        cases = 0
        for minor in MINORS:
            asked = taken[:: _NEWEST if minor == MINORS[-1] else _OLDER]
            for each, some in (
                (Labels(minor, "baseline", "restricted"), asked),
                (Labels(minor, "restricted"), asked[::_STRICT]),
            ):
                for request, said in _said(cluster, audit, each, some):
                    cases += 1
                    if said != (right := each.expected(request)):
                        about = {"labels": each.written(), "create": request.object}
                        differing.append(Difference(about, str(right), str(said)))
            for step in steps(cluster, f"v1.{minor}"):
                cases += 1
                differing += [step] if step.expected != step.actual else []
        invalid = len(requests) - len(taken)
        note = f"Pod Security labels; {invalid} more are refused by the API itself"
        return Row("reference", "kube-apiserver", cluster.version, cases, tuple(differing), note)


@cache
def _references() -> dict[tuple[str, int], Reference]:
    """Return the levels at each version, judging templates too."""
    return {
        key: Reference(each.profile._replace(pods=True, controllers=True))
        for key, each in levels(MINORS).items()
    }


def _broken(level: str, minor: int, request: Request) -> Violations | None:
    word = _references()[level, minor].word(request)
    return None if word.allowed else Violations(f"{level}:v1.{minor}", word.rules)


def _requests() -> Iterator[Request]:
    """Yield pods at the edges of all levels and versions, each once, and some in templates."""
    seen = set()
    for reference in _references().values():
        for witness in witnesses(reference.profile._replace(controllers=False)):
            request = witness.request
            if request.operation is not Operation.CREATE or request.workload.path:
                continue
            taken = adapted(request) or request
            text = json.dumps(taken.object, sort_keys=True)
            if text in seen:
                continue
            seen.add(text)
            yield taken
            if len(seen) % _TEMPLATES == 0:
                kinds = WORKLOADS[1:]
                workload = kinds[len(seen) // _TEMPLATES % len(kinds)]
                yield Request(owner(workload, taken.object), workload)


def _taken(cluster: Cluster, requests: Sequence[Request]) -> Iterator[Request]:
    """Yield the requests that the API takes where no label holds."""
    cluster.namespace(_FREE)
    answers = cluster.judge(_FREE, [each.object for each in requests])
    for request, answer in zip(requests, answers, strict=True):
        if answer.admitted:
            yield request
        elif answer.outcome != "invalid":
            raise LabError(f"{answer.outcome} without labels: {answer.message}")


def _said(
    cluster: Cluster, audit: Audit, labelled: Labels, requests: Sequence[Request]
) -> Iterator[tuple[Request, Said]]:
    """Yield each request with what the server says of it."""
    namespace = labelled.namespace
    cluster.namespace(namespace, labelled.written())
    cluster.wait_enforced(
        namespace, BAD, GOOD, says=f'"{labelled.enforce}:v1.{labelled.minor}": host namespaces'
    )
    named = [_named(each.object, f"asked-{number}") for number, each in enumerate(requests)]
    answers = list(cluster.judge(namespace, named))
    names = [each["metadata"]["name"] for each in named]
    # It is written when a request has been answered.
    written = partial(audit.notes, namespace, _AUDITED, names)
    notes = cluster.until(written, what="the audit log to be written")
    for request, answer, note in zip(requests, answers, notes, strict=True):
        yield request, _of(answer, note)


def _of(answer: Answer, audited: str) -> Said:
    if answer.outcome not in ("admitted", "pod-security"):
        raise LabError(f"{answer.outcome}: {answer.message}")
    return Said(
        _only(violations([answer.message])),
        _only(violations(answer.warnings)),
        _only(violations([audited])),
    )


def _only(found: list[Violations]) -> Violations | None:
    if len(found) > 1:
        raise LabError(f"Pod Security admission says more than one thing: {found}")
    return found[0] if found else None


def _named(obj: Mapping, name: str) -> Object:
    return {**obj, "metadata": {**mapping(obj.get("metadata")), "name": name}}
