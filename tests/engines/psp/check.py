"""Shows that PodSecurityPolicy judges, and that it does what surprises are known of it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.admit import Operation, Request
from capgen.policy.workload import WORKLOADS
from tests.engines.canaries import BAD, GOOD
from tests.engines.lab import LabError
from tests.engines.proving import Difference, Lab, Row
from tests.engines.psp import objects as psp_objects
from tests.engines.psp.live import PspCluster, chosen
from tests.engines.psp.objects import BARE
from tests.loading import loaded_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.engines.engine import Verdict
    from tests.engines.rest import Object

_ARTEFACTS: Final = Path(__file__).parents[1] / "artefacts" / "psp"
_EVERYONE: Final = {
    "apiGroup": "rbac.authorization.k8s.io",
    "kind": "Group",
    "name": "system:authenticated",
}
_PROFILE: Final[Object] = {"seccompProfile": {"type": "RuntimeDefault"}}
_LABELLED: Final[Object] = {"metadata": {"labels": {"changed": "yes"}}}
_SECCOMP: Final = "seccomp.security.alpha.kubernetes.io/pod"


class Case(NamedTuple):
    """A request and what comes of it.

    Attributes:
        request: the request.
        expected: `admitted by POLICY`, `denied: SOME OF ITS WORDS`, or another outcome.
        part: what else must be so of the object that was admitted.
        bugs: those of `tests/engines/bugs.py` that it shows.
    """

    request: Request
    expected: str
    part: Callable[[Object], bool] = lambda _: True
    bugs: tuple[str, ...] = ()


def judges(laboratory: Lab) -> Row:
    """Loads each artefact, and compares each verdict with the one that is known beforehand."""
    differing: list[Difference] = []
    count = 0
    engine = laboratory.pod_security_policy
    for artefacts, cases in (
        *((_read(name), cases()) for name, cases in SUITES),
        (_read("apparmor"), [Case(Request(BARE), "denied: AppArmor profile must be set")]),
        # Nobody may use it.
        (_documents("apparmor"), [Case(Request(BARE), "errored")]),
    ):
        engine.load(artefacts)
        listed = list(cases)
        verdicts = engine.judge(case.request for case in listed)
        for case, verdict in zip(listed, verdicts, strict=True):
            count += 1
            if (actual := _said(case, verdict)) != case.expected:
                differing.append(Difference(case.request._asdict(), case.expected, actual))
    for policy, expected in _refused():
        count += 1
        if expected not in (actual := _loaded(engine, policy)):
            differing.append(Difference(policy, f"not stored: {expected}", actual))
    return Row("(engine)", "kube-apiserver", engine.version, count, tuple(differing))


def _restricted() -> Iterator[Case]:
    yield Case(Request(GOOD), "admitted by restricted")
    yield Case(Request(BAD), "denied: Host PID is not allowed")
    privileged = {"name": "p", "image": "i", "securityContext": {"privileged": True}}
    yield Case(
        Request(_with(GOOD, initContainers=[privileged])),
        "denied: Privileged containers are not allowed",
    )
    # A seccomp profile is judged of the pod, too, whatever all of its containers say.
    each = _with(BARE)
    each["spec"]["containers"][0]["securityContext"] = _PROFILE
    yield Case(
        Request(each),
        f"denied: annotations[{_SECCOMP}]: Forbidden",
        bugs=("psp-seccomp-of-pod",),
    )
    broken = _with(GOOD)
    broken["spec"]["containers"][0]["name"] = "Not_A_Name"
    yield Case(Request(broken), "invalid")
    # A field of 1.25: the server drops it.
    yield Case(
        Request(_with(GOOD, hostUsers=False)),
        "admitted by restricted",
        lambda pod: "hostUsers" not in pod["spec"],
    )
    # Nothing but pods is judged.
    (deployment,) = (each for each in WORKLOADS if each.kind == "Deployment")
    yield Case(Request({"spec": {"template": BAD}}, deployment), "admitted by ")
    yield from _updates(privileged)


def _updates(privileged: Object) -> Iterator[Case]:
    """Yield what is done to pods that stand: whoever made them might use the policy `0`."""
    yield Case(_update(GOOD, GOOD | _LABELLED), "admitted by 0")
    # Whatever changes, all of the pod is judged again, save where garbage is collected.
    yield Case(_update(BAD, BAD | _LABELLED), "denied: Host PID is not allowed")
    held: Object = {"metadata": {"finalizers": ["example.com/held"]}}
    yield Case(_update(BAD, BAD | held), "admitted by 0")
    # Subresources are not judged, so that a debug container may be privileged; but the next change
    # of a label is then refused.
    debugged = _with(GOOD, ephemeralContainers=[privileged])
    subresource = "ephemeralcontainers"
    yield Case(_update(GOOD, debugged, subresource), "admitted by 0", bugs=("psp-subresource",))
    harmless = {"name": "h", "image": "i"}
    yield Case(
        _update(BAD, _with(BAD, ephemeralContainers=[harmless]), subresource), "admitted by 0"
    )
    yield Case(_update(debugged, debugged | _LABELLED), "denied: Privileged containers are not")


def _order() -> Iterator[Case]:
    # What changes nothing goes before what changes the pod, whatever its name.
    yield Case(Request(BARE), "admitted by c")
    yield Case(Request(_adding("CHOWN")), "admitted by d")
    # Where all change it, the name decides.
    host = _with(BARE, hostNetwork=True)
    yield Case(Request(host), "admitted by a")
    # A seccomp profile in its field is a change by every policy: each writes the annotation.
    yield Case(Request(_with(BARE, securityContext=_PROFILE)), "admitted by a")
    # One policy admits all of the pod: `c` would take one container, and `d` the other.
    both = _adding("CHOWN")
    both["spec"]["initContainers"] = [_adding("KILL")["spec"]["containers"][0] | {"name": "k"}]
    yield Case(Request(both), "denied: capability may not be added")
    # ALL does not cover what must be dropped: it is dropped beside it.
    dropping = copy.deepcopy(host)
    dropping["spec"]["containers"][0]["securityContext"] = {"capabilities": {"drop": ["ALL"]}}
    yield Case(
        Request(dropping),
        "admitted by a",
        lambda pod: _capabilities(pod)["drop"] == ["ALL", "KILL"],
        ("psp-drop-all",),
    )


def _seccomp() -> Iterator[Case]:
    yield Case(Request(BARE), "admitted by seccomp", _synced)
    # An update is not changed: a policy that would have to is passed over without a reason.
    yield Case(_update(BARE, BARE | _LABELLED), "denied: ", bugs=("psp-no-reason",))


def _synced(pod: Object) -> bool:
    field = pod["spec"]["securityContext"].get("seccompProfile")
    annotation = pod["metadata"]["annotations"].get(_SECCOMP)
    return (annotation, field) == ("runtime/default", {"type": "RuntimeDefault"})


def _unmasked() -> Iterator[Case]:
    # The token's volume is judged, unless the account mounts none.
    yield Case(Request(BARE), "denied: projected volumes are not allowed")
    yield Case(Request(BARE, automount=False), "admitted by unmasked")
    unmasked = _with(BARE)
    unmasked["spec"]["containers"][0]["securityContext"] = {"procMount": "Unmasked"}
    yield Case(Request(unmasked, automount=False), "denied: ProcMountType is not allowed")


# Artefacts, and the cases that are judged by them.
SUITES: Final = (
    ("restricted", _restricted),
    ("order", _order),
    ("seccomp", _seccomp),
    ("unmasked", _unmasked),
)


def _refused() -> Iterator[tuple[Object, str]]:
    """Yield policies that are not stored, and some of the words of why."""
    words = {
        "drops-nothing": "must be empty when all capabilities are allowed by a wildcard",
        "misspelt": 'unknown field "spec.privilegd"',
        "no-strategy": "spec.runAsUser.rule: Unsupported value",
        "seccomp-unset": "must be a valid seccomp profile",
        "apparmor-any": "invalid AppArmor profile name",
    }
    for each in _documents("refused"):
        yield each, words[each["metadata"]["name"]]


def _loaded(engine: PspCluster, policy: Object) -> str:
    try:
        engine.load([policy])
    except LabError as error:
        return str(error)
    return "stored"


def _said(case: Case, verdict: Verdict) -> str:
    if verdict.outcome == "admitted":
        kept = "" if case.part(verdict.object) else f" as {verdict.object}"
        return f"admitted by {chosen(verdict.object)}{kept}"
    if verdict.outcome == "denied":
        words = " ".join(verdict.messages)
        some = case.expected.removeprefix("denied: ")
        return f"denied: {some if some and some in words else words}"
    return verdict.outcome


def _read(name: str) -> list[Object]:
    """Return the objects of an artefact; its policies are everyone's if it has no role."""
    found = _documents(name)
    if any(each["kind"] == "ClusterRole" for each in found):
        return found
    names = [each["metadata"]["name"] for each in found]
    return [*found, *psp_objects.usable(f"use-{name}", *names, subject=_EVERYONE)]


def _documents(name: str) -> list[Object]:
    text = (_ARTEFACTS / f"{name}.yaml").read_text("utf-8")
    return loaded_all(text)


def _with(pod: Object, **fields: object) -> Object:
    return copy.deepcopy({**pod, "spec": {**pod["spec"], **fields}})


def _adding(capability: str) -> Object:
    found = _with(BARE)
    found["spec"]["containers"][0]["securityContext"] = {"capabilities": {"add": [capability]}}
    return found


def _capabilities(pod: Object) -> dict[str, Any]:
    found: dict[str, Any] = pod["spec"]["containers"][0]["securityContext"]["capabilities"]
    return found


def _update(old: Object, new: Object, subresource: str = "") -> Request:
    return Request(new, operation=Operation.UPDATE, old_object=old, subresource=subresource)
