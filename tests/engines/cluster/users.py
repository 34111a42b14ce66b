"""Shows that the API server's policies see who asks: users, groups, accounts and their rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.admit import Request
from tests.engines.cluster import budgets
from tests.engines.cluster.artefacts import artefacts
from tests.engines.cluster.controllers import controllers
from tests.engines.cluster.policies import Policies
from tests.engines.cluster.reviews import may_use
from tests.engines.cluster.users_cases import EXPECTED, MAKERS, REFUSED, TOKENS, USERS
from tests.engines.controlplane import Account
from tests.engines.lab import LabError
from tests.engines.processes import NotYet
from tests.engines.proving import Difference, Lab, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.apiserver import Cluster
    from tests.engines.cluster.users_cases import Asked
    from tests.engines.controlplane import User
    from tests.engines.engine import Verdict
    from tests.engines.rest import Object

_FOLDER: Final = "users"
_FORBIDDEN: Final = "pods is forbidden: User "
# Who may `use` what the policies ask about, and where: seen before anything else is asked.
_GRANTED: Final = (
    ("anna", "lab-may-use"),
    ("dora of the agents", "lab-may-use"),
    ("agent", "lab-may-use"),
    ("anna", "lab-mutates"),
)

# What was asked, the outcome that is right, and the outcome.
_Case = tuple[object, str, str]


def users(laboratory: Lab) -> Row:
    """Asks as many users, with what each is authorized to do, and as a controller."""
    cluster = laboratory.cluster
    makers = list(_makers())
    asked = {name: [Request(each.pod) for each in expected] for name, expected in EXPECTED.items()}
    groups = {name: (artefacts(_FOLDER, name), each) for name, each in asked.items()}
    try:
        cluster.apply(makers)
        with Policies(cluster, groups | budgets.groups()) as policies:
            _until_granted(cluster)
            cases = [*_judged(cluster, policies), *budgets.judged(policies), *controllers(cluster)]
    finally:
        cluster.delete(makers)
    cases += _refused(cluster)
    differing = tuple(Difference(*case) for case in cases if case[1] != case[2])
    return Row("(engine)", "kube-apiserver", cluster.version, len(cases), differing, "users")


def _judged(cluster: Cluster, policies: Policies) -> Iterator[_Case]:
    for name, expected in EXPECTED.items():
        for asked, right in expected.items():
            about = {"policies": name, **asked._asdict()}
            yield about, right, _answered(policies, name, asked, USERS[asked.user], right)
    for name in TOKENS:
        user = cluster.service_account("lab-may-use", name)
        for asked, right in EXPECTED["may-use"].items():
            if asked.user == name:
                about = {"token": name, **asked._asdict()}
                yield about, right, _answered(policies, "may-use", asked, user, right)


def _answered(policies: Policies, group: str, asked: Asked, user: User, right: str) -> str:
    try:
        (verdict,) = policies.judge(group, [Request(asked.pod)], user=user)
    except LabError as error:
        if _FORBIDDEN in str(error):
            return "no right"
        raise
    return in_words(verdict, right)


def in_words(verdict: Verdict, right: str) -> str:
    """Return a verdict in a few words, those of an error only as far as the right ones go."""
    said = " ".join(verdict.messages)
    match verdict.outcome:
        case "admitted":
            name = verdict.object["spec"].get("hostname")
            return f"admitted as {name}" if name else "admitted"
        case "errored" if (words := right.removeprefix("errored: ")) in said:
            return f"errored: {words}"
        case outcome:
            return f"{outcome}: {said}"


def _refused(cluster: Cluster) -> Iterator[_Case]:
    """Yield policies that are not taken."""
    for name, words in REFUSED.items():
        (policy,) = artefacts(f"{_FOLDER}/refused", name)
        answer = cluster.create(policy)
        cluster.delete([policy] if answer.admitted else [])
        said = answer.message or "taken"
        yield {"load": name}, words, words if words in said else said


def _makers() -> Iterator[Object]:
    """Yield what lets groups make pods, as `plain` may."""
    group = "rbac.authorization.k8s.io"
    subjects = [{"apiGroup": group, "kind": "Group", "name": name} for name in MAKERS]
    role = {"apiGroup": group, "kind": "ClusterRole", "name": "lab-workloads"}
    yield {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "lab-makers"},
        "roleRef": role,
        "subjects": subjects,
    }


def _until_granted(cluster: Cluster) -> None:
    """Wait until the authorizer knows of all that was granted."""

    def probe() -> None:
        for name, namespace in _GRANTED:
            user = USERS[name]
            assert isinstance(user, Account)
            if not may_use(cluster, user, namespace, "loose"):
                raise NotYet(f"{name} may not use it in {namespace}")

    cluster.until(probe, what="the users' rights")
