"""What policies of Kyverno have in common, whatever their kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.policy.profile import Enforcement
from capgen.policy.workload import WORKLOADS
from capgen.targets.base import object_metadata

if TYPE_CHECKING:
    from capgen.policy.profile import Profile
    from capgen.targets.cel.shapes import Shape

# The group of Kyverno's policies in CEL, served since 1.17.
API: Final = "policies.kyverno.io/v1"
# Seconds that the API server waits for Kyverno: its own default. A policy in CEL that says it
# gets a webhook of its own. Without, those of 1.17 share one, which has the selectors of whichever
# policy came last, and is then not asked about the others' namespaces.
TIMEOUT: Final = 10

_JUDGED: Final = {
    "": "pods, when they are created",
    "ephemeralcontainers": "debug containers, when they are added to a pod",
    "updates": "containers of pods, when a new image takes them out of an exemption",
}
_TEMPLATES: Final = "pod templates, when they are created or changed"


class Kind(NamedTuple):
    """A kind of Kyverno's policies.

    Attributes:
        kind: its kind.
        since: the first release of Kyverno that takes it.
        annotations: what every policy of the kind carries.
    """

    kind: str
    since: str
    annotations: tuple[tuple[str, str], ...] = ()


class Words(NamedTuple):
    """What a policy is to people.

    Attributes:
        part: of the profile's policies, which; as for `object_name`.
        title: in a few words.
        does: what it does: a sentence without its full stop.
    """

    part: str
    title: str
    does: str


def judging(shape: Shape) -> Words:
    """Return the words of a policy that judges."""
    judged = _JUDGED.get(shape.part, _TEMPLATES)
    return Words(shape.part, judged.partition(",")[0], f"Judges {judged}")


def metadata(profile: Profile, shape: Shape, kind: Kind, words: Words) -> dict[str, object]:
    """Return a policy's metadata, with the annotations that Kyverno's reports and users read."""
    first, last = profile.minors[0], profile.minors[-1]
    span = f"1.{first}" if first == last else f"1.{first}-1.{last}"
    kinds = [workload.kind for workload in WORKLOADS if workload.path == shape.path]
    annotations = {
        "policies.kyverno.io/title": f"{profile.name}: {words.title}",
        "policies.kyverno.io/category": "Pod Security",
        "policies.kyverno.io/severity": "medium",
        "policies.kyverno.io/subject": ",".join(kinds),
        "policies.kyverno.io/minversion": kind.since,
        "kyverno.io/kubernetes-version": span,
        "policies.kyverno.io/description": _described(profile, words.does),
        **dict(kind.annotations),
    }
    return object_metadata(profile, words.part, annotations)


def failure_policy(profile: Profile) -> str:
    """Return what becomes of a request that Kyverno cannot be asked about.

    Where nothing is refused nothing may be refused for that reason, either.
    """
    return "Fail" if profile.enforcement is Enforcement.DENY else "Ignore"


def in_background(shape: Shape) -> bool:
    """Tell whether what stands already is judged for reports: it is, as if it were created now."""
    return not (shape.ephemeral or shape.update)


def _described(profile: Profile, does: str) -> str:
    words = profile.description.strip().rstrip(".")
    return f"{words}. {does}." if words else f"{does}."
