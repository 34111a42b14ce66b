"""Admission: a request in, a decision out. The reference for every target.

Admission is never a function of a pod alone: what an UPDATE changes and what a subresource adds
decide what is judged, so that nothing that runs already is broken and nothing new slips in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .decision import POD, Decision, Operation, Request, Violation
from .judgement import Judgement, Verdict
from .pod import Mapping, mapping
from .values import UNSET
from .workload import pod_of

if TYPE_CHECKING:
    from .profile import Union

__all__ = ["Admission", "Decision", "Operation", "Request", "Violation", "account_of"]


class Admission:
    """A union of profiles, made ready to decide many requests."""

    def __init__(self, union: Union) -> None:
        """Prepare each profile."""
        self._scope = union.scope
        self._judgements = [Judgement(profile) for profile in union.any_of]
        self._uses = union.uses

    def admit(self, request: Request) -> Decision:
        """Decide one request: mutate, default, then any one profile must admit the whole pod."""
        pod = mapping(pod_of(request.workload, request.object))
        if not self._scope.holds(request.namespace, account_of(pod)):
            return Decision(allowed=True, matched=False, violations=(), pod=pod)
        # What an update changes is judged by all: who may use a profile counts for whole pods.
        whole = not _is_update(request)
        verdicts = [
            self._for_some(judgement, judgement.decide(request, pod), request, counts=whole)
            for judgement in self._judgements
        ]
        asked = [verdict for verdict in verdicts if verdict is not None]
        if not asked:
            return Decision(allowed=True, matched=False, violations=(), pod=pod)
        fine = [verdict for verdict in asked if not verdict.violations]
        if len(fine) < len(asked) and not whole:
            # An update takes a container out of some profile's exemption. Which profile admitted
            # the pod is not known: one must admit it as it is now, all of it.
            stand = (
                self._for_some(judgement, judgement.standing(request, pod), request)
                for judgement in self._judgements
            )
            fine = [verdict for verdict in stand if verdict is not None and not verdict.violations]
        if not fine:
            first = asked[0]
            return Decision(allowed=False, matched=True, violations=first.violations, pod=first.pod)
        chosen = next((verdict for verdict in fine if not verdict.exempted), fine[0])
        return Decision(
            allowed=True, matched=True, violations=(), pod=chosen.pod, exempted=chosen.exempted
        )

    def _for_some(
        self,
        judgement: Judgement,
        verdict: Verdict | None,
        request: Request,
        *,
        counts: bool = True,
    ) -> Verdict | None:
        """Return a profile's verdict, which is against the pod where nobody may use the profile."""
        profile = judgement.profile.name
        name = self._uses.get(profile)
        if verdict is None or name is None or request.may_use is None or not counts:
            return verdict
        if name in request.may_use:
            return verdict
        message = f"the profile is for those who may `use` the PodSecurityPolicy `{name}`"
        found = Violation(profile, "use", None, request.workload.path, UNSET, "", message)
        return verdict._replace(violations=(*verdict.violations, found))


def _is_update(request: Request) -> bool:
    standing = request.workload is POD and not request.subresource
    return standing and request.operation is Operation.UPDATE


def account_of(pod: Mapping) -> str:
    """Return the name of a pod's service account, as the API server fills it in."""
    spec = mapping(pod.get("spec"))
    return str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default")
