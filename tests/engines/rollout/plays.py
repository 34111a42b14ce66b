"""How each folder's README is followed, to the end: what is typed, and what is then so.

Every step of a rollout and of a removal is in some act; `tests/lab/test_rollout.py` holds us to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines.canaries import BAD
from tests.engines.psp.objects import BARE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engines.controlplane import User
    from tests.engines.rest import Object, Outcome

ROLLED: Final = "rolled"
BESIDE: Final = "beside"
# A pod that stands before anything is applied.
OLD: Final = "old-bad"
# One that is made when there is no other policy any more.
ANEW: Final = "anew"
ROLLOUT: Final = "Rollout"
REMOVAL: Final = "Removal"
TEMPLATES: Final = "gatekeeper-templates"
DEFINITIONS: Final = "vap-parameters"

# What becomes of the pod that is asked about.
ADMITTED: Final = "admitted"
WARNED: Final = "admitted with a warning"
REFUSED: Final = "refused"
SET: Final = "admitted, and its values set"

# What of the bad pod every message names: its one mistake.
BROKEN: Final = "hostPID"
# What a bare pod lacks, and is given.
LACKED: Final = "capabilities"


class Act(NamedTuple):
    """A stretch of a README that is followed, and what comes of it.

    Attributes:
        says: the enforcement of the profile, which is compiled before.
        heading: under which the steps stand.
        then: what becomes of the pod.
        place: of the folder; that of the play where it is empty.
        first: the first step, counted from 1.
        last: the last one; 0: of all.
        prints: by the number of a step, an expression that what it prints matches sooner or later.
        noted: the annotation of the audit log that then names what is broken.
        cue: what else is done before: a name in the table of whoever plays it.
        profile: whose act it is.
    """

    says: str
    heading: str
    then: str
    place: str = ""
    first: int = 1
    last: int = 0
    prints: Mapping[int, str] = {}
    noted: str = ""
    cue: str = ""
    profile: str = ROLLED


class Play(NamedTuple):
    """What is done with a target's folder.

    Attributes:
        target: the target, whose folder is the play's.
        spec: the profile's `spec`, without what the play sets itself.
        refused: how an answer is called that refuses because of it.
        acts: what is done, in order.
        asked: the pod that is asked about.
        names: what a refusal of it, or a warning, names.
        also: targets that are compiled besides.
        profiles: each of which is for the namespace of its own name.
        options: of the target.
        user: who asks.
    """

    target: str
    spec: Mapping[str, object]
    refused: tuple[Outcome, ...]
    acts: tuple[Act, ...]
    asked: Object = BAD
    names: str = BROKEN
    also: tuple[str, ...] = ()
    profiles: tuple[str, ...] = (ROLLED,)
    options: Mapping[str, str] = {}
    user: User = "admin"

    @property
    def targets(self) -> list[object]:
        """The targets of the profiles, the play's own last."""
        own = {self.target: dict(self.options)} if self.options else self.target
        return [*self.also, own]


_FEW: Final = {"kubernetes": "1.36", "rules": {"hostPID": False, "privileged": False}}
_LISTS: Final = {"kubernetes": "1.36", "rules": {"hostPID": False, "fsGroup": {"ranges": [7]}}}
_LEVEL: Final = {"extends": ["pss/baseline"], "kubernetes": "1.36"}
_SETS: Final = {"extends": ["pss/restricted"], "kubernetes": "1.36", "mutate": True}
_PSP: Final = {
    "kubernetes": "1.24",
    "rules": {"hostPID": False, "hostIPC": False, "hostNetwork": False},
}
# Nothing that is printed says so.
_NOT: Final = r"\A(?![\s\S]*{})"
_FOUND: Final = rf"(?s)Pod {ROLLED}/{OLD}\b.*{BROKEN}"
_VAP_NOTE: Final = "validation.policy.admission.k8s.io/validation_failure"
_PSA_NOTE: Final = "pod-security.kubernetes.io/audit-violations"
_MISTAKES: Final = rf"(?m)^capgen-{ROLLED} +<none>$[\s\S]*^lab-mistaken +\S*map\["
_HOOKED: Final = "pods/ephemeralcontainers"
_BY: Final = rf" {ANEW} +capgen-{ROLLED}"
# Of the old pod one rule fails, and which one it is.
_REPORTED: Final = (
    rf"(?m)^{ROLLED} +\S+ +Pod +{OLD} +\d+ +1 [\s\S]*"
    rf"Message: +{BROKEN}: pod: spec.{BROKEN} is true[\s\S]* Name: +{OLD}$"
)
_KYVERNO: Final = (
    Act("audit", ROLLOUT, ADMITTED, prints={2: _REPORTED, 3: _HOOKED}),
    Act("warn", ROLLOUT, WARNED),
    Act("deny", ROLLOUT, REFUSED),
    Act("deny", REMOVAL, ADMITTED, prints={2: _NOT.format(_HOOKED)}),
)

PLAYS: Final = (
    Play(
        "vap",
        _FEW,
        ("policy",),
        (
            Act("audit", ROLLOUT, ADMITTED, prints={2: _FOUND, 4: _MISTAKES}, noted=_VAP_NOTE),
            Act("warn", ROLLOUT, WARNED),
            Act("deny", ROLLOUT, REFUSED),
            Act("deny", REMOVAL, ADMITTED),
        ),
    ),
    Play(
        "vap",
        _LISTS,
        ("policy",),
        (
            Act("deny", ROLLOUT, REFUSED, prints={3: _FOUND, 5: _MISTAKES}),
            Act("deny", REMOVAL, ADMITTED),
            Act("", REMOVAL, ADMITTED, place=DEFINITIONS),
        ),
        options={"parameters": "crd"},
    ),
    Play(
        "map",
        _SETS,
        ("policy",),
        (
            # What judges is brought in first, and refuses last.
            Act("warn", ROLLOUT, WARNED, place=f"{ROLLED}/vap"),
            Act("warn", ROLLOUT, SET, prints={1: r"(?m)^\+.*JSONPatch", 2: "(?s)drop:.*- ALL"}),
            Act("deny", ROLLOUT, SET, place=f"{ROLLED}/vap"),
            # To take away what sets the values is to have every pod without them refused.
            Act("audit", ROLLOUT, SET, place=f"{ROLLED}/vap"),
            Act("audit", REMOVAL, ADMITTED),
            Act("audit", REMOVAL, ADMITTED, place=f"{ROLLED}/vap"),
        ),
        asked=BARE,
        names=LACKED,
        also=("vap",),
    ),
    Play(
        "psa",
        _LEVEL,
        ("pod-security",),
        (
            Act("deny", ROLLOUT, ADMITTED, last=1, prints={1: f"{OLD}: host namespaces"}),
            Act("deny", ROLLOUT, WARNED, first=2, last=2, noted=_PSA_NOTE),
            Act("deny", ROLLOUT, REFUSED, first=3),
            Act("deny", REMOVAL, ADMITTED),
        ),
    ),
    Play("kyverno", _FEW, ("webhook",), _KYVERNO),
    Play("kyverno-legacy", _FEW, ("webhook",), _KYVERNO),
    Play(
        "gatekeeper",
        _FEW,
        ("webhook",),
        (
            Act("deny", ROLLOUT, REFUSED, profile=BESIDE),
            Act("audit", ROLLOUT, ADMITTED, prints={2: r"(?m)^capgenhostpid\S+ +dryrun +[1-9]"}),
            Act("warn", ROLLOUT, WARNED),
            Act("deny", ROLLOUT, REFUSED),
            Act("deny", REMOVAL, ADMITTED),
            # Another profile's constraints are of the same templates.
            Act("", "", REFUSED, profile=BESIDE),
            Act("deny", REMOVAL, ADMITTED, profile=BESIDE),
            Act("", REMOVAL, ADMITTED, place=TEMPLATES, cue="collect"),
        ),
        profiles=(ROLLED, BESIDE),
    ),
    Play(
        "psp",
        _PSP,
        ("psp", "errored"),
        (
            Act(
                "deny",
                ROLLOUT,
                ADMITTED,
                last=3,
                prints={1: r"(?m)^\+kind: PodSecurityPolicy$", 3: r"\byes\b"},
            ),
            Act("", "", REFUSED, cue="narrow"),
            Act("deny", ROLLOUT, REFUSED, first=4, prints={4: _BY}, cue="make"),
            Act("deny", REMOVAL, ADMITTED, cue="widen"),
        ),
        user="plain",
    ),
)
