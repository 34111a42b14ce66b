"""Judges a stream of documents: every pod, and every pod that a controller would make."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from capgen.errors import InputError
from capgen.policy.admit import Admission, Request, Violation, account_of
from capgen.policy.expressions import judge, tests
from capgen.policy.pod import mapping, view
from capgen.policy.subjects import TokenMount, VolumeTypes
from capgen.policy.workload import pod_of
from capgen.reader import Failure

from .objects import Object, objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgen.policy.pod import Mapping
    from capgen.policy.profile import Union
    from capgen.reader import Document

# Names of accounts that turn automounting off, or on, with their namespace.
Accounts: TypeAlias = "dict[tuple[str | None, str], bool]"


class Judged(NamedTuple):
    """What became of one object.

    Attributes:
        object: the object.
        status: `admitted`, `refused`, `exempt` (an exemption admits it), `unmatched` or `skipped`
            (it holds no pod).
        violations: what is refused, the paths taken from the document.
    """

    object: Object
    status: str
    violations: tuple[Violation, ...] = ()


class Judge:
    """Judges objects by several unions of profiles, each of which must admit."""

    def __init__(self, unions: Iterable[Union], accounts: Accounts | None = None) -> None:
        """Prepare the unions; `accounts` is what the ServiceAccounts of the input say."""
        # Offline the pods of a controller are judged, whatever an engine is told to judge.
        self._admissions = [
            Admission(
                union._replace(any_of=tuple(each._replace(pods=True) for each in union.any_of))
            )
            for union in unions
        ]
        self._accounts = accounts or {}

    def run(self, documents: Iterable[Document | Failure]) -> Iterator[Judged | InputError]:
        """Judge each object of each document; what cannot be read comes as its error."""
        for document in documents:
            if isinstance(document, Failure):
                yield document.error
                continue
            for found in objects(document):
                yield found if isinstance(found, InputError) else self.judge(found)

    def judge(self, found: Object) -> Judged:
        """Judge one object."""
        workload = found.workload
        if workload is None:
            return Judged(found, "skipped")
        pod = pod_of(workload, found.value)
        request = Request(
            pod if isinstance(pod, dict) else {"spec": pod},
            namespace=found.namespace,
            automount=self._automount(found, mapping(pod)),
        )
        base = found.path + workload.path
        matched = exempted = False
        violations: list[Violation] = []
        for admission in self._admissions:
            decision = admission.admit(request)
            matched = matched or decision.matched
            exempted = exempted or decision.exempted
            violations += [violation.below(base) for violation in decision.violations]
        if not matched:
            return Judged(found, "unmatched")
        if violations:
            return Judged(found, "refused", tuple(violations))
        return Judged(found, "exempt" if exempted else "admitted")

    def _automount(self, found: Object, pod: Mapping) -> bool:
        if not self._accounts:
            return True
        return self._accounts.get((found.namespace, account_of(pod)), True)


def minds_token(unions: Iterable[Union]) -> bool:
    """Tell whether some profile refuses the volume of a service account's token.

    Only then do the ServiceAccounts of the input matter, and have to be read before the pods.
    """
    # It is of the one type or of the other, by version.
    volumes = [{"name": "kube-api-access", kind: {}} for kind in ("projected", "secret")]
    pod = view({"spec": {"volumes": volumes}})
    return any(
        isinstance(test.subject, TokenMount)
        or (isinstance(test.subject, VolumeTypes) and judge(test)(pod))
        for union in unions
        for profile in union.any_of
        for rule in profile.rules
        for test in tests(rule.expression)
    )


def accounts_of(documents: Iterable[Document | Failure]) -> Accounts:
    """Return what the ServiceAccounts among the documents say of mounting their token."""
    found: Accounts = {}
    for document in documents:
        if isinstance(document, Failure):
            continue
        for each in objects(document):
            if isinstance(each, Object) and (each.api_version, each.kind) == (
                "v1",
                "ServiceAccount",
            ):
                wish = each.value.get("automountServiceAccountToken")
                if isinstance(wish, bool):
                    found[each.namespace, each.name] = wish
    return found
